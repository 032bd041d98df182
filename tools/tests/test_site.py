"""The site as a visitor gets it, whichever renderer made it: each page opened in headless Chromium, and what can be seen without one.

Where Chromium is missing, the checks that need it are skipped, and say so.
"""
import ast, functools, http.server, importlib.resources, json, re, shutil, threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest, yaml
from playwright.sync_api import sync_playwright

from linkcheck import faults
from tree import ROOT

FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
         '--disable-component-update', '--disable-sync']
CHAPTERS = sorted((ROOT/'nbs').glob('[0-9]*.ipynb'))
PAGES = ['index', 'names', *(m[1] if (m := re.search(r'default_exp (\w+)', p.read_text('utf-8'))) else p.stem.partition('_')[2] for p in CHAPTERS)]

# --- what needs no browser (test_docs.py follows the links)

@pytest.mark.parametrize('body,fault', [
    ('<a href="none.html">x</a>', 'no such file'),
    ('<a href="#none">x</a>', 'no such anchor'),
    ('<a href="b.html#none">x</a>', 'no such anchor'),
    ('<img src="none.png">', 'no such file'),
    ('<link href="none.css">', 'no such file'),
    ('<a href="https://example.org/b/none.html">x</a>', 'no such file'),
    ('<p id="one"></p><p id="one"></p>', 'stands 2 times')])
def test_linkcheck_finds(tmp_path, body, fault):
    (tmp_path/'a.html').write_text(body)
    (tmp_path/'b.html').write_text('<p id="there"></p><a href="a.html">a</a><a href="#there">b</a>'
                                   '<a href="https://example.org">c</a><a href="https://example.org/b/b.html#there">d</a>')
    found = faults(tmp_path, 'https://example.org/b/')
    assert len(found) == 1 and found[0].endswith(fault)

def test_linkcheck_wants_pages(tmp_path): assert faults(tmp_path)

def sidebar_links(entries):
    for e in entries: yield from [e['href']] if 'href' in e else sidebar_links(e['contents'])

def test_sidebar_lists_each_chapter():
    config = yaml.safe_load((ROOT/'_quarto.yml').read_text('utf-8'))
    listed = list(sidebar_links(config['website']['sidebar']['contents']))
    assert listed == ['index.ipynb', *(p.name for p in CHAPTERS), 'names.qmd']

def test_chapters_alone_are_on_the_site(site):
    assert sorted(p.stem for p in site.rglob('*.html')) == sorted(PAGES)

def test_nothing_is_loaded_from_elsewhere(site):
    loads = re.compile(r'<(?:script|img|iframe|link)[^>]* (?:src|href)="((?:https?:)?//[^"]*)"')
    assert {p.name: found for p in site.glob('*.html') if (found := loads.findall(p.read_text('utf-8')))} == {}
    imports = re.compile(r'@import url\((?:https?:)?//')
    assert [p.name for p in site.rglob('*.css') if imports.search(p.read_text('utf-8'))] == []

def directives(source):
    "The `#| ...` lines that a cell begins with, as Quarto reads them: one piece of YAML"
    lines = source.splitlines()
    return [line.removeprefix('#|').strip() for line in lines[:next((i for i,l in enumerate(lines) if not l.startswith('#|')), None)]]

@pytest.mark.parametrize('path', sorted((ROOT/'nbs').rglob('*.ipynb')), ids=lambda p: p.stem)
def test_directives_are_yaml(path):
    "Or Quarto stops at the notebook; one without a colon, such as `#| hide`, stands alone or gets one"
    for cell in json.loads(path.read_text('utf-8'))['cells']:
        if cell['cell_type'] == 'code': yaml.safe_load('\n'.join(directives(''.join(cell['source']))))

def mixes(source):
    "Whether a cell that is not exported holds an import and something else: nbdev runs it, alone of its kind, to make the page"
    statements = ast.parse(re.sub(r'^\s*[%!].*', '', source, flags=re.M)).body
    imports = [isinstance(node, (ast.Import, ast.ImportFrom)) for node in statements]
    return any(imports) and not all(imports) and not re.search(r'^#\| *(export|eval: false)', source, re.M)

