"""A gate that only remembers: for unit tests, and for a gateway without root."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from captive_portal.gateway.gate.base import Client, Ledger, Pass, Snapshot, Totals
from controller.core.mac import Mac


class MemoryGate:
    """Implements `Gate` in dictionaries; `pass_traffic` stands for packets."""

    def __init__(self) -> None:
        self.installed = False
        self._passes: dict[Client, Pass] = {}
        self._ledgers: dict[Client, Ledger] = {}
        self._bindings: dict[str, Mac] = {}

    async def install(self) -> None:
        """Note that it was called."""
        self.installed = True

    async def open(self, passes: Sequence[Pass]) -> None:
        """Let clients through."""
        for entry in passes:
            self._passes[entry.client] = entry
            ledger = self._ledgers.get(entry.client)
            if ledger is None or ledger.session_id != entry.session_id:
                client = entry.client
                self._ledgers[client] = Ledger(entry.session_id, client.ip, client.mac, entry.carried)

    async def close(self, clients: Collection[Client]) -> None:
        """Cut clients off; ledgers stay."""
        for client in clients:
            self._passes.pop(client, None)

    async def ledgers(self) -> Sequence[Ledger]:
        """All ledgers."""
        return list(self._ledgers.values())

    async def read(self, ledgers: Collection[Ledger]) -> Sequence[Ledger]:
        """The same ledgers with their values of now."""
        return [
            now
            for ledger in ledgers
            if ledger.mac is not None
            and (now := self._ledgers.get(Client(ledger.ip, ledger.mac))) is not None
            and now.session_id == ledger.session_id
        ]

    async def forget(self, ledgers: Collection[Ledger]) -> None:
        """Delete ledgers."""
        for ledger in await self.read(ledgers):
            if ledger.mac is not None:
                del self._ledgers[Client(ledger.ip, ledger.mac)]

    async def bind(self, bindings: Mapping[str, Mac]) -> None:
        """Remember bindings."""
        self._bindings.update(bindings)

    async def unbind(self, bindings: Mapping[str, Mac]) -> None:
        """Forget bindings."""
        for ip in bindings:
            self._bindings.pop(ip, None)

    async def snapshot(self) -> Snapshot:
        """All that is remembered."""
        return Snapshot(
            {client: entry.remaining_s for client, entry in self._passes.items()},
            list(self._ledgers.values()),
            dict(self._bindings),
        )

    async def teardown(self) -> None:
        """Forget everything."""
        self.installed = False
        self._passes.clear()
        self._ledgers.clear()
        self._bindings.clear()

    def is_open(self, client: Client) -> bool:
        """Whether packets of the client would pass."""
        return client in self._passes

    def pass_traffic(self, client: Client, growth: Totals) -> None:
        """Count traffic of an open client; a closed one's is dropped."""
        if client in self._passes:
            ledger = self._ledgers[client]
            self._ledgers[client] = replace(ledger, totals=ledger.totals.plus(growth))
