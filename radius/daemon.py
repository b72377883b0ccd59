"""The RADIUS daemon: the only place where its parts are put together."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial

from controller.core.http import admin_app, serve_app
from controller.core.runtime import Runtime
from controller.directory.service import Directory
from controller.nas.events import NasChanged
from controller.sessions.events import SessionEnded
from radius import repository
from radius.accounting import Accountant
from radius.answers import Answers
from radius.authorize import Authorizer, Decision
from radius.disconnect import Disconnector, Limits
from radius.dynamic import DynamicAuthorization, only
from radius.eap.build import build_eap
from radius.group import Group
from radius.metrics import RadiusMetrics
from radius.nas import NasRegistry
from radius.ports import PortPlan, Ports
from radius.protocol.connection import ACCT_CODES, AUTH_CODES, DYNAMIC_CODES
from radius.question import Question
from radius.reply import ALIVE_ACCESS, ALIVE_ACCOUNTING
from radius.session_class import ClassCodec
from radius.settings import RadiusSettings

_CLASS_KEY = "radius-class"


async def serve(
    runtime: Runtime,
    settings: RadiusSettings,
    *,
    ready: Callable[[], None],
    listening: Callable[[Mapping[str, int]], None] | None = None,
) -> None:
    """Answer RADIUS until cancelled.

    Args:
        runtime: what the daemon stands on.
        settings: its own settings.
        ready: called once it answers.
        listening: called with the port numbers by kind, before `ready`.

    Raises:
        ConflictError: a port is taken.
    """
    metrics = RadiusMetrics(runtime.registry)
    registry = NasRegistry(runtime.db, runtime.secrets, runtime.clock)
    disconnector = _disconnector(runtime, settings, registry, metrics)
    codec = ClassCodec(runtime.secrets.get(_CLASS_KEY))
    answers = _answers(runtime, settings, metrics, disconnector, codec)
    await _follow_events(runtime, registry, disconnector)
    metrics.watch_clients(partial(len, registry))
    serving = asyncio.Event()
    async with AsyncExitStack() as stack:
        ports = Ports(runtime, settings, registry, metrics, stack)
        plans = _port_plans(runtime, settings, registry, answers, codec)
        numbers = {plan.kind: await ports.open(plan) for plan in plans}
        runtime.tasks.spawn("radius-disconnect", disconnector.run)
        runtime.tasks.spawn("radius-nas", partial(_refresh, runtime, settings, registry))

        def started(admin_port: int) -> None:
            serving.set()
            if listening is not None:
                listening(numbers | {"admin": admin_port})
            ready()

        await serve_app(
            admin_app(runtime.registry, ready=serving.is_set),
            host=settings.admin_host,
            port=settings.admin_port,
            started=started,
        )


def _disconnector(
    runtime: Runtime, settings: RadiusSettings, registry: NasRegistry, metrics: RadiusMetrics
) -> Disconnector:
    limits = Limits(settings.disconnect_port, settings.disconnect_timeout_s, settings.disconnect_tries)
    return Disconnector(
        runtime.db, registry.find, runtime.clock, count=metrics.count_disconnect, limits=limits
    )


def _port_plans(
    runtime: Runtime, settings: RadiusSettings, registry: NasRegistry, answers: Answers, codec: ClassCodec
) -> list[PortPlan]:
    find = registry.find
    plans = [
        PortPlan("access", settings.auth_port, AUTH_CODES, find, answers.answer_access, ALIVE_ACCESS),
        PortPlan(
            "accounting", settings.acct_port, ACCT_CODES, find, answers.answer_accounting, ALIVE_ACCOUNTING
        ),
    ]
    if settings.dynamic_from:
        dynamic = DynamicAuthorization(runtime.db, codec, runtime.clock)
        trusted = only(find, frozenset(settings.dynamic_from))
        plans.append(
            PortPlan("dynamic", settings.dynamic_port, DYNAMIC_CODES, trusted, dynamic.answer, ALIVE_ACCESS)
        )
    return plans


def _answers(
    runtime: Runtime,
    settings: RadiusSettings,
    metrics: RadiusMetrics,
    disconnector: Disconnector,
    codec: ClassCodec,
) -> Answers:
    directory = Directory(runtime.secrets)
    accountant = Accountant(runtime.db, directory, runtime.clock, committed=metrics.observe_batch)
    authorizer = Authorizer(runtime.db, directory, runtime.clock)
    decisions: Group[Question, Decision] = Group(authorizer.decide_all, max_items=settings.batch_max)
    ledger = Group(accountant.store, max_items=settings.batch_max, wait_s=settings.batch_wait_ms / 1000)
    runtime.tasks.spawn("radius-decisions", decisions.run)
    runtime.tasks.spawn("radius-ledger", ledger.run)
    eap = build_eap(runtime, settings, decisions.submit, codec)
    return Answers(decisions, ledger, codec, metrics, still_online=disconnector.request, eap=eap)


async def _follow_events(runtime: Runtime, registry: NasRegistry, disconnector: Disconnector) -> None:
    async def nas_changed(_event: NasChanged) -> None:
        await registry.reload()

    async def reconcile() -> None:
        await registry.reload()
        await disconnector.reconcile()

    runtime.bus.subscribe(NasChanged, nas_changed)
    runtime.bus.subscribe(SessionEnded, disconnector.hear)
    runtime.bus.on_gap(reconcile)
    await reconcile()


async def _refresh(runtime: Runtime, settings: RadiusSettings, registry: NasRegistry) -> None:
    """Now and then note which NASes were heard, and read their table again."""
    while True:
        await asyncio.sleep(settings.nas_reload_s)
        seen = registry.take_seen()
        if seen:
            async with runtime.db.transaction() as tx:
                await repository.mark_seen(tx, seen, runtime.clock.now())
        await registry.reload()