@pytest.mark.parametrize('path', CHAPTERS, ids=lambda p: p.stem)
def test_imports_have_cells_of_their_own(path):
    cells = [''.join(c['source']) for c in json.loads(path.read_text('utf-8'))['cells'] if c['cell_type'] == 'code']
    assert [source[:60] for source in cells if 'nbdev_export()' not in source and mixes(source)] == []

RAW = re.compile(r'\]\(https?:|\]\([\w.-]+\.html|^:::|^#{2,} |^```', re.M)

@pytest.mark.parametrize('name', PAGES)
def test_no_raw_markdown(site, name):
    html = re.sub(r'<(script|style).*?</\1>', '', (site/f'{name}.html').read_text('utf-8'), flags=re.S)
    assert RAW.findall(re.sub(r'<[^>]*>', '', html)) == []

def pictures(path):
    "The source of each cell of a notebook that shows a picture on the site"
    for cell in json.loads(path.read_text('utf-8'))['cells']:
        source = ''.join(cell['source'])
        if any('image/png' in out.get('data', {}) for out in cell.get('outputs', [])):
            if not re.search(r'^#\| *hide', source, re.M): yield source

@pytest.mark.parametrize('path', [ROOT/'nbs'/'index.ipynb', *CHAPTERS], ids=lambda p: p.stem)
def test_pictures_have_caption_and_alt(path):
    assert [source[:60] for source in pictures(path) if 'fig-cap:' not in source or 'fig-alt:' not in source] == []

def shows(cell):
    "Whether the site shows something of a cell that follows a colon"
    source = ''.join(cell['source'])
    if cell['cell_type'] != 'code': return bool(re.match(r'[|`$:-]|1\.', source))
    flags = {line.split()[0] for line in directives(source)}
    if flags & {'hide', 'exporti'}: return False
    if 'export' not in flags or 'code-fold:' in flags: return True
    defs = [o for o in ast.parse(source).body if isinstance(o, (ast.FunctionDef, ast.ClassDef))]
    return any(not o.name.startswith('_') for o in defs)   # of these it shows the documentation

@pytest.mark.parametrize('path', [ROOT/'nbs'/'index.ipynb', *CHAPTERS], ids=lambda p: p.stem)
def test_colons_announce_something(path):
    "Text that ends in a colon is followed by what it promises"
    cells = json.loads(path.read_text('utf-8'))['cells']
    texts = [''.join(c['source']).rstrip().removesuffix(':::').rstrip() if c['cell_type'] == 'markdown' else '' for c in cells]
    assert [t[-60:] for t,after in zip(texts, [*cells[1:], dict(cell_type='markdown', source='')]) if t.endswith(':') and not shows(after)] == []

# --- in the browser

class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args): pass

