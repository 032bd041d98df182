"""What makes a page of the site of a notebook, after nbdev's own processing (`procs` in settings.ini)."""
import re, sys
from functools import cache
from pathlib import Path
import yaml
from execnb.nbio import mk_cell, read_nb
from nbdev.config import get_config
from nbdev.process import Processor
from .cards import module_names
from .readme import for_github, front_matter

FENCED = re.compile(r'(^ *```.*?^ *```)', re.M | re.S)   # a block of code
NESTING = re.compile(r'\[([^][]*(?:\[`[^`]*`\]\([^)]*\)[^][]*)+)\](?=\()')   # the text of a link, with links in it

class Page(Processor):
    "Turns the cells of a processed notebook into those of its page"
    def begin(self):
        cfg,path,cells = get_config(),Path(self.nb.path_),self.nb.cells
        home = path.name == cfg.readme_nb   # whose links must hold on other sites, too
        base = f'{cfg.doc_host}{cfg.doc_baseurl}'.rstrip('/')+'/'
        def linked(md): return relink(md, base, documented(cfg.lib_path), relative=not home)
        number(cells[0], path.stem)
        cells = with_imports(cards_first(cells), read_nb(path).cells)
        for cell in cells:
            if cell.cell_type == 'markdown': cell.source = linked(cell.source)
            for out in cell.get('outputs', []):
                as_markdown(out)
                md = ''.join(out.get('data', {}).get('text/markdown', ''))
                if md: out['data']['text/markdown'] = linked(md)
        self.nb.cells = for_github(cells) if home else cells
        forget(cfg.lib_path.name)

def forget(
    package:str, # Its name
):
    "Let the next notebook of this process meet the package as a fresh kernel does: chapters define what others import"
    for name in [n for n in sys.modules if n.startswith(f'{package}.') and not n.startswith(f'{package}.site')]:
        del sys.modules[name]
        vars(sys.modules[package]).pop(name.removeprefix(f'{package}.'), None)

def number(
    first:dict, # The cell with the front matter
    stem:str, # The notebook's name: `01a_broadcasting`
):
    "Write the chapter's number above its title"
    front = front_matter(first.source)
    if not (front and stem[0].isdigit()): return
    front['subtitle'] = f'Chapter {stem.split("_")[0]}'
    first.source = f'---\n{yaml.dump(front, sort_keys=False)}---\n'

def as_markdown(
    out:dict, # An output of a cell
):
    "Wrap HTML: for an output in HTML alone Quarto loads jQuery and require.js, from elsewhere"
    data = out.get('data', {})
    if 'text/html' in data: data['text/markdown'] = f'`````{{=html}}\n{"".join(data.pop("text/html"))}\n`````'

# --- links

@cache
def documented(
    lib:Path, # The folder of the package
) -> set[str]: # The names that have a card, as anchors write them
    return {name.lower() for path in lib.glob('[a-z]*.py') for name in module_names(path)}

def relink(
    text:str, # Markdown, in which nbdev has linked each name of the package in backticks
    base:str, # The site's public address, with a slash at its end
    names:set, # From `documented`
    relative:bool=True, # Whether links within the site become relative
) -> str: # The same; names in code, in the text of another link, private names and helpers have no link
    link = re.compile(rf'\[(`[^`]*`)\]\({re.escape(base)}[^)#]*#([^)]*)\)')
    def kept(m):
        first,*rest = m[2].split('.')
        return m[0] if first in names and not re.match('_[^_]', ''.join(rest[-1:])) else m[1]
    def plain(m): return link.sub(r'\1', m[0])
    text = link.sub(kept, NESTING.sub(plain, FENCED.sub(plain, text)))
    return text.replace(f']({base}', '](') if relative else text

# --- cards of documented names

def shown(
    cell:dict,
) -> str: # The name whose card the cell is; none for other cells
    found = re.search(r'^show_doc\(([\w.]+)\)', cell.source, re.M)
    return found[1] if found else ''

def shorten(
    out:dict, # The output of `show_doc`
):
    "Leave out the signature and its table where the source follows, which has both"
    md = ''.join(out['data']['text/markdown'])
    out['data']['text/markdown'] = re.sub(r':::: \{\.api-.*?\n::::\n', '', md, flags=re.S)

def cards_first(
    cells:list, # The cells of a processed notebook
) -> list: # The same, with the cards of what a cell of taught source defines before it, in its order
    "Bring documentation and source together: nbdev moves one card only"
    cells = [c for c in cells if not re.search(r'(^|\.)_[a-z]', shown(c), re.I)]   # private ones need no card
    for source in [c for c in cells if 'Exported source' in c.source]:
        found = re.findall(r'^(?:def|class) (\w+)(?:\(self:(\w+))?', source.source, re.M)
        names = [f'{cls}.{name}' if cls else name for name,cls in found]   # a patched method has its class
        cards = sorted((c for c in cells if shown(c) in names), key=lambda c: names.index(shown(c)))
        for card in cards:
            cells.remove(card)
            # a function that delegates has arguments which its source does not show
            delegates = re.search(rf'^@delegates.*\ndef {shown(card).rpartition(".")[2]}\b', source.source, re.M)
            for out in [] if delegates else card.get('outputs', []): shorten(out)
        at = cells.index(source)
        cells[at:at] = cards
    return cells

# --- what is hidden at a chapter's start

def with_imports(
    cells:list, # The cells of a processed notebook
    source:list, # The cells of the notebook
) -> list: # The same, with what is hidden at the chapter's start folded below its title
    "Let a visitor find the imports and the set-up that the cells of a page need"
    link = next((i for i,c in enumerate(cells) if 'colab.research.google.com' in c.source), None)
    if link is None: return cells   # no chapter
    kinds = [c.cell_type for c in source]
    after = [c.id for c in source].index('colab-link')
    if 'code' not in kinds[after:]: return cells   # a chapter of words alone
    code = kinds.index('code', after)
    setup = [c.source for c in source[code:kinds.index('markdown', code)]]
    lines = [re.sub(r'^#\|.*\n?', '', code, flags=re.M).strip() for code in setup]
    head = '#| code-fold: true\n#| code-summary: "Imports and set-up of this chapter"\n'
    fold = mk_cell(head+'\n\n'.join(filter(None, lines)), id='set-up', outputs=[], execution_count=None)
    return [*cells[:link+1], fold, *cells[link+1:]]
