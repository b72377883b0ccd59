"""The whole daemon against Debian's radclient, on SQLite and PostgreSQL."""

import asyncio
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from prometheus_client import CollectorRegistry

from controller.core.errors import ConflictError
from controller.models import AccountingRecord, Nas, NetSession, RadiusLeg
from controller.nas import service as nas_service
from controller.nas.types import NewNas
from controller.sessions import service as sessions
from radius.daemon import serve
from radius.protocol.attributes import Code
from radius.protocol.authenticator import is_message_authentic, is_reply_authentic, sign_request
from radius.protocol.packet import encode_packet, parse_packet
from radius.settings import RadiusSettings
from tests.eventually import eventually
from tests.integration.radius.asking import AP, MAC, SECRET, acct, class_of, exchange, mab, rows


async def test_pap_with_a_device_credential(radius, device):
    _, username, password = device
    output = await radius.ask(
        "auth", f'User-Name="{username}",User-Password="{password}",Message-Authenticator=0x00\n'
    )
    assert "Received Access-Accept" in output
    for line in (
        "Session-Timeout = 7200",
        "Idle-Timeout = 600",
        "Acct-Interim-Interval = 300",
        "WISPr-Bandwidth-Max-Down = 10000000",
        "WISPr-Bandwidth-Max-Up = 5000000",
    ):
        assert line in output
    assert "Reply-Message" not in output
    wrong = await radius.ask(
        "auth", f'User-Name="{username}",User-Password="wrong",Message-Authenticator=0x00\n'
    )
    assert "Received Access-Reject" in wrong
    assert radius.metric('kolco_radius_replies_total{nas="lo",outcome="accept"}') == 1
    assert radius.metric('kolco_radius_replies_total{nas="lo",outcome="reject"}') == 1
    assert radius.metric('kolco_radius_refusals_total{reason="wrong-credential"}') == 1


async def test_chap_by_radclient(radius, device):
    _, username, password = device
    asked = f'User-Name="{username}",CHAP-Password="{password}",Message-Authenticator=0x00\n'
    assert "Received Access-Accept" in await radius.ask("auth", asked)
    wrong = f'User-Name="{username}",CHAP-Password="wrong",Message-Authenticator=0x00\n'
    assert "Received Access-Reject" in await radius.ask("auth", wrong)


async def test_mab_lets_a_remembered_device_in_and_no_other(radius, device):
    assert "Received Access-Accept" in await radius.ask("auth", mab())
    assert "Received Access-Reject" in await radius.ask("auth", mab("02:00:00:00:00:02"))
    call_check = f'User-Name="{MAC.upper()}",Service-Type=Call-Check,Message-Authenticator=0x00\n'
    assert "Received Access-Accept" in await radius.ask("auth", call_check)
    assert radius.metric('kolco_radius_refusals_total{reason="unknown-device"}') == 1


async def test_accounting_from_start_to_stop(radius, device):
    login, *_ = device
    session_class = class_of(await radius.ask("auth", mab()))
    common = {"Class": session_class, "Called_Station_Id": f'"{AP}"'}
    for status, values in (
        ("Start", {}),
        ("Interim-Update", {"Acct_Input_Octets": 1000, "Acct_Output_Octets": 5000, "Acct_Session_Time": 60}),
        (
            "Stop",
            {
                "Acct_Input_Octets": 1500, "Acct_Output_Octets": 7, "Acct_Output_Gigawords": 1,
                "Acct_Input_Packets": 9, "Acct_Session_Time": 90, "Acct_Terminate_Cause": "Lost-Carrier",
            },
        ),
    ):  # fmt: skip
        for _ in range(2):  # radclient makes a new packet each time: the repetition is only in the meaning
            assert "Received Accounting-Response" in await radius.ask(
                "acct", acct(status, **common, **values)
            )
    (session,) = await rows(radius.runtime, NetSession)
    assert session.device_id == login.device_id
    assert (session.mac, session.nas_id, session.ssid, session.method) == (MAC, "lo", "City", "radius-mab")
    assert (session.up_bytes, session.down_bytes, session.up_packets) == (1500, 2**32 + 7, 9)
    assert session.ended_at is not None
    assert session.end_reason == "lost-carrier"
    records = await rows(radius.runtime, AccountingRecord, AccountingRecord.id)
    assert [record.kind for record in records] == ["start", "interim", "stop"]
    assert {record.source for record in records} == {"radius"}
    assert records[-1].down_bytes == 2**32 + 7
    repeated = 'kolco_radius_accounting_records_total{kind="%s",outcome="repeated"}'
    assert [radius.metric(repeated % kind) for kind in ("start", "interim-update", "stop")] == [1, 1, 1]


