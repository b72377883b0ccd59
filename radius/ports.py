"""Opens the UDP ports: for each a connection, a shell and the gauges that watch them."""

import socket
from contextlib import AsyncExitStack
from dataclasses import dataclass

from controller.core.net import bind_udp
from controller.core.runtime import Runtime
from radius.metrics import RadiusMetrics
from radius.nas import NasRegistry
from radius.protocol.attributes import Code
from radius.protocol.connection import Connection, FindClient
from radius.reply import Answer
from radius.server import AnswerRequest, RadiusPort, open_port
from radius.settings import RadiusSettings
from radius.storm.rates import NasRates


@dataclass(frozen=True, slots=True)
class PortPlan:
    """A port to open.

    Attributes:
        kind: the word it is counted under.
        number: UDP port, 0 for a free one.
        codes: packet codes it serves.
        find_client: who may ask here.
        answer: answers a request.
        alive: the answer to Status-Server.
    """

    kind: str
    number: int
    codes: frozenset[Code]
    find_client: FindClient
    answer: AnswerRequest
    alive: Answer


@dataclass(frozen=True, slots=True)
class OpenPort:
    """A port that is served: its number, and what takes its datagrams."""

    number: int
    port: RadiusPort


class Ports:
    """Opens ports that are served until the stack unwinds.

    Args:
        runtime: what the daemon stands on.
        settings: how much a port bears.
        registry: told which NAS was heard.
        metrics: counts.
        stack: closes the ports, after what is under way is answered.
        reuse_port: whether other processes serve the same ports.
    """

    def __init__(
        self,
        runtime: Runtime,
        settings: RadiusSettings,
        registry: NasRegistry,
        metrics: RadiusMetrics,
        stack: AsyncExitStack,
        *,
        reuse_port: bool = False,
    ) -> None:
        self._runtime = runtime
        self._settings = settings
        self._registry = registry
        self._metrics = metrics
        self._stack = stack
        self._reuse_port = reuse_port

    def open(self, plan: PortPlan) -> OpenPort:
        """Serve a port.

        Raises:
            ConflictError: it is taken.
        """
        settings = self._settings
        connection = Connection(
            plan.find_client,
            plan.codes,
            remember_s=settings.duplicates_s,
            max_remembered=settings.duplicates_max,
            admit=None if not settings.nas_per_second else NasRates(settings.nas_per_second).admit,
        )
        port = RadiusPort(
            plan.kind,
            connection,
            plan.answer,
            alive=plan.alive,
            registry=self._registry,
            metrics=self._metrics,
            clock=self._runtime.clock,
            in_flight_max=settings.in_flight_max,
            limits=settings.storm_limits,
        )
        sock = bind_udp(settings.host, plan.number, reuse_port=self._reuse_port)
        self._stack.callback(sock.close)
        serving = open_port(sock, port, receive_buffer_bytes=settings.receive_buffer_bytes)
        self._stack.push_async_callback(port.drain)
        self._stack.callback(serving.close)
        bound: int = sock.getsockname()[1]
        self._metrics.watch_port(
            plan.kind,
            in_flight=lambda: port.in_flight,
            remembered=lambda: connection.remembered,
            waiting=lambda: port.waiting,
            delayed=lambda: port.delayed,
        )
        return OpenPort(bound, port)


def reserve_udp(host: str, number: int) -> socket.socket:
    """Return a socket that holds a UDP port, 0 for a free one, for processes that will share it.

    It must be closed once they have it, because the kernel would give it datagrams too.

    Raises:
        ConflictError: the port is taken, be it by another kolco that shares its ports too.
    """
    with bind_udp(host, number) as alone:
        number = alone.getsockname()[1]
    return bind_udp(host, number, reuse_port=True)
