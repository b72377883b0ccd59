"""Network keys of single devices (MPSK): which key a device has, and telling it to the access point."""

from radius.native.location import search_path

__path__ = [*search_path(__name__), *__path__]
