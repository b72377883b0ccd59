"""What is left of a server's capacity when three times as much is asked of it: ours beside FreeRADIUS.

    python -m tests.benchmarks.radius_storm [--seconds 6] [--quick]

Capacity is measured first, with a fixed number of requests in flight. Then requests come at three times that
rate whatever is answered. Goodput is what is answered within the access point's three seconds, until the last
answer. Then the same with logins by PAP and by EAP at once, each at three times half its capacity.
The generator works on the same processors: what it takes for three times the requests, no server has.
"""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from controller.core.pki import CertificateAuthority
from radius.load.plan import Pace, Work
from radius.load.report import Report
from radius.load.requests import Login
from radius.load.run import run_together
from tests.benchmarks import radius_daemon as ours
from tests.benchmarks.radius_runs import Server, Servers, load, plan, take_turns
from tests.benchmarks.result import Figure, print_figures, tell
from tests.peers.freeradius import FreeRadiusPlan, freeradius
from tests.peers.postgresql import postgresql

OURS, PEER = "ours", "freeradius"
_TIMES = 3.0
_GOOD = 0.8
_DEADLINE_S = 3.0
_LOGIN_DEADLINE_S = 10.0


def capacity(
    servers: Servers, who: tuple[Login, ...], work: Work, runs: int, share: float
) -> dict[str, float]:
    """Return what each server bears of a kind of work in a second."""
    processes = 2 if work.is_eap else 1

    def once(server: Server):
        made = plan(server, work, Pace(in_flight=128, timeout_s=10), who, newest_tls="1.2")
        return load(server, replace(made, count=max(20, int(made.count * share))), processes=processes)

    return {name: run.per_second for name, run in take_turns(servers, runs, once).items()}


def storm(
    server: Server, rates: dict[Work, float], who: tuple[Login, ...], seconds: float
) -> dict[Work, Report]:
    """Ask all of it at once, at these rates; return what came of each."""
    loads = []
    for work, rate in rates.items():
        pace = Pace(rate=rate, seconds=seconds, timeout_s=_DEADLINE_S)
        made = plan(server, work, pace, who, newest_tls="1.2", verify_every=256)
        loads.append((replace(made, count=int(rate * seconds)), 1))
    reports = dict(zip(rates, run_together(loads), strict=True))
    for work, report in reports.items():
        if report.faults:
            raise SystemExit(f"not what was expected: {report.to_json()}")
        tell(f"{work} at {rates[work]:.0f}/s: {report.to_json()}")
    return reports


def goodput(report: Report, work: Work) -> float:
    """Return the requests (EAP: logins) a second answered in time."""
    return report.goodput(_LOGIN_DEADLINE_S if work.is_eap else _DEADLINE_S)


def main() -> int:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=6.0, help="of each storm")
    parser.add_argument("--requests", type=int, default=60_000, help="of each run that measures capacity")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="little of everything: does it work?")
    options = parser.parse_args()
    if options.quick:
        options.seconds, options.requests, options.runs = 0.5, 2_000, 1
    who = ours.logins(1_000)
    shown = []
    with ExitStack() as stack:
        postgres = stack.enter_context(postgresql(fsync=True))
        city = stack.enter_context(ours.city(postgres, who, len(who)))
        daemon = stack.enter_context(ours.our_radius(city))
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        authority = CertificateAuthority.open(directory)
        users = [(login.username, login.password) for login in who]
        peer = stack.enter_context(freeradius(FreeRadiusPlan(users=users, authority=authority)))
        servers = {
            OURS: Server(daemon.auth_port, ours.SECRET, daemon.process, options.requests, daemon.ca_pem),
            PEER: Server(
                peer.auth_port, peer.secret, peer.process, options.requests, authority.certificate_pem
            ),
        }
        pap = capacity(servers, who, Work.PAP, options.runs, 1.0)
        eap = capacity(servers, who, Work.TTLS_PAP, options.runs, 1 / 40)
        share: dict[str, float] = {}
        mixed: dict[str, dict[Work, float]] = {}
        for name, server in servers.items():
            alone = storm(server, {Work.PAP: _TIMES * pap[name]}, who, options.seconds)
            share[name] = goodput(alone[Work.PAP], Work.PAP) / pap[name]
            rates = {Work.PAP: _TIMES / 2 * pap[name], Work.TTLS_PAP: _TIMES / 2 * eap[name]}
            both = storm(server, rates, who, options.seconds)
            mixed[name] = {work: goodput(report, work) for work, report in both.items()}
    shown.append(Figure("radius.storm.pap", "of capacity", share[OURS], "more", share[PEER], _GOOD))
    for work, alone_rates in ((Work.PAP, pap), (Work.TTLS_PAP, eap)):
        shares = {name: mixed[name][work] / alone_rates[name] for name in servers}
        shown.append(Figure(f"radius.storm.mixed.{work}", "of capacity", shares[OURS], "more", shares[PEER]))
    together = {
        name: mixed[name][Work.PAP] / pap[name] + mixed[name][Work.TTLS_PAP] / eap[name] for name in servers
    }
    shown.append(Figure("radius.storm.mixed", "of capacity", together[OURS], "more", together[PEER], _GOOD))
    return 0 if print_figures("radius_storm", shown) else 1


if __name__ == "__main__":
    sys.exit(main())
