"""Write README.md, and its pictures, from `nbs/index.ipynb`: nbdev's processing, no Quarto needed.

    python tools/readme.py             # write them
    python tools/readme.py --check     # exit 1 if what is there says something else
"""
import argparse, base64, json, os, re, sys, tempfile
from pathlib import Path
import yaml
from nbdev.config import get_config
from nbdev.processors import FilterDefaults
from nbdev.serve_drv import main as process

ROOT = Path(__file__).resolve().parent.parent
PICTURES = Path('index_files')/'figure-commonmark'   # where Quarto puts them, too

def processed(
    path:Path, # A notebook
) -> list[dict]: # Its cells as nbdev hands them to Quarto: hidden ones gone, names in backticks linked
    os.chdir(ROOT)   # nbdev looks for settings.ini from here
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)/path.name
        process((path, out, FilterDefaults))
        return json.loads(out.read_text('utf-8'))['cells']

def options(
    source:str, # A code cell
) -> tuple[dict,str]: # Its `#| key: value` lines, and the rest
    lines,opts = source.splitlines(),{}
    while lines and lines[0].startswith('#|'):
        key,_,value = lines.pop(0)[2:].partition(':')
        opts[key.strip()] = yaml.safe_load(value)
    return opts,'\n'.join(lines).strip('\n')

def front_matter(
    source:str, # The cell that nbdev made of a notebook's title and promise
) -> dict: # Its keys; none where it is another cell
    found = re.match(r'---\n(.*?)\n---', source, re.S)
    return yaml.safe_load(found[1]) if found else {}

def title(
    front:dict, # From `front_matter`
) -> str: # A heading, and the promise below it
    return f'# {front["title"]}'+(f'\n\n> {front["description"]}' if 'description' in front else '')

def output(
    out:dict, # One output of a code cell
    opts:dict, # That cell's options
    picture:Path, # Where a picture of it goes
    files:dict, # Receives the picture: path -> bytes
) -> str: # Markdown
    data = {k: ''.join(v) for k,v in out.get('data', {}).items()}
    if out['output_type'] == 'stream': return '' if out['name'] == 'stderr' else fenced(''.join(out['text']))
    if 'image/png' in data:
        files[picture] = base64.b64decode(data['image/png'])
        caption = opts.get('fig-cap')
        return f'![{opts.get("fig-alt", "")}]({picture.as_posix()})'+(f'\n\n*{caption}*' if caption else '')
    return data.get('text/markdown') or fenced(data.get('text/plain', ''))

def fenced(
    text:str, # What a cell printed
) -> str: # A block of code without a language
    text = text.strip('\n')
    return f'```\n{text}\n```' if text else ''

def readme(
    cells:list[dict], # A processed notebook
) -> tuple[str,dict]: # Markdown, and its pictures: path -> bytes
    parts,files = [],{}
    for n,cell in enumerate(cells):
        source = ''.join(cell['source']).strip()
        if cell['cell_type'] == 'raw': parts.append(title(front_matter(source)))
        elif cell['cell_type'] == 'markdown': parts.append(source)
        else:
            opts,code = options(source)
            if opts.get('include') is False: continue
            if code and opts.get('echo') is not False: parts.append(f'```python\n{code}\n```')
            if opts.get('output') is False: continue
            for k,out in enumerate(cell['outputs'], 1):
                parts.append(output(out, opts, PICTURES/f'cell-{n}-output-{k}.png', files).strip())
    return '\n\n'.join(p for p in parts if p)+'\n', files

def wanted() -> dict[Path,bytes]: # All that must be there: path -> content
    text,files = readme(processed(get_config(path=ROOT).nbs_path/'index.ipynb'))
    return {Path('README.md'): text.encode(), **files}

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
