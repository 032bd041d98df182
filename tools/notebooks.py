"""Run the notebooks as nbdev does, save their outputs, or tell which saved outputs are no longer true.

    python tools/notebooks.py                          # run all in order and save the outputs
    python tools/notebooks.py --check                  # change nothing: fail if a saved output is stale
    python tools/notebooks.py --check nbs/01_matmul.ipynb --device fakegpu --times 2

Each notebook runs in a process of its own. Cells that nbdev does not test (`#| notest`, `#| eval: false`, and `#| cuda` unless
the device is cuda) keep the outputs that they have. A cell with a line `#| once: true` runs on the CPU alone: what it shows does
not depend on the device. The output of a cell with a line `#| timing: true` is never stale.
"""
import argparse
import base64
import contextlib
import io
import itertools
import json
import multiprocessing
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TIMEOUT = 900   # seconds, for one notebook

# The fork server imports these once; every notebook's process then starts with them, and with nothing else
PRELOAD = ['torch', 'matplotlib.pyplot', 'nbdev.export', 'nbdev.process', 'nbdev.frontmatter', 'nbdev.clean', 'nbdev.doclinks',
           'execnb.shell', 'fastcore.test', 'fastcore.all', 'tqdm.auto']


def notebooks():
    "Paths of all notebooks, in reading order"
    from nbdev.doclinks import nbglob
    with contextlib.chdir(ROOT): return sorted(Path(p).resolve() for p in nbglob(ROOT/'nbs', as_path=True))

def stem(path):
    "Short name of a notebook: `01_matmul`, `tests/test_matmul`"
    path = Path(path).resolve()
    return (path.relative_to(ROOT/'nbs').with_suffix('') if path.is_relative_to(ROOT/'nbs') else path).as_posix()


# ---- Running one

def _skipped(cell, skip_flags, device):
    "Whether nbdev does not run `cell` in tests, or we do not on this device"
    if cell.cell_type != 'code' or 'nbdev_export(' in cell.source: return True
    directives = cell.directives_
    if device != 'cpu' and 'once:' in directives: return True
    return directives.get('eval:', [''])[0].lower()=='false' or bool(skip_flags & directives.keys())

def _is_progress(output):
    "Whether `output` is a progress bar, which is of no use once it is full"
    return output.get('name')=='stderr' and '\r' in ''.join(output['text'])

def execute(path, device, times=1, folder=None, root=ROOT, export=None):
    """The notebook at `path` as text, with the outputs of a fresh run. Changes this process: give it one of its own.

    `times`: runs in a row in one kernel. `folder`: where to run, by default beside the notebook. `root`: the tree that the
    package comes from. `export`: a notebook whose module is written first."""
    path_of_children = os.pathsep.join(filter(None, [str(root), os.environ.get('PYTHONPATH')]))
    os.environ.update(FA_DEVICE=device, IN_TEST='1', PYTHONPATH=path_of_children)
    for name in [n for n in os.environ if n.startswith('MALLOC_')]: del os.environ[name]   # children start as a reader's do
    os.chdir(root)
    sys.path.insert(0, str(root))
    if device=='fakegpu':
        import pretend_gpu
        pretend_gpu.install()
    from execnb.nbio import nb2str
    from execnb.shell import CaptureShell
    from nbdev.clean import clean_nb
    from nbdev.config import get_config
    from nbdev.process import NBProcessor
    config = get_config()
    if export:
        from nbdev.export import nb_export
        nb_export(export, config.lib_path)
    skip_flags = set(config.tst_flags.split()) - {device}
    nb = NBProcessor(path, rm_directives=False).nb

    def skip(cell):
        if _skipped(cell, skip_flags, device): return True
        cell.outputs = []   # the shell leaves old outputs where a cell now prints nothing

    shell = CaptureShell(path, mpl_format='png')
    os.chdir(folder or Path(path).parent)
    try:
        for _ in range(times): shell.run_all(nb, exc_stop=True, preproc=skip)
    except Exception: raise RuntimeError(shell.prettytb(fname=path)) from None
    for cell in nb.cells:
        if 'outputs' in cell: cell.outputs = [o for o in cell.outputs if not _is_progress(o)]
    clean_nb(nb, clean_ids=config.clean_ids)
    return nb2str(nb)

def _child(pipe, *args, **kwargs):
    signal.signal(signal.SIGINT, signal.default_int_handler)   # what a shell starts in the background ignores Ctrl-C
    try: pipe.send((True, execute(*args, **kwargs)))
    except BaseException as e: pipe.send((False, str(e) or repr(e)))

