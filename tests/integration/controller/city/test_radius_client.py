"""radclient asks; here a small server answers what it is told to."""

import asyncio
import hashlib

import pytest

from controller.city.radius_client import MabQuestion, ask
from controller.core.errors import UnavailableError
from controller.core.mac import parse_mac

SECRET = b"sixteen-or-more-octets"
QUESTION = MabQuestion(parse_mac("0a:6b:00:07:00:01"), "D2-C1-00-00-00-01:city")


class Answering(asyncio.DatagramProtocol):
    """A RADIUS server that gives the same answer to every request."""

    def __init__(self, code):
        self.code = code
        self.asked = []

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        self.asked.append(data)
        head = bytes([self.code, data[1], 0, 20])
        self.transport.sendto(head + hashlib.md5(head + data[4:20] + SECRET).digest(), address)


@pytest.fixture
async def answering(request):
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Answering(request.param), local_addr=("127.0.0.1", 0)
    )
    yield server, transport.get_extra_info("sockname")[1]
    transport.close()


@pytest.mark.parametrize(
    ("answering", "said"), [(2, "Access-Accept"), (3, "Access-Reject")], indirect=["answering"]
)
async def test_the_answer_is_what_radclient_prints(answering, said, tmp_path):
    server, port = answering
    secret = tmp_path / "secret"
    secret.write_bytes(SECRET)
    assert f"Received {said}" in await ask(QUESTION, port=port, secret_file=secret)
    (asked,) = server.asked
    assert asked[0] == 1
    assert b"0A-6B-00-07-00-01" in asked
    assert bytes([80, 18]) in asked  # Message-Authenticator


@pytest.mark.parametrize("answering", [2], indirect=True)
async def test_another_secret_is_no_answer(answering, tmp_path):
    _server, port = answering
    secret = tmp_path / "secret"
    secret.write_bytes(b"another-secret-altogether")
    with pytest.raises(UnavailableError, match="no answer"):
        await ask(QUESTION, port=port, secret_file=secret)
