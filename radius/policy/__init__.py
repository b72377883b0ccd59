"""Policy: rules of the city's engineers on who is let in by RADIUS, and on which terms."""

from radius.native.location import search_path

__path__ = [*search_path(__name__), *__path__]