@pytest.fixture(scope='module')
def address(site):
    "Where the site is served"
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(Quiet, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f'http://127.0.0.1:{server.server_port}/'
    server.shutdown()

@pytest.fixture(scope='module')
def browser():
    with sync_playwright() as p:
        found = filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome')))
        chromium = next(found, p.chromium.executable_path)   # Playwright's own, where `playwright install chromium` was run
        if not Path(chromium).exists(): pytest.skip('Chromium is not installed; `make browser` installs it')
        opened = p.chromium.launch(executable_path=chromium, args=FLAGS)   # with a new profile each time
        yield opened
        opened.close()

@pytest.fixture(scope='module')
def window(browser):
    "A window for all pages: a route, or a window for each, would load scripts and fonts anew"
    yield (opened := browser.new_context())
    opened.close()

@pytest.fixture(scope='module')
def axe(): return (importlib.resources.files('axe_playwright_python')/'axe.min.js').read_text('utf-8')

def open_page(window, url, faults, **settings):
    "A page of a browser, or of a window that keeps what it has loaded; its console and requests add to `faults`"
    page = window.new_page(**settings)
    page.on('console', lambda m: m.type in ('error', 'warning') and faults.append(m.text))
    page.on('pageerror', lambda e: faults.append(str(e)))
    page.on('response', lambda r: r.status >= 400 and faults.append(f'{r.status} {r.url}'))
    page.on('request', lambda r: urlsplit(r.url).hostname != '127.0.0.1' and faults.append(f'outside request: {r.url}'))
    page.goto(url)
    return page

# The elements that reach beyond the window and that nothing around them lets scroll: cut off, or widening the page
WIDE = """() => {
  const limit = document.documentElement.clientWidth + 1;
  const scrolls = el => el &&
    (['auto', 'scroll'].includes(getComputedStyle(el).overflowX) || scrolls(el.parentElement));
  const wide = [...document.querySelectorAll('body *')].filter(el => {
    const box = el.getBoundingClientRect(), apart = el.closest('.katex-mathml, svg, #quarto-sidebar');
    return box.right > limit && box.width && !apart && !scrolls(el.parentElement);
  });
  const page = document.documentElement.scrollWidth > limit ? ['the page scrolls'] : [];
  return [...page, ...wide.slice(0, 3).map(el => el.outerHTML.slice(0, 120))];
}"""
# A column beside the text that is wider than its place, so that its ends are cut
CUT = """els => els.filter(el => el.scrollWidth > el.clientWidth + 1).map(el => `${el.id} is cut: ${el.scrollWidth} in ${el.clientWidth}`)"""
# What axe-core finds, but in code and formulas: thousands of small pieces of few kinds, at one of each of which FAINT looks
SERIOUS = """async (rules) => (await axe.run({exclude: ['pre code', '.katex']}, rules ? {runOnly: rules} : {})).violations
  .filter(v => ['serious', 'critical'].includes(v.impact))
  .map(v => `${v.id}: ${v.nodes.length} times, first ${v.nodes[0].html.slice(0, 160)} ${v.nodes[0].failureSummary}`)"""

# KaTeX leaves what it cannot read as it is, and draws unknown commands in red
UNDRAWN = """els => els.filter(el => !el.querySelector('.katex') || el.querySelector('.katex-error, [mathcolor="#cc0000"]'))
  .map(el => `formula: ${el.textContent.slice(0, 80)}`)"""

# Text that stands outside the parts of a page: what a broken piece of HTML lets fall out of it
OUTSIDE = """() => {
  const parts = 'header, nav, main, footer, #quarto-sidebar, #quarto-margin-sidebar, #quarto-search-results, .skip-link, script, style, noscript';
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  while (walk.nextNode())
    if (walk.currentNode.data.trim() && !walk.currentNode.parentElement.closest(parts)) found.push(walk.currentNode.data.trim().slice(0, 80));
  return found.map(text => 'outside of the parts of the page: ' + text);
}"""

# axe-core passes over what lies on something else: contrast of a text with the colour below it, as WCAG counts it
FAINT = """() => {
  const channels = colour => colour.match(/[\\d.]+/g).map(Number);
  const below = el => {
    const [r, g, b, a = 1] = channels(getComputedStyle(el).backgroundColor);
    return a === 1 || !el.parentElement ? [r, g, b] : below(el.parentElement).map((c, i) => a*[r, g, b][i] + (1 - a)*c);
  };
  const light = c => [.2126, .7152, .0722].reduce((sum, w, i) => {
    const v = c[i]/255; return sum + w*(v <= .04045 ? v/12.92 : ((v + .055)/1.055)**2.4);
  }, 0);
  const ratio = el => {
    const [a, b] = [light(channels(getComputedStyle(el).color)), light(below(el))];
    return (Math.max(a, b) + .05)/(Math.min(a, b) + .05);
  };
  const texts = '.navbar-title, .sidebar-link, main h1, main p, main code, main code span, main a, main summary, main td, main .katex, .pagination-link span';
  const kind = el => [el, el.parentElement, el.closest('pre, table, nav, .api')].map(e => e ? e.tagName + e.className : '').join();
  const kinds = new Map([...document.querySelectorAll(texts)].map(el => [kind(el), el]));   // one of each is enough
  const faint = [...kinds.values()].filter(el => el.checkVisibility() && ratio(el) < 4.5);
  return faint.slice(0, 3).map(el => `contrast ${ratio(el).toFixed(2)}: ${el.outerHTML.slice(0, 120)}`);
}"""

def lasting(page, script, seconds=5):
    "What `script` still finds wrong when the page has had time to settle: bars move, and site.js looks at the new width"
    for _ in range(10*seconds):
        if not (found := page.evaluate(script)): return []
        page.wait_for_timeout(100)
    return found

@pytest.mark.parametrize('name', PAGES)
def test_page(address, window, axe, name):
    """It loads without an error and without a request to elsewhere, all formulas are drawn, and it fits a phone; axe-core finds no
    serious or critical fault, in light and in dark, and text is readable"""
    bad = []
    def look(rules=None):
        page.evaluate(axe)
        return page.evaluate(SERIOUS, rules) + page.evaluate(FAINT)
    page = open_page(window, f'{address}{name}.html', bad)   # light
    bad += page.eval_on_selector_all('.math', UNDRAWN) + page.evaluate(OUTSIDE) + look()
    bad += page.eval_on_selector_all('#quarto-sidebar, #quarto-margin-sidebar', CUT)
    if not page.query_selector('h1'): bad.append('no title')
    if page.eval_on_selector('.navbar-logo', 'el => el.getBoundingClientRect().height < 16'): bad.append('no logo')
    page.emulate_media(color_scheme='dark')
    page.reload()
    if not page.locator('.quarto-dark').count(): bad.append('not dark')
    bad += look(['color-contrast'])
    page.set_viewport_size(dict(width=390, height=844))
    bad += lasting(page, WIDE)
    page.close()
    assert bad == []

RESULTS = 'a.search-result, .aa-Item a'   # of smalldocs, of Quarto

def search(page, text):
    "What a search finds: the page's path and the words of each result"
    page.fill('#quarto-search input', text)
    page.wait_for_selector(RESULTS)
    return page.eval_on_selector_all(RESULTS, 'els => els.map(e => [e.pathname, e.textContent.toLowerCase()])')

def test_search(address, browser):
    page = open_page(browser, address, [])
    results = search(page, 'kaiming')
    assert len(results) > 2 and '/fully_connected.html' in [path for path,_ in results]
    assert sum('kaiming' in text for _,text in results) > len(results)/2
    page.press('#quarto-search input', 'Enter')
    page.wait_for_url(lambda url: url != address)
    assert 'kaiming' in page.text_content('main').lower()

def test_search_takes_each_word_for_itself(address, browser):
    assert search(open_page(browser, address, []), 'relu gradient')[0][0].endswith('/backprop.html')

def test_wide_things_are_reachable_by_keyboard(address, browser):
    "On a phone a wide table and a wide formula scroll, and have a tab stop"
    page = open_page(browser, f'{address}initialization.html', [], viewport=dict(width=390, height=844))
    page.wait_for_load_state('networkidle')
    for kind in 'main table', '.math.display':
        wide = 'els => els.filter(e => e.scrollWidth > e.clientWidth).map(e => e.tabIndex)'
        stops = page.eval_on_selector_all(kind, wide)
        assert stops and set(stops) == {0}, kind

def brightness(page):
    colour = page.evaluate('getComputedStyle(document.body).backgroundColor')
    return sum(map(int, re.findall(r'\d+', colour)[:3]))

@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_light_and_dark(address, browser, scheme):
    page = open_page(browser, address, [], color_scheme=scheme)
    assert (brightness(page) < 200) == (scheme == 'dark')   # of 765
    page.click('.quarto-color-scheme-toggle')
    page.wait_for_timeout(300)
    assert (brightness(page) < 200) == (scheme == 'light')
    page.reload()
    assert (brightness(page) < 200) == (scheme == 'light')   # the choice is kept
