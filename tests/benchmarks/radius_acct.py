"""Accounting a second: acknowledged when safe on disk, beside FreeRADIUS with PostgreSQL and with detail.

    python -m tests.benchmarks.radius_acct [--sessions 10000] [--quick]

Start, Interim-Update and Stop of many sessions, 256 requests in flight, Class echoed to us as access points
do. PostgreSQL syncs its commits, for us and for FreeRADIUS; FreeRADIUS's detail file is never synced. We are
waited for until all that was acknowledged is in the database, where it is compared with what was said.
"""

import argparse
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace

from radius.load.plan import Pace, Work
from radius.load.requests import Login
from radius.load.run import learn_classes
from tests.benchmarks import radius_daemon as ours
from tests.benchmarks.radius_runs import Run, Server, load, plan, take_turns
from tests.benchmarks.result import Figure, print_figures
from tests.eventually import eventually_blocking
from tests.peers.freeradius import FreeRadiusPlan, freeradius, prepare_database
from tests.peers.postgresql import postgresql

OURS, SQL, DETAIL = "ours", "freeradius postgresql", "freeradius detail"
_IN_FLIGHT = 256
_INTERIMS = 1
_REPORTS = _INTERIMS + 2
_TIMES_SQL = 10
_ENDED = "SELECT count(*) FROM sessions WHERE ended_at IS NOT NULL AND down_bytes = {octets}"
_OCTETS = (_INTERIMS + 1) * 1_500_000_000


@dataclass
class Applied:
    """What became of our records.

    Attributes:
        seconds: from the beginning of a run until all of it was in the database.
        records: how many those were.
        drain_s: the part of it after the last acknowledgement.
    """

    seconds: float = 0.0
    records: int = 0
    drain_s: float = 0.0


def drain(daemon: ours.OurRadius, limit_s: float = 300) -> float:
    """Wait until all that was acknowledged is in the database; return the seconds.

    Raises:
        AssertionError: it takes too long.
    """
    started = time.perf_counter()
    eventually_blocking(lambda: daemon.metric("kolco_radius_journal_backlog_bytes") == 0, within_s=limit_s)
    return time.perf_counter() - started


def figures(found: dict[str, Run], applied: Applied, missing: int) -> list[Figure]:
    """Return what is printed."""
    mine, sql, detail = found[OURS], found[SQL], found[DETAIL]
    rate, applied_rate = "records/s", applied.records / applied.seconds
    return [
        Figure(
            "radius.accounting", rate, mine.per_second, "more", sql.per_second, _TIMES_SQL * sql.per_second
        ),
        Figure(
            "radius.accounting.over_detail", rate, mine.per_second, "more", detail.per_second,
            detail.per_second,
        ),
        Figure("radius.accounting.applied", rate, applied_rate, "more", sql.per_second),
        Figure("radius.accounting.drain", "s", applied.drain_s, "less"),
        Figure("radius.accounting.cpu", "us/record", mine.cpu_us, "less", sql.cpu_us),
        Figure("radius.accounting.p99", "ms", mine.p99_ms, "less", sql.p99_ms),
        Figure("radius.accounting.lost", "records", mine.lost, "less", target=0.0),
        Figure("radius.accounting.missing", "sessions", missing, "less", target=0.0),
    ]  # fmt: skip


def main() -> int:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sessions", type=int, default=10_000, help="of each run; PostgreSQL gets a part")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="little of everything: does it work?")
    options = parser.parse_args()
    if options.quick:
        options.sessions, options.runs = 300, 1
    who = ours.logins(options.sessions)
    with ExitStack() as stack:
        postgres = stack.enter_context(postgresql(fsync=True))
        city = stack.enter_context(ours.city(postgres, who, len(who)))
        daemon = stack.enter_context(ours.our_radius(city))
        name = stack.enter_context(postgres.database())
        prepare_database(postgres, name, ())
        by_sql = stack.enter_context(freeradius(FreeRadiusPlan(database=(postgres, name), accounting="sql")))
        detail = stack.enter_context(freeradius(FreeRadiusPlan(accounting="detail")))
        servers = {
            OURS: Server(daemon.acct_port, ours.SECRET, daemon.process, options.sessions),
            SQL: Server(by_sql.acct_port, by_sql.secret, by_sql.process, max(100, options.sessions // 10)),
            DETAIL: Server(detail.acct_port, detail.secret, detail.process, options.sessions),
        }
        applied, sessions = Applied(), 0

        def once(server: Server) -> Run:
            nonlocal sessions
            made = plan(server, Work.ACCOUNTING, Pace(in_flight=_IN_FLIGHT), who, interims=_INTERIMS)
            if server is not servers[OURS]:
                return load(server, made)
            classes = _log_in(daemon, who)
            run = load(server, replace(made, classes=classes))
            drained = drain(daemon)
            sessions += server.count
            applied.seconds += run.report.answered / run.per_second + drained
            applied.records += run.report.answered
            applied.drain_s = max(applied.drain_s, drained)
            return run

        found = take_turns(servers, options.runs, once)
        there = int(postgres.psql(city.url.rsplit("/", 1)[1], _ENDED.format(octets=_OCTETS)))
    return 0 if print_figures("radius_acct", figures(found, applied, sessions - there)) else 1


def _log_in(daemon: ours.OurRadius, who: tuple[Login, ...]) -> tuple[tuple[bytes, ...], ...]:
    """Log everybody in and return the Class values that access points would echo."""
    server = Server(daemon.auth_port, ours.SECRET, None, len(who))
    classes = learn_classes(plan(server, Work.PAP, Pace(in_flight=_IN_FLIGHT), who))
    if not all(classes):
        raise SystemExit("a login was refused")
    return classes


if __name__ == "__main__":
    sys.exit(main())