async def test_overtaken_records_take_nothing_back(radius, device):
    session_class = class_of(await radius.ask("auth", mab()))
    await radius.ask("acct", acct("Start", Class=session_class))
    await radius.ask("acct", acct("Interim-Update", Acct_Input_Octets=900, Acct_Session_Time=120))
    await radius.ask("acct", acct("Interim-Update", Acct_Input_Octets=500, Acct_Session_Time=60))
    (session,) = await rows(radius.runtime, NetSession)
    assert session.up_bytes == 900


async def test_a_roam_keeps_the_session(radius, device):
    first = class_of(await radius.ask("auth", mab()))
    await radius.ask("acct", acct("Start", Class=first))
    second = class_of(await radius.ask("auth", mab()))
    assert second == first
    await radius.ask("acct", acct("Start", Class=second, Acct_Session_Id="B7"))
    await radius.ask("acct", acct("Stop", Class=first, Acct_Input_Octets=100))
    (session,) = await rows(radius.runtime, NetSession)
    assert session.ended_at is None
    await radius.ask("acct", acct("Stop", Class=second, Acct_Session_Id="B7", Acct_Input_Octets=30))
    (session,) = await rows(radius.runtime, NetSession)
    assert session.ended_at is not None
    assert session.up_bytes == 130


async def test_a_session_of_the_portal_is_not_counted_twice(radius, device):
    login, *_ = device
    async with radius.runtime.db.transaction() as tx:
        opened = await sessions.start(
            tx,
            sessions.StartSession(
                mac=MAC, ip="10.77.0.5", gateway_id="gw", account_id=login.account_id,
                device_id=login.device_id, plan=login.plan, method="sms",
            ),
            datetime.now(UTC),
        )  # fmt: skip
    await radius.ask("acct", acct("Start"))
    await radius.ask("acct", acct("Interim-Update", Acct_Input_Octets=900, Acct_Session_Time=120))
    await radius.ask("acct", acct("Stop", Acct_Input_Octets=900, Acct_Session_Time=130))
    (session,) = await rows(radius.runtime, NetSession)
    (leg,) = await rows(radius.runtime, RadiusLeg)
    assert (session.id, session.up_bytes, session.ended_at) == (opened.id, 0, None)
    assert (leg.session_id, leg.up_bytes) == (opened.id, 900)


async def test_a_nas_restart_ends_its_sessions(radius, device):
    session_class = class_of(await radius.ask("auth", mab()))
    await radius.ask("acct", acct("Start", Class=session_class))
    assert "Received Accounting-Response" in await radius.ask("acct", "Acct-Status-Type=Accounting-On\n")
    (session,) = await rows(radius.runtime, NetSession)
    assert session.end_reason == "nas-restart"


async def test_nobodys_accounting_is_acknowledged_and_counted(radius, device):
    output = await radius.ask("acct", acct("Start", Calling_Station_Id="02-00-00-00-00-99"))
    assert "Received Accounting-Response" in output
    assert await rows(radius.runtime, NetSession) == []
    unknown = 'kolco_radius_accounting_records_total{kind="start",outcome="unknown-session"}'
    assert radius.metric(unknown) == 1


def signed(attributes):
    return sign_request(
        Code.ACCESS_REQUEST, 1, attributes, SECRET.encode(), random_authenticator=secrets.token_bytes(16)
    )


async def test_a_request_without_message_authenticator_is_discarded(radius, device):
    data = encode_packet(
        Code.ACCESS_REQUEST, 1, secrets.token_bytes(16), [(1, b"020000000001"), (6, b"\0\0\0\n")]
    )
    assert await asyncio.to_thread(exchange, radius.auth_port, data, 0.5) == [None]
    dropped = 'kolco_radius_dropped_total{nas="lo",reason="no-message-authenticator"}'
    assert radius.metric(dropped) == 1


async def test_a_wrong_secret_is_dropped_and_counted(radius, device):
    assert "No reply from server" in await radius.ask(
        "auth", mab(), secret="another secret here", silent=True
    )
    assert "No reply from server" in await radius.ask(
        "acct", acct("Start"), secret="another secret here", silent=True
    )
    dropped = 'kolco_radius_dropped_total{nas="lo",reason="%s"}'
    assert radius.metric(dropped % "bad-message-authenticator") == 1
    assert radius.metric(dropped % "bad-authenticator") == 1
    assert await rows(radius.runtime, NetSession) == []


