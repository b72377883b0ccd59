"""The controller daemon: puts the API, the access point channel and the jobs together."""

import asyncio
from collections.abc import Callable
from functools import partial

from controller.api.app import create_api, prepare
from controller.core.http import admin_app, serve_app
from controller.core.runtime import Runtime
from controller.jobs import (
    ApChannelSettings,
    end_due_sessions,
    purge_outbox,
    purge_sessions,
    serve_ap_channel,
)
from controller.settings import ControllerSettings


async def serve(runtime: Runtime, settings: ControllerSettings, *, ready: Callable[[], None]) -> None:
    """Run the controller until cancelled; `ready` is called once every listener answers.

    Raises:
        ConflictError: a port is taken.
        InvalidInputError: the local operator's token file is damaged.
    """
    await prepare(runtime)
    waiting = {"api", "channel", "admin"}

    def is_up(name: str, _port: int) -> None:
        waiting.discard(name)
        if not waiting:
            ready()

    channel = ApChannelSettings(
        host=settings.ap_host,
        port=settings.ap_port,
        names=settings.ap_names,
        handshakes=settings.ap_handshakes,
    )
    runtime.tasks.spawn("end-due-sessions", partial(end_due_sessions, runtime))
    runtime.tasks.spawn("purge-outbox", partial(purge_outbox, runtime))
    runtime.tasks.spawn(
        "purge-sessions", partial(purge_sessions, runtime, keep_days=settings.keep_sessions_days)
    )
    async with asyncio.TaskGroup() as listeners:
        listeners.create_task(
            serve_app(
                create_api(runtime),
                host=settings.api_host,
                port=settings.api_port,
                started=partial(is_up, "api"),
            )
        )
        listeners.create_task(serve_ap_channel(runtime, channel, ready=partial(is_up, "channel")))
        listeners.create_task(
            serve_app(
                admin_app(runtime.registry, ready=lambda: not waiting),
                host=settings.admin_host,
                port=settings.admin_port,
                started=partial(is_up, "admin"),
            )
        )
