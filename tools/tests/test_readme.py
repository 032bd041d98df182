"""The README keeps its promises: the example runs as it stands and prints what it says, and addresses are ours."""
import re, subprocess, sys

from nbdev.config import get_config
from test_site import PAGES
from tree import ROOT

TEXT = (ROOT/'README.md').read_text('utf-8')

def test_example(tmp_path):
    "In a fresh process, in another folder: no hidden cell helps"
    code,printed = re.search(r'```python\n(.*?)```\n\n```\n(.*?)```', TEXT, re.S).groups()
    run = subprocess.run([sys.executable, '-c', code], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert run.stdout == printed, run.stderr

def test_length():
    "Ten lines of example; short as a whole; what it is, the picture, two commands and two figures come first"
    code = re.search(r'```python\n(.*?)```', TEXT, re.S)[1]
    assert len(code.splitlines()) == 10
    assert 400 <= len(TEXT.split()) <= 620
    first = TEXT.partition('## In ten lines')[0]
    assert len(first.split()) <= 300
    for part in '![', 'make lesson', 'make test', '`matmul_torch`', '**The CNN by hand**: ': assert part in first

def test_chapters():
    "It leads to all chapters, in the order of the site's sidebar"
    home,names,*chapters = PAGES
    assert re.findall(r'/(\w+)\.html\)', TEXT.partition('## The chapters')[2]) == [*chapters, names]

def test_addresses():
    "Links to the site and the repository follow settings.ini"
    cfg = get_config(path=ROOT)
    ours = [a for a in re.findall(r'https?://[^\s)]+', TEXT) if cfg.repo in a]
    site = f'{cfg.doc_host}{cfg.doc_baseurl}/'
    assert len(ours) > 10 and [a for a in ours if not a.startswith((site, cfg.git_url))] == []
