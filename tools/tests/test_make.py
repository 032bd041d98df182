"""What `make` sets up: the tested set suits each Python that the package does, and torch comes from the right place."""
import shutil
import subprocess
from importlib.metadata import distributions

import pytest
from nbdev.config import get_config
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tree import ROOT

CPU = 'https://download.pytorch.org/whl/cpu'

def test_constraints_suit_the_oldest_python():
    "3.11 means 3.11.0, too: Debian 12 has 3.11.2"
    lines = (ROOT/'constraints.txt').read_text('utf-8').splitlines()
    pinned = {canonicalize_name(line.partition('==')[0]) for line in lines if not line.startswith('#')}
    asks = {d.name: d.metadata['Requires-Python'] or '' for d in distributions() if canonicalize_name(d.name) in pinned}
    oldest = get_config(path=ROOT).min_python+'.0'
    assert len(asks) > 50 and {name: ask for name,ask in asks.items() if oldest not in SpecifierSet(ask)} == {}

@pytest.mark.parametrize('system,more,told,index', [
    ('Linux', [], '', CPU),
    ('Linux', ['nvidia-smi'], '', ''),
    ('Darwin', [], '', ''),
    ('Linux', [], "global.index-url='https://example.org/simple'", ''),
    ('Linux', [], ":env:.find-links='/wheels'", ''),
    ('Linux', [], "global.timeout='60'", CPU)])
def test_torch_index(tmp_path, system, more, told, index):
    "Without an NVIDIA GPU Linux gets the CPU build, unless pip was told where to look"
    for name,says in dict(uname=system, python=told, **dict.fromkeys(more, '')).items():
        (tmp_path/name).write_text(f'#!/bin/sh\ncat <<"."\n{says}\n.\n')
        (tmp_path/name).chmod(0o755)
    for name in 'grep', 'cat': (tmp_path/name).symlink_to(shutil.which(name))
    (tmp_path/'show.mk').write_text('show: ; @echo "[$(TORCH_INDEX)]"\n')
    run = subprocess.run([shutil.which('make'), '-f', ROOT/'Makefile', '-f', 'show.mk', 'PYTHON=python', 'show'],
                         cwd=tmp_path, env=dict(PATH=str(tmp_path)), capture_output=True, text=True)
    assert run.stdout == f'[{index}]\n', run.stderr
