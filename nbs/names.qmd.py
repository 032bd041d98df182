"""
---
title: All names
description: What the package offers, in the order of the chapters.
---
"""
from nbdev.config import get_config
from fa_foundations.site.cards import names_page

print(names_page(get_config().lib_path, get_config().nbs_path))
