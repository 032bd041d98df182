"""Break the exported code in many places, one at a time, and see which breaks the checks find.

    python tools/mutants.py --seed 7              # 160 mutants drawn from all, kept in tools/mutants.csv and tools/MUTANTS.md
    python tools/mutants.py --module backprop --number 1000   # of one module, printed

A mutant is an exported cell with one change: a comparison, an arithmetic operator, a sign or a constant is another one, a
transpose or a statement is gone, two arguments have changed places. It is put into its notebook in a copy of the tree, the module
is exported from there, and its test notebook, the notebook, the tests of public names and of damaged input and then all others that
import the module are run. As in `make test` an error kills the mutant, and so does a saved output or picture that is no longer what a run shows, or
taking far too long. The check that modules are what their notebooks export does not count.

The draw depends on a seed and on each mutant alone: a change elsewhere does not change which are drawn.
`tools/mutants.json` says what became of a survivor, by its id: which check finds it now, or, after the word "equivalent", why
whatever is computed from it is the same.
"""
import argparse
import ast
import copy
import csv
import functools
import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import tree
from notebooks import ROOT, execute_apart, notebooks, stale

SWAPS = {   # what stands for what
    ast.Lt:ast.LtE, ast.LtE:ast.Lt, ast.Gt:ast.GtE, ast.GtE:ast.Gt, ast.Eq:ast.NotEq, ast.NotEq:ast.Eq, ast.Is:ast.IsNot,
    ast.IsNot:ast.Is, ast.In:ast.NotIn, ast.NotIn:ast.In, ast.Add:ast.Sub, ast.Sub:ast.Add, ast.Mult:ast.Div, ast.Div:ast.Mult,
    ast.FloorDiv:ast.Mult, ast.Mod:ast.Mult, ast.Pow:ast.Mult, ast.MatMult:ast.Mult}
TRANSPOSES = {'T', 'mT', 't', 'transpose'}
# Whose test notebook is that of another module
TESTED_WITH = {
    'twins': 'backprop', 'hidden': 'mistakes', 'simard': 'command', 'registers': 'fast_matmul', 'offsets': 'fast_convolution',
    'optimizer_base': 'optimizers',
    **dict.fromkeys([f'{kind}judges' for kind in (
        '', 'gradient_', 'pass_', 'convolution_', 'normalization_', 'optimizer_', 'overfitting_', 'cnn_')], 'exercises')}
INSIDE_THE_DOCTOR = {'copies', 'checking', 'suspects', 'culprits', 'hidden'}   # what they do is seen in its tests
NO_ORDER = {'isinstance', 'issubclass', 'getattr', 'setattr', 'hasattr', 'super',   # there is one order alone,
            'min', 'max', 'maximum', 'minimum', 'promote_types'}                 # or it does not matter

@dataclass(frozen=True)
class Mutant:
    module: str
    notebook: Path   # relative to the root
    cell: int
    operator: str
    before: str
    after: str
    source: str      # of the whole cell, changed

    @property
    def id(self): return hashlib.sha256(f'{self.module}{self.operator}{self.source}'.encode()).hexdigest()[:10]


# ---- Making them

def _changed(node, **fields):
    new = copy.copy(node)
    for name,value in fields.items(): setattr(new, name, value)
    return new

def _is_text(node): return isinstance(node, ast.JoinedStr) or isinstance(node, ast.Constant) and isinstance(node.value, str)

def _changes(node):
    "(operator, what stands in for `node`) for each change that can be made to it; None for a statement that goes"
    match node:
        case ast.Compare(ops=[op, *rest]):
            yield 'comparison', _changed(node, ops=[SWAPS[type(op)](), *rest])
        case ast.BinOp(left=left, op=op, right=right) if type(op) in SWAPS and not (_is_text(left) or _is_text(right)):
            yield 'arithmetic', _changed(node, op=SWAPS[type(op)]())
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield 'sign', operand
        case ast.Constant(value=bool(value)):
            yield 'constant', ast.Constant(not value)
        case ast.Constant(value=int(value) | float(value)):
            yield 'constant', ast.Constant(value + 1 if isinstance(value, int) else value*2 or 1.)
        case ast.Call(func=ast.Attribute(attr=name, value=value)) if name in TRANSPOSES:
            yield 'transpose', value
        case ast.Attribute(attr='T' | 'mT', value=value):
            yield 'transpose', value
        case ast.AugAssign(op=op, value=value) if type(op) in SWAPS and not _is_text(value):
            yield 'sign' if isinstance(op, (ast.Add, ast.Sub)) else 'arithmetic', _changed(node, op=SWAPS[type(op)]())
            yield 'dropped statement', None
        case ast.Expr(value=ast.Call()) | ast.Raise() | ast.AugAssign() | ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield 'dropped statement', None
        case ast.If(body=[ast.Raise() | ast.Return() | ast.Continue() | ast.Break()], orelse=[]):
            yield 'dropped statement', None
    match node:
        case ast.Call(func=func, args=[first, second, *rest]) if getattr(func, 'id', getattr(func, 'attr', '')) not in NO_ORDER:
            if not any(isinstance(a, ast.Starred) for a in (first, second)) and ast.dump(first) != ast.dump(second):
                yield 'argument order', _changed(node, args=[second, first, *rest])

