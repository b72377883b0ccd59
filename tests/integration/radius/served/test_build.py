"""What ends and changes sessions, put together."""

import re
from datetime import UTC, datetime

from prometheus_client import generate_latest

from controller.core import outbox
from controller.directory.service import Directory
from controller.models import Plan, RadiusLeg
from controller.sessions import service as sessions
from controller.sessions.events import SessionEnded
from controller.sessions.types import StartSession
from radius.metrics import RadiusMetrics
from radius.nas import NasRegistry
from radius.served.build import start_serving
from radius.settings import RadiusSettings
from tests.eventually import eventually
from tests.integration.radius.asking import MAC


async def test_sessions_are_ended_that_ended_before_and_that_end_now(runtime, requested):
    now = datetime.now(UTC)
    async with runtime.db.transaction() as tx:
        tx.add(Plan(id="city", name="City"))
        await tx.flush()
        login = await Directory(runtime.secrets).login_phone(tx, phone="+79161234567", mac=MAC, now=now)
        request = StartSession(MAC, "", None, login.account_id, login.device_id, login.plan, "radius-mab")
        session = await sessions.start(tx, request, now, source="radius")
        tx.add(
            RadiusLeg(
                nas_id="gone", address="192.0.2.1", acct_session_id="A1", session_id=session.id, mac=MAC,
                started_at=now, heard_at=now,
            )
        )  # fmt: skip
        await sessions.end(tx, session.id, reason="admin", now=now, source="radius")
    metrics = RadiusMetrics(runtime.registry)
    registry = NasRegistry(runtime.db, runtime.secrets, runtime.clock)
    disconnector = await start_serving(runtime, RadiusSettings(), registry, metrics)

    def told():
        shown = generate_latest(runtime.registry).decode()
        found = re.search(r'disconnects_total\{answer="unknown-nas",nas="gone"\} (\d+)', shown)
        return int(found[1]) if found else 0

    async def once():
        return told() >= 1

    await eventually(once)
    assert disconnector.watched == 0
    async with runtime.db.transaction() as tx:
        await outbox.add(tx, SessionEnded("s-another", MAC, "", None, "gone", "admin"))
    await eventually(lambda: "s-another" in requested)
