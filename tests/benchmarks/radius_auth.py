"""PAP logins a second: `kolco serve radius` beside FreeRADIUS with a `users` file and with PostgreSQL.

    python -m tests.benchmarks.radius_auth [--accounts 100000] [--rows 1000000] [--many 0] [--quick]

One generator, 128 requests in flight, Message-Authenticator both ways, who logs in is picked at random. Our
accounts are in PostgreSQL, with policy, duplicate cache and counters on, and as many workers as the machine
has processors; FreeRADIUS has Debian's threads and no log of logins. With PostgreSQL it notes each login in
`radpostauth`, as Debian's site does; what it does without that is told besides. A sample of the answers is
verified. `--many 7900000` also compares a daemon with that many accounts, with `--alone` nothing but that;
making its database and its index takes minutes.
"""

import argparse
import sys
from contextlib import ExitStack
from dataclasses import replace

from radius.load.plan import Pace, Work
from radius.load.requests import Login
from tests.benchmarks import radius_daemon as ours
from tests.benchmarks.radius_runs import Run, Server, echo, load, plan, take_turns
from tests.benchmarks.result import Figure, print_figures, tell
from tests.peers.freeradius import FreeRadiusPlan, freeradius, prepare_database
from tests.peers.postgresql import PostgreSql, postgresql

OURS, FILE, SQL, ECHO, MANY = "ours", "freeradius users", "freeradius postgresql", "echo", "ours, many"
READING = "freeradius postgresql, nothing noted"
_TIMES_FILE = 1.2
_TIMES_SQL = 20
_GENERATOR = 60_000
_P99_MS = 20.0
_LOAD = 0.7
_MANY_SHARE = 0.8
_OTHERS = """
INSERT INTO radcheck (UserName, Attribute, op, Value)
    SELECT 'd-' || lpad(number::text, 26, '0'), 'Cleartext-Password', ':=', md5(number::text)
    FROM generate_series({first}, {last}) AS number;
ANALYZE radcheck;
"""


def serve(
    stack: ExitStack, postgres: PostgreSql, who: tuple[Login, ...], options: argparse.Namespace
) -> dict[str, Server]:
    """Start every server; they end with the stack."""
    servers = {}
    city = stack.enter_context(ours.city(postgres, who, options.accounts))
    daemon = stack.enter_context(ours.our_radius(city))
    servers[OURS] = Server(daemon.auth_port, ours.SECRET, daemon.process, options.requests)
    if options.many:
        city = stack.enter_context(ours.city(postgres, who, options.many))
        daemon = stack.enter_context(ours.our_radius(city, seconds=3_600))
        servers[MANY] = Server(daemon.auth_port, ours.SECRET, daemon.process, options.requests)
        if options.alone:
            return servers
    users = [(login.username, login.password) for login in who]
    peer = stack.enter_context(freeradius(FreeRadiusPlan(users=users)))
    servers[FILE] = Server(peer.auth_port, peer.secret, peer.process, options.requests)
    name = stack.enter_context(postgres.database())
    prepare_database(postgres, name, users)
    postgres.psql(name, _OTHERS.format(first=len(users), last=options.rows - 1))
    for kind, post_auth in ((SQL, "sql"), (READING, "")):
        made = FreeRadiusPlan(database=(postgres, name), users_in_database=True, post_auth=post_auth)
        peer = stack.enter_context(freeradius(made))
        servers[kind] = Server(peer.auth_port, peer.secret, peer.process, max(200, options.requests // 20))
    servers[ECHO] = Server(stack.enter_context(echo()), "echo", None, options.requests)
    return servers


def closed(server: Server, who: tuple[Login, ...]) -> Run:
    """Load a server with 128 requests in flight."""
    made = plan(server, Work.PAP, Pace(in_flight=128), who)
    return load(server, replace(made, verify_every=0) if server.process is None else made)


def steady(server: Server, who: tuple[Login, ...], capacity: float, seconds: float) -> Run:
    """Load a server at 70 % of what it can do."""
    rate = capacity * _LOAD
    return load(replace(server, count=int(rate * seconds)), plan(server, Work.PAP, Pace(rate=rate), who))


def figures(found: dict[str, Run], at_load: dict[str, Run]) -> list[Figure]:
    """Return what is printed."""
    mine, file, sql = found[OURS], found[FILE], found[SQL]
    rate = "requests/s"
    result = [
        Figure("radius.pap", rate, mine.per_second, "more", file.per_second, _TIMES_FILE * file.per_second),
        Figure(
            "radius.pap.over_postgresql", rate, mine.per_second, "more", sql.per_second,
            _TIMES_SQL * sql.per_second,
        ),
        Figure(
            "radius.pap.over_postgresql_reading", rate, mine.per_second, "more", found[READING].per_second
        ),
        Figure("radius.load.loopback", rate, found[ECHO].per_second, "more", target=_GENERATOR),
        Figure("radius.pap.cpu", "us/request", mine.cpu_us, "less", file.cpu_us),
        Figure(
            "radius.pap.p99_at_70_percent", "ms", at_load[OURS].p99_ms, "less", at_load[FILE].p99_ms,
            _P99_MS,
        ),
        Figure("radius.pap.lost", "requests", mine.lost + at_load[OURS].lost, "less", target=0.0),
    ]  # fmt: skip
    return result + compared(found) if MANY in found else result


def compared(found: dict[str, Run]) -> list[Figure]:
    """Return what millions of accounts cost."""
    few, many = found[OURS], found[MANY]
    return [
        Figure(
            "radius.pap.many_accounts", "requests/s", many.per_second, "more", few.per_second,
            _MANY_SHARE * few.per_second,
        ),
        Figure("radius.pap.many_accounts.cpu", "us/request", many.cpu_us, "less", few.cpu_us),
    ]  # fmt: skip


def main() -> int:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--accounts", type=int, default=100_000, help="ours, and of the users file")
    parser.add_argument("--rows", type=int, default=1_000_000, help="of FreeRADIUS's table in PostgreSQL")
    parser.add_argument("--many", type=int, default=0, help="accounts of a second daemon of ours")
    parser.add_argument("--alone", action="store_true", help="with --many: our two daemons and no other")
    parser.add_argument("--requests", type=int, default=60_000, help="of each run; PostgreSQL gets a part")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0, help="of the load at 70 percent")
    parser.add_argument("--quick", action="store_true", help="little of everything: does it work?")
    options = parser.parse_args()
    if options.quick:
        options.accounts, options.rows, options.requests = 500, 2_000, 2_000
        options.runs, options.seconds = 1, 0.5
    who = ours.logins(min(options.accounts, 100_000))
    with ExitStack() as stack:
        postgres = stack.enter_context(postgresql(fsync=True))
        servers = serve(stack, postgres, who, options)
        found = take_turns(servers, options.runs, lambda server: closed(server, who))
        if FILE not in servers:
            return 0 if print_figures("radius_auth", compared(found)) else 1
        tell(f"at {_LOAD:.0%} of that")
        capacity = {servers[name].port: found[name].per_second for name in (OURS, FILE)}
        at_load = take_turns(
            {name: servers[name] for name in (OURS, FILE)},
            options.runs,
            lambda server: steady(server, who, capacity[server.port], options.seconds),
            by="p99_ms",
        )
    return 0 if print_figures("radius_auth", figures(found, at_load)) else 1


if __name__ == "__main__":
    sys.exit(main())
