"""The real gate: nf_tables and conntrack of one network namespace.

The static ruleset goes through `nft -f -` once, at start; every change after it is a netlink batch
of our own. It holds no state but the socket: what is open is what the kernel says.
"""

import asyncio
import errno
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import TypeVar

from captive_portal.gateway.gate import conntrack, rules
from captive_portal.gateway.gate.base import Client, Ledger, Pass, Snapshot, Totals
from captive_portal.gateway.gate.channel import NETLINK_NETFILTER, NetlinkChannel, NetlinkError
from captive_portal.gateway.gate.element_dump import parse_elements
from captive_portal.gateway.gate.elements import (
    Batch,
    Counter,
    Element,
    Limit,
    SetName,
    encode_client_key,
    encode_dump,
    encode_get,
    encode_ip_key,
    parse_client_key,
    parse_ip_key,
)
from captive_portal.gateway.gate.rules import RuleSettings
from captive_portal.gateway.programs import command_in
from controller.core.errors import UnavailableError
from controller.core.mac import Mac

_BATCH_CLIENTS = 500
_INLINE_CLIENTS = 20
"""Above this the work is done in a thread, so that the loop goes on answering."""
_MIN_BURST_BYTES = 65_536
_BURST_S = 0.25
_SEQUENCES_PER_BATCH = 1 << 12
_CONNTRACK_SWEEP = 200
"""Above this many clients at once their old connections are left to be judged by the rules."""

T = TypeVar("T")


def limit_of(rate: int | None) -> Limit | None:
    """The policer for a rate in bytes a second: a quarter second of burst, 64 KiB at least.

    The kernel adds a second's worth to it for a start (nft_limit.c).
    """
    return None if not rate else Limit(rate, max(_MIN_BURST_BYTES, int(rate * _BURST_S)))


