"""Logins and accounting against a server in a thread that is right, or wrong in one way."""

from dataclasses import replace
from hashlib import md5

import pytest

from radius.load.asker import Asker
from radius.load.plan import LoadPlan, Pace, Target, Work
from radius.load.requests import Login
from radius.protocol import attributes as a
from radius.protocol.attributes import Code
from radius.protocol.packet import parse_packet
from tests.fakes.radius_server import SECRET, RadiusServer, accept

LOGINS = tuple(Login(f"u{number}", "p") for number in range(10))


def plan(server, **changes):
    target = Target("127.0.0.1", server.port, SECRET)
    made = LoadPlan(
        Work.PAP, target, Pace(in_flight=16, timeout_s=0.4), LOGINS, count=200, lanes=1, verify_every=1
    )
    return replace(made, **changes)


@pytest.mark.parametrize("batches", [True, False])
def test_everything_is_asked_once_and_verified(batches):
    with RadiusServer() as server:
        part = Asker(plan(server, batches=batches, lanes=4)).run()
        assert len({data for _, data in server.heard}) == 200
        assert len({port for port, _ in server.heard}) == 4
        assert {parse_packet(data).find_text(a.USER_NAME) for _, data in server.heard} <= {
            login.username for login in LOGINS
        }
    assert (part.sent, part.codes, part.lost, part.strays) == (200, {Code.ACCESS_ACCEPT: 200}, 0, 0)
    assert not part.faults
    assert len(part.seconds) == 200


def unsigned(packet, _data):
    head = bytes((Code.ACCESS_ACCEPT, packet.identifier, 0, 20))
    return [head + md5(head + packet.authenticator + SECRET, usedforsecurity=False).digest()]


def broken(packet, data):
    (answer,) = accept(packet, data)
    return [answer[:4] + bytes(16) + answer[20:]]


@pytest.mark.parametrize(
    ("behave", "fault"),
    [
        (broken, "bad-authenticator"),
        (unsigned, "no-message-authenticator"),
        (lambda *given: accept(*given, secret=b"another secret"), "bad-message-authenticator"),
        (lambda _, data: [data], "unexpected-reply"),
        (lambda _, data: [data[:1] + data[1:2]], "short"),
    ],
)
def test_a_server_that_answers_wrongly_is_noticed(behave, fault):
    with RadiusServer(behave) as server:
        part = Asker(plan(server, count=20)).run()
    assert part.faults == {fault: 20}
    assert (part.lost, part.codes.total(), len(part.seconds)) == (20, 0, 0)


def test_a_sample_is_verified_where_speed_matters():
    with RadiusServer(broken) as server:
        part = Asker(plan(server, verify_every=64, pace=Pace(in_flight=16, timeout_s=0.1))).run()
        believed = Asker(plan(server, verify_every=0)).run()
    assert part.faults["bad-authenticator"] > 0
    assert (believed.codes.total(), believed.faults.total()) == (200, 0)


def test_answers_that_nobody_waits_for_are_strays():
    with RadiusServer(lambda *given: accept(*given) * 2) as server:
        part = Asker(plan(server)).run()
    assert part.codes.total() == 200
    assert part.strays > 100


def test_the_class_of_each_login_is_learned_and_echoed():
    def by_name(packet, data):
        name = packet.find(a.USER_NAME)
        return accept(packet, data, attributes=[(a.CLASS, b"of " + name)])

    with RadiusServer(by_name) as server:
        part = Asker(plan(server), learn=True).run()
        assert part.classes == {number: (f"of u{number}".encode(),) for number in range(10)}
        classes = tuple(part.classes[number] for number in range(10))
        server.heard.clear()
        told = Asker(plan(server, work=Work.ACCOUNTING, count=10, classes=classes)).run()
        packets = [parse_packet(data) for _, data in server.heard]
    assert told.codes == {Code.ACCOUNTING_RESPONSE: 30}
    for packet in packets:
        assert packet.find(a.CLASS) == b"of " + packet.find(a.USER_NAME)


def test_reports_of_a_session_stay_in_order():
    with RadiusServer() as server:
        Asker(
            plan(server, work=Work.ACCOUNTING, count=600, interims=2, lanes=0, pace=Pace(in_flight=64))
        ).run()
        seen: dict[str, list[int]] = {}
        for _, data in server.heard:
            packet = parse_packet(data)
            seen.setdefault(packet.find_text(a.ACCT_SESSION_ID), []).append(
                packet.find_integer(a.ACCT_STATUS_TYPE)
            )
    assert len(seen) == 600
    assert all(kinds == [1, 3, 3, 2] for kinds in seen.values())
