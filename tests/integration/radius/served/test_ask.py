"""Requests to a NAS over a real socket."""

import pytest

from radius.protocol.attributes import Code
from radius.protocol.connection import Client
from radius.protocol.packet import encode_text
from radius.served.ask import Limits, NasAsker, Unreachable
from tests.integration.radius import asking
from tests.integration.radius.asking import SECRET

STATION = encode_text(31, "02-00-00-00-00-01")


@pytest.fixture
def asker(tmp_path):
    def make(*secrets):
        client = Client("lo", tuple(secret.encode() for secret in secrets))
        clients = {"127.0.0.1": client} if secrets else {}
        limits = Limits(asking.DISCONNECT_PORT, timeout_s=0.2, tries=2)
        return NasAsker(clients.get, limits, lambda: 1_800_000_000.0, tmp_path)

    return make


async def test_a_genuine_answer_comes_back(nas, asker):
    answer = await asker(SECRET).ask("127.0.0.1", Code.DISCONNECT_REQUEST, [STATION])
    assert answer.code == Code.DISCONNECT_ACK
    assert nas.heard == [{"Calling-Station-Id": "02-00-00-00-00-01"}]


async def test_a_silent_nas_is_asked_again_and_given_up(nas, asker):
    nas.answer = None
    with pytest.raises(Unreachable) as caught:
        await asker(SECRET).ask("127.0.0.1", Code.DISCONNECT_REQUEST, [STATION])
    assert caught.value.known
    assert len(nas.heard) == 2


async def test_who_is_not_in_the_table_is_not_asked(nas, asker):
    with pytest.raises(Unreachable) as caught:
        await asker().ask("127.0.0.1", Code.COA_REQUEST, [STATION])
    assert not caught.value.known
    assert (nas.heard, nas.changes) == ([], [])
