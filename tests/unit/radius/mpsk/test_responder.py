import asyncio

import pytest

from controller.core.mac import Mac
from controller.directory.types import Known
from radius.authorize import Accepted
from radius.mpsk.responder import MpskResponder
from radius.mpsk.ring import KeyRing
from radius.protocol.attributes import Code
from radius.protocol.connection import Client
from radius.protocol.eap.keys import read_mppe_keys, reveal_key
from radius.protocol.eap.steps import ResumedProof
from radius.protocol.errors import MalformedError
from radius.question import Method, Refusal, Refused
from radius.reply import Replies, expand
from radius.session_class import ClassCodec
from tests.factories.mpsk import SSID, frame_of, hostapd, ruckus
from tests.factories.radius import AUTHENTICATOR, SECRET, request
from tests.unit.radius.eap.test_responder import KNOWN
from tests.unit.radius.mpsk.test_ring import MAC, real

CALLED = f"64-66-B3-8E-C3-FC:{SSID}"
KEYS = (real("d-1", mac=MAC), real("d-2"), real("d-3"))


class Server:
    def __init__(self, *keys):
        self.ring = KeyRing(tries_max=100, tries_per_s=100)
        for key in keys or KEYS:
            self.ring.put(key)
        self.questions = []
        self.responder = MpskResponder(
            self.ring, self.decide, Replies(ClassCodec(bytes(32))).render, random_octets=bytes
        )

    def decide(self, question):
        self.questions.append(question)
        if question.username == "d-3":
            return Refused(Refusal.WRONG_CREDENTIAL)
        known = Known(KNOWN.account_id, KNOWN.device_id, Mac(question.station), KNOWN.plan, None)
        return Accepted(known, question.method, "2" * 26, 7000)

    def ask(self, *extra, vendor="generic", **values):
        bare = MAC.replace(":", "")
        values = {"User_Name": bare, "Calling_Station_Id": MAC, "Called_Station_Id": CALLED, **values}
        client = Client("nas-1", (SECRET,), vendor=vendor)
        return self.responder.answer(request(extra=extra, client=client, password=bare, **values))


def tunnel_password(answer):
    value = dict(expand(answer.attributes))[69]
    return reveal_key(value[1:], SECRET, AUTHENTICATOR).decode()


def test_who_asks_before_the_handshake_is_told_the_key_of_the_device():
    server = Server()
    answer = server.ask()
    assert (answer.code, answer.method, tunnel_password(answer)) == (
        Code.ACCESS_ACCEPT,
        "mpsk",
        "passphrase d-1",
    )
    (question,) = server.questions
    assert (question.method, question.username, question.station) == (Method.MPSK, "d-1", MAC)
    assert question.proof == ResumedProof("d-1")
    assert question.called.ssid == SSID
    assert 27 in dict(expand(answer.attributes))  # the plan's terms, as for any login


@pytest.mark.parametrize("tell", [hostapd, ruckus])
def test_who_asks_within_the_handshake_is_told_the_key_that_made_it(tell):
    server = Server()
    answer = server.ask(*tell(frame_of("passphrase d-2", SSID)))
    assert tunnel_password(answer) == "passphrase d-2"
    server.ring.remove("d-1")
    assert server.ask().refusal == "no-network-key"  # nothing is bound to it


def test_a_ruckus_says_the_network_elsewhere_and_reads_the_master_key():
    answer = Server().ask(*ruckus(frame_of("passphrase d-2", SSID)), vendor="ruckus", Called_Station_Id="x")
    assert read_mppe_keys(expand(answer.attributes), SECRET, AUTHENTICATOR) == KEYS[1].pmk


@pytest.mark.parametrize(
    ("passphrase", "reason"),
    [("passphrase d-3", "wrong-credential"), ("passphrase d-4", "no-network-key")],
    ids=["revoked", "unknown"],
)
def test_refused(passphrase, reason):
    answer = Server().ask(*hostapd(frame_of(passphrase, SSID)))
    assert (answer.code, answer.refusal, answer.method) == (Code.ACCESS_REJECT, reason, "mpsk")
    assert 69 not in dict(expand(answer.attributes))


def test_another_device_than_it_says():
    assert Server().ask(Calling_Station_Id="02-00-00-00-00-02").refusal == "station-mismatch"


def test_what_is_not_its_matter():
    server = Server()
    assert server.ask(Called_Station_Id="64-66-B3-8E-C3-FC:City") is None
    assert server.ask(User_Name="d-1") is None
    server.ring.remove("d-1")
    server.ring.remove("d-2")
    server.ring.remove("d-3")
    assert server.ask() is None


def test_a_handshake_that_cannot_be_one_is_dropped():
    with pytest.raises(MalformedError):
        Server().ask(*hostapd(b"\1\2\3"))


async def test_a_decision_may_take_its_time():
    server = Server()
    decide = server.decide

    async def decide_later(question):
        await asyncio.sleep(0)
        return decide(question)

    server.responder._decide = decide_later
    assert tunnel_password(await server.ask()) == "passphrase d-1"


def test_a_key_for_any_device_is_remembered_where_it_was_used():
    keys = [real(f"d-{number}") for number in (1, 2)]
    server = Server(*keys)
    server.ask(*hostapd(frame_of("passphrase d-2", SSID)))
    assert next(server.ring._likely(SSID, MAC, "6466b38ec3fc")) is keys[1]
