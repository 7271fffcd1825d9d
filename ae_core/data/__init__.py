"""Data sets: items, what is known about them, and how they are searched and grouped.

`catalogue` opens a data set by name, `store` is its form on disk, `items` the kinds of item;
`own_files` adds a person's own, `item_search` answers questions about attributes, `groups` keeps
chosen items.
"""
