"""The cards of the site say what the code says."""
import inspect

import docs
from apidoc import ApiRenderer, module_names, names_page, parameter_table, signature

def example(
    x:int, # A number
    *,
    scale:float|None=None, # Its scale, `a|b`
) -> str: # A text
    "Does this. And `that`"

class Example:
    "Holds"
    def method(self, x, *args, y=example, **kwargs): "Runs"
    def __repr__(self): return ''

def test_signature():
    assert signature('example', inspect.signature(example)) == 'example(x, *, scale=None) -> str'
    sig = inspect.signature(Example.method)
    assert signature('Example.method', sig) == 'Example.method(x, *args, y=example, **kwargs)'

def test_long_signature():
    def f(a_long_name, another_long_name, one_more_long_name, and_a_last_one_that_does_not_fit) -> int: pass
    assert signature('f', inspect.signature(f)) == (
        'f(a_long_name, another_long_name, one_more_long_name,\n  and_a_last_one_that_does_not_fit) -> int')

def test_signature_without_parameters(): assert signature('f', inspect.signature(lambda: 0)) == 'f()'

def test_card():
    card = ApiRenderer(example)._repr_markdown_()
    for part in ('### example\n', '```python\nexample(x, *, scale=None) -> str\n```', 'Does this. And `that`',
                 '| <code>x</code> | `int` | A number |', r'| <code>scale</code> | `float \| None` | Its scale, `a\|b` |', '| *returns* | `str` | A text |'):
        assert part in card

def test_card_of_method(): assert '\n### Example.method\n' in ApiRenderer(Example.method)._repr_markdown_()

def test_no_card_of_special_method(): assert ApiRenderer(Example.__repr__)._repr_markdown_() == ''

def test_no_table_without_descriptions():
    def f(x): pass
    assert parameter_table({'x': {}}, inspect.signature(f)) == ''

def test_names(tmp_path):
    (tmp_path/'one.py').write_text('__all__ = ["F", "g", "SIZE"]\nSIZE = 3\ndef g(): "Does | that"\ndef _h(): "Hidden"\nclass F:\n    "Holds\\n\\n    more"\n')
    assert module_names(tmp_path/'one.py') == {'g': 'Does | that', 'F': 'Holds', 'SIZE': None}
    page = names_page(tmp_path, {'01_one': 'one', 'index': 'index'})
    assert [line for line in page.splitlines() if line.startswith('| [')] == [
        r'| [`g`](one.html#g) | Does \| that |', '| [`F`](one.html#f) | Holds |', '| [`SIZE`](one.html) | constant |']

def cell(source, output=''): return dict(cell_type='code', source=source, outputs=[dict(data={'text/markdown': output})])

def test_cards_stand_before_their_source_in_its_order():
    card = 'start\n:::: {.api-call}\n```python\nf()\n```\n::::\nmiddle\n:::: {.api-parameters}\n\n::::\nend'
    source = cell('#| code-summary: "Exported source"\ndef f(): pass\ndef g(): pass')
    f,g,other = cell('show_doc(f)', card),cell('show_doc(g)', card),cell('show_doc(h)', card)
    assert docs.cards_first([g, source, f, other]) == [f, g, source, other]
    assert f['outputs'][0]['data']['text/markdown'] == 'start\nmiddle\nend'
    assert other['outputs'][0]['data']['text/markdown'] == card

def test_card_stays_whole_where_the_source_delegates():
    card = ':::: {.api-call}\nf(x, y)\n::::\n'
    source = cell('#| code-summary: "Exported source"\n@delegates(g)\ndef f(x, **kwargs): pass')
    assert docs.cards_first([cell('show_doc(f)', card), source])[0]['outputs'][0]['data']['text/markdown'] == card

def test_links():
    base,names = 'https://example.org/book/',{'03_backprop': 'backprop'}
    text = f'[`Lin`]({base}backprop.html#lin) [`_x`]({base}backprop.html#_x) [3](03_backprop.ipynb#a)'
    assert docs.relink(text, names, base) == '[`Lin`](backprop.html#lin) `_x` [3](backprop.ipynb#a)'
