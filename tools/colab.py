"""Write into each chapter a link that opens it in Google Colab, and a first cell that installs the package there.

    python tools/colab.py             # write them, with the addresses of settings.ini
    python tools/colab.py --check     # exit 1 if a chapter says something else
"""
import argparse, json, sys
from pathlib import Path
from nbdev.config import get_config
from execnb.nbio import mk_cell, nb2str, read_nb

ROOT = Path(__file__).resolve().parent.parent
IDS = 'colab-install', 'colab-link'   # by which both cells are found again

def install_cell(
    cfg, # nbdev's configuration
) -> str: # Its source: does something on Colab alone
    return f"""#| hide
if 'google.colab' in str(get_ipython()):   # there the package must be installed first
    get_ipython().run_line_magic('pip', 'install -q git+{cfg.git_url}')"""

def link_cell(
    cfg, # nbdev's configuration
    path:Path, # The notebook
) -> str: # Markdown
    place = cfg.git_url.removeprefix('https://github.com/')
    return (f'[Open in Colab](https://colab.research.google.com/github/{place}/blob/{cfg.branch}/'
            f'{path.relative_to(ROOT).as_posix()})')

def with_colab(
    path:Path, # A chapter
) -> str: # The notebook as it should be: the install cell first, the link below the title
    cfg,nb = get_config(path=ROOT),read_nb(path)
    cells = [c for c in nb.cells if c.id not in IDS]
    title = next(i for i,c in enumerate(cells) if c.cell_type == 'markdown' and c.source.startswith('# '))
    cells.insert(title+1, mk_cell(link_cell(cfg, path), 'markdown', id=IDS[1]))
    first = mk_cell(install_cell(cfg), id=IDS[0], outputs=[])
    first.execution_count = None   # as nbdev cleans it
    cells.insert(0, first)
    nb.cells = cells
    return nb2str(nb)

if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--check', action='store_true', help='write nothing; exit 1 if a chapter is stale')
    check = parser.parse_args().check
    chapters = sorted((ROOT/'nbs').glob('[0-9]*.ipynb'))
    new = {p: text for p in chapters if (text := with_colab(p)) != p.read_text('utf-8')}
    if check and new: sys.exit(f'stale: {", ".join(p.name for p in new)}; run `python tools/colab.py`')
    if not check:
        for path,text in new.items(): path.write_text(text, 'utf-8')
