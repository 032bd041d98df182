"""Each chapter opens in Colab, from the address in settings.ini, and installs the package there and only there."""
from types import SimpleNamespace

import pytest
from nbdev.config import get_config

import colab
import notebooks

CHAPTERS = sorted((colab.ROOT/'nbs').glob('[0-9]*.ipynb'))

@pytest.mark.parametrize('path', CHAPTERS, ids=notebooks.stem)
def test_current(path): assert colab.with_colab(path) == path.read_text('utf-8'), 'run tools/colab.py'

@pytest.mark.parametrize('where,calls', [('google.colab._shell.Shell', 1), ('ipykernel.zmqshell', 0)])
def test_installs_on_colab_alone(where, calls):
    class Shell:
        ran = []
        def __str__(self): return f'<{where} object>'
        def run_line_magic(self, *args): self.ran.append(args)
    shell,cfg = Shell(),SimpleNamespace(git_url='https://github.com/someone/books')
    exec(colab.install_cell(cfg), dict(get_ipython=lambda: shell))
    assert shell.ran == [('pip', 'install -q git+https://github.com/someone/books')] * calls

def test_addresses():
    cfg = SimpleNamespace(git_url='https://github.com/someone/books', branch='main')
    path = colab.ROOT/'nbs'/'01_matmul.ipynb'
    assert colab.link_cell(cfg, path).endswith('/github/someone/books/blob/main/nbs/01_matmul.ipynb)')
    assert get_config(path=colab.ROOT).git_url in colab.install_cell(get_config(path=colab.ROOT))
