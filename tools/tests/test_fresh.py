"""What is generated from the notebooks is current, and the notebooks are as nbdev cleans them. All on a copy of the tree."""
import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import notebooks
import tree

@pytest.fixture
def copy(tmp_path): return tree.copy(tmp_path/'copy')

def run(*command, cwd):
    "Run one of the environment's programs"
    program = Path(sys.executable).with_name(command[0])
    done = subprocess.run([program, *command[1:]], cwd=cwd, env=tree.environment(cwd), capture_output=True, text=True)
    if done.returncode: pytest.fail(f"{' '.join(command)}:\n{done.stdout}{done.stderr}", pytrace=False)

def contents(folder, pattern): return {p.relative_to(folder).as_posix():p.read_bytes() for p in folder.rglob(pattern)}

def same(before, after, advice):
    "Fail, naming the files that differ and what to do, unless both say the same"
    changed = sorted(k for k in before.keys() | after.keys() if before.get(k) != after.get(k))
    if changed: pytest.fail(f"{', '.join(changed)}: {advice}", pytrace=False)

def test_cells_have_ids():
    "Without ids every export would name cells anew"
    for path in notebooks.notebooks():
        cells = json.loads(path.read_text('utf-8'))['cells']
        ids = [cell.get('id') for cell in cells]
        assert all(ids) and len(set(ids))==len(ids), f'{notebooks.stem(path)}: a cell without an id of its own'

def test_modules_import_one_another_relatively():
    "nbdev makes imports relative, but not `from fa_foundations.x import (` at the end of a line"
    absolute = [path.name for path in (tree.ROOT/'fa_foundations').glob('[a-z]*.py') if '\nfrom fa_foundations' in path.read_text('utf-8')]
    assert absolute == []

def test_no_warnings_are_saved():
    "Warnings go to stderr, name folders of the machine they come from, and are no part of a chapter"
    for path in notebooks.notebooks():
        for n,cell in enumerate(json.loads(path.read_text('utf-8'))['cells']):
            told = [''.join(o['text']) for o in cell.get('outputs', []) if o.get('name')=='stderr']
            if told: pytest.fail(f'{notebooks.stem(path)}, cell {n}: {told[0][:300]}', pytrace=False)

def test_clean(copy):
    before = contents(copy/'nbs', '*.ipynb')
    run('nbdev_clean', cwd=copy)
    same(before, contents(copy/'nbs', '*.ipynb'), 'run nbdev_clean')

def test_exports(copy):
    package = copy/'fa_foundations'
    before = contents(package, '*.py')
    for path in package.glob('*.py'):
        if path.name != '__init__.py': path.unlink()
    run('nbdev_export', cwd=copy)
    same(before, contents(package, '*.py'), 'edit the notebooks, not the modules, and run nbdev_export')

def test_readme(copy): run('python', 'tools/readme.py', '--check', cwd=copy)

def test_names_that_cross_modules():
    "A name that another module takes has no leading underscore, and a docstring"
    trees = {p.stem: ast.parse(p.read_text('utf-8')) for p in sorted((tree.ROOT/'fa_foundations').glob('[a-z]*.py'))}
    taken = {(node.module, a.name) for t in trees.values() for node in ast.walk(t)
             if isinstance(node, ast.ImportFrom) and node.level for a in node.names}
    told = {(module, node.name): ast.get_docstring(node) for module,t in trees.items() for node in t.body
            if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    assert taken and not sorted(f'{m}.{n} is private' for m,n in taken if n.startswith('_'))
    assert not sorted(f'{m}.{n} has no docstring' for m,n in taken if not told.get((m, n), True))
