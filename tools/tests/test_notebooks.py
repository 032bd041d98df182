"""Every notebook runs from a fresh start, and its saved outputs are what the run gives.

By default on the CPU and on the pretend GPU; `FA_DEVICE=cuda` asks for one device alone. On the pretend GPU a notebook runs
from another working directory, so that none depends on the folder it is started in.
"""
import importlib.util
import os

import pytest
import torch
from torch.utils import backend_registration

import notebooks

DEVICES = [os.environ['FA_DEVICE']] if os.environ.get('FA_DEVICE') else ['cpu', 'fakegpu']
PATHS = notebooks.notebooks()

def test_there_are_notebooks(): assert len(PATHS) > 0

def test_kernels_are_looked_at():
    "Where Triton is missing, the notebooks pass over the kernels for GPUs"
    if not importlib.util.find_spec('triton'): pytest.skip('Triton is not installed')

@pytest.mark.parametrize('path', PATHS, ids=notebooks.stem)
@pytest.mark.parametrize('device', DEVICES)
def test_notebook(device, path, tmp_path):
    if device=='fakegpu' and not hasattr(backend_registration, '_setup_privateuseone_for_python_backend'):
        pytest.skip(f'torch {torch.__version__} cannot host a pretend GPU')
    try: fresh = notebooks.execute_apart(path, device, folder=None if device=='cpu' else tmp_path)
    except (RuntimeError, TimeoutError) as e: pytest.fail(str(e), pytrace=False)
    found = notebooks.stale(path, fresh) if device=='cpu' else []
    if found: pytest.fail('stale outputs (`make outputs` renews them):\n' + '\n'.join(found), pytrace=False)
