"""Accounts whose volume of the day or month is used up: found, kept, and known where logins are decided."""

from radius.native.location import search_path

__path__ = [*search_path(__name__), *__path__]
