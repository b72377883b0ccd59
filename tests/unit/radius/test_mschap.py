import asyncio

import pytest

from radius.authorize import Accepted
from radius.mschap import MsChapResponder
from radius.protocol.attributes import Code
from radius.protocol.eap.keys import read_mppe_keys
from radius.protocol.eap.mschapv2 import attest, check_mschapv2, respond
from radius.protocol.mschap import encode_proof
from radius.protocol.packet import iter_vendor
from radius.question import Method, Refusal, Refused
from radius.reply import Replies, expand
from radius.session_class import ClassCodec
from tests.factories.radius import AUTHENTICATOR, SECRET, request
from tests.unit.radius.eap.test_responder import KNOWN

PROOF = respond("d-1", bytes(16), bytes(range(16)), "password")


def decide(question):
    assert (question.method, question.username, question.nas_id) == (Method.MSCHAPV2, "d-1", "nas-1")
    assert question.station == KNOWN.mac
    result = check_mschapv2(question.proof, "password")
    if result is None:
        return Refused(Refusal.WRONG_CREDENTIAL)
    return Accepted(KNOWN, question.method, "2" * 26, 7000, result.attestation, result.keys)


async def decide_later(question):
    await asyncio.sleep(0)
    return decide(question)


def responder(decide=decide):
    return MsChapResponder(decide, Replies(ClassCodec(bytes(32))).render, random_octets=bytes)


def ask(proof=PROOF):
    extra = encode_proof(7, proof)
    return request(extra=extra, User_Name="d-1", Calling_Station_Id="02-00-00-00-00-01")


def microsoft(answer):
    return {kind: value for vendor, kind, value in iter_vendor(expand(answer.attributes)) if vendor == 311}


def test_an_accept_is_that_of_pap_with_the_proof_of_ours_and_keys():
    answer = responder().answer(ask())
    assert (answer.code, answer.method) == (Code.ACCESS_ACCEPT, "mschapv2")
    result = attest(PROOF, "password")
    assert microsoft(answer)[26] == b"\7" + result.attestation.encode()
    assert read_mppe_keys(expand(answer.attributes), SECRET, AUTHENTICATOR) == result.keys
    assert 27 in dict(expand(answer.attributes))


def test_a_reject_has_an_error():
    answer = responder().answer(ask(respond("d-1", bytes(16), bytes(16), "another")))
    assert (answer.code, answer.refusal) == (Code.ACCESS_REJECT, "wrong-credential")
    assert microsoft(answer)[2].startswith(b"\7E=691 R=0 ")


async def test_a_decision_may_take_its_time():
    assert (await responder(decide_later).answer(ask())).code == Code.ACCESS_ACCEPT


def test_other_requests_are_not_its_matter():
    assert responder().answer(request(User_Name="d-1", password="password")) is None


async def test_when_nobody_can_decide_nothing_is_answered():
    async def fail(_question):
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await responder(fail).answer(ask())
