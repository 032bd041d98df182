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

def test_no_private_name_crosses_modules():
    "A name that another module takes is no private name: it has no leading underscore, and a docstring"
    crossing = [f'{path.stem} takes {node.module}.{a.name}' for path in sorted((tree.ROOT/'fa_foundations').glob('[a-z]*.py'))
                for node in ast.walk(ast.parse(path.read_text('utf-8'))) if isinstance(node, ast.ImportFrom)
                for a in node.names if (node.level or 'fa_foundations' in (node.module or '')) and a.name.startswith('_')]
    assert not crossing, '; '.join(crossing)
