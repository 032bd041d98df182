"""What makes a page of the site of a notebook, after nbdev's own processing (`procs` in settings.ini)."""
import re
from pathlib import Path
import yaml
from execnb.nbio import mk_cell, read_nb
from nbdev.config import get_config
from nbdev.process import Processor
from .readme import for_github, front_matter

FENCED = re.compile(r'(^ *```.*?^ *```)', re.M | re.S)   # a block of code

class Page(Processor):
    "Turns the cells of a processed notebook into those of its page"
    def begin(self):
        cfg,path,cells = get_config(),Path(self.nb.path_),self.nb.cells
        home = path.name == cfg.readme_nb   # whose links must hold on other sites, too
        base = '' if home else f'{cfg.doc_host}{cfg.doc_baseurl}'.rstrip('/')+'/'
        number(cells[0], path.stem)
        cells = with_imports(cards_first(cells), read_nb(path).cells)
        for cell in cells:
            for out in cell.get('outputs', []): as_markdown(out)
            relink_cell(cell, base)
        self.nb.cells = for_github(cells) if home else cells

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

def relink(
    text:str, # Markdown, in which nbdev has linked each documented name in backticks
    base:str, # The site's public address, with a slash at its end; none where it must stay
) -> str: # The same, with links within the site relative; names in code and private names have none
    def plain(m): return re.sub(r'\[(`[^`]*`)\]\(https?:[^)]*\)', r'\1', m[0])
    text = FENCED.sub(plain, text)
    text = re.sub(r'\[(`(?:\w+\.)*_(?!_)[^`]*`)\]\([^)]*\)', r'\1', text)
    return text.replace(f']({base}', '](') if base else text

def relink_cell(
    cell:dict,
    base:str, # As `relink` takes it
):
    if cell.cell_type == 'markdown': cell.source = relink(cell.source, base)
    for out in cell.get('outputs', []):
        md = ''.join(out.get('data', {}).get('text/markdown', ''))
        if md: out['data']['text/markdown'] = relink(md, base)

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
    code = kinds.index('code', [c.id for c in source].index('colab-link'))
    setup = [c.source for c in source[code:kinds.index('markdown', code)]]
    lines = [re.sub(r'^#\|.*\n?', '', code, flags=re.M).strip() for code in setup]
    head = '#| code-fold: true\n#| code-summary: "Imports and set-up of this chapter"\n'
    fold = mk_cell(head+'\n\n'.join(filter(None, lines)), id='set-up', outputs=[], execution_count=None)
    return [*cells[:link+1], fold, *cells[link+1:]]
