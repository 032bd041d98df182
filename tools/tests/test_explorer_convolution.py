"""The explorer on the page of chapter 05 counts, reads and touches as `out_size` and `patches` do.

Where Chromium or playwright is missing, the tests that need them are skipped, and say so.
"""
import random
import re

import pytest
import torch

from fa_foundations.convolution import explore_convolution, out_size, patches
from test_site import address, browser, open_page  # noqa: F401: the first two are fixtures

NAMES = ['size', 'kernel', 'stride', 'padding', 'dilation']

# For each case: the lines about the size, and for every cell of both grids the lines that follow a click on it
ANSWERS = """cases => cases.map(values => {
  const form = document.querySelector('.fx-conv form'), lines = q => [...form.querySelectorAll(q + ' > div')].map(o => o.textContent);
  Object.entries(values).forEach(([name, v]) => { form.elements[name].value = v; });
  form.elements.size.dispatchEvent(new Event('input', {bubbles: true}));
  const size = lines('.fx-size'), hidden = form.querySelector('.fx-grids').hidden;
  if (hidden) return {size, hidden, shown: form.querySelector('.fx-answer').checkVisibility()};
  const grid = name => [...form.querySelectorAll(`table[data-grid=${name}] button`)].map(o => o.dataset.at);
  const pick = name => Object.fromEntries(grid(name).map(at => {
    form.querySelector(`table[data-grid=${name}] [data-at="${at}"]`).click();
    const touched = [...form.querySelectorAll('table[data-grid=' + (name === 'out' ? 'image' : 'out') + '] button.fx-touched')];
    return [at, [lines('.fx-answer'), touched.map(o => o.dataset.at)]];
  }));
  return {size, hidden, kernel: [...form.querySelectorAll('table[data-grid=kernel] i')].map(o => +o.textContent),
          image: Object.fromEntries([...form.querySelectorAll('table[data-grid=image] button')].map(o => [o.dataset.at, +o.textContent])),
          out: pick('out'), touches: pick('image')};
})"""

SET = """values => {
  const form = document.querySelector('.fx-conv form');
  Object.entries(values).forEach(([name, v]) => { form.elements[name].value = v; });
  form.elements.size.dispatchEvent(new Event('input', {bubbles: true}));
}"""

# For each case the lines about the size alone
SIZES = f"""cases => cases.map(values => {{
  ({SET})(values);
  const form = document.querySelector('.fx-conv form');
  return {{size: [...form.querySelectorAll('.fx-size > div')].map(o => o.textContent), hidden: form.querySelector('.fx-grids').hidden}};
}})"""

def generated(n, seed=42):
    rng = random.Random(seed)
    for _ in range(n):
        size = rng.randint(1, 10) if rng.random() < .1 else rng.randint(2, 5)
        yield dict(zip(NAMES, (size, rng.randint(1, 5), rng.randint(1, 4), rng.randint(0, 3), rng.randint(1, 3))))

@pytest.fixture(scope='module')
def page(address, browser):
    page = open_page(browser, f'{address}convolution.html', [])
    yield page
    page.context.close()

def windows(case):
    "For each window: which pixel each tap reads, None in the padding"
    size,*settings = (case[name] for name in NAMES)
    numbers = torch.arange(1., size**2 + 1).view(1, 1, size, size)   # 0 is padding
    p = patches(numbers, *settings)[0,0].flatten(0, 1).int()
    return {(i, j): [divmod(v - 1, size) if v else None for v in p[:, i, j].tolist()]
            for i in range(p.shape[1]) for j in range(p.shape[2])}

def at(text): return tuple(map(int, text.split(',')))

def check_case(case, got):
    try: n_out = out_size(*(case[name] for name in NAMES))
    except ValueError as error:
        assert got == dict(size=[str(error)], hidden=True, shown=False)
        return 'refused'
    assert got['size'][0].endswith(f' = {n_out}')
    seen,pixels,weights = windows(case),{at(k): v for k,v in got['image'].items()},got['kernel']
    assert len(seen) == n_out**2 and {at(k) for k in got['out']} == set(seen)
    for window,reads in seen.items():
        (title, terms, _),touched = got['out'][f'{window[0]},{window[1]}']
        wanted = [(pixels.get(read, 0), w) for read,w in zip(reads, weights)]
        assert title == f'Output ({window[0]}, {window[1]}) = {sum(x*w for x,w in wanted)}'
        assert terms == ' + '.join(f'{x}·{w}' for x,w in wanted)
        assert {at(o) for o in touched} == {read for read in reads if read}
    for pixel in pixels:
        (title, *rest),touched = got['touches'][f'{pixel[0]},{pixel[1]}']
        wanted = [(w, window) for window,reads in seen.items() for read,w in zip(reads, weights) if read == pixel]
        assert {at(o) for o in touched} == {window for _,window in wanted}
        assert title.startswith(f'Pixel ({pixel[0]}, {pixel[1]}) ' + (f'touches {len(wanted)} output' if wanted else 'is in no window'))
        if wanted: assert rest[0] == ' + '.join(f'{w}·g({i}, {j})' for w,(i,j) in wanted)
    return 'remainder' if 'remainder' in got['size'][1] else 'even'

