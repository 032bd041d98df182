"""Build the site in `_docs`: nbdev's own processing, rendered by smalldocs. Needs no network, and no Quarto.

    python tools/docs.py                # into `_docs`
    python tools/docs.py --out FOLDER

All work happens on a copy in a temporary folder: no file of the checkout changes but the site itself.
The sources keep to what Quarto understands, too; everything that only smalldocs needs is done here, on the copy:

- Quarto names a page by its module (`core.html`), smalldocs by its notebook: the notebooks are renamed,
  and links with them
- nbdev's links to documented names are absolute: they become relative
- what smalldocs fetches from elsewhere (KaTeX, theme fonts) comes from `tools/katex`, or is left out
- a page lists all public names
- a few repairs of smalldocs' markup for readers who listen to a page, or who use it on a phone
"""
import argparse, json, os, re, shutil, sys, tempfile
from pathlib import Path
import yaml
from nbdev.config import get_config
from nbdev.quarto import refresh_quarto_yml
from nbdev.serve import proc_nbs
from smalldocs import layout
from smalldocs.site import build
from apidoc import names_page
from readme import front_matter

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT/'tools'
SKIP = shutil.ignore_patterns('tests', '.*', '_*', '*.bak')

# --- a copy that nbdev may write to

def copy_sources(
    work:Path, # A new folder, which receives what nbdev needs of the checkout
):
    "Copy settings and notebooks to `work`, and link the package"
    settings = (ROOT/'settings.ini').read_text('utf-8')
    (work/'settings.ini').write_text(settings+'\nrenderer = apidoc.ApiRenderer\n', 'utf-8')
    shutil.copytree(ROOT/'nbs', work/'nbs', ignore=SKIP)
    shutil.copy(ROOT/'_quarto.yml', work/'nbs')
    lib = get_config(path=ROOT).lib_path.name
    (work/lib).symlink_to(ROOT/lib)

# --- from what Quarto reads to what smalldocs reads

def first_cell(
    nb:dict, # A processed notebook
) -> dict: # The front matter that nbdev put there
    return front_matter(''.join(nb['cells'][0]['source']))

def page_names(
    folder:Path, # Processed notebooks
) -> dict[str,str]: # Notebook name -> page name, both without extension: `03_backprop` -> `backprop`
    fronts = {p.stem: first_cell(json.loads(p.read_text('utf-8'))) for p in folder.glob('*.ipynb')}
    return {stem: Path(front.get('output-file', stem)).stem for stem,front in fronts.items()}

def relink(
    text:str, # Markdown, HTML or YAML that names notebooks and pages
    names:dict, # From `page_names`
    base:str, # The site's public address, with a slash at its end
) -> str: # The same text with notebooks under their page names, and links within the site relative
    text = re.sub(r'\[(`_[^`]*`)\]\([^)]*\)', r'\1', text)   # nbdev links private names, too: they have no card
    text = text.replace(f']({base}', '](')
    def renamed(m): return m[1]+names.get(m[2], m[2])+'.ipynb'
    return re.sub(r'(\]\(|href="|href: )([\w-]+)\.ipynb', renamed, text)

def cards_first(
    cells:list, # The cells of a processed notebook
) -> list: # The same, with the cards of what a cell of taught source defines before it, in its order
    "Bring documentation and source together: nbdev moves one card only"
    def shown(cell):
        found = re.search(r'^show_doc\(([\w.]+)\)', ''.join(cell['source']), re.M)
        return found and found[1]
    cells = [c for c in cells if not re.search(r'(^|\.)_[a-z]', shown(c) or '', re.I)]   # private ones need no card
    for source in [c for c in cells if 'Exported source' in ''.join(c['source'])]:
        found = re.findall(r'^(?:def|class) (\w+)(?:\(self:(\w+))?', ''.join(source['source']), re.M)
        names = [f'{cls}.{name}' if cls else name for name,cls in found]   # a patched method has its class
        cards = sorted((c for c in cells if shown(c) in names), key=lambda c: names.index(shown(c)))
        for card in cards:
            cells.remove(card)
            # a function that delegates has arguments which its source does not show
            delegates = re.search(rf'^@delegates.*\ndef {shown(card).rpartition(".")[2]}\b', ''.join(source['source']), re.M)
            for out in [] if delegates else card.get('outputs', []): shorten(out)
        at = cells.index(source)
        cells[at:at] = cards
    return cells

def shorten(
    out:dict, # The output of `show_doc`
):
    "Leave out the signature and its table where the source follows, which has both"
    md = ''.join(out['data']['text/markdown'])
    out['data']['text/markdown'] = re.sub(r':::: \{\.api-.*?\n::::\n', '', md, flags=re.S)

def with_imports(
    cells:list, # The cells of a processed notebook
    path:Path, # The notebook that they come from
) -> list: # The same, with what is hidden at the chapter's start folded below its title
    "Let a visitor find the imports and the set-up that the cells of a page need"
    link = next((i for i,c in enumerate(cells) if 'colab.research.google.com' in ''.join(c['source'])), None)
    if link is None: return cells   # no chapter
    source = json.loads(path.read_text('utf-8'))['cells']
    kinds = [c['cell_type'] for c in source]
    code = kinds.index('code', [c['id'] for c in source].index('colab-link'))
    setup = [''.join(c['source']) for c in source[code:kinds.index('markdown', code)]]
    lines = [re.sub(r'^#\|.*\n?', '', code, flags=re.M).strip() for code in setup]
    code = '#| code-fold: true\n#| code-summary: "Imports and set-up of this chapter"\n' + '\n\n'.join(filter(None, lines))
    fold = dict(cell_type='code', id='set-up', metadata={}, execution_count=None, outputs=[], source=code)
    return [*cells[:link + 1], fold, *cells[link + 1:]]

