"""A portal's service on a real database, with a gateway, a plan and a lease."""

from dataclasses import dataclass, field
from datetime import datetime

from prometheus_client import CollectorRegistry

from captive_portal.handles import HandleCodec
from captive_portal.portal.methods.sms import SmsLimits, SmsMethod
from captive_portal.portal.methods.voucher import VoucherMethod
from captive_portal.portal.metrics import PortalMetrics
from captive_portal.portal.service import Parts, PortalService
from captive_portal.portal.sms.sender import Message, SendError
from captive_portal.portal.types import Client
from controller.core.db import Database
from controller.core.mac import parse_mac
from controller.core.secrets import SecretStore
from controller.directory.service import Directory
from controller.directory.types import PlanView
from controller.models import Gateway, Lease

GATEWAY = "gw-arbat"
MAC = parse_mac("02:00:00:00:00:01")
OTHER_MAC = parse_mac("02:00:00:00:00:02")
PHONE = "+79161234567"
PLAN = PlanView("city", "City", 3600, 1800, 86_400, 300, None, None, None, 5)


@dataclass
class RecordingSender:
    """Keeps messages; with `fault` it refuses them."""

    sent: list[Message] = field(default_factory=list)
    fault: str = ""

    async def run(self) -> None:
        """No connection to keep."""

    async def send(self, message: Message) -> None:
        if self.fault:
            raise SendError(self.fault)
        self.sent.append(message)

    @property
    def last_code(self) -> str:
        return "".join(filter(str.isdigit, self.sent[-1].text))


@dataclass
class Bench:
    """A service and everything under it."""

    db: Database
    clock: object
    service: PortalService
    sender: RecordingSender
    directory: Directory
    handles: HandleCodec
    registry: CollectorRegistry
    secrets: SecretStore

    def counted(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(f"kolco_portal_{name}", labels) or 0


def make_bench(db: Database, clock, secrets: SecretStore, **limits) -> Bench:
    """Build the service; codes count up from 100001."""
    directory, sender, registry = Directory(secrets), RecordingSender(), CollectorRegistry()
    handles = HandleCodec(secrets.get("portal-handles"))
    codes = iter(range(100_001, 999_999))
    service = PortalService(
        Parts(
            db=db,
            clock=clock,
            directory=directory,
            handles=handles,
            sms=SmsMethod(
                secrets=secrets,
                directory=directory,
                limits=SmsLimits(**limits),
                make_code=lambda: str(next(codes)),
            ),
            vouchers=VoucherMethod(directory=directory, wrong_per_device_hour=3),
            sender=sender,
            metrics=PortalMetrics(registry),
            extend_window_s=1800,
        )
    )
    return Bench(db, clock, service, sender, directory, handles, registry, secrets)


async def seed(db: Database, directory: Directory, *, now: datetime, plan: PlanView = PLAN) -> None:
    """Store the plan, the gateway `GATEWAY` and no lease."""
    async with db.transaction() as tx:
        await directory.save_plan(tx, plan)
        tx.add(Gateway(id=GATEWAY, name="Арбат", lan_cidr="10.77.0.0/16", last_seen_at=now))


async def lease(db: Database, *, ip: str, mac: str = MAC, gateway_id: str = GATEWAY, now: datetime) -> None:
    """Give an address to a device."""
    async with db.transaction() as tx:
        await tx.merge(Lease(gateway_id=gateway_id, ip=ip, mac=mac, seen_at=now, ap_serial="0a0000000001"))


def client(ip: str = "10.77.0.9", mac: str = MAC) -> Client:
    """A client as the service knows it."""
    return Client(GATEWAY, parse_mac(mac), ip, "0a0000000001")
