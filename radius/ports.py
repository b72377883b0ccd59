"""Opens the UDP ports: for each a connection, a shell and the gauges that watch them."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

from controller.core.net import bind_udp
from controller.core.runtime import Runtime
from radius.kernel import read_drops
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


class Ports:
    """Opens ports that are served until the stack unwinds.

    Args:
        runtime: what the daemon stands on.
        settings: how much a port bears.
        registry: told which NAS was heard.
        metrics: counts.
        stack: closes the ports, after what is under way is answered.
    """

    def __init__(
        self,
        runtime: Runtime,
        settings: RadiusSettings,
        registry: NasRegistry,
        metrics: RadiusMetrics,
        stack: AsyncExitStack,
    ) -> None:
        self._runtime = runtime
        self._settings = settings
        self._registry = registry
        self._metrics = metrics
        self._stack = stack

    async def open(self, plan: PortPlan) -> int:
        """Serve a port; return its number.

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
        sock = bind_udp(settings.host, plan.number)
        self._stack.callback(sock.close)
        serving = open_port(sock, port, receive_buffer_bytes=settings.receive_buffer_bytes)
        self._stack.callback(serving.close)
        self._stack.push_async_callback(port.drain)
        bound: int = sock.getsockname()[1]
        self._metrics.watch_port(
            plan.kind,
            in_flight=lambda: port.in_flight,
            remembered=lambda: connection.remembered,
        )
        self._metrics.watch_drops(plan.kind, partial(read_drops, bound))
        return bound
