"""The explorer on the page of chapter 01a answers as `explain_broadcast` does, word for word.

Where Chromium is missing, the tests that need it are skipped, and say so.
"""
import ast
import random

import pytest

from fa_foundations.broadcasting import explain_broadcast, explore_broadcast
from test_site import address, browser, open_page  # noqa: F401: the first two are fixtures

# All that a reader sees after typing each pair: the table as rows of text, and the lines of the answer
ANSWERS = """pairs => pairs.map(([a, b]) => {
  const form = document.querySelector('.fx-explorer form');
  [form.elements.a.value, form.elements.b.value] = [a, b];
  form.elements.b.dispatchEvent(new Event('input', {bubbles: true}));
  return [[...form.querySelectorAll('tr')].map(tr => [...tr.children].map(o => o.textContent)),
          [...form.querySelectorAll('.fx-answer > *')].map(o => o.textContent).join('\\n'),
          ['a', 'b'].map(name => form.elements[name].getAttribute('aria-invalid'))];
})"""

def expected(a, b):
    "What Python says of the two texts, in the form of ANSWERS"
    try: e = explain_broadcast(*map(ast.literal_eval, (a, b)))
    except (TypeError, ValueError) as error: return [[], str(error)]
    words = str(e).splitlines()[len(e.rows):]
    return [[[text.replace('->', ' → ') for text in row] for row in e.rows], '\n'.join(words)]

# ---- Pairs of shapes, as a reader may type them

def typed(shape, rng):
    "A shape as text: tuple, list, without brackets, with or without spaces; an int"
    text = repr(tuple(shape))
    if rng.random() < .3: text = text.replace(' ', '')
    if len(shape) == 1 and rng.random() < .5: return str(shape[0])
    if shape and rng.random() < .5: text = text.strip('()')
    elif rng.random() < .2: text = repr(list(shape))
    return text

def related(shape, rng):
    "A shape that often fits `shape`, or would after a fix: parts of it, with axes stretched, swapped or lost"
    other = [rng.choice([n, n, n, 1, 3]) for n in shape][rng.choice([0, 0, 0, 1, 2]):]
    if other and rng.random() < .3: other.pop(rng.randrange(len(other)))
    if len(other) > 1 and rng.random() < .3: other[-2:] = other[:-3:-1]
    return other

def generated(n, seed=42):
    rng = random.Random(seed)
    for i in range(n):
        a = [rng.choice([0, 1, 1, 2, 3, 3, 4, 5, 256]) for _ in range(rng.randint(0, 5))]
        b = related(a, rng) if i % 3 else [rng.choice([0, 1, 2, 3, 3, 4]) for _ in range(rng.randint(0, 5))]
        if rng.random() < .05: rng.choice([a, b]).append(-rng.randint(1, 3))
        pair = [typed(a, rng), typed(b, rng)]
        yield pair if rng.random() < .5 else pair[::-1]

BY_HAND = [('()', '()'), ('0', '1'), ('(0,)', '(3,)'), ('[]', '3'), (' ( 3 ,1 ) ', '3,'), ('(3)', '[3]'), ('-0', '4'), ('00', '1'),
           ('+3', '(3, +1)'), ('9' * 30, '9' * 29 + '8'), ('12345678901234567890, 1', '12345678901234567891'),
           ('2.5', '3'), ('3', '(2, 2.5)'), ('[2.5]', '-1'), ('-1', '2.5'), ('(2, -1)', '[-2]'),
           ('1, 2, 3, 4, 5, 6, 7', '7, 6, 5, 4, 3, 2, 1')]

# What Python cannot read: what the explorer says that it got
MALFORMED = ['', '  ', ',', '(,)', '3,,', '3 1', '3x1', '(3, 1', '3, 1)', '[3, 1)', '01', 'a.shape', '(3), (4', '<b>3</b>', '٣']

@pytest.fixture(scope='module')
def page(address, browser):
    page = open_page(browser, f'{address}broadcasting.html', [])
    yield page
    page.context.close()

