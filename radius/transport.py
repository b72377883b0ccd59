"""What requests pass on the way to the answers, besides UDP: the proxy, and RadSec connections.

Each process that answers has its own. What is answered here is given in; what comes out stands in its
place on every port, and RadSec is served by the same.
"""

from contextlib import AsyncExitStack
from functools import partial
from typing import Final

from controller.core.runtime import Runtime
from radius.metrics import RadiusMetrics
from radius.nas import NasRegistry
from radius.proxy.build import build_proxy
from radius.proxy.proxy import AnswerRequest, Proxy
from radius.radsec.build import open_trust, serve_radsec
from radius.radsec.trust import TrustKeeper
from radius.settings import RadiusSettings
from radius.tables import Tables


class Transport:
    """See the module; made by `open_transport`.

    Args:
        runtime: what the process stands on.
        settings: of RADIUS.
        trust: certificates in force.
        tables: keeps who may come by RadSec.
        proxy: stands before the answers.
        stack: closes what is opened.

    Attributes:
        answer_access: answers an Access-Request, here or by a home server.
        answer_accounting: answers an Accounting-Request here, and has it delivered to its home server.
    """

    def __init__(  # noqa: PLR0917 - it joins that many parts
        self,
        runtime: Runtime,
        settings: RadiusSettings,
        trust: TrustKeeper,
        tables: Tables,
        proxy: Proxy,
        stack: AsyncExitStack,
    ) -> None:
        self._runtime = runtime
        self._settings = settings
        self._trust = trust
        self._tables = tables
        self._stack = stack
        # Bound here: every request on every port goes this way.
        self.answer_access: Final = proxy.answer_access
        self.answer_accounting: Final = proxy.answer_accounting

    async def serve_radsec(
        self, metrics: RadiusMetrics, registry: NasRegistry, *, port: int, reuse_port: bool
    ) -> int:
        """Answer RadSec until the stack unwinds; return the port.

        Args:
            metrics: counts requests.
            registry: told which NAS was heard.
            port: TCP port, 0 for a free one.
            reuse_port: whether other processes serve the same port.

        Raises:
            ConflictError: the port is taken.
        """
        return await serve_radsec(
            self._runtime,
            self._settings,
            self._trust,
            metrics,
            registry,
            self._tables,
            access=self.answer_access,
            accounting=self.answer_accounting,
            port=port,
            reuse_port=reuse_port,
            stack=self._stack,
        )


async def open_transport(
    runtime: Runtime,
    settings: RadiusSettings,
    tables: Tables,
    *,
    access: AnswerRequest,
    accounting: AnswerRequest,
    stack: AsyncExitStack,
) -> Transport:
    """Return what stands before the answers, its routes read.

    Args:
        runtime: what the process stands on.
        settings: of RADIUS.
        tables: keeps the routes.
        access: answers Access-Requests here.
        accounting: answers Accounting-Requests here.
        stack: closes what is opened.

    Raises:
        InvalidInputError: a certificate, authority or revocation list cannot be used.
    """
    trust = open_trust(runtime, settings)
    proxy = await build_proxy(
        runtime, settings, trust, tables, access=access, accounting=accounting, stack=stack
    )
    runtime.tasks.spawn("radius-radsec-trust", partial(trust.watch, settings.radsec_reload_s))
    return Transport(runtime, settings, trust, tables, proxy, stack)
