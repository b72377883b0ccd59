"""The portal's use-cases on both databases."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from captive_portal.handles import Handle
from controller.core import outbox
from controller.models import Account, Gateway, Identity, NetSession, SmsChallenge
from tests.factories.portal import (
    GATEWAY,
    MAC,
    OTHER_MAC,
    PHONE,
    PLAN,
    Bench,
    client,
    lease,
    make_bench,
)

IP = "10.77.0.9"


async def count(bench: Bench, model) -> int:
    async with bench.db.reading() as tx:
        return await tx.scalar(sa.select(sa.func.count()).select_from(model))


async def topics(bench: Bench) -> list[str]:
    async with bench.db.reading() as tx:
        told = [row.topic for row in await outbox.newer(tx, 0, 100)]
    return [topic for topic in told if topic.startswith("session.")]


async def log_in(bench: Bench, ip: str = IP, mac: str = MAC, phone: str = PHONE) -> None:
    assert await bench.service.request_code(client(ip, mac), phone, language="ru") is None
    assert await bench.service.enter_code(client(ip, mac), bench.sender.last_code) is None


# --- who is it --------------------------------------------------------------------------------------


async def test_a_lease_names_the_client(bench) -> None:
    assert await bench.service.identify("", IP) is None
    await lease(bench.db, ip=IP, now=bench.clock.now())
    found = await bench.service.identify("", IP)
    assert (found.gateway_id, found.mac, found.ip, found.ap_serial) == (GATEWAY, MAC, IP, "0a0000000001")


async def test_a_handle_names_the_client_from_its_own_address_only(bench) -> None:
    text = bench.handles.encode(Handle(GATEWAY, MAC, IP, bench.clock.now()))
    assert (await bench.service.identify(text, IP)).mac == MAC
    assert await bench.service.identify(text, "10.77.0.10") is None
    bench.clock.advance(1801)
    assert await bench.service.identify(text, IP) is None
    assert bench.counted("failures_total", reason="handle-expired") == 1


async def test_a_handle_is_nothing_where_the_lease_says_otherwise(bench) -> None:
    text = bench.handles.encode(Handle(GATEWAY, MAC, IP, bench.clock.now()))
    await lease(bench.db, ip=IP, mac=OTHER_MAC, now=bench.clock.now())
    assert await bench.service.identify(text, IP) is None


async def test_somebody_elses_handle_shows_the_senders_own_state(bench) -> None:
    """MT_FREE, 2018: a MAC opened its owner's profile to everybody."""
    await log_in(bench)
    stolen = bench.handles.encode(Handle(GATEWAY, MAC, IP, bench.clock.now()))
    await lease(bench.db, ip="10.77.0.66", mac=OTHER_MAC, now=bench.clock.now())
    thief = await bench.service.identify(stolen, "10.77.0.66")
    assert thief.mac == OTHER_MAC
    assert (await bench.service.presence(thief)).session is None


async def test_an_address_behind_two_gateways_is_ambiguous_without_a_handle(bench) -> None:
    async with bench.db.transaction() as tx:
        tx.add(Gateway(id="gw-2", name="2", lan_cidr="10.77.0.0/16"))
    await lease(bench.db, ip=IP, now=bench.clock.now())
    await lease(bench.db, ip=IP, mac=OTHER_MAC, gateway_id="gw-2", now=bench.clock.now())
    assert await bench.service.identify("", IP) is None
    assert (await bench.service.identify_at("gw-2", IP)).mac == OTHER_MAC
    text = bench.handles.encode(Handle(GATEWAY, MAC, IP, bench.clock.now()))
    assert (await bench.service.identify(text, IP)).mac == MAC


# --- login by SMS -----------------------------------------------------------------------------------


async def test_a_login_starts_a_session_and_leaves_its_event_in_one_transaction(bench) -> None:
    await log_in(bench)
    presence = await bench.service.presence(client())
    assert presence.session.method == "sms"
    assert presence.session.ap_serial == "0a0000000001"
    assert presence.session.seconds_remaining(bench.clock.now()) == 3600
    assert presence.challenge is None
    assert await topics(bench) == ["session.started"]
    assert bench.counted("codes_requested_total", outcome="accepted") == 1
    assert bench.counted("codes_sent_total", outcome="sent") == 1
    assert bench.counted("codes_verified_total", outcome="right") == 1
    assert bench.counted("logins_total", method="sms") == 1


