"""The composition root of `kolco serve monitor`: database in, `/metrics` of the fleet out."""

from collections.abc import Callable

from controller.core.http import serve_app
from controller.core.runtime import Runtime
from monitoring.app import create_app
from monitoring.settings import MonitorSettings
from monitoring.snapshotter import MonitorMetrics, Snapshotter

__all__ = ["serve"]


async def serve(runtime: Runtime, settings: MonitorSettings, *, ready: Callable[[], None]) -> None:
    """Serve until cancelled; `ready` is called once `/metrics` answers with a first page."""
    snapshotter = Snapshotter(
        runtime.db,
        runtime.clock,
        MonitorMetrics(runtime.registry),
        interval_s=settings.snapshot_interval_s,
        silent_after_s=settings.ap_silent_after_s,
    )
    await snapshotter.refresh()
    runtime.tasks.spawn("monitor.snapshot", snapshotter.run)
    app = create_app(lambda: snapshotter.page, runtime.registry, ready=lambda: snapshotter.has_page)
    await serve_app(app, host=settings.admin_host, port=settings.admin_port, started=lambda _port: ready())