class NftablesGate:
    """Implements `Gate` on the kernel.

    Args:
        settings: what the static ruleset depends on.
        netns: the gateway's network namespace; None: this one.
    """

    def __init__(self, settings: RuleSettings, *, netns: str | None = None) -> None:
        self._settings = settings
        self._netns = netns
        self._channel: NetlinkChannel | None = None
        self._lock = asyncio.Lock()
        self._reader: NetlinkChannel | None = None
        self._reading = asyncio.Lock()
        """Whole dumps go over a socket of their own, so that no login waits for one."""
        self._filter_in_kernel = True
        self._auth, self._auth_ip, self._up, self._down, self._bound, self._bound_ip = (
            SetName(settings.table, name)
            for name in (rules.AUTH, rules.AUTH_IP, rules.UP, rules.DOWN, rules.BOUND, rules.BOUND_IP)
        )

    async def install(self) -> None:
        """Load the static ruleset in one transaction; sets that are there keep their elements.

        Raises:
            UnavailableError: nft is missing or refuses; the message holds its first line.
        """
        await self._nft(rules.render_ruleset(self._settings))
        if self._channel is None:
            self._channel = NetlinkChannel(NETLINK_NETFILTER, netns=self._netns)
            self._reader = NetlinkChannel(NETLINK_NETFILTER, netns=self._netns)

    async def teardown(self) -> None:
        """Remove the table and everything in it."""
        await self._nft(rules.render_teardown(self._settings.table))

    def disconnect(self) -> None:
        """Close the socket; the rules stay."""
        for channel in (self._channel, self._reader):
            if channel is not None:
                channel.close()
        self._channel = self._reader = None

    async def open(self, passes: Sequence[Pass]) -> None:
        """Let clients through: their elements first, then their redirected connections go.

        Raises:
            NetlinkError: the kernel refused; then none of this batch is open.
        """
        for start in range(0, len(passes), _BATCH_CLIENTS):
            chunk = passes[start : start + _BATCH_CLIENTS]
            await self._run(partial(self._open, chunk), len(chunk))
        await self._drop_connections([entry.client.ip for entry in passes], only_redirected=True)

    async def close(self, clients: Collection[Client]) -> None:
        """Cut clients off, then drop their connections.

        Raises:
            NetlinkError: the kernel refused.
        """
        listed = list(clients)
        for start in range(0, len(listed), _BATCH_CLIENTS):
            chunk = listed[start : start + _BATCH_CLIENTS]
            await self._run(partial(self._close, chunk), len(chunk))
        await self._drop_connections([client.ip for client in listed], only_redirected=False)

    async def ledgers(self) -> Sequence[Ledger]:
        """The counters of all sessions."""
        async with self._reading:
            return await asyncio.to_thread(self._ledgers)

    async def read(self, ledgers: Collection[Ledger]) -> Sequence[Ledger]:
        """The same ledgers with their values of now; those that are gone are left out."""
        return await self._run(partial(self._read, list(ledgers)), len(ledgers))

    async def forget(self, ledgers: Collection[Ledger]) -> None:
        """Delete ledgers; call it when their clients are closed and their values stored."""
        await self._run(partial(self._forget, list(ledgers)), len(ledgers))

    async def bind(self, bindings: Mapping[str, Mac]) -> None:
        """Drop packets from these IPs unless they carry the given MAC."""
        if bindings:
            await self._run(lambda: self._bind(bindings, keep=True), len(bindings))

    async def unbind(self, bindings: Mapping[str, Mac]) -> None:
        """Lift bindings."""
        if bindings:
            await self._run(lambda: self._bind(bindings, keep=False), len(bindings))

    async def snapshot(self) -> Snapshot:
        """All the gate holds."""
        async with self._reading:
            return await asyncio.to_thread(self._snapshot)

    async def _run(self, work: Callable[[], T], size: int) -> T:
        async with self._lock:
            if size <= _INLINE_CLIENTS:
                return work()
            return await asyncio.to_thread(work)

    def _connected(self) -> NetlinkChannel:
        return _installed(self._channel)

    def _send(self, batch: Batch, what: str) -> None:
        if len(batch):
            data, last = batch.encode()
            self._connected().request(data, batch.first, last, what)

    def _batch(self) -> Batch:
        return Batch(self._connected().sequence(_SEQUENCES_PER_BATCH))

    def _open(self, passes: Sequence[Pass]) -> None:
        pairs, addresses, up, down = [], [], [], []
        for entry in passes:
            pair = encode_client_key(entry.client.ip, entry.client.mac)
            address = encode_ip_key(entry.client.ip)
            timeout_ms = max(1, int(entry.remaining_s * 1000))
            carried = entry.carried
            pairs.append(Element(pair, timeout_ms=timeout_ms))
            addresses.append(Element(address, timeout_ms=timeout_ms))
            up.append(
                Element(
                    pair,
                    limit=limit_of(entry.rate_up),
                    counter=Counter(carried.up_bytes, carried.up_packets),
                    comment=entry.session_id,
                )
            )
            down.append(
                Element(
                    address,
                    limit=limit_of(entry.rate_down),
                    counter=Counter(carried.down_bytes, carried.down_packets),
                    comment=entry.session_id,
                )
            )
        batch = self._batch()
        batch.add(self._up, up)
        batch.add(self._down, down)
        batch.replace(self._auth, pairs)
        batch.replace(self._auth_ip, addresses)
        self._send(batch, "to open clients")

    def _close(self, clients: Sequence[Client]) -> None:
        batch = self._batch()
        batch.discard(self._auth, [Element(encode_client_key(c.ip, c.mac)) for c in clients])
        batch.discard(self._auth_ip, [Element(encode_ip_key(c.ip)) for c in clients])
        self._send(batch, "to close clients")

    def _read(self, ledgers: Sequence[Ledger]) -> list[Ledger]:
        values: list[Ledger] = []
        for ledger in ledgers:
            up, down = self._halves(ledger)
            if up is not None or down is not None:
                values.append(Ledger(ledger.session_id, ledger.ip, ledger.mac, _totals(up, down)))
        return values

    def _forget(self, ledgers: Sequence[Ledger]) -> None:
        batch = self._batch()
        for target, halves in zip(
            (self._up, self._down), zip(*map(self._halves, ledgers), strict=True), strict=False
        ):
            batch.delete(target, [element for element in halves if element is not None])
        self._send(batch, "to forget counters")

    def _halves(self, ledger: Ledger) -> tuple[Element | None, Element | None]:
        """The elements of a ledger that are there and belong to its session: up, down."""
        up = None
        if ledger.mac is not None:
            up = self._owned(self._up, encode_client_key(ledger.ip, ledger.mac), ledger.session_id)
        return up, self._owned(self._down, encode_ip_key(ledger.ip), ledger.session_id)

    def _owned(self, target: SetName, key: bytes, session_id: str) -> Element | None:
        """The element at `key`, if it is there and belongs to the session."""
        channel = self._connected()
        sequence = channel.sequence()
        try:
            answers = channel.request(
                encode_get(target, key, sequence), sequence, sequence, "to read a counter"
            )
        except NetlinkError as error:
            if error.number == errno.ENOENT:
                return None
            raise
        for answer in answers:
            for element in parse_elements(answer.payload):
                if element.key == key and element.comment == session_id:
                    return element
        return None

    def _bind(self, bindings: Mapping[str, Mac], *, keep: bool) -> None:
        batch = self._batch()
        pairs = [Element(encode_client_key(ip, mac)) for ip, mac in bindings.items()]
        addresses = [Element(encode_ip_key(ip)) for ip in bindings]
        if keep:
            batch.add(self._bound, pairs)
            batch.add(self._bound_ip, addresses)
        else:
            batch.discard(self._bound, pairs)
            batch.discard(self._bound_ip, addresses)
        self._send(batch, "to bind addresses")

    def _dump(self, target: SetName) -> dict[bytes, Element]:
        """Elements by key: a dump during a resize repeats some."""
        answers = _installed(self._reader).dump(
            lambda sequence: encode_dump(target, sequence), "to list a set"
        )
        return {element.key: element for answer in answers for element in parse_elements(answer.payload)}

    def _ledgers(self) -> list[Ledger]:
        return _make_ledgers(self._dump(self._up), self._dump(self._down))

    def _snapshot(self) -> Snapshot:
        up, down, addresses = self._dump(self._up), self._dump(self._down), self._dump(self._auth_ip)
        opened: dict[Client, float] = {}
        for key, element in self._dump(self._auth).items():
            client = Client(*parse_client_key(key))
            address = encode_ip_key(client.ip)
            whole = key in up and address in down and address in addresses
            opened[client] = (element.expires_ms or element.timeout_ms or 0) / 1000 if whole else 0.0
        bindings = dict(parse_client_key(key) for key in self._dump(self._bound))
        return Snapshot(opened, _make_ledgers(up, down), bindings)

    async def _drop_connections(self, ips: Sequence[str], *, only_redirected: bool) -> None:
        if len(ips) > _CONNTRACK_SWEEP:
            return
        for ip in ips:
            if self._filter_in_kernel:
                try:
                    await self._run(partial(self._delete_connections, ip, only_redirected), 1)
                except NetlinkError as error:
                    if error.number == errno.ENOENT:  # no connection matched
                        continue
                    if error.number not in {errno.EINVAL, errno.EOPNOTSUPP}:
                        raise
                    self._filter_in_kernel = False
                else:
                    continue
            await self._fork("conntrack", *conntrack.fallback_arguments(ip, only_redirected=only_redirected))

    def _delete_connections(self, ip: str, only_redirected: bool) -> None:
        channel = self._connected()
        sequence = channel.sequence()
        channel.request(
            conntrack.encode_delete(ip, sequence, only_redirected=only_redirected),
            sequence,
            sequence,
            "to delete connections",
        )

    async def _nft(self, text: str) -> None:
        status, errors = await self._fork("nft", "-f", "-", stdin=text.encode())
        if status:
            raise UnavailableError(
                f"nft refused the ruleset: {errors.splitlines()[0] if errors else f'exit {status}'}",
                hint=f"`nft list table inet {self._settings.table}` shows what is there; "
                "after a change of max_clients or an upgrade delete that table once",
            )

    async def _fork(self, *command: str, stdin: bytes = b"") -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            *command_in(self._netns, *command),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        _, errors = await process.communicate(stdin)
        return process.returncode or 0, errors.decode(errors="replace")


def _installed(channel: NetlinkChannel | None) -> NetlinkChannel:
    if channel is None:
        raise UnavailableError("the gate is not installed")
    return channel


def _make_ledgers(ups: Mapping[bytes, Element], downs: Mapping[bytes, Element]) -> list[Ledger]:
    """Join the two halves by address and session; halves without the other count alone."""
    rest = {parse_ip_key(key): element for key, element in downs.items()}
    ledgers: list[Ledger] = []
    for key, up in ups.items():
        if up.comment is None:
            continue
        ip, mac = parse_client_key(key)
        down = rest.get(ip)
        same = down if down is not None and down.comment == up.comment else None
        if same is not None:
            del rest[ip]
        ledgers.append(Ledger(up.comment, ip, mac, _totals(up, same)))
    ledgers += [
        Ledger(element.comment, ip, None, _totals(None, element))
        for ip, element in rest.items()
        if element.comment is not None
    ]
    return ledgers


def _totals(up: Element | None, down: Element | None) -> Totals:
    sent = (up.counter if up is not None else None) or Counter()
    received = (down.counter if down is not None else None) or Counter()
    return Totals(sent.bytes, received.bytes, sent.packets, received.packets)
