"""The site as a visitor gets it: each page opened in headless Chromium, and what can be seen without one.

Where Chromium, playwright or npm (for axe-core) is missing, the checks that need it are skipped, and say so.
"""
import functools, http.server, json, re, shutil, subprocess, sys, tarfile, threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest, yaml
from filelock import FileLock

from linkcheck import faults
from tree import ROOT

AXE = 'axe-core@4.14.1'
FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
         '--disable-component-update', '--disable-sync']
CHAPTERS = sorted((ROOT/'nbs').glob('[0-9]*.ipynb'))
PAGES = ['index', 'names', *(re.search(r'default_exp (\w+)', p.read_text('utf-8'))[1] for p in CHAPTERS)]

# --- what needs no browser (test_docs.py follows the links)

@pytest.mark.parametrize('body,fault', [
    ('<a href="none.html">x</a>', 'no such file'),
    ('<a href="#none">x</a>', 'no such anchor'),
    ('<a href="b.html#none">x</a>', 'no such anchor'),
    ('<img src="none.png">', 'no such file'),
    ('<link href="none.css">', 'no such file'),
    ('<p id="one"></p><p id="one"></p>', 'stands 2 times')])
def test_linkcheck_finds(tmp_path, body, fault):
    (tmp_path/'a.html').write_text(body)
    (tmp_path/'b.html').write_text('<p id="there"></p><a href="a.html">a</a><a href="#there">b</a>'
                                   '<a href="https://example.org">c</a>')
    found = faults(tmp_path)
    assert len(found) == 1 and found[0].endswith(fault)

def test_linkcheck_wants_pages(tmp_path): assert faults(tmp_path)

def sidebar_links(entries):
    for e in entries: yield from [e['href']] if 'href' in e else sidebar_links(e['contents'])

def test_sidebar_lists_each_chapter():
    config = yaml.safe_load((ROOT/'_quarto.yml').read_text('utf-8'))
    listed = list(sidebar_links(config['website']['sidebar']['contents']))
    assert listed == ['index.ipynb', *(p.name for p in CHAPTERS)]

def test_chapters_alone_are_on_the_site(site):
    assert sorted(p.stem for p in site.rglob('*.html')) == sorted(PAGES)

def test_nothing_is_loaded_from_elsewhere(site):
    loads = re.compile(r'<(?:script|img|iframe|link)[^>]* (?:src|href)="((?:https?:)?//[^"]*)"')
    assert {p.name: found for p in site.glob('*.html') if (found := loads.findall(p.read_text('utf-8')))} == {}
    imports = re.compile(r'@import url\((?:https?:)?//')
    assert [p.name for p in site.rglob('*.css') if imports.search(p.read_text('utf-8'))] == []

def pictures(path):
    "The source of each cell of a notebook that shows a picture on the site"
    for cell in json.loads(path.read_text('utf-8'))['cells']:
        source = ''.join(cell['source'])
        if any('image/png' in out.get('data', {}) for out in cell.get('outputs', [])):
            if not re.search(r'^#\| *hide', source, re.M): yield source

@pytest.mark.parametrize('path', [ROOT/'nbs'/'index.ipynb', *CHAPTERS], ids=lambda p: p.stem)
def test_pictures_have_caption_and_alt(path):
    assert [source[:60] for source in pictures(path) if 'fig-cap:' not in source or 'fig-alt:' not in source] == []

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
    playwright = pytest.importorskip('playwright.sync_api', reason='playwright is not installed')
    chromium = next(filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))), None)
    if chromium is None: pytest.skip('Chromium is not installed')
    with playwright.sync_playwright() as p:
        opened = p.chromium.launch(executable_path=chromium, args=FLAGS)   # with a new profile each time
        yield opened
        opened.close()

@pytest.fixture(scope='module')
def axe(tmp_path_factory):
    "The source of axe-core, kept in the environment, which git ignores"
    file = Path(sys.prefix)/f'{AXE}.js'
    with FileLock(f'{file}.lock'):
        if not file.exists():
            if not shutil.which('npm'): pytest.skip('npm is not installed: no axe-core')
            folder = tmp_path_factory.mktemp('axe')
            try: subprocess.run(['npm', 'pack', AXE], cwd=folder, check=True, capture_output=True, timeout=120)
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired): pytest.skip(f'npm cannot get {AXE}')
            with tarfile.open(next(folder.glob('*.tgz'))) as tar:
                file.write_bytes(tar.extractfile('package/axe.min.js').read())
    return file.read_text('utf-8')

def open_page(browser, url, faults, **context):
    "A page in a window of its own, whose console and requests add to `faults`"
    page = browser.new_context(**context).new_page()
    page.on('console', lambda m: m.type in ('error', 'warning') and faults.append(m.text))
    page.on('pageerror', lambda e: faults.append(str(e)))
    page.on('response', lambda r: r.status >= 400 and faults.append(f'{r.status} {r.url}'))
    def route(r):
        if urlsplit(r.request.url).hostname == '127.0.0.1': return r.continue_()
        faults.append(f'outside request: {r.request.url}')
        r.abort()
    page.route('**/*', route)
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
SERIOUS = """async (rules) => (await axe.run(rules ? {runOnly: rules} : {})).violations
  .filter(v => ['serious', 'critical'].includes(v.impact))
  .map(v => `${v.id}: ${v.nodes.length} times, first ${v.nodes[0].html.slice(0, 160)} ${v.nodes[0].failureSummary}`)"""

# KaTeX leaves what it cannot read as it is, and draws unknown commands in red
UNDRAWN = """els => els.filter(el => !el.querySelector('.katex') || el.querySelector('.katex-error, [mathcolor="#cc0000"]'))
  .map(el => `formula: ${el.textContent.slice(0, 80)}`)"""

@pytest.mark.parametrize('name', PAGES)
def test_page(address, browser, name):
    "It loads without an error and without a request to elsewhere, all formulas are drawn, and it fits a phone"
    bad = []
    page = open_page(browser, f'{address}{name}.html', bad)
    page.wait_for_load_state('networkidle')
    bad += page.eval_on_selector_all('.math', UNDRAWN)
    if not page.query_selector('h1'): bad.append('no title')
    page.set_viewport_size(dict(width=390, height=844))
    bad += page.evaluate(WIDE)
    page.context.close()
    assert bad == []

@pytest.mark.parametrize('name', PAGES)
def test_page_accessible(address, browser, axe, name):
    "axe-core finds no serious or critical fault, in light and in dark"
    page = open_page(browser, f'{address}{name}.html', [])
    page.evaluate(axe)
    bad = page.evaluate(SERIOUS, None)
    page.emulate_media(color_scheme='dark')
    page.wait_for_function('document.documentElement.classList.contains("quarto-dark")')
    bad += page.evaluate(SERIOUS, ['color-contrast'])
    page.context.close()
    assert bad == []

def test_search(address, browser):
    page = open_page(browser, address, [])
    page.fill('#quarto-search input', 'kaiming')
    page.wait_for_selector('.search-result')
    results = page.eval_on_selector_all('.search-result',
                                        'els => els.map(e => [e.pathname, e.textContent.toLowerCase()])')
    assert len(results) > 2 and '/fully_connected.html' in results[0][0]
    assert sum('kaiming' in text for _,text in results) > len(results)/2
    page.press('#quarto-search input', 'Enter')
    page.wait_for_url(lambda url: url != address)
    assert 'kaiming' in page.text_content('main').lower()

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
