"""Puts together what ends and changes sessions at their NASes; one in a city's RADIUS, in the daemon."""

from controller.core.runtime import Runtime
from controller.directory.events import AccountChanged, PlanChanged
from controller.sessions.events import SessionEnded
from radius.journal.decisions import Digests
from radius.metrics import RadiusMetrics
from radius.nas import NasRegistry
from radius.policy.events import PolicyChanged
from radius.served.ask import Limits, NasAsker
from radius.served.change import Changer
from radius.served.disconnect import Disconnector
from radius.settings import RadiusSettings
from radius.spent.keeper import SpentKeeper


def make_asker(runtime: Runtime, settings: RadiusSettings, registry: NasRegistry) -> NasAsker:
    """Return what sends Disconnect- and CoA-Requests to NASes."""
    limits = Limits(settings.disconnect_port, settings.disconnect_timeout_s, settings.disconnect_tries)
    return NasAsker(registry.find, limits, lambda: runtime.clock.now().timestamp(), runtime.data_dir)


async def start_serving(
    runtime: Runtime, settings: RadiusSettings, registry: NasRegistry, metrics: RadiusMetrics
) -> Disconnector:
    """Start ending and changing sessions at their NASes; returns what is to hear of their accounting."""
    asker = make_asker(runtime, settings, registry)
    disconnector = Disconnector(
        runtime.db,
        asker.ask,
        runtime.clock,
        digests=Digests(runtime.secrets),
        count_answer=metrics.count_disconnect,
        count_ending=metrics.count_ending,
    )
    runtime.bus.subscribe(SessionEnded, disconnector.hear)
    runtime.bus.on_gap(disconnector.reconcile)
    # Beside the start, which does not wait for a database that is away.
    runtime.tasks.spawn("radius-disconnect-missed", disconnector.reconcile)
    runtime.tasks.spawn("radius-disconnect", disconnector.run)
    keeper = SpentKeeper(runtime.db, runtime.clock, runtime.settings.zone, every_s=settings.spent_s)
    runtime.tasks.spawn("radius-spent-keeper", keeper.run)
    changer = Changer(
        runtime.db,
        asker.ask,
        registry.find,
        runtime.clock,
        runtime.settings.zone,
        count=metrics.count_change,
    )
    runtime.bus.subscribe(PlanChanged, changer.hear_plan)
    runtime.bus.subscribe(AccountChanged, changer.hear_account)
    runtime.bus.subscribe(PolicyChanged, changer.hear_policy)
    runtime.bus.on_gap(changer.look_at_all)
    runtime.tasks.spawn("radius-change", changer.run)
    return disconnector
