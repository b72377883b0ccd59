"""EAP-TTLS/PAP logins a second, each with a full TLS handshake: `kolco serve radius` beside FreeRADIUS.

    python -m tests.benchmarks.radius_eap [--logins 1500] [--quick]

The same devices, processors and P-256 certificates for both. TLS 1.2 is what Debian's FreeRADIUS speaks
unless told otherwise and is what is compared; TLS 1.3 is told besides. The devices take processor time of
their own, as much as a server does: the ratio of rates understates the ratio of servers, so processor time
is shown too.
"""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from controller.core.pki import CertificateAuthority
from radius.load.plan import Pace, Work
from tests.benchmarks import radius_daemon as ours
from tests.benchmarks.radius_runs import Run, Server, load, plan, take_turns
from tests.benchmarks.result import Figure, print_figures
from tests.peers.freeradius import FreeRadiusPlan, freeradius
from tests.peers.postgresql import postgresql

OURS, PEER = "ours", "freeradius"
_SHARE = 0.8
_IN_FLIGHT = 64
_PROCESSES = 2


def figures(name: str, found: dict[str, Run], *, judged: bool) -> list[Figure]:
    """Return what is printed of one version of TLS."""
    mine, peer = found[OURS], found[PEER]
    target = _SHARE * peer.per_second if judged else None
    return [
        Figure(name, "logins/s", mine.per_second, "more", peer.per_second, target),
        Figure(f"{name}.cpu", "us/login", mine.cpu_us, "less", peer.cpu_us),
        Figure(f"{name}.p99", "ms", mine.p99_ms, "less", peer.p99_ms),
        Figure(f"{name}.lost", "logins", mine.lost, "less", target=0.0),
    ]


def main() -> int:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--logins", type=int, default=1_500, help="of each run")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="little of everything: does it work?")
    options = parser.parse_args()
    if options.quick:
        options.logins, options.runs = 20, 1
    who = ours.logins(1_000)
    with ExitStack() as stack:
        postgres = stack.enter_context(postgresql(fsync=True))
        city = stack.enter_context(ours.city(postgres, who, len(who)))
        daemon = stack.enter_context(ours.our_radius(city))
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        authority = CertificateAuthority.open(directory)
        users = [(login.username, login.password) for login in who]
        peer = stack.enter_context(freeradius(FreeRadiusPlan(users=users, authority=authority)))
        servers = {
            OURS: Server(daemon.auth_port, ours.SECRET, daemon.process, options.logins, daemon.ca_pem),
            PEER: Server(
                peer.auth_port, peer.secret, peer.process, options.logins, authority.certificate_pem
            ),
        }

        def once(server: Server, tls: str) -> Run:
            pace = Pace(in_flight=_IN_FLIGHT, timeout_s=10)
            made = plan(server, Work.TTLS_PAP, pace, who, newest_tls=tls)
            return load(server, made, processes=_PROCESSES)

        twelve = take_turns(servers, options.runs, lambda server: once(server, "1.2"))
        thirteen = take_turns(servers, max(1, options.runs // 2), lambda server: once(server, "1.3"))
    shown = figures("radius.eap_ttls_pap", twelve, judged=True)
    shown += figures("radius.eap_ttls_pap.tls13", thirteen, judged=False)
    return 0 if print_figures("radius_eap", shown) else 1


if __name__ == "__main__":
    sys.exit(main())