async def test_an_unknown_nas_costs_no_query(radius, device):
    async with radius.runtime.db.transaction() as tx:
        await nas_service.remove(tx, "lo")

    async def gone():
        return radius.metric("kolco_radius_nas_clients") == 0

    await eventually(gone)
    statements = []
    engine = radius.runtime.db.engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    for _ in range(20):
        exchange(radius.auth_port, signed([(1, b"u")]), wait_s=0.01)

    async def counted():
        return radius.metric('kolco_radius_dropped_total{nas="unknown",reason="unknown-nas"}') == 20

    await eventually(counted)
    assert not [text for text in statements if "sessions" in text or "devices" in text]


async def test_a_new_nas_is_answered_with_no_restart(radius, device):
    async with radius.runtime.db.transaction() as tx:
        await nas_service.remove(tx, "lo")
        await nas_service.add(tx, radius.runtime.secrets, NewNas("new", "New", "127.0.0.0/8", "b" * 20))

    async def answered():
        return "Received Access-Accept" in await radius.ask("auth", mab(), secret="b" * 20, silent=True)

    await eventually(answered)


async def test_both_secrets_are_good_while_they_are_rotated(radius, device):
    runtime = radius.runtime

    async def rotate(secret, seconds):
        async with runtime.db.transaction() as tx:
            await nas_service.rotate(
                tx,
                runtime.secrets,
                "lo",
                now=runtime.clock.now(),
                window=timedelta(seconds=seconds),
                secret=secret,
            )

        async def taken_over():
            return "Received" in await radius.ask("auth", mab(), secret=secret, silent=True)

        await eventually(taken_over)

    await rotate("the second secret", 60)
    for secret in (SECRET, "the second secret"):
        assert "Received Access-Accept" in await radius.ask("auth", mab(), secret=secret)
        assert "Received Accounting-Response" in await radius.ask("acct", acct("Start"), secret=secret)
    await rotate("the third secret!", 0)
    old = await radius.ask("auth", mab(), secret="the second secret", silent=True)
    assert "No reply from server" in old
    assert "Received Access-Accept" in await radius.ask("auth", mab(), secret="the third secret!")


async def test_a_retransmission_gets_the_same_octets(radius, device):
    data = signed([(1, b"020000000001"), (6, b"\0\0\0\n")])
    first, second = await asyncio.to_thread(exchange, radius.auth_port, [data, data])
    assert first is not None
    assert first == second
    assert radius.metric('kolco_radius_duplicates_total{nas="lo"}') == 1
    assert radius.metric('kolco_radius_requests_total{kind="access",nas="lo"}') == 1


async def test_replies_begin_with_message_authenticator_and_carry_proxy_state(radius, device):
    await radius.in_step()
    data = signed([(33, b"b"), (1, b"020000000001"), (6, b"\0\0\0\n"), (33, b"a")])
    (answer,) = await asyncio.to_thread(exchange, radius.auth_port, data)
    packet = parse_packet(answer)
    assert packet.code == Code.ACCESS_ACCEPT
    assert packet.attributes[0][0] == 80
    assert is_message_authentic(packet, answer, SECRET.encode(), request_authenticator=data[4:20])
    assert is_reply_authentic(answer, data[4:20], SECRET.encode())
    assert packet.find_all(33) == [b"b", b"a"]


async def test_status_server(radius, device):
    assert "Received Access-Accept" in await radius.ask("status", "Message-Authenticator=0x00\n")
    assert "Received Access-Accept" in await radius.ask("status", "Message-Authenticator=0x00\n")
    assert radius.metric('kolco_radius_replies_total{nas="lo",outcome="alive"}') == 2


async def test_random_packets_leave_it_up(radius, device):
    for _ in range(200):
        await asyncio.to_thread(
            exchange, radius.auth_port, secrets.token_bytes(secrets.randbelow(200)), 0.001
        )
    assert "Received Access-Accept" in await radius.ask("auth", mab())


async def test_the_nas_is_marked_as_heard(radius, device):
    await radius.ask("auth", mab())

    async def noted():
        (nas,) = await rows(radius.runtime, Nas)
        return nas.last_seen_at is not None

    await eventually(noted)


async def test_a_second_daemon_on_the_same_data_says_so_at_once(radius):
    runtime = replace(radius.runtime, registry=CollectorRegistry())
    serving = serve(runtime, RadiusSettings(), ready=lambda: None)
    with pytest.raises(ConflictError, match="another `kolco serve radius` runs"):
        await asyncio.wait_for(serving, 5)
