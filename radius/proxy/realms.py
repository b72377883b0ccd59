"""Which home servers answer for a user name: realms by name, wildcard and default. A pure module."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from controller.roaming.types import DEFAULT, NULL
from radius.proxy.nai import parse_nai


@dataclass(frozen=True, slots=True)
class Route:
    """A realm's home servers.

    Attributes:
        pattern: the realm's pattern.
        homes: identifiers of home servers, the first choice first; empty: answered here.
        balance: share users among them.
    """

    pattern: str
    homes: tuple[str, ...]
    balance: bool = False


@dataclass(frozen=True, slots=True)
class Realms:
    """The routes, immutable. An exact name wins, then the longest wildcard, then DEFAULT.

    Attributes:
        exact: routes by realm.
        suffixes: routes of `*.suffix` by suffix; it does not match the suffix itself.
        default: of realms that nothing names; None: those are answered here.
        null: of names without a realm, or that are no NAI; None: those are answered here.
        empty: nothing is handed on at all.
    """

    exact: Mapping[str, Route] = field(default_factory=dict)
    suffixes: Mapping[str, Route] = field(default_factory=dict)
    default: Route | None = None
    null: Route | None = None
    empty: bool = True

    def find(self, user_name: bytes) -> Route | None:
        """Return where a user name goes, or None if it is answered here."""
        if b"@" not in user_name:
            return _away(self.null)
        nai = parse_nai(user_name)
        if nai is None or not nai.realm:
            return _away(self.null)
        route = self.exact.get(nai.realm)
        suffix = nai.realm
        while route is None and "." in suffix:
            suffix = suffix.partition(".")[2]
            route = self.suffixes.get(suffix)
        return _away(route or self.default)

    def get(self, pattern: str) -> Route | None:
        """Return the route of a pattern that goes away from here, or None."""
        if pattern == DEFAULT:
            return _away(self.default)
        if pattern == NULL:
            return _away(self.null)
        if pattern.startswith("*."):
            return _away(self.suffixes.get(pattern[2:]))
        return _away(self.exact.get(pattern))


def _away(route: Route | None) -> Route | None:
    return route if route is not None and route.homes else None


def make_realms(routes: Iterable[Route]) -> Realms:
    """Return the table of these routes."""
    exact: dict[str, Route] = {}
    suffixes: dict[str, Route] = {}
    special: dict[str, Route] = {}
    for route in routes:
        if route.pattern in {DEFAULT, NULL}:
            special[route.pattern] = route
        elif route.pattern.startswith("*."):
            suffixes[route.pattern[2:]] = route
        else:
            exact[route.pattern] = route
    empty = not (exact or suffixes or special)
    return Realms(exact, suffixes, special.get(DEFAULT), special.get(NULL), empty)
