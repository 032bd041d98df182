"""The checks can fail: each fault that they are there to find is planted, and must be found."""
import json

import pytest

import notebooks

CORE = notebooks.ROOT/'nbs/00_core.ipynb'
RAISED = 'Expected all tensors to be on the same device'

def planted(source, folder):
    "A notebook in `folder`: the beginning of `00_core`, up to the cell that makes `device`, and one more cell"
    nb = json.loads(CORE.read_text('utf-8'))
    end = 1 + next(i for i,c in enumerate(nb['cells']) if 'device = default_device()' in ''.join(c['source']))
    nb['cells'][end:] = [dict(cell_type='code', execution_count=None, id='planted', metadata={}, outputs=[], source=source)]
    path = folder/'planted.ipynb'
    path.write_text(json.dumps(nb), 'utf-8')
    return path

MIXED = 'import torch; (torch.ones(2, device=device) + torch.ones(2)).sum().item()'

def test_a_tensor_left_on_the_cpu(tmp_path):
    path = planted(MIXED, tmp_path)
    notebooks.execute_apart(path, 'cpu')   # nobody notices
    with pytest.raises(RuntimeError, match=RAISED): notebooks.execute_apart(path, 'fakegpu')

@pytest.mark.parametrize('source,passes', [('1/0', False), ('#| notest\n1/0', True), ('#| eval: false\n1/0', True),
                                           ('#| cuda\n1/0', True), ('import os; os._exit(3)', False)])
def test_failing_cells(source, passes, tmp_path):
    path = planted(source, tmp_path)
    if passes: notebooks.execute_apart(path, 'cpu')
    else:
        with pytest.raises(RuntimeError): notebooks.execute_apart(path, 'cpu')

def test_once(tmp_path):
    "A cell that does not depend on the device runs on the CPU alone"
    path = planted('#| once: true\n1/0', tmp_path)
    with pytest.raises(RuntimeError): notebooks.execute_apart(path, 'cpu')
    notebooks.execute_apart(path, 'fakegpu')

@pytest.mark.parametrize('source,saved,is_stale', [
    ('1 + 1', '2', False), ('1 + 1', '3', True), ('None', '3', True), ('1 + 1', None, True),
    ('#| timing: true\n1 + 1', '3', False), ('#| timing: true\n1 + 1', None, True), ('#| timing: true\nNone', '3', True),
    ('#| hide\n#| timing: true\n1 + 1', '3', False), ('1 + 1\n#| timing: true', '3', True)])
def test_stale_outputs(source, saved, is_stale, tmp_path):
    path = planted(source, tmp_path)
    nb = json.loads(path.read_text('utf-8'))
    if saved: nb['cells'][-1]['outputs'] = [dict(output_type='execute_result', data={'text/plain':saved}, metadata={},
                                                 execution_count=None)]
    path.write_text(json.dumps(nb), 'utf-8')
    found = notebooks.stale(path, notebooks.execute_apart(path, 'cpu'))
    assert is_stale==any('planted' in f for f in found)

PICTURE = "import matplotlib.pyplot as plt; plt.plot([0, 2, 1], '{line}'); plt.text({at}, 1, 'here'); plt.show()"

@pytest.mark.parametrize('line,at,is_stale', [('-', 1, False), ('--', 1, True), ('-', 1.2, True)])
@pytest.mark.parametrize('directive', ['', '#| timing: true\n'])
def test_stale_pictures(line, at, is_stale, directive, tmp_path):
    "A saved picture counts, too, unless what it shows is a matter of the machine"
    saved,fresh = (json.loads(notebooks.execute_apart(planted(directive + PICTURE.format(line=l, at=a), tmp_path), 'cpu'))
                   for l,a in (('-', 1), (line, at)))
    assert bool(notebooks.differences(saved, fresh))==(is_stale and not directive)
