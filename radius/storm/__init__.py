"""What to do when more is asked than can be answered: who goes first, who waits, who is dropped. Pure."""

from radius.native.location import search_path

__path__ = [*search_path(__name__), *__path__]
