"""The package as users get it: wheel and sdist built, installed away from the checkout, imported from elsewhere.

The package folder cannot be written to there, and neither can the home folder.
"""
import ctypes
import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest
from filelock import FileLock

import tree

MNIST = {f'{part}-ubyte.gz' for part in ('train-images-idx3', 'train-labels-idx1', 't10k-images-idx3', 't10k-labels-idx1')}

def check(*command, **kwargs):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, **kwargs)
    if done.returncode: pytest.fail(f"{' '.join(map(str, command))}:\n{done.stdout}{done.stderr}", pytrace=False)
    return done.stdout

def _make_place(place):
    "Build both archives, and install the wheel in a fresh environment that borrows the packages of this one"
    place.mkdir()
    copy = tree.copy(place/'copy')
    check(sys.executable, '-m', 'build', '--no-isolation', '--outdir', place/'dist', copy)
    check(sys.executable, '-m', 'venv', '--without-pip', place/'venv')
    python = place/'venv/bin/python'
    site_packages = Path(check(python, '-c', 'import sysconfig; print(sysconfig.get_path("purelib"))').strip())
    (site_packages/'borrowed.pth').write_text(sysconfig.get_path('purelib'))   # but not what this one has as editable
    wheel, = (place/'dist').glob('*.whl')
    check(sys.executable, '-m', 'pip', '--python', python, 'install', '--quiet', '--no-deps', '--no-index', wheel)
    package = site_packages/'fa_foundations'
    check(python, '-m', 'compileall', '-q', package)
    for path in [*package.rglob('*'), package]: path.chmod(path.stat().st_mode & ~0o222)

@pytest.fixture(scope='session')
def place(tmp_path_factory, testrun_uid):
    "A folder with `dist` and `venv`, made once, whichever worker asks first"
    place = tmp_path_factory.getbasetemp().parent/f'wheel-{testrun_uid}'
    with FileLock(f'{place}.lock'):
        if not place.exists(): _make_place(place)
    return place

@pytest.fixture
def user(place, tmp_path):
    "Run a command of the fresh environment as somebody who may write in the current folder and nowhere else"
    def give_up_power():   # root may write anywhere, unless it gives up CAP_DAC_OVERRIDE (1): prctl(PR_CAPBSET_DROP=24, 1)
        if sys.platform=='linux': ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)
    home = tmp_path/'home'
    home.mkdir(mode=0o500)
    work = tmp_path/'work'
    work.mkdir()
    env = {k:v for k,v in os.environ.items() if k not in ('PYTHONPATH', 'FA_DEVICE') and not k.startswith('XDG_')}
    env |= dict(HOME=str(home), PATH=f"{place/'venv/bin'}:{os.environ['PATH']}")
    return lambda *command: check(*command, cwd=work, env=env, preexec_fn=give_up_power)

def test_archives_hold_the_data(place):
    wheel, = (place/'dist').glob('*.whl')
    sdist, = (place/'dist').glob('*.tar.gz')
    for names in zipfile.ZipFile(wheel).namelist(), tarfile.open(sdist).getnames():
        assert MNIST <= {n.rpartition('/')[2] for n in names if '/data/mnist/' in n}
        assert any(n.endswith('data/mnist/README.md') for n in names), 'licence and attribution of MNIST'
        assert any(n.endswith('/LICENSE') for n in names)
        assert not any('__pycache__' in n for n in names)

def test_wheel_holds_all_modules(place):
    "`build` makes the wheel from the sdist: what is in the wheel is in both"
    wheel, = (place/'dist').glob('*.whl')
    names = {n for n in zipfile.ZipFile(wheel).namelist() if n.startswith('fa_foundations/') and n.endswith('.py')}
    assert names=={f'fa_foundations/{p.name}' for p in (place/'copy/fa_foundations').glob('*.py')}

def test_package_is_read_only(user):
    "The other tests of this file would prove little if it were not"
    said = user('python', '-c', '''if True:
        import os, pathlib, fa_foundations
        for folder in pathlib.Path(fa_foundations.__file__).parent, pathlib.Path.home():
            try: (folder/'x').touch()
            except PermissionError: print('refused')''')
    assert said.split()==['refused']*2

def test_get_data(user, place):
    said = user('python', '-c', 'import fa_foundations.core as c, json; '
                'print(json.dumps([c.__file__, [len(t) for t in c.get_data()]]))')
    file,sizes = json.loads(said)
    assert Path(file).is_relative_to(place/'venv')
    assert sizes==[50_000, 50_000, 10_000, 10_000, 10_000, 10_000]

@pytest.mark.parametrize('missing', [[], ['numba', 'triton']], ids=['with_extras', 'without_extras'])
def test_import_all(user, missing):
    "Every module imports, whether or not the extras are there; what is slow to import, or prints, waits until it is needed"
    user('python', '-c', f'''if True:
        import importlib, pkgutil, sys
        for name in {missing}: sys.modules[name] = None
        import fa_foundations
        names = [m.name for m in pkgutil.iter_modules(fa_foundations.__path__)]
        assert 'core' in names
        for name in names: importlib.import_module('fa_foundations.'+name)
        early = {{'matplotlib', 'numba', 'triton', 'torch.utils.cpp_extension'}} & {{n for n,m in sys.modules.items() if m}}
        assert not early, early''')

def test_fa_lesson(user):
    "The lesson runs on the data of the package, and leaves its report where it is told"
    user('fa_lesson', '--quick', '--out', 'report')
    assert user('python', '-c', "import os; print(*os.listdir('report'))").strip()

def test_fa_ladder(user): user('fa_ladder', '--help')

def test_fa_train(user):
    "The command of chapter 04a ends with a status of 0, and its result is on standard output and in the file"
    said = user('fa_train', '--hidden', '5', '--epochs', '1', '--quiet', '--out', 'runs.json')
    error = user('python', '-c', "import json; print(json.load(open('runs.json'))[0]['median_error'])").strip()
    assert f'median of 1: error {float(error):.2f}%' in said
