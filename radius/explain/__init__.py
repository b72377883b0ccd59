"""Why a device was let in or refused: each step of a decision in plain words, for the help desk."""

from radius.native.location import search_path

__path__ = [*search_path(__name__), *__path__]
