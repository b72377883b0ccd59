"""The account index alone: PAP decisions a second with few and with millions of accounts, on one core.

    python -m tests.benchmarks.radius_index [--accounts 100000 7900000] [--seconds 2]

For each size an index file is made from generated accounts (through the spool that comparisons use), then
a process of its own decides PAP questions about random accounts: two look-ups, the password's digest, the
plan and a new session's id. The file is in the page cache, as on a server that has the memory for it.
`added` is what a decision costs more than with the first size; what that is of a whole login is
`radius_auth`'s matter.
"""

import argparse
import multiprocessing
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

from controller.core.clock import SystemClock
from controller.core.secrets import SecretStore
from controller.directory.service import Directory
from controller.directory.types import PlanView
from radius.authorize import Accepted, Judge
from radius.decisions import Decisions
from radius.index.entries import CREDENTIALS, DEVICES, CredentialEntry, DeviceEntry, Settled, encode
from radius.index.keys import Keys
from radius.index.reader import AccountIndex
from radius.index.spool import PARTS, Spool
from radius.index.writer import IndexWriter
from radius.question import Method, Question
from radius.stations import NOT_TOLD
from tests.benchmarks.result import Figure, print_figures

PLAN = PlanView("city", "City", 86_400, 3_600, 86_400, 300, 10_000, 5_000, None, 5)
PASSWORDS = 1_000
"""Different passwords: their digests are computed before."""
_SECRET = "radius-index"


def username(number: int) -> str:
    """Return the user name of an account, as long as those that are issued."""
    return f"d-01{number:024d}"


def password(number: int) -> str:
    """Return its password."""
    return f"a-password-{number % PASSWORDS:013d}"


def station(number: int) -> str:
    """Return the MAC of its device."""
    digits = f"{number:010x}"
    return f"02:{digits[:2]}:{digits[2:4]}:{digits[4:6]}:{digits[6:8]}:{digits[8:]}"


def fill(directory: Path, accounts: int) -> float:
    """Make an index of so many accounts, each with a credential and a remembered device; return seconds."""
    secrets = SecretStore(directory / "secrets")
    keys = Keys(secrets.get(_SECRET))
    digests = [secrets.digest("credential", password(number)) for number in range(PASSWORDS)]
    sealed = [secrets.seal("credential", password(number)) for number in range(PASSWORDS)]
    until = datetime.now(UTC).timestamp() + 86_400

    def credentials() -> Iterator[tuple[bytes, bytes]]:
        for number in range(accounts):
            which = number % PASSWORDS
            owner = f"01{number:024d}"
            entry = CredentialEntry(
                digests[which], sealed[which], until, owner, owner, keys.station(station(number)), "city"
            )
            yield keys.username(username(number)), encode(entry)

    def devices() -> Iterator[tuple[bytes, bytes]]:
        for number in range(accounts):
            owner = f"01{number:024d}"
            yield keys.station(station(number)), encode(DeviceEntry(until, owner, owner, "city"))

    writer = IndexWriter(directory / "index", keys.check, map_bytes=2**35)
    started = time.perf_counter()
    writer.open()
    for table, items in ((CREDENTIALS, credentials()), (DEVICES, devices())):
        spool = Spool(directory)
        spool.add(items)
        for part in range(PARTS):
            writer.apply([(table, key, value) for key, value in spool.take(part).items()])
        spool.close()
    writer.apply((), settled=Settled([PLAN], {}), hits=True, misses=True)
    writer.close()
    return time.perf_counter() - started


def decide(pipe: Connection, directory: str, accounts: int, seconds: float) -> None:
    """Decide PAP questions about random accounts; tell decisions/s, and octets of memory besides the file."""
    secrets = SecretStore(Path(directory) / "secrets")
    index = AccountIndex(Path(directory) / "index", Keys(secrets.get(_SECRET)))
    index.open()
    decisions = Decisions(index, Judge(Directory(secrets)), _refuse, SystemClock(), fell_back=_refuse)
    choose = random.Random(1).randrange
    questions = []
    for _ in range(100_000):
        number = choose(accounts)
        questions.append(
            Question(
                Method.PAP, username(number), password(number), station(number), NOT_TOLD, nas_id="bench"
            )
        )
    for table in (CREDENTIALS, DEVICES):  # into the page cache
        environment = index._environment
        with environment.lmdb.begin(db=environment.tables[table]) as tx:
            sum(len(value) for value in tx.cursor().iternext(keys=False, values=True))
    for question in questions[:10_000]:
        assert isinstance(decisions.decide(question), Accepted)
    done, started = 0, time.perf_counter()
    while (passed := time.perf_counter() - started) < seconds:
        for question in questions:
            decisions.decide(question)
        done += len(questions)
    status = Path("/proc/self/status").read_text(encoding="ascii")
    own = next(line for line in status.splitlines() if line.startswith("RssAnon:"))
    pipe.send((done / passed, int(own.split()[1]) * 1024))


def _refuse(*_: object) -> None:
    raise AssertionError("the database was asked")


def measure(directory: Path, accounts: int, seconds: float) -> tuple[float, float]:
    """Return decisions/s of a process of its own, and its octets of memory that are not the file."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=decide, args=(theirs, str(directory), accounts, seconds))
    process.start()
    rate, memory = ours.recv()
    process.join()
    return rate, memory


def main() -> int:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--accounts", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--seconds", type=float, default=2.0, help="of each size and round")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    figures = []
    with tempfile.TemporaryDirectory() as directory:
        places = {accounts: Path(directory) / str(accounts) for accounts in options.accounts}
        made = {accounts: fill(place, accounts) for accounts, place in places.items()}
        sizes = {
            accounts: (place / "index" / "data.mdb").stat().st_size for accounts, place in places.items()
        }
        # In turns, so that what else the machine does falls on all sizes alike.
        runs = [
            (accounts, *measure(places[accounts], accounts, options.seconds))
            for _ in range(options.rounds)
            for accounts in options.accounts
        ]
    rates = {size: statistics.median(rate for of, rate, _ in runs if of == size) for size in options.accounts}
    first = rates[options.accounts[0]]
    for accounts, rate in rates.items():
        memory = max(used for of, _, used in runs if of == accounts)
        name = f"radius_index.{accounts}"
        figures += [
            Figure(f"{name}.pap_decisions", "decisions/s", rate, "more"),
            Figure(f"{name}.added", "us/decision", 1e6 / rate - 1e6 / first, "less"),
            Figure(f"{name}.made_in", "s", made[accounts], "less"),
            Figure(f"{name}.file", "MiB", sizes[accounts] / 2**20, "less"),
            Figure(f"{name}.reader_memory", "MiB", memory / 2**20, "less"),
        ]
    print_figures("radius_index", figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