def adapt_notebook(
    path:Path, # A processed notebook, which is renamed
    names:dict,
    base:str,
):
    "Give a notebook its page's name, links that hold there, and one signature a name"
    nb = json.loads(path.read_text('utf-8'))
    front = first_cell(nb)
    front.pop('output-file', None)
    if path.stem[0].isdigit(): front['subtitle'] = f'Chapter {path.stem.split("_")[0]}'
    nb['cells'][0]['source'] = f'---\n{yaml.dump(front, sort_keys=False)}---\n'
    nb['cells'] = with_imports(cards_first(nb['cells']), ROOT/'nbs'/path.name)
    for cell in nb['cells']:
        if cell['cell_type'] != 'code': cell['source'] = relink(''.join(cell['source']), names, base)
        for out in cell.get('outputs', []):
            md = ''.join(out.get('data', {}).get('text/markdown', ''))
            if md: out['data']['text/markdown'] = relink(md, names, base)
    path.unlink()
    path.with_stem(names[path.stem]).write_text(json.dumps(nb), 'utf-8')

def adapt_config(
    path:Path, # `_quarto.yml`, which is rewritten
    names:dict,
):
    "Name the chapters in the sidebar by their pages, leave out those that are not there, add the page of all names"
    config = yaml.safe_load(path.read_text('utf-8'))
    def there(entry): return 'href' not in entry or Path(entry['href']).stem in names
    def prune(entries):
        for e in entries:
            if 'contents' in e: e['contents'] = prune(e['contents'])
        return [e for e in entries if there(e) and e.get('contents', True)]
    sidebar = config['website']['sidebar']
    sidebar['contents'] = prune(sidebar['contents'])
    sidebar['contents'].append({'section': 'Reference', 'contents': [{'text': 'All names', 'href': 'names.md'}]})
    config['project']['render'].append('names.md')
    path.write_text(relink(yaml.dump(config, sort_keys=False), names, ''), 'utf-8')

# --- the rendered pages

def add_katex(
    site:Path, # The rendered site
):
    "Put KaTeX beside the pages, and keep the themes from asking for fonts elsewhere"
    shutil.copytree(TOOLS/'katex', site/'site_libs'/'katex')
    for css in (site/'site_libs'/'themes').glob('*.css'):
        css.write_text(re.sub(r'@import url\([^)]*\);', '', css.read_text('utf-8')), 'utf-8')

# Two links without a target, which fold nothing worth folding; and one that acts as a button
SECTION = re.compile(r'<a class="sidebar-item-text[^>]*data-bs-toggle[^>]*>(.*?)</a>'
                     r'<a class="sidebar-item-toggle.*?</a>')
TOGGLE = re.compile(r'<a class="(quarto-color-scheme-toggle[^"]*)" href="" title="([^"]*)" '
                    r'(onclick="[^"]*")>(.*?)</a>')

def repair(
    html:str, # A page as smalldocs writes it
) -> str: # The same, for all readers
    html = SECTION.sub(r'<span class="sidebar-section-title">\1</span>', html)
    html = TOGGLE.sub(r'<button type="button" class="\1" title="\2" aria-label="\2" \3>\4</button>', html)
    html = re.sub(r'<body[^>]*>', r'\g<0><a class="skip-link" href="#quarto-document-content">Skip to the text</a>', html, count=1)
    return html.replace('</body>', '<script src="site_libs/site.js"></script></body>')

def repair_pages(
    site:Path,
):
    "Repair each page, add the script that they share; let a search take each word for itself, and kaiming not find training"
    script = site/'site_libs'/'smalldocs.js'
    script.write_text(script.read_text('utf-8').replace('threshold: 0.3', 'threshold: 0.15, useExtendedSearch: true'), 'utf-8')
    shutil.copy(TOOLS/'site.js', site/'site_libs')
    for page in site.glob('*.html'): page.write_text(repair(page.read_text('utf-8')), 'utf-8')

def build_site(
    out:Path, # The folder of the site, which is replaced
):
    "Process, adapt and render the notebooks"
    layout.KATEX = 'site_libs/katex'   # all pages are at the top
    with tempfile.TemporaryDirectory(prefix='site_') as work:
        work = Path(work)
        copy_sources(work)
        os.chdir(work)
        cfg = get_config()
        refresh_quarto_yml()
        folder = proc_nbs(force=True)
        names,base = page_names(folder),f'{cfg.doc_host}{cfg.doc_baseurl}'.rstrip('/')+'/'
        for path in folder.glob('*.ipynb'): adapt_notebook(path, names, base)
        adapt_config(folder/'_quarto.yml', names)
        (folder/'names.md').write_text(names_page(cfg.lib_path, names), 'utf-8')
        site = build(folder, quiet=True)
        add_katex(site.out)
        repair_pages(site.out)
        shutil.rmtree(out, ignore_errors=True)
        shutil.move(site.out, out)
        os.chdir(ROOT)
    # broken links among them, which fail tools/linkcheck.py
    for warning in site.warnings: print(warning, file=sys.stderr)

if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--out', type=Path, default=ROOT/'_docs', help='the folder of the site, which is replaced')
    out = parser.parse_args().out.absolute()
    build_site(out)
    print(f'{len(list(out.glob("*.html")))} pages in {out}')
