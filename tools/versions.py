"""Run all notebooks with other versions of torch, fastcore and the rest, as somebody does who has installed the wheel.

    python tools/versions.py torch==2.6.0 'fastcore==1.14.*' 'numpy<2'       # requirements, as pip has them
    python tools/versions.py 'fastcore>=2' --without numba triton            # the newest, and what to take out again
    python tools/versions.py --env ENV --notebooks nbs/0*.ipynb         # make and keep an environment, or use it again

Makes an environment from the wheel, the requirements and what the checks need; nbdev is not among them, as it forbids fastcore 2.
There every module is imported, `fa_lesson --quick` runs, and each notebook runs in a kernel of its own up to its first error, in
an empty folder, with a package and a home that cannot be written to. Cells that nbdev does not test are left out, and its export.
Prints a line for each, and at the end a row for the table in CONTRIBUTING.md; exit 1 if anything failed.
"""
import argparse, ctypes, json, os, re, subprocess, sys, tempfile, time
from configparser import ConfigParser
from pathlib import Path
import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
import tree

NEEDED = ['ipykernel', 'hypothesis', 'numba>=0.60']   # by the notebooks' checks, beside the package
SHOWN = ['torch', 'fastcore', 'numpy', 'matplotlib', 'numba', 'triton']
IMPORT = '''import importlib, os, pkgutil, fa_foundations
for m in pkgutil.iter_modules(fa_foundations.__path__): importlib.import_module('fa_foundations.'+m.name)
assert not any(os.access(folder, os.W_OK) for folder in [os.path.expanduser('~'), *fa_foundations.__path__])'''
ROW = f'''import platform; from importlib.metadata import distributions
has = {{d.name.lower(): d.version for d in distributions()}}
print(*[has.get(n, 'none') for n in {SHOWN}], platform.python_version(), sep=' | ')'''

def pip(*args): subprocess.run([sys.executable, '-m', 'pip', *args], check=True, stdout=subprocess.DEVNULL)

def make_env(
    env:Path, # Where; nothing is there yet
    requirements:list[str], # As pip has them
    without:list[str], # Packages to take out again
    python:str, # The interpreter
):
    "A fresh environment with the package from its wheel, read-only"
    subprocess.run([python, '-m', 'venv', env], check=True)
    into = '--python', str(env/'bin/python')
    with tempfile.TemporaryDirectory() as folder:
        source = tree.copy(Path(folder)/'source')
        pip('wheel', '--quiet', '--no-deps', '--no-build-isolation', '--wheel-dir', folder, str(source))
        pip(*into, 'install', '--quiet', *map(str, Path(folder).glob('*.whl')), *NEEDED, *requirements)
    if without: pip(*into, 'uninstall', '--quiet', '--yes', *without)
    package, = env.glob('lib/python*/site-packages/fa_foundations')
    for path in [*package.rglob('*'), package]: path.chmod(path.stat().st_mode & ~0o222)

def user(
    env:Path, # From `make_env`
    home:Path, # A folder to make
) -> dict: # Environment variables of somebody who cannot write to the home folder
    home.mkdir(mode=0o500)
    if sys.platform == 'linux': ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)   # root's children lose CAP_DAC_OVERRIDE, too
    kept = {k: v for k,v in os.environ.items() if k not in ('PYTHONPATH', 'VIRTUAL_ENV') and not k.startswith('XDG_')}
    return kept | dict(HOME=str(home), PATH=f"{env/'bin'}:{kept['PATH']}", FA_DEVICE='cpu')

def skipped(
    cell, # Of a notebook
    flags:set[str], # nbdev's `tst_flags`
) -> bool: # Whether it is left out
    directives = [l[2:].split() for l in cell.source.splitlines() if l.startswith('#|')]
    return 'nbdev_export(' in cell.source or ['eval:', 'false'] in directives or any(flags & set(d[:1]) for d in directives)

def run_notebook(
    path:Path, # The notebook
    env:Path, # From `make_env`
    variables:dict, # From `user`
    flags:set[str], # nbdev's `tst_flags`
):
    "Runs it; `RuntimeError` with the first cell that fails"
    nb = nbformat.read(path, as_version=4)
    for cell in nb.cells:
        cell.outputs = []
        if skipped(cell, flags): cell.metadata.tags = ['skip-execution']
    with tempfile.TemporaryDirectory() as place:
        work,spec = Path(place)/'work',Path(place)/'fa/kernel.json'
        for folder in work, spec.parent: folder.mkdir()
        argv = [str(env/'bin/python'), '-m', 'ipykernel_launcher', '-f', '{connection_file}', '--log-level=ERROR']
        spec.write_text(json.dumps(dict(argv=argv, display_name='fa', language='python', env=dict(IPYTHONDIR=place))))
        client = NotebookClient(nb, timeout=900, kernel_name='fa', resources={'metadata': {'path': str(work)}})
        client.create_kernel_manager().kernel_spec_manager = KernelSpecManager(kernel_dirs=[place])
        try: client.execute(env=variables)
        except CellExecutionError as e:
            failed = next(c.id for c in nb.cells if any(o.output_type == 'error' for o in c.outputs))
            raise RuntimeError(f'cell {failed}: {e}') from None

def tell(name, work):
    "Does `work` and prints how it went; whether it went well"
    start,said = time.time(),'ok'
    try: work()
    except subprocess.CalledProcessError as e: said = f'FAILS\n{e.stderr}'
    except (RuntimeError, TimeoutError) as e: said = 'FAILS: ' + re.sub(r'\x1b\[[\d;]*m', '', str(e))
    print(f'{name:24} {time.time()-start:4.0f} s  {said}', flush=True)
    return said == 'ok'

def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('requirements', nargs='*', help="such as 'torch==2.6.0'; those of the package hold as well")
    parser.add_argument('--without', nargs='+', default=[], metavar='NAME', help='packages to take out again')
    parser.add_argument('--notebooks', nargs='+', type=Path, help='default: all')
    parser.add_argument('--env', type=Path, help='make the environment there and keep it, or use what is there')
    parser.add_argument('--python', default=sys.executable, help='make it with this interpreter')
    args = parser.parse_args()
    if args.env and args.env.exists() and args.requirements + args.without: parser.error(f'{args.env} is there: it is used as it is')
    settings = ConfigParser(delimiters=['='])
    settings.read(tree.ROOT/'settings.ini', encoding='utf-8')
    flags = set(settings['DEFAULT']['tst_flags'].split())
    paths = args.notebooks or [p for f in ('nbs', 'nbs/tests') for p in sorted((tree.ROOT/f).glob('*.ipynb'))]
    with tempfile.TemporaryDirectory() as folder:
        env = (args.env or Path(folder)/'env').absolute()
        if not env.exists(): make_env(env, args.requirements, args.without, args.python)
        variables = user(env, Path(folder)/'home')
        def run(*command):
            return subprocess.run(command, check=True, cwd=folder, env=variables, capture_output=True, text=True).stdout
        commands = [tell('import all modules', lambda: run(env/'bin/python', '-c', IMPORT)),
                    tell('fa_lesson --quick', lambda: run(env/'bin/fa_lesson', '--quick'))]
        notebooks = [tell(p.stem, lambda: run_notebook(p, env, variables, flags)) for p in paths]
        row = run(env/'bin/python', '-c', ROW).strip()
    print(f'| {" | ".join(SHOWN)} | Python | commands | notebooks |')
    print(f'| {row} | {sum(commands)} of {len(commands)} | {sum(notebooks)} of {len(notebooks)} |')
    sys.exit(not all(commands + notebooks))

if __name__ == '__main__': main()
