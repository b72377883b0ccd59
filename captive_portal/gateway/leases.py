"""DHCP leases: what dnsmasq's file and hook say, and the table made of it.

Pure: it reads no file and knows no clock.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from ipaddress import IPv4Address

from captive_portal.gateway.gate.base import Client
from controller.core.errors import InvalidInputError
from controller.core.mac import Mac, parse_mac

_FILE_FIELDS = 4
_NOTE_FIELDS = 4
_MAX_EXPIRY = 1 << 40


class LeaseChange(StrEnum):
    """What the hook tells: `old` is a lease that was there when dnsmasq started, or renewed."""

    ADDED = "add"
    KEPT = "old"
    DELETED = "del"


class MalformedLeaseError(ValueError):
    """A line that is no lease."""


@dataclass(frozen=True, slots=True)
class Lease:
    """One lease; `expires_at` is None when it never ends."""

    client: Client
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class LeaseNote:
    """One change of a lease."""

    change: LeaseChange
    lease: Lease


def parse_lease_note(line: str) -> LeaseNote:
    """A line of the hook: `add|old|del MAC IP EXPIRES`, EXPIRES in Unix seconds, `-` if unknown.

    Raises `MalformedLeaseError`.
    """
    fields = line.split()
    if len(fields) != _NOTE_FIELDS:
        raise MalformedLeaseError("a note has four fields")
    try:
        change = LeaseChange(fields[0])
    except ValueError as error:
        raise MalformedLeaseError("unknown change") from error
    return LeaseNote(change, Lease(_parse_client(fields[2], fields[1]), _parse_expiry(fields[3])))


def parse_lease_file(text: str) -> tuple[list[Lease], int]:
    """The lease file of dnsmasq: the IPv4 leases, and how many lines were neither that nor known."""
    leases: list[Lease] = []
    faults = 0
    for line in text.splitlines():
        fields = line.split()
        if not fields or fields[0] == "duid":
            continue
        if len(fields) < _FILE_FIELDS:
            faults += 1
            continue
        try:
            leases.append(Lease(_parse_client(fields[2], fields[1]), _parse_expiry(fields[0])))
        except MalformedLeaseError:
            faults += 1
    return leases, faults


def _parse_client(ip: str, mac: str) -> Client:
    try:
        return Client(str(IPv4Address(ip)), parse_mac(mac))
    except (ValueError, InvalidInputError) as error:
        raise MalformedLeaseError("no address pair") from error


def _parse_expiry(text: str) -> datetime | None:
    if text in {"-", "0"}:
        return None
    if not (text.isascii() and text.isdigit()) or int(text) > _MAX_EXPIRY:
        raise MalformedLeaseError("no time")
    try:
        return datetime.fromtimestamp(int(text), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise MalformedLeaseError("no time") from error


class LeaseTable:
    """Who has which address now: leases first, neighbours for what has none."""

    def __init__(self) -> None:
        self._leases: dict[str, Lease] = {}
        self._neighbours: dict[str, Mac] = {}

    def __len__(self) -> int:
        return len(self._leases)

    def put(self, lease: Lease) -> Client | None:
        """Take a lease in; returns the other client that had the address before."""
        before = self._leases.get(lease.client.ip)
        self._leases[lease.client.ip] = lease
        return before.client if before is not None and before.client != lease.client else None

    def remove(self, client: Client) -> bool:
        """Drop a lease; False if the address had none, or has passed to another client."""
        lease = self._leases.get(client.ip)
        if lease is None or lease.client != client:
            return False
        del self._leases[client.ip]
        return True

    def see(self, client: Client) -> bool:
        """Take in a neighbour; True if the pair was not known."""
        known = self.find(client.ip)
        self._neighbours[client.ip] = client.mac
        return known != client

    def find(self, ip: str) -> Client | None:
        """The client at an address. A lease is believed before a neighbour: anybody can answer ARP."""
        lease = self._leases.get(ip)
        if lease is not None:
            return lease.client
        mac = self._neighbours.get(ip)
        return None if mac is None else Client(ip, mac)

    def lease(self, client: Client) -> Lease | None:
        """The client's lease of its address, None if it has none."""
        lease = self._leases.get(client.ip)
        return lease if lease is not None and lease.client == client else None

    def bindings(self) -> Mapping[str, Mac]:
        """MAC by leased address."""
        return {ip: lease.client.mac for ip, lease in self._leases.items()}

    def expired(self, now: datetime) -> list[Client]:
        """Clients whose lease has run out."""
        return [
            lease.client
            for lease in self._leases.values()
            if lease.expires_at is not None and lease.expires_at <= now
        ]

    def replace(self, leases: Iterable[Lease]) -> None:
        """Start from the lease file."""
        self._leases = {lease.client.ip: lease for lease in leases}
