"""What all checks share: threads, the site built once, the times at the end, and the last line `N passed, N failed`.

`FA_SITE=FOLDER` checks a site that is there, instead of building one. `FA_COMPLETE=1`, for continuous integration, lets checks
fail that are skipped elsewhere: what they need could have been installed.
"""
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import pytest
from filelock import FileLock

TOOLS = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOOLS))
import tree

CORES = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()
WORKERS = min(CORES, 4)
os.environ.setdefault('OMP_NUM_THREADS', str(max(1, CORES//WORKERS)))   # before torch: notebooks run side by side
for name,value in ('TRIM_THRESHOLD_', 2**40), ('MMAP_MAX_', 0):   # notebooks keep the memory that they free, as commands do
    os.environ.setdefault(f'MALLOC_{name}', str(value))
os.environ.setdefault('HYPOTHESIS_STORAGE_DIRECTORY', tempfile.gettempdir() + '/hypothesis')

def pytest_xdist_auto_num_workers(config): return WORKERS


@pytest.fixture(scope='session')
def site(tmp_path_factory, testrun_uid):
    "The folder of the site: that of `FA_SITE`, or built from a copy of the tree, once, whichever worker asks first"
    if 'FA_SITE' in os.environ: return Path(os.environ['FA_SITE']).absolute()
    root = tmp_path_factory.getbasetemp().parent/f'site-{testrun_uid}'
    with FileLock(f'{root}.lock'):
        if not root.exists():
            tree.copy(root)
            built = subprocess.run([sys.executable, 'tools/docs.py'], cwd=root, env=tree.environment(root),
                                   capture_output=True, text=True)
            if built.returncode: (root/'failed.txt').write_text(built.stdout + built.stderr, 'utf-8')
    if (root/'failed.txt').exists(): pytest.fail((root/'failed.txt').read_text('utf-8'), pytrace=False)
    return root/'_docs'

def pytest_collection_modifyitems(items):
    "What builds the site comes first, what looks at it last: nobody waits until it is there, and short tests end the run"
    first = next((item for item in items if 'site' in item.fixturenames), None)
    items.sort(key=lambda item: (item is not first, 'site' in item.fixturenames))


# ---- The end of the report

counts = dict(passed=0, failed=0, skipped=0)
seconds = defaultdict(float)   # test -> time of set-up, call and tear-down
missing = defaultdict(int)     # part, and why it was not looked at -> number of tests

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.skipped and os.environ.get('FA_COMPLETE'):
        report.outcome,report.longrepr = 'failed',f'FA_COMPLETE is set, and this was skipped: {report.longrepr[2]}'
    return report

def pytest_runtest_logreport(report):
    "Count a test once: where it runs, or where its set-up or tear-down goes wrong or skips it"
    seconds[report.nodeid] += report.duration
    if report.skipped: missing[_part(report.nodeid), report.longrepr[2].removeprefix('Skipped: ')] += 1
    if report.when=='call' or report.outcome != 'passed': counts[report.outcome] += 1

def pytest_collectreport(report):
    if report.failed: counts['failed'] += 1

def _part(nodeid):
    "The part of the checks that a test belongs to: its file, and for notebooks the device"
    file,_,test = nodeid.partition('::')
    device = test.partition('[')[2].partition('-')[0]
    return Path(file).stem.removeprefix('test_') + (f' on {device}' if 'test_notebook[' in test else '')

def pytest_terminal_summary(terminalreporter, config):
    parts = defaultdict(float)
    for nodeid,time in seconds.items(): parts[_part(nodeid)] += time
    write = terminalreporter.write_line
    write('\nSeconds of each test of 2 s or more')
    for nodeid,time in sorted(seconds.items(), key=lambda item: -item[1]):
        if time >= 2: write(f"{time:8.1f}  {nodeid.partition('::')[2]}")
    write(f"\nSeconds of each part, side by side on {config.getoption('numprocesses') or 1} workers")
    for part,time in parts.items(): write(f'{time:8.1f}  {part}')

def pytest_unconfigure(config):
    if hasattr(config, 'workerinput') or config.option.collectonly: return
    for (part,reason),n in missing.items(): print(f'not looked at: {n} of {part}: {reason}')
    line = f"{counts['passed']} passed, {counts['failed']} failed"
    print(line + f", {counts['skipped']} skipped" * bool(counts['skipped']), flush=True)
