"""What a packet gate can do, as the rest of the gateway sees it.

`nftables` is the real one, `memory` the one for tests and for machines without root. A gate knows
clients, not people: the session id is only a label that ties its counters to accounting.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from controller.core.mac import Mac


@dataclass(frozen=True, slots=True)
class Client:
    """One address pair; a packet belongs to a client only if both match."""

    ip: str
    mac: Mac


@dataclass(frozen=True, slots=True)
class Totals:
    """What passed, in layer-3 bytes and packets; up is away from the client."""

    up_bytes: int = 0
    down_bytes: int = 0
    up_packets: int = 0
    down_packets: int = 0

    def minus(self, other: "Totals") -> "Totals":
        """The growth since `other`; a counter that went back counts as nothing."""
        return Totals(
            max(0, self.up_bytes - other.up_bytes),
            max(0, self.down_bytes - other.down_bytes),
            max(0, self.up_packets - other.up_packets),
            max(0, self.down_packets - other.down_packets),
        )

    def plus(self, other: "Totals") -> "Totals":
        """The sum of both."""
        return Totals(
            self.up_bytes + other.up_bytes,
            self.down_bytes + other.down_bytes,
            self.up_packets + other.up_packets,
            self.down_packets + other.down_packets,
        )

    def __bool__(self) -> bool:
        return self != Totals()


@dataclass(frozen=True, slots=True)
class Pass:
    """An order to let a client through.

    `remaining_s` is how long the kernel keeps it open with nobody's help; rates are in bytes a
    second, None is unlimited; `carried` is where the counters start (after a reboot of the gateway).
    """

    session_id: str
    client: Client
    remaining_s: float
    rate_up: int | None = None
    rate_down: int | None = None
    carried: Totals = Totals()


@dataclass(frozen=True, slots=True)
class Ledger:
    """Counters of one session at one address, kept until they are accounted and forgotten.

    `mac` is None when only the downward counter is left of it.
    """

    session_id: str
    ip: str
    mac: Mac | None
    totals: Totals


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All the gate holds: remaining seconds by open client, ledgers, and the IP-to-MAC bindings.

    A client that is open only in part (somebody changed a set by hand) has 0 seconds.
    """

    open: Mapping[Client, float] = field(default_factory=dict)
    ledgers: Sequence[Ledger] = ()
    bindings: Mapping[str, Mac] = field(default_factory=dict)


class Gate(Protocol):
    """The packet gate. Every call is complete when it returns; none is an error when already so."""

    async def install(self) -> None:
        """Put the static rules in place and keep every client that is open."""

    async def open(self, passes: Sequence[Pass]) -> None:
        """Let clients through; one already open gets the new time, and keeps its counters."""

    async def close(self, clients: Collection[Client]) -> None:
        """Cut clients off now, established connections included; their ledgers stay."""

    async def ledgers(self) -> Sequence[Ledger]:
        """The counters of all sessions, open or closed and not yet forgotten."""

    async def read(self, ledgers: Collection[Ledger]) -> Sequence[Ledger]:
        """The same ledgers with their values of now; those that are gone are left out."""

    async def forget(self, ledgers: Collection[Ledger]) -> None:
        """Delete ledgers; call it when their clients are closed and their values stored."""

    async def bind(self, bindings: Mapping[str, Mac]) -> None:
        """Packets from these IPs are dropped unless they carry the given MAC."""

    async def unbind(self, bindings: Mapping[str, Mac]) -> None:
        """Lift bindings."""

    async def snapshot(self) -> Snapshot:
        """All the gate holds. A dump may miss entries: never conclude a logout from it."""

    async def teardown(self) -> None:
        """Remove every rule; all traffic is as if there were no gateway."""
