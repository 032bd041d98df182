"""Where `make` takes torch from, with programs that stand for those of other machines."""
import shutil
import subprocess

import pytest

from tree import ROOT

CPU = 'https://download.pytorch.org/whl/cpu'

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