def _nodes(node):
    "All nodes that are code: no annotations, no docstrings"
    for name,value in ast.iter_fields(node):
        if name in ('annotation', 'returns', 'decorator_list'): continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST): continue
            yield child
            yield from _nodes(child)

def _offset(lines, line, column):
    "Place in the text of a place in the tree, whose columns count bytes"
    return sum(len(text) for text in lines[:line-1]) + len(lines[line-1].encode()[:column].decode())

def mutants_of(path):
    "All mutants of the exported cells of the notebook at `path`"
    cells = json.loads(path.read_text('utf-8'))['cells']
    sources = [''.join(c['source']) if c['cell_type']=='code' else '' for c in cells]
    module = next((m[1] for m in (re.match(r'#\| *default_exp (\w+)', s) for s in sources) if m), None)
    if not module: return
    for n,source in enumerate(sources):
        if not re.search(r'^#\| *exports?\b', source, re.M): continue
        lines = source.splitlines(keepends=True)
        for node in _nodes(ast.parse(source)):
            for operator,new in _changes(node):
                start,end = _offset(lines, node.lineno, node.col_offset),_offset(lines, node.end_lineno, node.end_col_offset)
                text = 'pass' if new is None else ast.unparse(new)
                if isinstance(new, ast.expr): text = f'({text})'
                changed = source[:start] + text + source[end:]
                try: ast.parse(changed)
                except SyntaxError: continue   # inside an f-string, say
                yield Mutant(module, path.relative_to(ROOT), n, operator, source[start:end], text, changed)

def draw(mutants, number, seed):
    "Those `number` mutants that come first in an order that the seed and each one's id decide"
    return sorted({m.id:m for m in mutants}.values(),
                  key=lambda m: hashlib.sha256(f'{seed}{m.id}'.encode()).digest())[:number]


# ---- Trying them

def _plant(mutant, folder):
    "A copy of the tree with `mutant` in its notebook; the data are linked, not copied"
    for path in tree.files():
        if path.parts[0] not in ('nbs', 'fa_foundations', 'settings.ini'): continue
        (folder/path).parent.mkdir(parents=True, exist_ok=True)
        if 'data' in path.parts: os.symlink(ROOT/path, folder/path)
        else: shutil.copy2(ROOT/path, folder/path, follow_symlinks=False)
    nb = json.loads((folder/mutant.notebook).read_text('utf-8'))
    nb['cells'][mutant.cell]['source'] = mutant.source
    (folder/mutant.notebook).write_text(json.dumps(nb), 'utf-8')
    return folder

@functools.cache
def _checks(module, notebook):
    "The notebooks that are to find a mutant of `module`, the likeliest first"
    tests,names,damage = (Path(f'nbs/tests/test_{name}.ipynb') for name in (TESTED_WITH.get(module, module), 'names', 'damage'))
    users = [p.relative_to(ROOT) for p in notebooks()
             if re.search(rf'fa_foundations(\.| import ){module}\b', p.read_text('utf-8'))
             or module in INSIDE_THE_DOCTOR and p.stem in ('test_doctor', 'test_mistakes', '03c_doctor')]
    return [p for p in dict.fromkeys((tests, names, notebook, damage, *sorted(users, key=lambda p: 'tests' not in p.parts)))
            if (ROOT/p).exists()]

def attempt(mutant, limits):
    "(result, the notebook that found it) of one mutant"
    with tempfile.TemporaryDirectory(prefix='mutant_') as folder:
        root = _plant(mutant, Path(folder)/'tree')
        for check in _checks(mutant.module, mutant.notebook):
            try: fresh = execute_apart(root/check, 'cpu', root=root, timeout=limits[check], export=str(root/mutant.notebook))
            except TimeoutError: return 'too slow', check.stem
            except RuntimeError: return 'killed', check.stem
            if stale(root/check, fresh): return 'killed', f'output of {check.stem}'
    return 'survived', ''

def time_limits(mutants):
    "Seconds for each notebook: four times what it takes unharmed, and a little; `RuntimeError` if it fails or is stale unharmed"
    limits = {}
    for check in {c for m in mutants for c in _checks(m.module, m.notebook)}:
        start = time.perf_counter()
        fresh = execute_apart(ROOT/check, 'cpu')
        if found := stale(ROOT/check, fresh): raise RuntimeError(f'{check.stem} is stale: {found}')
        limits[check] = 20 + 4*(time.perf_counter() - start)
    return limits


