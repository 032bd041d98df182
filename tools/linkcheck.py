"""Check the built site: each local link, anchor, image, script and stylesheet exists, no id stands twice on a page.

    python tools/linkcheck.py _docs     # prints each fault; exits 1 if there is one
"""
import argparse, sys
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

class PageParser(HTMLParser):
    "The ids of a page, and what it points to"
    def __init__(self):
        super().__init__()
        self.ids,self.links = Counter(),[]
    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if attrs.get('id'): self.ids[attrs['id']] += 1
        for key in ('href', 'src'):
            if attrs.get(key): self.links.append(attrs[key])

def read_page(
    path:Path,
) -> PageParser:
    page = PageParser()
    page.feed(path.read_text('utf-8'))
    return page

def link_fault(
    link:str, # As a page has it
    path:Path, # That page
    pages:dict, # Path -> `PageParser`, of the whole site
) -> str|None: # What is wrong with the link, if anything
    url = urlsplit(link)
    if url.scheme or url.netloc: return None
    target = (path.parent/unquote(url.path)).resolve() if url.path else path
    if target.is_dir(): target = target/'index.html'
    if not target.exists(): return 'no such file'
    if url.fragment and target in pages and unquote(url.fragment) not in pages[target].ids: return 'no such anchor'

def faults(
    site:Path, # The folder of the site
) -> list[str]: # One line a fault
    pages = {p.resolve(): read_page(p) for p in sorted(site.rglob('*.html'))}
    if not pages: return [f'no pages in {site}']
    found = []
    for path,page in pages.items():
        found += [f'{path.name}: id "{i}" stands {n} times' for i,n in page.ids.items() if n > 1]
        checked = [(link, link_fault(link, path, pages)) for link in dict.fromkeys(page.links)]
        found += [f'{path.name}: {link}: {fault}' for link,fault in checked if fault]
    return found

if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('site', type=Path, help='the folder of the site')
    bad = faults(parser.parse_args().site)
    print('\n'.join(bad) or 'links: all found')
    sys.exit(bool(bad))