async def test_nothing_readable_is_stored(bench) -> None:
    await log_in(bench)
    async with bench.db.reading() as tx:
        challenge = await tx.scalar(sa.select(SmsChallenge))
        identity = await tx.scalar(sa.select(Identity))
    stored = repr({**vars(challenge), **vars(identity)})
    assert PHONE[1:] not in stored
    assert bench.sender.last_code not in stored.replace(challenge.id, "")
    assert challenge.prefix == "+79161"


async def test_the_code_waits_for_a_browser_that_was_closed(bench) -> None:
    await bench.service.request_code(client(), PHONE, language="ru")
    pending = (await bench.service.presence(client())).challenge
    assert pending.is_sent
    bench.clock.advance(299)
    assert (await bench.service.presence(client())).challenge == pending
    bench.clock.advance(2)
    assert (await bench.service.presence(client())).challenge is None
    assert (await bench.service.enter_code(client(), bench.sender.last_code)).reason == "code-spent"


async def test_a_code_is_bound_to_the_device_that_asked(bench) -> None:
    await bench.service.request_code(client(), PHONE, language="ru")
    fault = await bench.service.enter_code(client("10.77.0.10", OTHER_MAC), bench.sender.last_code)
    assert fault.reason == "code-spent"


async def test_five_tries_and_the_right_code_is_no_good_any_more(bench) -> None:
    await bench.service.request_code(client(), PHONE, language="ru")
    reasons = [(await bench.service.enter_code(client(), "000000")).reason for _ in range(5)]
    assert reasons == ["code-wrong"] * 4 + ["code-spent"]
    assert (await bench.service.enter_code(client(), bench.sender.last_code)).reason == "code-spent"


async def test_tries_made_at_once_are_all_counted(bench) -> None:
    await bench.service.request_code(client(), PHONE, language="ru")
    faults = await asyncio.gather(*(bench.service.enter_code(client(), f"{i:06}") for i in range(20)))
    assert sum(fault.reason == "code-wrong" for fault in faults) <= 5
    async with bench.db.reading() as tx:
        assert await tx.scalar(sa.select(SmsChallenge.tries)) == 5
    assert (await bench.service.enter_code(client(), bench.sender.last_code)).reason == "code-spent"


async def test_what_is_no_code_costs_no_try(bench) -> None:
    await bench.service.request_code(client(), PHONE, language="ru")
    for typed in ("", "12345", "abcdef", "１２３４５６", "1234567"):
        assert (await bench.service.enter_code(client(), typed)).reason == "code-format"
    code = bench.sender.last_code
    assert await bench.service.enter_code(client(), f" {code[:3]} {code[3:]}\n") is None


async def test_a_form_sent_twice_changes_nothing(bench) -> None:
    await log_in(bench)
    assert await bench.service.enter_code(client(), bench.sender.last_code) is None
    assert await bench.service.enter_code(client(), "000000") is None
    assert await count(bench, NetSession) == 1
    assert bench.counted("logins_total", method="sms") == 1