def test_same_answers(page):
    cases = list(generated(60))
    kinds = [check_case(case, got) for case,got in zip(cases, page.evaluate(ANSWERS, cases), strict=True)]
    assert min(map(kinds.count, ('refused', 'remainder', 'even'))) > 10

def test_remainder(page):
    "The rows that no window reaches, against the starts of all windows"
    cases = [dict(zip(NAMES, (n, 3, s, p, d))) for n in (5, 6, 7) for s in (1, 2, 3) for p in (0, 1) for d in (1, 2)]
    for case,got in zip(cases, page.evaluate(SIZES, cases), strict=True):
        if got['hidden']: continue
        room = case['size'] + 2*case['padding']
        left = room - (out_size(*case.values()) - 1)*case['stride'] - case['dilation']*2 - 1
        said = re.search(r'The last (\d+ )?rows? and', got['size'][1])
        assert left == (int(said[1] or 1) if said else 0)

def test_by_keyboard_alone(page):
    page.evaluate(SET, dict(size=4, kernel=3, stride=1, padding=0, dilation=1))
    page.focus('.fx-conv input[name=dilation]')
    page.keyboard.press('Tab')   # one stop for the image, one for the output
    assert page.evaluate('document.activeElement.closest("table").dataset.grid') == 'image'
    page.keyboard.press('Tab')
    page.keyboard.press('ArrowRight')
    assert page.inner_text('.fx-answer').startswith('Output (0, 1) = ')
    page.keyboard.press('ArrowRight')   # there is no further cell
    page.keyboard.press('ArrowDown')
    assert page.inner_text('.fx-answer').startswith('Output (1, 1) = ')
    page.keyboard.press('Shift+Tab')
    page.keyboard.press('ArrowDown')
    page.keyboard.press('ArrowRight')
    assert page.inner_text('.fx-answer').startswith('Pixel (1, 1) touches 4 outputs')
    assert '5·g(0, 0) + 4·g(0, 1) + 2·g(1, 0) + 1·g(1, 1)' in page.inner_text('.fx-answer')
    page.focus('.fx-conv input[name=size]')
    page.keyboard.press('ArrowLeft')
    assert page.inner_text('.fx-size').endswith('The windows come out even.') and ' = 1' in page.inner_text('.fx-size')

def test_phone(page):
    "The widest case scrolls inside its frame, and the page does not"
    page.set_viewport_size(dict(width=390, height=844))
    page.evaluate(SET, dict(size=10, kernel=5, stride=1, padding=3, dilation=1))
    page.wait_for_function('document.documentElement.scrollWidth <= 391', timeout=5000)   # the bar at the top takes a moment
    page.set_viewport_size(dict(width=1280, height=800))

def test_example_without_scripts(address, browser):
    "What is saved in the notebook is a true answer, and says how to get others"
    page = open_page(browser, f'{address}convolution.html', [], java_script_enabled=False)
    place = page.inner_text('.fx-conv')
    page.context.close()
    assert '0, 1, 2, 4, 5, 6, 8, 9, 10' in place and 'To choose sizes' in place

def test_two_on_one_page(browser):
    "As in a notebook whose cell runs twice: each starts once, and answers for itself"
    page = browser.new_page()
    page.set_content(explore_convolution().data * 2)
    assert page.locator('.fx-conv form').count() == 2
    page.locator('.fx-conv').nth(1).locator('table[data-grid=image] button').nth(7).click()
    assert page.locator('.fx-answer').nth(1).inner_text().startswith('Pixel (1, 1)')
    assert page.locator('.fx-answer').nth(0).inner_text().startswith('Output (0, 0)')
    page.add_script_tag(content=page.locator('script').nth(0).text_content())   # a third time
    assert page.locator('.fx-answer').nth(1).inner_text().startswith('Pixel (1, 1)')
    page.close()
