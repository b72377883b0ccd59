"""A running city: everything started in order, and everything gone afterwards.

Joins the parts: network, Internet side, database, daemons under the supervisor, Prometheus, the
fleet and the phones. What it shows is :mod:`controller.city.summary`'s, what it proves is
:mod:`controller.city.steps`'.
"""

import asyncio
import fcntl
import json
import os
import secrets
import shlex
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from controller import migrations
from controller.city import internet, layout, network, parts, prometheus_child, repository
from controller.city.environment import GATEWAY_ID, SPOOL, daemon_names, environment
from controller.city.fleet_child import FleetChild, FleetOrder
from controller.city.layout import Layout
from controller.city.parts import Found
from controller.city.phones import Messages, Phone
from controller.city.plan import plan_city
from controller.city.ports import LOOPBACK, Ports
from controller.city.process import Finished, run
from controller.city.repository import FleetCount
from controller.city.seeding.service import seed_city
from controller.city.seeding.types import NAS_ID, CityBasics
from controller.city.summary import Vitals
from controller.core.clock import SystemClock
from controller.core.db import Database
from controller.core.errors import ConflictError, InvalidInputError, KolcoError, UnavailableError
from controller.core.log import get_logger
from controller.core.pki import CertificateAuthority
from controller.core.secrets import SecretStore, write_private
from controller.core.settings import CoreSettings
from controller.directory.service import DEFAULT_PLAN, Directory
from controller.directory.types import PlanView
from controller.nas import service as nas
from controller.supervisor import Daemon, Supervisor

LOG_UP = "city.up"
LOG_DOWN = "city.down"
KOLCO = (sys.executable, "-P", "-m", "controller")
READY_TIMEOUT_S = 90.0
SECONDS_PER_AP = 0.05
POLL_S = 0.1
CITY_PLAN = PlanView(
    id=DEFAULT_PLAN,
    name="Городской Wi-Fi",
    session_timeout_s=86_400,
    idle_timeout_s=3_600,
    remember_s=86_400,
    interim_s=10,  # short, so that one can watch accounting happen
    rate_down_kbps=None,
    rate_up_kbps=None,
    quota_bytes=None,
    simultaneous_use=5,
)

log = get_logger(__name__)

Tell = Callable[[str, int, int], None]
"""Hears of progress: what is going on, how much of it is done, and how much there is."""


def untold(_what: str, _done: int, _of: int) -> None:
    """Hear of progress and say nothing."""


@dataclass(frozen=True, slots=True)
class Options:
    """What city is wanted."""

    aps: int = 3000
    phones: int = 3
    seed: int = 1
    data_dir: Path | None = None
    """None: a temporary one, which goes with the city."""
    database_url: str | None = None
    bus_url: str | None = None
    state_interval_s: float | None = None
    """Seconds between two states of an access point; None: as its configuration says."""

    def __post_init__(self) -> None:
        """Check the numbers; raises :class:`InvalidInputError`."""
        if not 0 <= self.phones <= layout.MAX_PHONES:
            raise InvalidInputError(f"a city has 0 to {layout.MAX_PHONES} phones, not {self.phones}")


