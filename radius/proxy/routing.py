"""The routes and home servers of the database, and the ways to them; changed with no restart.

A home server that did not change keeps its connections and what is under way when the tables are read
again; one that changed or is gone is closed.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from controller.core.db import Database
from controller.core.errors import InvalidInputError
from controller.core.log import get_logger
from controller.core.secrets import SecretStore
from controller.roaming.types import HOME_SECRET
from radius.proxy import repository
from radius.proxy.choice import Link, order
from radius.proxy.metrics import ProxyMetrics
from radius.proxy.realms import Realms, Route, make_realms
from radius.proxy.types import Home

LOG_UNREADABLE = "radius.home_unreadable"
ACCESS: Final = "access"
ACCOUNTING: Final = "accounting"
RADSEC_SECRET: Final = b"radsec"

_log = get_logger(__name__)

MakeLinks = Callable[[Home], Mapping[str, Link]]
"""Gives the ways to a home server by kind, `access` and `accounting`; they may be the same one."""


class Routing:
    """See the module.

    Args:
        db: the database.
        secrets: unseals shared secrets.
        make_links: opens the ways to a home server.
        metrics: shows which home servers are up.
    """

    def __init__(
        self, db: Database, secrets: SecretStore, make_links: MakeLinks, metrics: ProxyMetrics
    ) -> None:
        self._db = db
        self._secrets = secrets
        self._make_links = make_links
        self._metrics = metrics
        self._homes: dict[str, tuple[Home, Mapping[str, Link]]] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self.realms = Realms()

    def links(self, route: Route, kind: str) -> Sequence[Link]:
        """Return the ways to a route's home servers, in its order; those disabled are left out."""
        found = (self._homes.get(home_id) for home_id in route.homes)
        return [entry[1][kind] for entry in found if entry is not None]

    def choose(self, pattern: str, device: bytes) -> Sequence[Link]:
        """Return the ways for accounting of a realm's pattern, in the order they are tried."""
        route = self.realms.get(pattern)
        if route is None:
            return ()
        return order(self.links(route, ACCOUNTING), balance=route.balance, key=device, holder=None)

    async def reload(self) -> None:
        """Read the tables again; one damaged entry is logged and left out."""
        self.take(await self.read())

    async def read(self) -> repository.Roaming:
        """Return the tables of the database."""
        async with self._db.reading() as tx:
            return repository.Roaming(await repository.list_homes(tx), await repository.list_routes(tx))

    def take(self, reading: repository.Roaming) -> None:
        """Go by a reading from now on."""
        homes = {home.id: home for home in map(self._read, reading.homes) if home is not None}
        for home_id, (home, _) in tuple(self._homes.items()):
            if homes.get(home_id) != home:
                self._drop(home_id)
        for home_id, home in homes.items():
            if home_id not in self._homes:
                links = self._make_links(home)
                self._homes[home_id] = (home, links)
                for kind, link in links.items():
                    self._metrics.watch_home(home_id, kind, lambda link=link: float(link.up))  # type: ignore[misc]
        self.realms = make_realms(reading.routes)
        self._metrics.count_read()

    def review(self) -> None:
        """Let go of what is not to be trusted any more."""
        for _, links in self._homes.values():
            for link in set(links.values()):
                link.review()

    async def close(self) -> None:
        """Close all ways."""
        for home_id in tuple(self._homes):
            self._drop(home_id)
        await asyncio.gather(*self._closing)

    def _drop(self, home_id: str) -> None:
        _, links = self._homes.pop(home_id)
        for kind in links:
            self._metrics.forget_home(home_id, kind)
        for link in set(links.values()):
            task = asyncio.create_task(link.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    def _read(self, row: repository.HomeRow) -> Home | None:
        secret = RADSEC_SECRET
        if row.secret_sealed is not None:
            try:
                secret = self._secrets.unseal(HOME_SECRET, row.secret_sealed).encode()
            except InvalidInputError:
                _log.exception(LOG_UNREADABLE, home=row.id)
                return None
        return Home(
            row.id,
            row.protocol,
            row.host,
            row.auth_port,
            row.acct_port,
            secret,
            row.server_name or row.host,
            row.require_message_authenticator,
            row.trusted,
            row.status_server,
        )
