"""Streamlit code that pages share: a folder a group of pages, and here what all of them use.

`state` and `keys` hold what is chosen, `cached` the caches in front of the core, `page` the anatomy
of a page, `sidebar` and `tray` its frame, `figures` its charts.
"""