async def test_the_right_code_sent_twice_at_once_logs_in_once(bench) -> None:
    await bench.service.request_code(client(), PHONE, language="ru")
    code = bench.sender.last_code
    outcomes = await asyncio.gather(
        *(bench.service.enter_code(client(), code) for _ in range(4)), return_exceptions=True
    )
    assert None in outcomes
    assert not [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert await count(bench, NetSession) == 1


async def test_wrong_codes_on_a_device_are_limited_over_challenges(bench) -> None:
    for _ in range(3):
        await bench.service.request_code(client(), PHONE, language="ru")
        for _ in range(5):
            await bench.service.enter_code(client(), "000000")
        bench.clock.advance(61)
    await bench.service.request_code(client(), PHONE, language="ru")
    assert (await bench.service.enter_code(client(), bench.sender.last_code)).reason == "code-tries"


async def test_cooldown_then_a_new_code_replaces_the_old(bench) -> None:
    await bench.service.request_code(client(), PHONE, language="ru")
    old = bench.sender.last_code
    bench.clock.advance(20)
    fault = await bench.service.request_code(client(), PHONE, language="ru")
    assert (fault.reason, dict(fault.arguments)) == ("cooldown", {"seconds": 40})
    assert (await bench.service.presence(client())).cooldown_s == 40
    bench.clock.advance(40)
    assert await bench.service.request_code(client(), PHONE, language="ru") is None
    assert (await bench.service.enter_code(client(), old)).reason == "code-wrong"
    assert await bench.service.enter_code(client(), bench.sender.last_code) is None


@pytest.mark.parametrize(
    ("limits", "phones", "macs"),
    [
        ({"per_number_day": 3}, [PHONE] * 4, range(1, 5)),
        ({"per_device_day": 3}, [f"+7916123450{i}" for i in range(4)], [1] * 4),
        ({"per_prefix_hour": 3}, [f"+7916123450{i}" for i in range(4)], range(1, 5)),
        ({"per_hour": 3}, [f"+791{i}1234500" for i in range(4)], range(1, 5)),
    ],
)
async def test_every_cap_answers_alike(bench, limits, phones, macs) -> None:
    capped = make_bench(bench.db, bench.clock, bench.secrets, cooldown_s=0, **limits)
    answers = [
        await capped.service.request_code(
            client(f"10.77.0.{mac}", f"02:00:00:00:00:{mac:02}"), phone, language="ru"
        )
        for phone, mac in zip(phones, macs, strict=True)
    ]
    assert answers[:3] == [None] * 3
    assert (answers[3].reason, answers[3].message_id) == ("code-limited", "fault-limited")
    assert len(capped.sender.sent) == 3
    bench.clock.advance(86_401)
    assert await capped.service.request_code(client(), phones[3], language="ru") is None


async def test_caps_hold_when_everybody_asks_at_once(bench) -> None:
    capped = make_bench(bench.db, bench.clock, bench.secrets, per_number_day=3)
    asked = (
        capped.service.request_code(client(f"10.77.0.{i}", f"02:00:00:00:00:{i:02}"), PHONE, language="ru")
        for i in range(10, 30)
    )
    await asyncio.gather(*asked)
    assert len(capped.sender.sent) == 3


async def test_known_and_unknown_numbers_get_the_same_answer(bench) -> None:
    await log_in(bench)
    known = await bench.service.request_code(client("10.77.0.20", "02:00:00:00:00:20"), PHONE, language="ru")
    other = await bench.service.request_code(
        client("10.77.0.21", "02:00:00:00:00:21"), "+79160000000", language="ru"
    )
    assert known == other
    assert await count(bench, Account) == 1  # asking alone makes no account


async def test_known_and_unknown_numbers_take_the_same_questions_to_the_database(bench) -> None:
    """Equal work is what equal timing rests on; clocks on a busy machine would prove nothing."""
    await log_in(bench)
    asked: list[list[str]] = []
    sa.event.listen(
        bench.db.engine.sync_engine,
        "before_cursor_execute",
        lambda _c, _cur, statement, *_rest: asked[-1].append(statement),
    )
    for number, phone in ((20, PHONE), (21, "+79160000000")):
        asked.append([])
        guest = client(f"10.77.0.{number}", f"02:00:00:00:00:{number}")
        await bench.service.request_code(guest, phone, language="ru")
    assert len(asked[0]) > 5
    assert asked[0] == asked[1]


async def test_numbers_that_get_no_code(bench) -> None:
    assert (await bench.service.request_code(client(), "abc", language="ru")).reason == "phone-invalid"
    foreign = await bench.service.request_code(client(), "+447400123456", language="ru")
    assert foreign.reason == "phone-country"
    assert bench.sender.sent == []


async def test_a_message_that_did_not_go_out_may_be_asked_for_again_at_once(bench) -> None:
    bench.sender.fault = "throttled"
    fault = await bench.service.request_code(client(), PHONE, language="ru")
    assert (fault.reason, fault.message_id) == ("send-throttled", "fault-send")
    assert (await bench.service.presence(client())).challenge is None
    assert bench.counted("codes_sent_total", outcome="throttled") == 1
    bench.sender.fault = ""
    assert await bench.service.request_code(client(), PHONE, language="ru") is None


async def test_the_message_is_in_the_language_of_the_page(bench) -> None:
    await bench.service.request_code(client(), PHONE, language="en")
    assert bench.sender.sent[0].text == "Your Wi-Fi code: 100001. Give it to nobody."
    assert bench.sender.sent[0].to == PHONE


async def test_a_blocked_account_is_told_only_after_the_right_code(bench) -> None:
    await log_in(bench)
    async with bench.db.reading() as tx:
        account_id = await tx.scalar(sa.select(Account.id))
    async with bench.db.transaction() as tx:
        await bench.directory.set_account_status(tx, account_id=account_id, status="blocked")
    guest = client("10.77.0.20", "02:00:00:00:00:20")
    assert await bench.service.request_code(guest, PHONE, language="ru") is None
    assert (await bench.service.enter_code(guest, "000000")).reason == "code-wrong"
    assert (await bench.service.enter_code(guest, bench.sender.last_code)).reason == "denied"
    assert (await bench.service.presence(guest)).session is None


# --- voucher, extension, logout ---------------------------------------------------------------------


async def voucher(bench: Bench) -> str:
    async with bench.db.transaction() as tx:
        [code] = await bench.directory.create_vouchers(
            tx, plan_id="city", count=1, valid_s=7200, batch="t", now=bench.clock.now()
        )
    return code


async def test_a_voucher_logs_in_however_it_is_typed(bench) -> None:
    code = await voucher(bench)
    assert await bench.service.redeem_voucher(client(), f" {code.lower().replace('-', ' ')} ") is None
    assert (await bench.service.presence(client())).session.method == "voucher"
    assert await bench.service.redeem_voucher(client(), code) is None  # sent twice
    assert await count(bench, NetSession) == 1
    assert await topics(bench) == ["session.started"]


async def test_a_voucher_form_sent_twice_at_once_logs_in_once(bench) -> None:
    code = await voucher(bench)
    outcomes = await asyncio.gather(*(bench.service.redeem_voucher(client(), code) for _ in range(6)))
    assert outcomes == [None] * 6
    assert await count(bench, NetSession) == 1
    assert await topics(bench) == ["session.started"]


async def test_wrong_and_expired_vouchers_are_told_alike_and_limited(bench) -> None:
    code = await voucher(bench)
    bench.clock.advance(7201)
    assert await bench.service.redeem_voucher(client(), code) == await bench.service.redeem_voucher(
        client(), "AAAA-BBBB-CCCC"
    )
    assert (await bench.service.redeem_voucher(client(), "x" * 500)).reason == "voucher-wrong"
    assert (await bench.service.redeem_voucher(client(), "")).reason == "voucher-tries"
    fresh = await voucher(bench)
    assert (await bench.service.redeem_voucher(client(), fresh)).reason == "voucher-tries"
    bench.clock.advance(3600)
    assert await bench.service.redeem_voucher(client(), fresh) is None


async def test_a_session_near_its_end_may_be_extended_while_the_device_is_remembered(bench) -> None:
    await log_in(bench)
    assert not (await bench.service.presence(client())).can_extend
    assert (await bench.service.extend(client())).reason == "extend"
    bench.clock.advance(1801)
    assert (await bench.service.presence(client())).can_extend
    assert await bench.service.extend(client()) is None
    session = (await bench.service.presence(client())).session
    assert session.seconds_remaining(bench.clock.now()) == 3600
    assert session.method == "remembered"
    assert await topics(bench) == ["session.started", "session.ended", "session.started"]


async def test_an_extension_never_outlives_the_memory_of_the_device(bench) -> None:
    async with bench.db.transaction() as tx:
        await bench.directory.save_plan(tx, replace(PLAN, remember_s=5000))
    await log_in(bench)
    bench.clock.advance(1801)
    assert await bench.service.extend(client()) is None
    session = (await bench.service.presence(client())).session
    assert session.seconds_remaining(bench.clock.now()) == 5000 - 1801
    bench.clock.advance(5000 - 1801 - 10)
    assert not (await bench.service.presence(client())).can_extend


async def test_a_quota_cannot_be_refilled_by_extending(bench) -> None:
    async with bench.db.transaction() as tx:
        await bench.directory.save_plan(tx, replace(PLAN, quota_bytes=1000))
    await log_in(bench)
    bench.clock.advance(1801)
    assert (await bench.service.extend(client())).reason == "extend"
    assert (await bench.service.presence(client())).session.bytes_remaining == 1000


async def test_logout_ends_the_session_and_forgets_the_device(bench) -> None:
    await log_in(bench)
    await bench.service.logout(client())
    assert (await bench.service.presence(client())).session is None
    async with bench.db.reading() as tx:
        assert await bench.directory.find_known_device(tx, mac=MAC, now=bench.clock.now()) is None
    assert await topics(bench) == ["session.started", "session.ended"]
    await bench.service.logout(client())  # again, with nothing to end
    assert bench.counted("logouts_total") == 1


async def test_a_session_that_ran_out_is_not_shown_while_it_waits_to_be_ended(bench) -> None:
    await log_in(bench)
    bench.clock.advance(3600)
    assert (await bench.service.presence(client())).session is None


async def test_the_time_left_goes_down(bench) -> None:
    await log_in(bench)
    bench.clock.advance(timedelta(minutes=10).total_seconds())
    session = (await bench.service.presence(client())).session
    assert session.seconds_remaining(bench.clock.now()) == 3000
