"""Write README.md, and its pictures, from `nbs/index.ipynb`, as `nbdev_readme` does: nbdev's processing, no Quarto needed.

    python tools/readme.py             # write them
    python tools/readme.py --check     # exit 1 if what is there says something else
"""
import argparse, base64, json, os, sys, tempfile
from pathlib import Path
from nbdev.config import get_config
from nbdev.processors import FilterDefaults
from nbdev.serve_drv import main as process
from fa_foundations.site.readme import PICTURES, front_matter, pictures, raw_block

ROOT = Path(__file__).resolve().parent.parent

def processed(
    path:Path, # A notebook
) -> list[dict]: # Its cells as nbdev hands them to Quarto
    os.chdir(ROOT)   # nbdev looks for settings.ini from here
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)/path.name
        process((path, out, FilterDefaults))
        cells = json.loads(out.read_text('utf-8'))['cells']
    return [{**cell, 'source': ''.join(cell['source'])} for cell in cells]

def wanted() -> dict[Path,bytes]: # All that must be there: path -> content
    cells = processed(get_config(path=ROOT).nbs_path/'index.ipynb')
    title,text = front_matter(cells[0]['source'])['title'],raw_block(cells[1]['source'])
    files = {Path(place): base64.b64decode(out['data']['image/png'])
             for _,out,place in pictures(cells) if 'image/png' in out.get('data', {})}
    return {Path('README.md'): f'# {title}\n\n\n{text}\n'.encode(), **files}   # two empty lines, as Quarto writes them

def stale(
    want:dict, # From `wanted`
) -> list[str]: # The paths that say something else, or should not be there
    def differs(path): return not (ROOT/path).exists() or (ROOT/path).read_bytes() != want[path]
    there = {p.relative_to(ROOT) for p in (ROOT/PICTURES).glob('*')}
    return [str(p) for p in want if differs(p)]+[str(p) for p in sorted(there-want.keys())]

if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--check', action='store_true', help='write nothing; exit 1 if README.md is stale')
    check,want = parser.parse_args().check,wanted()
    old = stale(want)
    if check and old: sys.exit(f'stale: {", ".join(old)}; run `python tools/readme.py`')
    if not check:
        for path in old: (ROOT/path).unlink(missing_ok=True)
        for path,content in want.items():
            (ROOT/path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT/path).write_bytes(content)
