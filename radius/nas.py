"""Which NAS a packet comes from: the table by network, longest prefix first, in memory.

A look-up costs no database query, for unknown sources too. `NasRegistry` reads the table at the
start, when a NAS changed, when events may have been missed, and now and then. It never answers.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from controller.core.clock import Clock
from controller.core.db import Database
from controller.core.errors import InvalidInputError
from controller.core.log import get_logger
from controller.core.secrets import SecretStore
from controller.nas.types import SECRET_PURPOSE
from radius import repository
from radius.protocol.attributes import EAP_MESSAGE, Code
from radius.protocol.connection import Client, RequestReceived

LOG_LOADED = "radius.nas_loaded"
LOG_UNREADABLE = "radius.nas_unreadable"

_MAX_REMEMBERED: Final = 65_536
"""Source addresses whose answer is kept; a flood from forged sources empties it, no more."""

_LEARNT_FOR: Final = timedelta(days=7)

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class NasEntry:
    """A NAS and the network its packets come from."""

    network: ipaddress.IPv4Network | ipaddress.IPv6Network
    client: Client


@dataclass(frozen=True, slots=True)
class Heard:
    """Who was heard, by the NASes' identifiers.

    Attributes:
        seen: sent a genuine packet.
        signed: sent an Access-Request with Message-Authenticator that did not need it (no EAP).
        unsigned: sent one without: it would be, or was, dropped where the NAS has to sign (CVE-2024-3596).
    """

    seen: set[str] = field(default_factory=set)
    signed: set[str] = field(default_factory=set)
    unsigned: set[str] = field(default_factory=set)

    def add(self, other: "Heard") -> None:
        """Add what was heard elsewhere."""
        self.seen.update(other.seen)
        self.signed.update(other.signed)
        self.unsigned.update(other.unsigned)


class NasTable:
    """Finds the NAS of a source address; immutable but for its memory of look-ups.

    Args:
        entries: networks may nest, the longest prefix wins; of equal networks the last.
    """

    def __init__(self, entries: Iterable[NasEntry]) -> None:
        by_length: dict[tuple[int, int], dict[int, Client]] = {}
        for entry in entries:
            network = entry.network
            level = by_length.setdefault((network.version, network.prefixlen), {})
            level[int(network.network_address)] = entry.client
        self._levels = sorted(by_length.items(), key=lambda item: -item[0][1])
        self._remembered: dict[str, Client | None] = {}

    def __len__(self) -> int:
        """Return the number of entries."""
        return sum(len(level) for _, level in self._levels)

    def find(self, source: str) -> Client | None:
        """Return the NAS of an IP address, or None. An IPv4 address mapped into IPv6 counts as IPv4."""
        try:
            return self._remembered[source]
        except KeyError:
            pass
        client = self._find(source)
        if len(self._remembered) >= _MAX_REMEMBERED:
            self._remembered.clear()
        self._remembered[source] = client
        return client

    def _find(self, source: str) -> Client | None:
        address = ipaddress.ip_address(source.partition("%")[0])
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        number = int(address)
        for (version, length), level in self._levels:
            if version != address.version:
                continue
            shift = address.max_prefixlen - length
            client = level.get(number >> shift << shift)
            if client is not None:
                return client
        return None


class NasRegistry:
    """The NAS table of the database, as of the last reading.

    Args:
        db: the database.
        secrets: unseals the shared secrets.
        clock: says whether a rotated secret is still good.
    """

    def __init__(self, db: Database, secrets: SecretStore, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._secrets = secrets
        self._table = NasTable([])
        self._ids: frozenset[str] = frozenset()
        self._heard = Heard()
        self._signing: dict[str, bool] = {}

    def __len__(self) -> int:
        """Return the number of NAS entries."""
        return len(self._table)

    def find(self, source: str) -> Client | None:
        """Return the NAS of an IP address, or None."""
        return self._table.find(source)

    def has(self, nas_id: str) -> bool:
        """Return whether there is a NAS of this identifier that comes over UDP."""
        return nas_id in self._ids

    @property
    def signing(self) -> Mapping[str, bool]:
        """By NAS, whether it sent nothing unsigned for a week; without those of which nothing is known."""
        return self._signing

    def mark_seen(self, nas_id: str) -> None:
        """Note that a genuine packet of this NAS came in."""
        self._heard.seen.add(nas_id)

    def mark_unsigned(self, nas_id: str) -> None:
        """Note that this NAS sent an Access-Request without Message-Authenticator, dropped or not."""
        self._heard.unsigned.add(nas_id)

    def hear(self, request: RequestReceived) -> None:
        """Note a genuine request over UDP, and whether its NAS signs; EAP proves nothing of that."""
        heard, packet, nas_id = self._heard, request.packet, request.client.id
        heard.seen.add(nas_id)
        if packet.code == Code.ACCESS_REQUEST:
            if not packet.message_authenticator_at:
                heard.unsigned.add(nas_id)
            elif nas_id not in heard.signed and packet.find(EAP_MESSAGE) is None:
                heard.signed.add(nas_id)

    def take_heard(self) -> Heard:
        """Return what was noted since the last call."""
        heard, self._heard = self._heard, Heard()
        return heard

    def add_heard(self, heard: Heard) -> None:
        """Note what another process did."""
        self._heard.add(heard)

    async def reload(self) -> None:
        """Read the table again; one damaged entry is logged and left out."""
        self.take(await self.read())

    async def read(self) -> list[repository.NasRow]:
        """Return the table of the database."""
        async with self._db.reading() as tx:
            return await repository.list_nas(tx)

    def take(self, rows: list[repository.NasRow]) -> None:
        """Put a reading of the table in force."""
        before = len(self._table)
        entries = list(self._entries(rows))
        self._table = NasTable(entries)
        self._ids = frozenset(entry.client.id for entry in entries)
        week_ago = self._clock.now() - _LEARNT_FOR
        self._signing = {
            row.id: row.unsigned_at is None or row.unsigned_at < week_ago
            for row in rows
            if row.signed_at is not None or row.unsigned_at is not None
        }
        if len(self._table) != before:
            _log.info(LOG_LOADED, entries=len(self._table))

    def _entries(self, rows: list[repository.NasRow]) -> Iterable[NasEntry]:
        for row in rows:
            try:
                shared = self._unseal(row)
                network = ipaddress.ip_network(row.cidr)
            except (InvalidInputError, ValueError):
                _log.exception(LOG_UNREADABLE, nas=row.id)
                continue
            yield NasEntry(
                network,
                Client(
                    row.id,
                    shared,
                    require_message_authenticator=row.require_message_authenticator,
                    vendor=row.vendor,
                    cui=row.cui,
                ),
            )

    def _unseal(self, row: repository.NasRow) -> tuple[bytes, ...]:
        """Return the secrets in force, the current one first."""
        sealed = [row.secret_sealed]
        if row.previous_secret_sealed is not None and row.previous_until is not None:
            sealed += [row.previous_secret_sealed] * (row.previous_until > self._clock.now())
        return tuple(self._secrets.unseal(SECRET_PURPOSE, one).encode() for one in sealed)
