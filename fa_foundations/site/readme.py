"""README.md from the home page's notebook: one text, whether Quarto writes it (`nbdev_readme`) or `tools/readme.py`."""
import re
import yaml
from execnb.nbio import mk_cell

PICTURES = 'index_files/figure-commonmark'   # where Quarto puts them

def front_matter(
    source:str, # The cell that nbdev made of a notebook's title and promise
) -> dict: # Its keys; none where it is another cell
    found = re.match(r'---\n(.*?)\n---', source, re.S)
    return yaml.safe_load(found[1]) if found else {}

def options(
    source:str, # A code cell
) -> tuple[dict,str]: # Its `#| key: value` lines, and the rest
    lines,opts = source.splitlines(),{}
    while lines and lines[0].startswith('#|'):
        key,_,value = lines.pop(0)[2:].partition(':')
        opts[key.strip()] = yaml.safe_load(value)
    return opts,'\n'.join(lines).strip('\n')

def fenced(
    text:str, # Code, or what a cell printed
    language:str='',
) -> str: # A block of code
    text = text.strip('\n')
    return f'```{language}\n{text}\n```' if text else ''

def output(
    out:dict, # One output of a code cell
    opts:dict, # That cell's options
    picture:str, # Where a picture of it goes
) -> str: # Markdown
    data = {k: ''.join(v) for k,v in out.get('data', {}).items()}
    if out['output_type'] == 'stream': return '' if out['name'] == 'stderr' else fenced(''.join(out['text']))
    if 'image/png' in data:
        caption = opts.get('fig-cap')
        return f'![{opts.get("fig-alt", "")}]({picture})'+(f'\n\n*{caption}*' if caption else '')
    return data.get('text/markdown') or fenced(data.get('text/plain', ''))

def pictures(
    cells:list, # A processed notebook
): # Each output of a code cell: the cell, the output, and where Quarto puts a picture of it
    code = [cell for cell in cells if cell['cell_type'] == 'code']
    for n,cell in enumerate(code, 2):   # Quarto counts from there
        for k,out in enumerate(cell['outputs'], 1): yield cell,out,f'{PICTURES}/cell-{n}-output-{k}.png'

def text(
    cells:list, # A processed notebook
) -> str: # The README below its title
    places = {(id(cell), id(out)): place for cell,out,place in pictures(cells)}
    parts = []
    for cell in cells:
        source = cell['source'].strip()
        if cell['cell_type'] == 'raw': parts.append('> '+front_matter(source)['description'])
        elif cell['cell_type'] == 'markdown': parts.append(source)
        else:
            opts,code = options(source)
            if opts.get('include') is False: continue
            if opts.get('echo') is not False: parts.append(fenced(code, 'python'))
            if opts.get('output') is False: continue
            parts += [output(out, opts, places[id(cell), id(out)]).strip() for out in cell['outputs']]
    return '\n\n'.join(filter(None, parts))

def for_github(
    cells:list, # The processed notebook of the home page
) -> list: # The same, with the README in a block that is read as it is; the page's own cells are not for GitHub
    "Quarto's own Markdown of the page would lose the promise, the captions and the alt texts"
    block,before,after = f'`````{{=markdown}}\n{text(cells)}\n`````','::: {.content-hidden when-format="gfm"}',':::'
    block,before,after = [mk_cell(source, 'markdown') for source in (block, before, after)]
    return [cells[0], block, before, *cells[1:], after]

def raw_block(
    source:str, # The cell that `for_github` puts second
) -> str: # The README in it, below its title
    return '\n'.join(source.splitlines()[1:-1])
