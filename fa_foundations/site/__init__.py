"""The site of this book: what nbdev's processing does beyond nbdev (`procs` and `renderer` in settings.ini), for every renderer.

Written by hand, for nbdev, which imports it from the checkout; the wheel does not have it.
"""
