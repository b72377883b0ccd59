"""RADIUS on the wire, without IO: bytes and the time go in, events and bytes come out."""

from radius.native.location import search_path

__path__ = [*search_path(__name__), *__path__]