class City:
    """A city that runs, or is being started or ended.

    Use :meth:`start` and always :meth:`stop`; a second city may run beside it.
    """

    def __init__(self, options: Options, found: Found) -> None:
        """Plan a city on a machine that has ``found``; nothing is made yet."""
        self.options = options
        self.found = found
        self.laid: Layout | None = None
        self.phones: list[Phone] = []
        self.run_number = secrets.randbelow(10_000_000)
        """Phones and citizens of one run are strangers to the next, even in the same data directory."""
        self._undo = AsyncExitStack()
        self._begun = time.monotonic()

    async def start(self, tell: Tell = untold) -> None:
        """Start everything in order, each part ready before the next needs it.

        Raises :class:`~controller.core.errors.KolcoError` naming the part that does not come up; call
        :meth:`stop` then too.
        """
        self._make_data_dir()
        try:
            await self._start_parts(tell)
        except KolcoError as error:
            if self.options.data_dir is None and not isinstance(error, InvalidInputError):
                error.hint = "--data-dir DIRECTORY keeps the logs of the next try"
            raise
        log.info(LOG_UP, aps=self.options.aps, phones=len(self.phones), seconds=round(self.up_s, 1))

    async def _start_parts(self, tell: Tell) -> None:
        self.ports = Ports.free()
        tell("network", 0, 1)
        await self._lay_network()
        self.env = environment(
            self.ports,
            self.data_dir,
            database_url=self.options.database_url,
            bus_url=self.options.bus_url,
            laid=self.laid,
        )
        self._write_env_file()
        tell("network", 1, 1)
        tell("database", 0, 1)
        await self._fill_database()
        tell("database", 1, 1)
        await self._start_daemons()
        prometheus = asyncio.create_task(self._start_prometheus())
        self._undo.push_async_callback(_cancel, prometheus)
        await self._wait_for_daemons(tell)
        await prometheus
        await self._start_fleet()
        await self._wait_for_fleet(tell)

    async def stop(self) -> None:
        """End everything in the reverse order and remove what the city made."""
        await self._undo.aclose()
        log.info(LOG_DOWN)

    @property
    def up_s(self) -> float:
        """Seconds since the start was begun."""
        return time.monotonic() - self._begun

    async def kolco(self, *arguments: str, timeout_s: float = 60.0) -> Finished:
        """Run the command line as an operator of this city would."""
        return await run([*KOLCO, *arguments], env=self.env, timeout_s=timeout_s)

    async def kolco_json(self, *arguments: str) -> Any:
        """Run the command line with ``-o json``; raises :class:`UnavailableError` when it fails."""
        ended = await self.kolco(*arguments, "-o", "json")
        return json.loads(ended.checked().stdout)

    async def count_fleet(self) -> FleetCount:
        """The access points in numbers, from the database."""
        async with self.db.reading() as tx:
            return await repository.count_fleet(tx)

    async def vitals(self) -> Vitals:
        """The city at this moment."""
        async with self.db.reading() as tx:
            fleet = await repository.count_fleet(tx)
            online = await repository.count_online(tx)
        return Vitals(
            aps=fleet.aps,
            connected=fleet.connected,
            settled=fleet.settled,
            clients=fleet.clients,
            online=online,
            restarts=self.daemons.restarts(),
        )

    async def kill_daemon(self, name: str, number: signal.Signals) -> int:
        """Send a daemon a signal; its process id. The supervisor does what it does.

        Raises :class:`UnavailableError` when it is down already.
        """
        pid = self.daemons.pid(name)
        if pid is None:
            raise UnavailableError(f"the daemon {name} does not run")
        os.kill(pid, number)
        return pid

    async def wait_for_daemon(self, name: str, *, not_pid: int) -> int:
        """Wait until a daemon answers from another process; its process id.

        Raises :class:`UnavailableError` when it does not.
        """
        until = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < until:
            pid = self.daemons.pid(name)
            if pid not in {None, not_pid}:
                await self._wait_until_answers(self._health_url(name), name, lambda: True)
                return pid or 0
            await asyncio.sleep(POLL_S)
        raise UnavailableError(f"the daemon {name} does not come back")

    async def nas_secret_file(self) -> Path:
        """A file, for its owner only, with the secret of the NAS that the city's RADIUS client is."""
        path = self.data_dir / "nas-secret"
        async with self.db.reading() as tx:
            secret = await nas.read_secret(tx, self.secrets, NAS_ID)
        path.unlink(missing_ok=True)
        write_private(path, secret)
        return path

    # --- inside, in the order of the start ---------------------------------------------------------

    def _make_data_dir(self) -> None:
        if self.options.data_dir is None:
            self.data_dir = Path(tempfile.mkdtemp(prefix="kolco-city-"))
            self._undo.callback(shutil.rmtree, self.data_dir, ignore_errors=True)
        else:
            self.data_dir = self.options.data_dir.absolute()
            self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = self._undo.enter_context((self.data_dir / "city.lock").open("w"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConflictError(
                f"a city runs in {self.data_dir} already", hint="end it, or name another --data-dir"
            ) from error
        self.messages = Messages(self.data_dir / SPOOL)
        self.authority = CertificateAuthority.open(self.data_dir / "pki")
        self.secrets = SecretStore(self.data_dir / "secrets")

    def _write_env_file(self) -> None:
        """Write what a shell needs to run `kolco` against this city."""
        self.env_file = self.data_dir / "env"
        wanted = (
            "KOLCO_DATA_DIR", "KOLCO_CLI_API_URL", "KOLCO_DATABASE_URL", "KOLCO_BUS_URL",
            "KOLCO_RADIUS_AUTH_PORT", "KOLCO_RADIUS_ACCT_PORT", "KOLCO_RADIUS_ADMIN_PORT",
        )  # fmt: skip
        # The interpreter's directory has the `kolco` that made this city.
        path = f'export PATH={shlex.quote(str(Path(sys.executable).parent))}:"$PATH"\n'
        lines = [
            path,
            *(f"export {name}={shlex.quote(self.env[name])}\n" for name in wanted if name in self.env),
        ]
        self.env_file.unlink(missing_ok=True)
        write_private(self.env_file, "".join(lines).encode())

    async def _lay_network(self) -> None:
        if not self.found.root:
            return
        await network.sweep(network.STATE_DIRECTORY)
        if self.options.phones == 0 or not parts.has_network(self.found):
            return
        city = Layout(network.new_prefix(), self.options.phones)
        macs = [layout.phone_mac(self.run_number, number + 1) for number in range(city.phones)]
        temporary = self.options.data_dir is None
        network.claim(network.STATE_DIRECTORY, city, self.data_dir, temporary=temporary)
        self._undo.callback(network.release, network.STATE_DIRECTORY, city.prefix)
        self._undo.push_async_callback(network.tear_down, city.namespaces)
        await network.lay(city, macs)
        self.laid = city
        names = sorted(layout.host_records())
        issued = self.authority.issue_server(names, now=SystemClock().now())
        certificate = issued.write(self.data_dir / "internet", "sites")
        web = await internet.start(city.internet, self.data_dir / "logs", certificate)
        self._undo.push_async_callback(web.stop)
        trusted = self.data_dir / "pki" / "ca.crt"
        for number, mac in enumerate(macs, start=1):
            directory = self.data_dir / f"phone-{number}"
            phone = Phone(number, city.phone(number), mac, directory, trusted)
            self._undo.push_async_callback(phone.leave)
            self.phones.append(phone)

    async def _fill_database(self) -> None:
        """Bring the schema up to date and put the planned city into it."""
        settings = CoreSettings(data_dir=self.data_dir, database_url=self.options.database_url)
        self.db = Database(settings.database)
        self._undo.push_async_callback(self.db.close)
        await migrations.upgrade(self.db)
        plan = await asyncio.to_thread(plan_city, self.options.seed, self.options.aps)
        async with self.db.transaction() as tx:
            await Directory(self.secrets).save_plan(tx, CITY_PLAN)
            await seed_city(
                tx,
                plan,
                basics=CityBasics(gateway_id=GATEWAY_ID, lan_cidr=layout.LAN_CIDR),
                secrets=self.secrets,
                data_dir=self.data_dir,
                plan_id=CITY_PLAN.id,
                now=SystemClock().now(),
            )

    async def _start_daemons(self) -> None:
        """Start the daemons, all at once, under the supervisor."""
        self.daemons = await self._undo.enter_async_context(
            Supervisor(env=self.env, log_dir=self.data_dir / "logs"),
        )
        for name in daemon_names(with_network=self.laid is not None):
            await self.daemons.start(Daemon(name, self._health_url(name)))

    async def _wait_for_daemons(self, tell: Tell) -> None:
        """Wait until every daemon answers."""
        names = daemon_names(with_network=self.laid is not None)
        for done, name in enumerate(names):
            tell("daemons", done, len(names))
            await self.daemons.wait_ready(name, timeout_s=READY_TIMEOUT_S)
        tell("daemons", len(names), len(names))

    async def _start_prometheus(self) -> None:
        """Start a real Prometheus on loopback, if the machine has one."""
        if "prometheus" not in self.found.programs:
            return
        child = await prometheus_child.start(
            self.kolco,
            targets={
                name: self.ports.admin(name) for name in daemon_names(with_network=self.laid is not None)
            },
            port=self.ports.prometheus,
            directory=self.data_dir / "prometheus",
            log=self.data_dir / "logs" / "prometheus.log",
        )
        self._undo.push_async_callback(child.stop)
        await self._wait_until_answers(f"{self.prometheus_url}/-/ready", child.name, lambda: child.running)

    async def _start_fleet(self) -> None:
        order = FleetOrder(
            url=f"wss://{LOOPBACK}:{self.ports.ap_channel}/",
            data_dir=self.data_dir,
            aps=self.options.aps,
            seed=self.options.seed,
            state_interval_s=self.options.state_interval_s,
        )
        self.fleet = await FleetChild.start(order, log=self.data_dir / "logs" / "fleet.log")
        self._undo.push_async_callback(self.fleet.stop)

    async def _wait_for_fleet(self, tell: Tell) -> None:
        """Wait until every access point is connected and runs what it shall run."""
        wanted = self.options.aps
        until = time.monotonic() + READY_TIMEOUT_S + wanted * SECONDS_PER_AP
        while True:
            self.fleet.check()
            count = await self.count_fleet()
            if self.fleet.progress is None and self.fleet.certificates < wanted:
                tell("certificates", self.fleet.certificates, wanted)
            else:
                tell("certificates", wanted, wanted)
                tell("access points connected", count.connected, wanted)
                tell("access points configured", count.settled, wanted)
            if count.connected >= wanted and count.settled >= wanted:
                return
            if time.monotonic() > until:
                raise UnavailableError(
                    f"of {wanted} access points {count.connected} connected, {count.settled} configured",
                    hint=f"see {self.data_dir / 'logs'}",
                )
            await asyncio.sleep(POLL_S)

    @property
    def prometheus_url(self) -> str:
        """Base URL of the city's Prometheus."""
        return f"http://{LOOPBACK}:{self.ports.prometheus}"

    def _health_url(self, daemon: str) -> str:
        return f"http://{LOOPBACK}:{self.ports.admin(daemon)}/healthz"

    async def _wait_until_answers(self, url: str, name: str, runs: Callable[[], bool]) -> None:
        """Wait until a URL answers 200; raises :class:`UnavailableError` with the part's name."""
        until = time.monotonic() + READY_TIMEOUT_S
        async with httpx.AsyncClient(trust_env=False, timeout=5) as web:
            while time.monotonic() < until and runs():
                try:
                    if (await web.get(url)).status_code == httpx.codes.OK:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(POLL_S)
        logs = self.data_dir / "logs" / f"{name}.log"
        last = logs.read_text(errors="replace")[-600:] if logs.exists() else ""
        raise UnavailableError(f"{name} does not get ready: {last}", hint=f"see {logs}")


async def _cancel(task: asyncio.Task[None]) -> None:
    """End a task; whoever awaits it has its error."""
    task.cancel()
    await asyncio.wait([task])
