"""Ports that are taken, and what stays behind."""

import asyncio
import socket

import pytest

from controller.core.errors import ConflictError
from controller.core.net import bind_udp
from radius.daemon import serve
from radius.ports import reserve_udp
from radius.settings import RadiusSettings


async def test_a_taken_port_says_so_and_leaves_nothing_open(runtime):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        settings = RadiusSettings(auth_port=0, acct_port=taken.getsockname()[1], admin_port=0)
        with pytest.raises(ConflictError, match="cannot listen"):
            await serve(runtime, settings, ready=lambda: None)


async def test_the_dynamic_port_is_opened_only_if_somebody_may_use_it(runtime):
    opened: dict[str, int] = {}
    ready = asyncio.Event()
    settings = RadiusSettings(auth_port=0, acct_port=0, admin_port=0)
    task = asyncio.create_task(serve(runtime, settings, ready=ready.set, listening=opened.update))
    await asyncio.wait_for(ready.wait(), 60)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert set(opened) == {"access", "accounting", "admin"}


def test_a_reserved_port_is_shared_but_not_with_strangers():
    with reserve_udp("127.0.0.1", 0) as held:
        number = held.getsockname()[1]
        with bind_udp("127.0.0.1", number, reuse_port=True):
            pass
        with pytest.raises(ConflictError, match="cannot listen"):  # another kolco that would share it too
            reserve_udp("127.0.0.1", number)
