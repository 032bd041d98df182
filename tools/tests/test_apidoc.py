"""The cards of the site say what the code says."""
import inspect

from execnb.nbio import mk_cell

from fa_foundations.site import pages
from fa_foundations.site.cards import ApiRenderer, module_names, names_page, parameter_table, signature

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
    (tmp_path/'01_first.ipynb').write_text('"#| default_exp one"')
    (tmp_path/'02_no_module.ipynb').write_text('""')
    page = names_page(tmp_path, tmp_path)
    assert [line for line in page.splitlines() if line.startswith('| [')] == [
        r'| [`g`](one.html#g) | Does \| that |', '| [`F`](one.html#f) | Holds |', '| [`SIZE`](one.html) | constant |']

def cell(source, output=''):
    made = mk_cell(source)
    made.outputs = [dict(data={'text/markdown': output})]
    return made

def test_cards_stand_before_their_source_in_its_order():
    card = 'start\n:::: {.api-call}\n```python\nf()\n```\n::::\nmiddle\n:::: {.api-parameters}\n\n::::\nend'
    source = cell('#| code-summary: "Exported source"\ndef f(): pass\ndef g(): pass')
    f,g,other = cell('show_doc(f)', card),cell('show_doc(g)', card),cell('show_doc(h)', card)
    assert pages.cards_first([g, source, f, other]) == [f, g, source, other]
    assert f['outputs'][0]['data']['text/markdown'] == 'start\nmiddle\nend'
    assert other['outputs'][0]['data']['text/markdown'] == card

def test_card_stays_whole_where_the_source_delegates():
    card = ':::: {.api-call}\nf(x, y)\n::::\n'
    source = cell('#| code-summary: "Exported source"\n@delegates(g)\ndef f(x, **kwargs): pass')
    assert pages.cards_first([cell('show_doc(f)', card), source])[0]['outputs'][0]['data']['text/markdown'] == card

BASE = 'https://example.org/book/'

def relink(text, **kwargs): return pages.relink(text, BASE, {'lin', 'a'}, **kwargs)

def test_links_within_the_site_are_relative():
    text = f'[`Lin`]({BASE}backprop.html#lin) [3](03_backprop.ipynb#a) [`mm`](https://example.com/torch.html#torch.mm)'
    assert relink(text) == text.replace(BASE, '')
    assert relink(text, relative=False) == text   # on the home page, which GitHub shows, too

def test_what_has_no_card_is_no_link():
    "Private names, helpers, and whatever stands in code"
    text = (f'[`_x`]({BASE}a.html#_x) [`A._y`]({BASE}a.html#a._y) [`twins`]({BASE}a.html#twins)\n'
            f'```python\n# as [`Lin`]({BASE}a.html#lin)\n```\n[`A.__call__`]({BASE}a.html#a.__call__)')
    assert relink(text) == '`_x` `A._y` `twins`\n```python\n# as `Lin`\n```\n[`A.__call__`](a.html#a.__call__)'

def test_a_link_keeps_its_own_target():
    "nbdev links the names in the text of a link, too"
    lin = f'[`Lin`]({BASE}backprop.html#lin)'
    assert relink(f'[{lin}](03_backprop.ipynb), [the {lin}, {lin}](x.html), [{lin}') == (
        '[`Lin`](03_backprop.ipynb), [the `Lin`, `Lin`](x.html), [[`Lin`](backprop.html#lin)')

def test_html_is_wrapped():
    out = dict(data={'text/html': ['<b>', '</b>'], 'text/plain': 'b'})
    pages.as_markdown(out)
    assert out['data'] == {'text/plain': 'b', 'text/markdown': '`````{=html}\n<b></b>\n`````'}
