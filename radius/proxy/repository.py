"""All SQL of the proxy: home servers and routes."""

from dataclasses import dataclass

import sqlalchemy as sa

from controller.core.db import Tx
from controller.models import RadiusHome, RadiusRealm
from radius.proxy.realms import Route


@dataclass(frozen=True, slots=True)
class HomeRow:
    """An enabled home server as stored; the secret is sealed."""

    id: str
    protocol: str
    host: str
    auth_port: int
    acct_port: int
    secret_sealed: bytes | None
    server_name: str
    require_message_authenticator: bool
    trusted: bool
    status_server: bool


@dataclass(frozen=True, slots=True)
class Roaming:
    """All that is read: home servers, and the realms' routes to them."""

    homes: list[HomeRow]
    routes: list[Route]


async def list_homes(tx: Tx) -> list[HomeRow]:
    """Return every enabled home server."""
    rows = await tx.scalars(sa.select(RadiusHome).where(RadiusHome.enabled).order_by(RadiusHome.id))
    return [
        HomeRow(
            row.id,
            row.protocol,
            row.host,
            row.auth_port,
            row.acct_port,
            row.secret_sealed,
            row.server_name,
            row.require_message_authenticator,
            row.trusted,
            row.status_server,
        )
        for row in rows
    ]


async def list_routes(tx: Tx) -> list[Route]:
    """Return every realm's route."""
    rows = await tx.execute(sa.select(RadiusRealm.pattern, RadiusRealm.homes, RadiusRealm.balance))
    return [Route(pattern, tuple(homes), balance) for pattern, homes, balance in rows]
