"""Attributes by name and type. `definitions` is the code, `data/` the dictionary files."""
