"""What a change at the gate costs: our netlink codec beside forking `nft`, in the same run.

Run as root: `python -m tests.benchmarks.gate`. It makes a network namespace of its own and removes
it. A login is four elements in one transaction, the same by either way. The peer that forks once per
command line is what openNDS and its like do, six times a login; here it is given one fork.
"""

import asyncio
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from captive_portal.gateway.gate.base import Client, Pass
from captive_portal.gateway.gate.nftables import NftablesGate
from captive_portal.gateway.gate.reconcile import diff_gate
from captive_portal.gateway.gate.rules import RuleSettings
from controller.core.mac import Mac
from tests.benchmarks.result import Figure, print_figures

# nft lets elements count only in sets that say so; the gate's own sets leave it to each element.
PEER_SETS = """\
add table inet peer
add set inet peer up { type ipv4_addr . ether_addr; size 262144; counter; }
add set inet peer down { type ipv4_addr; size 262144; counter; }
add set inet peer auth { type ipv4_addr . ether_addr; size 262144; flags timeout; }
add set inet peer auth_ip { type ipv4_addr; size 262144; flags timeout; }
"""
SINGLE = 2_000
FORKS = 100
BULK = 100_000
_FORK_ONLY = "--forks"


@contextmanager
def network_namespace() -> Iterator[str]:
    name = f"kb{secrets.token_hex(4)}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        yield name
    finally:
        subprocess.run(["ip", "netns", "del", name], check=False)


def make_pass(index: int) -> Pass:
    number = index.to_bytes(3, "big")
    client = Client(
        f"10.{number[0]}.{number[1]}.{number[2]}",
        Mac(f"02:00:00:{number[0]:02x}:{number[1]:02x}:{number[2]:02x}"),
    )
    return Pass(f"01J{index:023d}", client, 86_400.0)


def fork_nft(entry: Pass) -> None:
    pair = f"{entry.client.ip} . {entry.client.mac}"
    text = "; ".join(
        (
            f'add element inet peer up {{ {pair} counter comment "{entry.session_id}" }}',
            f'add element inet peer down {{ {entry.client.ip} counter comment "{entry.session_id}" }}',
            f"add element inet peer auth {{ {pair} timeout 24h }}",
            f"add element inet peer auth_ip {{ {entry.client.ip} timeout 24h }}",
        )
    )
    subprocess.run(["nft", text], check=True)


async def measure(namespace: str) -> list[Figure]:
    settings = RuleSettings(
        table="kolco",
        lan_interface="lan",
        wan_interface="wan",
        lan_cidr="10.0.0.0/8",
        redirector_port=8081,
        portal_addresses=["203.0.113.10"],
        portal_ports=(80, 443),
        walled_garden=[],
        max_clients=262_144,
    )
    gate = NftablesGate(settings, netns=namespace)
    await gate.install()

    started = time.perf_counter()
    for index in range(SINGLE):
        await gate.open([make_pass(index)])
    opens = SINGLE / (time.perf_counter() - started)

    started = time.perf_counter()
    for index in range(SINGLE):
        await gate.close([make_pass(index).client])
    closes = SINGLE / (time.perf_counter() - started)

    command = ["ip", "netns", "exec", namespace, sys.executable, "-m", "tests.benchmarks.gate", _FORK_ONLY]
    forked = subprocess.run(command, check=True, capture_output=True, text=True)
    forks = FORKS / float(forked.stdout)

    passes = {(entry := make_pass(SINGLE + index)).client: entry for index in range(BULK)}
    started = time.perf_counter()
    await gate.open(list(passes.values()))
    bulk_s = time.perf_counter() - started

    await asyncio.sleep(2)  # let the hash tables settle: a dump during a resize repeats elements
    started = time.perf_counter()
    snapshot = await gate.snapshot()
    changes = diff_gate(passes, snapshot.open)
    reconcile_s = time.perf_counter() - started
    gate.disconnect()
    assert not changes.close, "the kernel holds what nobody opened"
    assert len(changes.missing) < BULK / 100, "the dump misses more than a resize explains"
    return [
        Figure("gate.opens", "logins/s", opens, "more", peer=forks, target=round(forks * 10)),
        Figure("gate.closes", "logouts/s", closes, "more"),
        Figure("gate.bulk_open", "logins/s", BULK / bulk_s, "more"),
        Figure("gate.compare_100k", "s", reconcile_s, "less", target=6.0),
    ]


def main() -> int:
    if sys.argv[1:] == [_FORK_ONLY]:  # the peer's part, inside the namespace
        subprocess.run(["nft", "-f", "-"], input=PEER_SETS, text=True, check=True)
        started = time.perf_counter()
        for entry in map(make_pass, range(FORKS)):
            fork_nft(entry)
        sys.stdout.write(f"{time.perf_counter() - started}")
        return 0
    with network_namespace() as namespace:
        figures = asyncio.run(measure(namespace))
    return 0 if print_figures("gate", figures) else 1


if __name__ == "__main__":
    sys.exit(main())
