"""The write-ahead journal: accounting is safe on disk before it is acknowledged, then applied in bulk."""

from radius.native.location import search_path

__path__ = [*search_path(__name__), *__path__]
