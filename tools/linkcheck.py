"""Check the built site: each local link, anchor, image, script and stylesheet exists, no id stands twice on a page.

    python tools/linkcheck.py _docs     # prints each fault; exits 1 if there is one

Links to the site's public address, such as the home page has, lead into the folder, too.
"""
import argparse, sys
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit
from nbdev.config import get_config

class PageParser(HTMLParser):
    "The ids of a page, and what it points to"
    def __init__(self):
        super().__init__()
        self.ids,self.links = Counter(),[]
    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if attrs.get('id') and tag != 'link': self.ids[attrs['id']] += 1   # no link leads to a stylesheet
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
    site:Path, # The folder of the site
    base:str, # Its public address, with a slash at its end
) -> str|None: # What is wrong with the link, if anything
    folder = path.parent
    if link.startswith(base): folder,link = site.resolve(),link.removeprefix(base) or '.'
    url = urlsplit(link)
    if url.scheme or url.netloc: return None
    target = (folder/unquote(url.path)).resolve() if url.path else path
    if target.is_dir(): target = target/'index.html'
    if not target.exists(): return 'no such file'
    if url.fragment and target in pages and unquote(url.fragment) not in pages[target].ids: return 'no such anchor'

def faults(
    site:Path, # The folder of the site
    base:str='https://example.org/site/', # Its public address, with a slash at its end
) -> list[str]: # One line a fault
    pages = {p.resolve(): read_page(p) for p in sorted(site.rglob('*.html'))}
    if not pages: return [f'no pages in {site}']
    found = []
    for path,page in pages.items():
        found += [f'{path.name}: id "{i}" stands {n} times' for i,n in page.ids.items() if n > 1]
        checked = [(link, link_fault(link, path, pages, site, base)) for link in dict.fromkeys(page.links)]
        found += [f'{path.name}: {link}: {fault}' for link,fault in checked if fault]
    return found

if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('site', type=Path, help='the folder of the site')
    cfg = get_config(path=Path(__file__).resolve().parent.parent)
    bad = faults(parser.parse_args().site, f'{cfg.doc_host}{cfg.doc_baseurl}'.rstrip('/')+'/')
    print('\n'.join(bad) or 'links: all found')
    sys.exit(bool(bad))
