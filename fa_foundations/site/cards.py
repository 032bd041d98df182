"""How the site shows what the package offers: each name in its chapter, and all names on one page.

settings.ini hands `ApiRenderer` to nbdev's `show_doc` (`renderer`), whose own form prints the parameters as comments
in a block of code, too wide for a phone.
"""
import ast, inspect, re
from pathlib import Path
from nbdev.doclinks import NbdevLookup
from nbdev.showdoc import BasicMarkdownRenderer

WIDTH = 84   # characters in a line of a signature
STARS = {inspect.Parameter.VAR_POSITIONAL: '*', inspect.Parameter.VAR_KEYWORD: '**'}
EMPTY = inspect.Parameter.empty

def annotation(
    a:object, # The annotation of a parameter, or of what a function returns
) -> str: # As the source has it, or nearly so
    text = a if isinstance(a, str) else inspect.formatannotation(a).strip("'")
    for long,short in (('torch._C.', 'torch.'), ('torch.Tensor', 'Tensor'), ('NoneType', 'None')):
        text = text.replace(long, short)
    text = re.sub(r'\btorch\.nn\.modules\.\w+\.', 'nn.', text)
    return re.sub(r'\b(typing|pathlib|collections\.abc|__main__|fa_foundations\.\w+)\.', '', text)

def default(
    value:object, # The default of a parameter
) -> str: # What to write after the equals sign
    return getattr(value, '__name__', None) or re.sub(r' at 0x\w+', '', repr(value))

def signature(
    name:str,
    sig:inspect.Signature,
) -> str: # The call, without annotations: `lin(x, w, b) -> Tensor`
    parts,starred = [],False
    params = list(sig.parameters.values())
    if '.' in name and params and params[0].name in ('self', 'cls'): params.pop(0)
    for p in params:
        if p.kind == p.KEYWORD_ONLY and not starred: parts.append('*')
        starred = starred or p.kind in (p.VAR_POSITIONAL, p.KEYWORD_ONLY)
        parts.append(STARS.get(p.kind, '')+p.name+('' if p.default is EMPTY else f'={default(p.default)}'))
    end = '' if sig.return_annotation in (EMPTY, None) else f' -> {annotation(sig.return_annotation)}'
    lines = [f'{name}(']
    for i,part in enumerate(parts):
        piece = part+(', ' if i < len(parts)-1 else f'){end}')
        if len(lines[-1]+piece.rstrip()) > WIDTH: lines.append(' '*(len(name)+1))
        lines[-1] += piece
    return '\n'.join(line.rstrip() for line in lines) if parts else f'{name}(){end}'

def parameter_table(
    docments:dict, # fastcore's account of a function: name -> its comment, among other things
    sig:inspect.Signature,
) -> str: # A Markdown table, or nothing where no parameter is described
    if not any(d.get('docment') for d in docments.values()): return ''
    rows = ['| parameter | type | is |', '|---|---|---|']
    for name,d in docments.items():
        a = sig.return_annotation if name == 'return' else sig.parameters[name].annotation
        if name == 'return' and a is None: continue
        cells = ('*returns*' if name == 'return' else f'<code>{name}</code>',
                 '' if a is EMPTY else f'`{annotation(a)}`', ' '.join((d.get('docment') or '').split()))
        if any(cells[1:]): rows.append('| '+' | '.join(c.replace('|', r'\|') for c in cells)+' |')
    return '\n'.join(rows)

class ApiRenderer(BasicMarkdownRenderer):
    "The documentation of one name, as Markdown for the site"
    def _repr_markdown_(self):
        if self.nm.endswith('__'): return ''   # what `print` or a notebook calls
        source = NbdevLookup().code(self.fn)
        link = f'[source]({source}){{.api-source}}\n\n' if source else ''
        call = f'```python\n{signature(self.nm, self.sig)}\n```' if self.sig else ''
        table = parameter_table(self.dm.dm, self.sig) if self.sig else ''
        # the heading comes first: then Quarto makes a section of the card, and lists it among the contents
        return (f'::::: {{.api}}\n{"#"*self.title_level} {self.nm.replace("_", chr(92)+"_")}\n\n'
                f'{link}:::: {{.api-call}}\n{call}\n::::\n\n{self.docs}\n\n'
                f':::: {{.api-parameters}}\n{table}\n::::\n:::::\n')

# --- all names on one page

def module_names(
    path:Path, # An exported module
) -> dict[str,str|None]: # Public name, as ordered in the source -> docstring's first line; None for a constant
    tree = ast.parse(path.read_text('utf-8'))
    assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
    values = {t.id: node.value for node in assigned for t in node.targets if isinstance(t, ast.Name)}
    public = ast.literal_eval(values['__all__']) if '__all__' in values else []
    documented = [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    docs = {node.name: (ast.get_docstring(node) or '').partition('\n')[0] for node in documented}
    return {name: docs.get(name) for name in [*docs, *values] if name in public}

def name_row(
    name:str,
    doc:str|None, # From `module_names`
    page:str, # The chapter's page, which has a card for each function and class
) -> str: # A row of the table
    anchor = '' if doc is None else '#'+name.lower()
    return f'| [`{name}`]({page}.html{anchor}) | {(doc or "constant").replace("|", chr(92)+"|")} |'

def modules(
    nbs:Path, # The folder of the notebooks
) -> list[str]: # The module of each chapter, in the book's order, which is also the name of its page
    found = [re.search(r'#\| *default_exp (\w+)', p.read_text('utf-8')) for p in sorted(nbs.glob('[0-9]*.ipynb'))]
    return [m[1] for m in found if m]

def names_page(
    lib:Path, # The folder of the package
    nbs:Path, # That of the notebooks
) -> str: # A page, in Markdown: chapter by chapter, each name with a link and its first line
    parts = []
    for module in modules(nbs):
        rows = [name_row(name, doc, module) for name,doc in module_names(lib/f'{module}.py').items()]
        head = [f'## `{lib.name}.{module}` {{#{module}}}\n', '| name | what it is |', '|---|---|']
        if rows: parts.append('\n'.join([*head, *rows])+'\n')
    return '\n'.join(parts)