# ---- The report

def _cell(text, width=60):
    "`text` as code in one cell of a table"
    line = ' '.join(text.split())
    line = line if len(line) <= width else line[:width-3] + '...'
    return '`' + line.replace('|', '\\|').replace('`', "'") + '`'

def rows_of(seed, mutants, results):
    "What is kept of each mutant of a draw"
    return [dict(seed=str(seed), id=m.id, module=m.module, operator=m.operator, before=m.before, after=m.after, result=result, by=by)
            for m,(result,by) in zip(mutants, results)]

def keep(rows, file):
    "Write the rows of one draw into the list of all, in the place of those of the same seed; the list"
    old = list(csv.DictReader(file.open(encoding='utf-8', newline=''))) if file.exists() else []
    rows = [r for r in old if r['seed'] != rows[0]['seed']] + rows
    with file.open('w', encoding='utf-8', newline='') as f:
        writer = csv.DictWriter(f, rows[0], lineterminator='\n')
        writer.writeheader()
        writer.writerows(rows)
    return rows

def _found(rows): return sum(r['result'] != 'survived' for r in rows)

def _draw_in_words(rows, reasons):
    "One draw: its counts and its survivors"
    by_operator = defaultdict(list)
    for r in rows: by_operator[r['operator']].append(r)
    lines = [f"## Seed {rows[0]['seed']}: {_found(rows)} of {len(rows)} found ({_found(rows)/len(rows):.1%})", '',
             '| operator | drawn | found |', '|---|---|---|', *(f'| {o} | {len(q)} | {_found(q)} |' for o,q in sorted(by_operator.items()))]
    survivors = [r for r in rows if r['result']=='survived']
    same = sum(reasons.get(r['id'], '').startswith('equivalent') for r in survivors)
    if same: lines[0] += f", of those that are not equivalent {_found(rows)} of {len(rows) - same} ({_found(rows)/(len(rows) - same):.1%})"
    if survivors: lines += ['', '| survivor | module | before | after | what became of it |', '|---|---|---|---|---|']
    lines += [f"| {r['id']} | {r['module']} | {_cell(r['before'])} | {_cell(r['after'])} | {reasons.get(r['id'], '')} |" for r in survivors]
    return [*lines, '']

def report(rows):
    "The page tools/MUTANTS.md"
    reasons = json.loads((ROOT/'tools/mutants.json').read_text('utf-8'))
    lines = ['# Mutants', '', '<!-- Written by `make mutants`; do not edit. -->', '',
             f'{_found(rows)} of {len(rows)} changes to the exported code made a check fail. All of them: `tools/mutants.csv`.', '']
    draws = defaultdict(list)
    for r in rows: draws[r['seed']].append(r)
    for draw in draws.values(): lines += _draw_in_words(draw, reasons)
    return '\n'.join(lines)

def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--number', type=int, default=160)
    parser.add_argument('--seed', type=int, default=42)
    parser.add_argument('--module', help='draw from this module alone')
    parser.add_argument('--jobs', type=int, default=min(os.cpu_count(), 4))
    args = parser.parse_args()
    os.environ.setdefault('OMP_NUM_THREADS', '1')
    everything = [m for path in notebooks() for m in mutants_of(path) if args.module in (None, m.module)]
    drawn = draw(everything, args.number, args.seed)
    limits = time_limits(drawn)
    results = []
    with ThreadPoolExecutor(args.jobs) as pool:
        for m,result in zip(drawn, pool.map(lambda m: attempt(m, limits), drawn)):
            results.append(result)
            print(f'{len(results)}/{len(drawn)} {result[0]:8} {m.id} {m.module}: {_cell(m.before)} -> {_cell(m.after)}', flush=True)
    for i,m in enumerate(drawn):   # again, alone: something else may have held it up
        if results[i][0]=='too slow': results[i] = attempt(m, limits)
    order = sorted(range(len(drawn)), key=lambda i: (drawn[i].notebook, drawn[i].cell, drawn[i].id))
    rows = rows_of(args.seed, [drawn[i] for i in order], [results[i] for i in order])
    if args.module is None: (ROOT/'tools/MUTANTS.md').write_text(report(keep(rows, ROOT/'tools/mutants.csv')), 'utf-8')
    for r in rows:
        if r['result']=='survived': print(f"survived: {r['id']} {r['module']} {_cell(r['before'])} -> {_cell(r['after'])}")
    print(f'{_found(rows)} of {len(rows)}, drawn from {len(everything)}, made a check fail')

if __name__=='__main__': main()
