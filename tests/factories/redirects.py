"""The decisions of a redirector, with what it asks of the gateway in plain collections."""

from datetime import UTC, datetime
from ipaddress import IPv4Network

from prometheus_client import CollectorRegistry

from captive_portal.gateway.gate.base import Client
from captive_portal.gateway.http1 import Request
from captive_portal.gateway.metrics import GatewayMetrics
from captive_portal.gateway.redirector import Redirects
from captive_portal.handles import HandleCodec
from controller.core.mac import Mac
from tests.fakes.clock import FakeClock

NOW = datetime(2026, 5, 9, 12, 0, tzinfo=UTC)
ANNA = Client("10.77.1.5", Mac("02:00:00:00:00:05"))
KEY = bytes(32)


class Place:
    def __init__(self):
        self.registry = CollectorRegistry()
        self.metrics = GatewayMetrics(self.registry, "gw-1")
        self.online: set[Client] = set()
        self.captives: list[Client] = []
        self.redirects = Redirects(
            gateway_id="gw-1",
            portal_url="https://portal.test",
            lan=IPv4Network("10.77.0.0/16"),
            codec=HandleCodec(KEY),
            clock=FakeClock(now=NOW),
            metrics=self.metrics,
            find_client={ANNA.ip: ANNA}.get,
            is_open=self.online.__contains__,
            seen_captive=self.captives.append,
        )

    def ask(self, host, path, method="GET", ip=ANNA.ip):
        answer = self.redirects.answer(Request(method, host, path, "", "1.1"), ip).decode()
        head, _, body = answer.partition("\r\n\r\n")
        status = int(head.split()[1])
        headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:])
        return status, headers, body
