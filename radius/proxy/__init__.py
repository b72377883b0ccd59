"""Handing requests on to the home servers of other operators' users, and their answers back."""

from radius.native.location import search_path

__path__ = [*search_path(__name__), *__path__]
