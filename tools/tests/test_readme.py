"""The README keeps its promises: the example runs as it stands and prints what it says, and addresses are ours."""
import re, subprocess, sys

from nbdev.config import get_config
from tree import ROOT

TEXT = (ROOT/'README.md').read_text('utf-8')

def test_example(tmp_path):
    "In a fresh process, in another folder: no hidden cell helps"
    code,printed = re.search(r'```python\n(.*?)```\n\n```\n(.*?)```', TEXT, re.S).groups()
    run = subprocess.run([sys.executable, '-c', code], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert run.stdout == printed, run.stderr

def test_length():
    "Ten lines of example; 400 to 600 words, with code and addresses; the tables grow with the book"
    code = re.search(r'```python\n(.*?)```', TEXT, re.S)[1]
    assert len(code.splitlines()) == 10
    assert 400 <= len(re.sub(r'^\|.*', '', TEXT, flags=re.M).split()) <= 600

def test_addresses():
    "Links to the site and the repository follow settings.ini"
    cfg = get_config(path=ROOT)
    ours = [a for a in re.findall(r'https?://[^\s)]+', TEXT) if cfg.repo in a]
    site = f'{cfg.doc_host}{cfg.doc_baseurl}/'
    assert len(ours) > 10 and [a for a in ours if not a.startswith((site, cfg.git_url))] == []
