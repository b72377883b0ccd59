"""The account index: what RADIUS must know of each account, in a file that all its processes read.

One process keeps it in step with the database (`keeper`); all look things up in it (`reader`).
"""

from radius.native.location import search_path

__path__ = [*search_path(__name__), *__path__]
