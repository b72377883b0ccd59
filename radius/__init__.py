"""RADIUS for the city's access points: who may join, for how long, and how much was used."""

from radius.native.location import search_path

__path__ = [*search_path(__name__), *__path__]
