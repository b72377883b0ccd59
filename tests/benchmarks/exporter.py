"""What the fleet page costs: `python -m tests.benchmarks.exporter`.

Ours renders a snapshot of the fleet into a gzip page. The peer keeps the same samples in
`prometheus_client`'s ordinary gauges, set one by one, and renders them with the library. Each runs
in a process of its own, so that memory is its own; what an AP reports changes between pages. Times
are seconds of one core, which neighbours on the machine hardly change.
"""

from __future__ import annotations

import argparse
import gc
import gzip
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from statistics import median

import psutil
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from monitoring.collectors.fleet import collect_fleet
from monitoring.exposition import Page, gzip_join, render_families
from monitoring.metrics import Family
from monitoring.snapshot import FleetSnapshot
from tests.benchmarks.result import Figure, print_figures, tell
from tests.factories.monitoring import fleet

SITES = 600
PAGES = 7
SCRAPES = 500
SILENT_AFTER_S = 200
TARGET_PAGE_S = 0.5
TARGET_SCRAPE_MS = 20.0
TARGET_MEMORY_MB = 60.0


def later(snapshot: FleetSnapshot, turn: int) -> FleetSnapshot:
    """The same fleet with other readings."""
    return replace(
        snapshot,
        aps=[
            replace(row, clients=row.clients + turn, reported_at=snapshot.taken_at + turn)
            for row in snapshot.aps
        ],
    )


def resident_mb() -> float:
    gc.collect()
    return psutil.Process(os.getpid()).memory_info().rss / 1e6


def measure(snapshot: FleetSnapshot, make_page: Callable[[FleetSnapshot], bytes]) -> dict[str, float]:
    """First page, median of the others, and the memory they left behind."""
    before = resident_mb()
    times: list[float] = []
    size = 0
    for turn in range(PAGES):
        current = later(snapshot, turn)
        start = time.process_time()
        size = len(make_page(current))
        times.append(time.process_time() - start)
        del current
    return {
        "first_s": times[0],
        "page_s": median(times[1:]),
        "memory_mb": resident_mb() - before,
        "bytes": size,
    }


def ours(aps: int) -> dict[str, float]:
    held: list[Page] = []
    samples = 0

    def make_page(snapshot: FleetSnapshot) -> bytes:
        nonlocal samples
        families = collect_fleet(snapshot, silent_after_s=SILENT_AFTER_S)
        samples = sum(len(family.samples) for family in families)
        held[:] = [Page.pack(render_families(families), samples=samples)]
        return held[0].deflated

    measured = measure(fleet(aps, sites=SITES), make_page)
    start = time.process_time()
    for _ in range(SCRAPES):
        gzip_join(held[0], b"live 1\n" * 100)
    scrape_s = (time.process_time() - start) / SCRAPES
    return measured | {"samples": samples, "scrape_ms": scrape_s * 1000}


def peer(aps: int) -> dict[str, float]:
    registry = CollectorRegistry()
    gauges: dict[str, Gauge] = {}

    def gauge(family: Family) -> Gauge:
        metric = family.metric
        if metric.name not in gauges:
            name = metric.name.removesuffix("_total")
            gauges[metric.name] = Gauge(name, metric.help, metric.labels, registry=registry)
        return gauges[metric.name]

    def make_page(snapshot: FleetSnapshot) -> bytes:
        for family in collect_fleet(snapshot, silent_after_s=SILENT_AFTER_S):
            labels = gauge(family).labels
            for values, value in family.samples:
                labels(*values).set(value)
        return gzip.compress(generate_latest(registry), 1)

    return measure(fleet(aps, sites=SITES), make_page)


def in_process(side: str, aps: int) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.exporter", "--side", side, "--aps", str(aps)]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    measured: dict[str, float] = json.loads(result.stdout)
    return measured


def main() -> int:
    """Run and print; exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.exporter", description=__doc__)
    parser.add_argument("--aps", type=int, default=3000)
    parser.add_argument("--side", choices=["ours", "peer"], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.side:
        sys.stdout.write(json.dumps((ours if given.side == "ours" else peer)(given.aps)))
        return 0
    mine, theirs = in_process("ours", given.aps), in_process("peer", given.aps)
    tell(
        f"{given.aps} access points, {mine['samples']:.0f} samples, page of {mine['bytes'] / 1e6:.2f} MB gzip"
    )
    tell(
        f"  first page {mine['first_s']:.2f} s, then {mine['page_s']:.2f} s each;"
        f" {mine['scrape_ms']:.2f} ms on the scrape path"
    )
    tell(
        f"  peer: first page {theirs['first_s']:.2f} s, then {theirs['page_s']:.2f} s each,"
        " on the scrape path"
    )
    scale = max(1.0, given.aps / 3000)
    figures = [
        Figure("exporter.page", "core s", mine["page_s"], "less", theirs["page_s"], TARGET_PAGE_S * scale),
        Figure("exporter.first_page", "core s", mine["first_s"], "less", theirs["first_s"]),
        Figure(
            "exporter.scrape",
            "core ms",
            mine["scrape_ms"],
            "less",
            theirs["page_s"] * 1000,
            TARGET_SCRAPE_MS * scale,
        ),
        Figure(
            "exporter.memory", "MB", mine["memory_mb"], "less", theirs["memory_mb"], TARGET_MEMORY_MB * scale
        ),
    ]
    return 0 if print_figures("exporter", figures) else 1


if __name__ == "__main__":
    sys.exit(main())
