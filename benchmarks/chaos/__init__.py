"""Everything at once, and everything that can go wrong: see `__main__`."""
