"""Copies of the working tree, for checks that build, export or clean: the tree itself is never changed by them."""
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOT_OURS = ['.git', '.venv', '_docs', '_proc', '_site', 'build', 'dist', '*.egg-info', '__pycache__', '.ipynb_checkpoints']

def files():
    "Paths, relative to the root, of what belongs to the project: all that git does not ignore, or all where there is no git"
    git = subprocess.run(['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'], cwd=ROOT,
                         capture_output=True, text=True) if (ROOT/'.git').exists() else None
    if git and git.returncode==0: return [p for p in map(Path, git.stdout.split('\0')[:-1]) if os.path.lexists(ROOT/p)]
    ignore = shutil.ignore_patterns(*NOT_OURS)
    found = []
    for folder,folders,names in os.walk(ROOT):
        folders[:] = set(folders) - ignore(folder, folders)
        found += [(Path(folder)/n).relative_to(ROOT) for n in set(names) - ignore(folder, names)]
    return found

def copy(target):
    "A copy of the project in the new folder `target`, which is returned"
    for path in files():
        (target/path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT/path, target/path, follow_symlinks=False)
    return target

def environment(root, **more):
    "Environment in which programs import the package from the copy at `root`, and nbdev works there as in daily use"
    env = {k:v for k,v in os.environ.items() if k not in ('IN_TEST', 'FA_DEVICE')}
    return {**env, 'PYTHONPATH':str(root), **more}
