"""Build the site in `_docs`: with Quarto where it is installed, as the published one is; with smalldocs elsewhere.

    python tools/docs.py                      # into `_docs`
    python tools/docs.py --out FOLDER --with smalldocs

What makes a page is described once, for both: in nbdev's processing (fa_foundations/site), _quarto.yml and nbs/styles.css.
Here smalldocs is told what it does not read there, and its own markup is mended.
All work happens on a copy in a temporary folder: no file of the checkout changes but the site itself.
"""
import argparse, json, os, re, shutil, subprocess, sys, tempfile
from pathlib import Path
from nbdev.quarto import refresh_quarto_yml
from nbdev.serve import proc_nbs
from smalldocs import layout
from smalldocs.site import build
from fa_foundations.site.readme import front_matter
import tree

def with_quarto(
    work:Path, # A copy of the checkout
) -> Path: # The folder of the site
    "What `nbdev_docs` does, in the copy"
    nbdev_docs = Path(sys.executable).with_name('nbdev_docs')
    subprocess.run([nbdev_docs], cwd=work, env=tree.environment(work), check=True)
    return work/'_docs'

def page_names(
    folder:Path, # Processed notebooks
) -> dict[str,str]: # Notebook name -> page name, both without extension: `03_backprop` -> `backprop`
    fronts = {p.stem: front_matter(''.join(json.loads(p.read_text('utf-8'))['cells'][0]['source']))
              for p in folder.glob('*.ipynb')}
    return {stem: Path(front.get('output-file', stem)).stem for stem,front in fronts.items()}

def rename(
    folder:Path, # Processed notebooks and their configuration
):
    "Quarto names a page by its `output-file`, smalldocs by its notebook"
    names = page_names(folder)
    def renamed(m): return m[1]+names.get(m[2], m[2])+'.ipynb'
    for path in [*folder.glob('*.ipynb'), folder/'_quarto.yml']:
        text = re.sub(r'(\]\(|href=\\"|href: )([\w-]+)\.ipynb', renamed, path.read_text('utf-8'))
        path.unlink()
        path.with_stem(names.get(path.stem, path.stem)).write_text(text, 'utf-8')

# Two links without a target, which fold nothing worth folding; and one that acts as a button
SECTION = re.compile(r'<a class="sidebar-item-text[^>]*data-bs-toggle[^>]*>(.*?)</a>'
                     r'<a class="sidebar-item-toggle.*?</a>')
TOGGLE = re.compile(r'<a class="(quarto-color-scheme-toggle[^"]*)" href="" title="([^"]*)" '
                    r'(onclick="[^"]*")>(.*?)</a>')

def repair(
    html:str, # A page as smalldocs writes it
) -> str: # The same, for all readers
    html = SECTION.sub(r'<span class="sidebar-section-title">\1</span>', html)
    return TOGGLE.sub(r'<button type="button" class="\1" title="\2" aria-label="\2" \3>\4</button>', html)

def with_smalldocs(
    work:Path, # A copy of the checkout
) -> Path: # The folder of the site
    os.chdir(work)   # where nbdev looks for settings.ini
    refresh_quarto_yml()
    folder = proc_nbs(force=True)
    rename(folder)
    layout.KATEX = 'katex'   # beside the pages
    site = build(folder, quiet=True)
    for page in site.out.glob('*.html'): page.write_text(repair(page.read_text('utf-8')), 'utf-8')
    for css in (site.out/'site_libs'/'themes').glob('*.css'):   # which ask for fonts elsewhere
        css.write_text(re.sub(r'@import url\([^)]*\);', '', css.read_text('utf-8')), 'utf-8')
    for warning in site.warnings:   # the others name options that only Quarto reads
        if 'broken link' in warning: print(warning, file=sys.stderr)
    return site.out

RENDERERS = dict(quarto=with_quarto, smalldocs=with_smalldocs)

if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--out', type=Path, default=tree.ROOT/'_docs', help='the folder of the site, which is replaced')
    parser.add_argument('--with', choices=RENDERERS, dest='renderer', default='quarto' if shutil.which('quarto') else 'smalldocs')
    args = parser.parse_args()
    out = args.out.absolute()
    with tempfile.TemporaryDirectory(prefix='site_') as work:
        site = RENDERERS[args.renderer](tree.copy(Path(work)/'copy'))
        shutil.rmtree(out, ignore_errors=True)
        shutil.move(site, out)
        os.chdir(tree.ROOT)
    print(f'{args.renderer}: {len(list(out.glob("*.html")))} pages in {out}')