def execute_apart(path, device, timeout=TIMEOUT, **kwargs):
    "`execute` in a fresh process; `RuntimeError` with the notebook's traceback or if it dies, `TimeoutError` if it is too slow"
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload(PRELOAD)
    ours,theirs = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(theirs, str(path), device), kwargs=kwargs)
    process.start()
    theirs.close()
    try:
        if not ours.poll(timeout): raise TimeoutError(f'{stem(path)}: not done after {timeout} s')
        ok,result = ours.recv()
        process.join(10)   # it ends by itself, and cleans up behind it
    except EOFError:
        process.join()
        raise RuntimeError(f'{stem(path)}: the process died, exit code {process.exitcode}') from None
    finally:
        process.kill()
        process.join()
    if not ok: raise RuntimeError(result)
    return result


# ---- Comparing outputs

def _text(output):
    "What a reader sees of `output`: name or kind of each part, and its text unless it is a picture"
    if output['output_type']=='stream': return {output['name']:''.join(output['text'])}
    if output['output_type']=='error': return {'error':output['ename']}
    return {kind:''.join(data) if kind.startswith('text/') else '(a picture or other data)'
            for kind,data in output['data'].items()}

def _seen(cell):
    "What is compared: all but warnings, which no notebook should save"
    return [t for t in map(_text, cell['outputs']) if 'stderr' not in t]

def _pictures(cell):
    "Pixels of each picture that `cell` shows, `(height, width, 4)`, from 0 to 1"
    from matplotlib.image import imread
    shown = [o['data']['image/png'] for o in cell['outputs'] if 'image/png' in o.get('data', {})]
    return [imread(io.BytesIO(base64.b64decode(''.join(png)))) for png in shown]

def _alike(a, b):
    "Whether pictures `a` and `b` show the same. On another processor the last bits differ, and a few pixels on the edge of a line"
    return a.shape==b.shape and (abs(a - b).max(-1) > .1).mean() < 2e-4

def _show(texts):
    lines = '\n'.join(text for t in texts for text in t.values()).splitlines() or ['(nothing)']
    return '\n'.join(f'    {line}' for line in lines[:20] + ['...']*(len(lines)>20))

def _is_timing(source):
    "Whether `#| timing: true` is among the directives that `source` begins with"
    directives = itertools.takewhile(lambda line: line.startswith('#|'), source.splitlines())
    return any(line.removeprefix('#|').split()==['timing:', 'true'] for line in directives)

def differences(saved, fresh):
    "One paragraph for each cell whose saved output is not that of the fresh run; both notebooks are dicts"
    found = []
    for n,(old,new) in enumerate(zip(saved['cells'], fresh['cells'], strict=True)):
        if old['cell_type'] != 'code': continue
        source = ''.join(old['source'])
        before,after = _seen(old),_seen(new)
        if _is_timing(source): before,after = bool(before),bool(after)   # only that there is one
        else:
            after += ['a picture that looks different' for a,b in zip(_pictures(old), _pictures(new)) if not _alike(a, b)]
        if before==after: continue
        first = next((line for line in source.splitlines() if line and not line.startswith('#|')), '')
        found.append(f"cell {n} (id {old['id']}), `{first}`\n  saved:\n{_show(_seen(old))}\n  now:\n{_show(_seen(new))}")
    return found

def stale(path, fresh):
    "`differences` between the file at `path` and the text of a fresh run"
    return differences(json.loads(Path(path).read_text('utf-8')), json.loads(fresh))


# ---- The command

def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('notebooks', nargs='*', type=Path, help='default: all')
    parser.add_argument('--check', action='store_true', help='save nothing; fail if an output is stale')
    parser.add_argument('--device', default='cpu', help='cpu, cuda or fakegpu; outputs count on the CPU alone')
    parser.add_argument('--times', type=int, default=1, help='run that often in one process')
    parser.add_argument('--jobs', type=int, default=1, help='notebooks at a time')
    args = parser.parse_args()

    def work(path):
        try: fresh = execute_apart(path, args.device, times=args.times)
        except (RuntimeError, TimeoutError) as e: return f'{stem(path)} fails on {args.device}:\n{e}'
        finally: print(stem(path), flush=True)
        if args.device != 'cpu': return
        if not args.check: path.write_text(fresh, 'utf-8')
        elif found := stale(path, fresh): return f'{stem(path)}: stale outputs\n' + '\n'.join(found)

    with ThreadPoolExecutor(args.jobs) as pool:
        problems = [p for p in pool.map(work, args.notebooks or notebooks()) if p]
    if problems: sys.exit('\n\n'.join(problems))

if __name__=='__main__': main()