def test_same_answers(page):
    pairs = [*BY_HAND, *generated(600)]
    wanted = [expected(a, b) for a,b in pairs]
    kinds = [sum(o[1].startswith(words) for o in wanted) for words in ('These shapes fit', 'axis', 'sizes are', 'a shape is')]
    assert min(kinds[:2]) > 150 and min(kinds[2:]) >= 3, kinds
    assert sum('.mT' in o[1] for o in wanted) > 10 and sum('None' in o[1] for o in wanted) > 100
    answers = page.evaluate(ANSWERS, pairs)
    wrong = [(pair, got[:2], want) for pair,got,want in zip(pairs, answers, wanted, strict=True) if got[:2] != want]
    assert len(wrong) == 0, f'{len(wrong)} of {len(pairs)}, the first: {wrong[0]}'

def test_malformed(page):
    answers = page.evaluate(ANSWERS, [(text, '3') for text in MALFORMED] + [('3', text) for text in MALFORMED])
    for text,side,(rows,words,invalid) in zip(MALFORMED * 2, 'a'*len(MALFORMED) + 'b'*len(MALFORMED), answers, strict=True):
        says = f'a shape is an int or a tuple of ints, like t.shape: got {text.strip() or "nothing"}'
        assert (rows, words, invalid) == ([], says, ['true', 'false'] if side=='a' else ['false', 'true'])

def test_torch_size(page):
    (rows, words, _), = page.evaluate(ANSWERS, [('torch.Size([3, 1])', 'torch.Size([])')])
    assert [rows, words] == expected('(3, 1)', '()')

def test_by_keyboard_alone(page):
    "From field to field, over the examples to the fix, which leaves two shapes that fit"
    page.fill('.fx-explorer input[name=a]', '3, 4')
    page.press('.fx-explorer input[name=a]', 'Tab')
    page.keyboard.press('Control+A')
    page.keyboard.type('3\n')   # Enter sends nothing
    assert page.inner_text('.fx-answer').endswith('A fix that works: b[:, None], which makes (3, 4)')
    for _ in range(20):
        page.keyboard.press('Tab')
        if page.evaluate('document.activeElement.textContent') == 'Apply the fix': break
    page.keyboard.press('Enter')
    assert page.inner_text('.fx-answer') == 'These shapes fit: (3, 4)'
    assert [page.input_value(f'.fx-explorer input[name={name}]') for name in 'ab'] == ['(3, 4)', '(3, 1)']
    assert not page.is_visible('.fx-fix') and page.evaluate('document.activeElement.className') == 'fx-answer'
    for example in page.query_selector_all('.fx-example'):
        example.press('Enter')
        a,b = (page.input_value(f'.fx-explorer input[name={name}]') for name in 'ab')
        assert page.inner_text('.fx-answer') == expected(a, b)[1]

def test_example_without_scripts(address, browser):
    "What is saved in the notebook is a true answer, and says how to get others"
    page = open_page(browser, f'{address}broadcasting.html', [], java_script_enabled=False)
    place = page.inner_text('.fx-explorer')
    page.context.close()
    e = explain_broadcast((256, 256, 3), 256)
    assert e.error in place and e.fix in place and 'To type others' in place and 'Shape of a' not in place

def test_two_on_one_page(browser):
    "As in a notebook whose cell runs twice: each starts once, and answers for itself"
    page = browser.new_page()
    page.set_content(explore_broadcast().data * 2)
    assert page.locator('form').count() == 2
    page.locator('input[name=a]').nth(1).fill('7')
    assert '(7,)' in page.locator('.fx-answer').nth(1).inner_text()
    assert '(7,)' not in page.locator('.fx-answer').nth(0).inner_text()
    page.add_script_tag(content=page.locator('script').nth(0).text_content())   # a third time
    assert page.locator('input[name=a]').nth(1).input_value() == '7'
    page.close()
