"""The site builds, without Quarto and without a network, too, and no link of it leads nowhere."""
import subprocess
import sys

import pytest

import tree

def test_links(site):
    assert (site/'index.html').exists()
    done = subprocess.run([sys.executable, tree.ROOT/'tools/linkcheck.py', site], capture_output=True, text=True)
    if done.returncode: pytest.fail(done.stdout + done.stderr, pytrace=False)
