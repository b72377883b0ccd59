"""The gateway's inner parts on a database and a gate that only remembers."""

from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Any

from prometheus_client import CollectorRegistry

from captive_portal.gateway import repository
from captive_portal.gateway.accounting import Accountant
from captive_portal.gateway.admission import Admission
from captive_portal.gateway.gate.base import Client, Gate
from captive_portal.gateway.gate.memory import MemoryGate
from captive_portal.gateway.gatekeeper import Gatekeeper
from captive_portal.gateway.metrics import GatewayMetrics
from controller.core.clock import Clock
from controller.core.db import Database
from controller.core.mac import Mac
from controller.core.secrets import SecretStore
from controller.directory.service import Directory
from controller.sessions import service as sessions
from controller.sessions.types import SessionView, StartSession
from tests.factories.people import make_citizen

ANNA = Client("10.77.1.1", Mac("02:00:5e:00:00:01"))
BORIS = Client("10.77.1.2", Mac("02:00:5e:00:00:02"))


@dataclass
class Parts:
    """A gateway without its sockets."""

    database: Database
    clock: Clock
    secrets: SecretStore
    gate: Any = field(default_factory=MemoryGate)
    gateway_id: str = "gw-1"

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """New objects on the same database and gate, as after `kill -9`."""
        self.registry = CollectorRegistry()
        self.metrics = GatewayMetrics(self.registry, self.gateway_id)
        self.directory = Directory(self.secrets)
        gate: Gate = self.gate
        self.accountant = Accountant(
            gateway_id=self.gateway_id,
            db=self.database,
            gate=gate,
            clock=self.clock,
            metrics=self.metrics,
        )
        self.keeper = Gatekeeper(
            gateway_id=self.gateway_id,
            db=self.database,
            gate=gate,
            clock=self.clock,
            metrics=self.metrics,
            accountant=self.accountant,
        )
        self.admission = Admission(
            gateway_id=self.gateway_id,
            lan=IPv4Network("10.77.0.0/16"),
            db=self.database,
            gate=gate,
            clock=self.clock,
            directory=self.directory,
            metrics=self.metrics,
            is_open=self.keeper.is_open,
            is_online=self.keeper.is_online,
            admitted=self.keeper.refresh,
        )

    async def enrol(self) -> None:
        async with self.database.transaction() as tx:
            await repository.enrol(
                tx,
                gateway_id=self.gateway_id,
                name="Gateway",
                site_id=None,
                lan_cidr="10.77.0.0/16",
                now=self.clock.now(),
            )

    async def log_in(self, client: Client = ANNA, phone: str = "+79991234567", **plan: Any) -> SessionView:
        """What the portal does: a login and a session here."""
        now = self.clock.now()
        login = await make_citizen(
            self.database, self.directory, now=now, mac=client.mac, phone=phone, **plan
        )
        async with self.database.transaction() as tx:
            request = StartSession(
                mac=client.mac,
                ip=client.ip,
                gateway_id=self.gateway_id,
                account_id=login.account_id,
                device_id=login.device_id,
                plan=login.plan,
                method="sms",
            )
            return await sessions.start(tx, request, now)

    async def end(self, session_id: str, reason: str = "user-request") -> None:
        async with self.database.transaction() as tx:
            await sessions.end(tx, session_id, reason=reason, now=self.clock.now(), source="portal")

    async def session(self, session_id: str) -> SessionView:
        async with self.database.reading() as tx:
            return await sessions.get(tx, session_id)

    def sample(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"kolco_gateway_{name}", {"gateway": self.gateway_id, **labels})
