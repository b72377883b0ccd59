import base64
import json
import zlib

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.ap_channel.ucentral import connection as module
from controller.ap_channel.ucentral import messages
from controller.ap_channel.ucentral.commands import Configure, PingCommand, Reboot
from controller.ap_channel.ucentral.connection import Phase, UcentralConnection
from controller.ap_channel.ucentral.errors import LocalProtocolError, OversizedError, Reason
from controller.ap_channel.ucentral.events import (
    CommandTimedOut,
    Dropped,
    InputRefused,
    MessageReceived,
    ReplyReceived,
)

SERIAL = "0a1b2c3d4e5f"
CONNECT = {"serial": SERIAL, "firmware": "f", "uuid": 1, "reason": "socket", "capabilities": {}}
STATE = {"serial": SERIAL, "uuid": 7, "state": {"unit": {"uptime": 5}}}


def rpc(method: str, params, **extra) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "method": method, "params": params, **extra}).encode()


def compressed(params, size: int = 1) -> dict:
    data = params if isinstance(params, bytes) else json.dumps(params).encode()
    return {"compress_64": base64.b64encode(zlib.compress(data)).decode(), "compress_sz": size}


@pytest.fixture
def new() -> UcentralConnection:
    return UcentralConnection(SERIAL, now=0)


@pytest.fixture
def opened(new) -> UcentralConnection:
    (event,) = new.receive_text(rpc("connect", CONNECT), 1)
    assert isinstance(event, MessageReceived)
    return new


def reason_of(events) -> Reason:
    (event,) = events
    assert isinstance(event, InputRefused), event
    return event.reason


def test_connect_opens(opened):
    assert opened.phase is Phase.OPEN


def test_everything_else_waits_for_connect(new):
    for method in sorted(set(messages.METHODS) - {"connect", "event", "alarm", "wifiscan", "telemetry"}):
        params = {"serial": SERIAL, "uuid": 1, "active": 1, "sanity": 1, "log": "", "state": {}}
        fresh = UcentralConnection(SERIAL, now=0)
        assert reason_of(fresh.receive_text(rpc(method, params), 1)) is Reason.NOT_CONNECTED
        assert fresh.phase is Phase.NEW


def test_an_open_connection_takes_every_method_and_connect_again(opened):
    params = {
        "serial": SERIAL, "uuid": 1, "active": 1, "sanity": 1, "log": "", "state": {}, "data": {},
        "firmware": "f", "capabilities": {},
    }  # fmt: skip
    for method in messages.METHODS:
        (event,) = opened.receive_text(rpc(method, params), 2)
        assert isinstance(event, MessageReceived), method


def test_the_serial_must_be_the_certificates(new):
    events = new.receive_text(rpc("connect", {**CONNECT, "serial": "ffffffffffff"}), 1)
    assert events[0].reason is Reason.SERIAL_MISMATCH
    assert events[1] == Dropped(1008, "serial-mismatch")
    assert new.phase is Phase.CLOSED
    assert new.receive_text(rpc("connect", CONNECT), 2) == []


def test_a_later_mismatch_costs_one_error(opened):
    events = opened.receive_text(rpc("ping", {"serial": "ffffffffffff", "uuid": 1}), 2)
    assert reason_of(events) is Reason.SERIAL_MISMATCH
    assert opened.phase is Phase.OPEN


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", Reason.BAD_JSON),
        (b"{", Reason.BAD_JSON),
        (b"\xff\xfe", Reason.BAD_JSON),
        (b'{"method":"\xff"}', Reason.BAD_JSON),
        (b"[]", Reason.BAD_ENVELOPE),
        (b"{}", Reason.BAD_ENVELOPE),
        (b'{"method":5}', Reason.BAD_ENVELOPE),
        (b'{"method":"ping"}', Reason.BAD_PARAMS),
        (b'{"method":"ping","params":[]}', Reason.BAD_PARAMS),
        (b'{"method":"ping","params":{"serial":"0a1b2c3d4e5f","uuid":"\xff"}}', Reason.BAD_PARAMS),
        (b'{"method":"explode","params":{}}', Reason.UNKNOWN_METHOD),
        (b'{"radius":"auth","data":"AAAA"}', Reason.RADIUS_PROXY),
        (b'{"id":1,"result":{}}', Reason.UNKNOWN_REPLY),
        (b'{"id":"x","error":{}}', Reason.UNKNOWN_REPLY),
        (b'{"params":' + b"[" * 200_000 + b"}", Reason.TOO_DEEP),
        (rpc("state", {"compress_64": "!", "compress_sz": 1}), Reason.BAD_COMPRESSION),
        (rpc("state", compressed(b"\0" * 3_000_000)), Reason.INFLATED_TOO_BIG),
        (rpc("state", compressed(b"nonsense")), Reason.BAD_PARAMS),
        (
            rpc("event", {"serial": SERIAL, "data": {"x": 1}}).replace(b'"x": 1', b'"x": 1e999'),
            Reason.BAD_PARAMS,
        ),
    ],
)
def test_malformed_input_has_its_reason(opened, payload, reason):
    assert reason_of(opened.receive_text(payload, 2)) is reason


def test_a_compressed_state_is_read_and_its_size_claim_ignored(opened):
    for claim in (0, 1, -5, 10**12):
        (event,) = opened.receive_text(rpc("state", compressed(STATE, claim)), 2)
        assert event.message.state.unit.uptime == 5


def test_a_word_in_a_log_line_is_not_compression(opened):
    params = {"serial": SERIAL, "log": 'he said "compress_64"', "severity": 3}
    (event,) = opened.receive_text(rpc("log", params), 2)
    assert event.message.log == 'he said "compress_64"'
    params = {"serial": SERIAL, "log": "compress_64", "severity": 3}
    (event,) = opened.receive_text(rpc("log", params), 2)
    assert event.message.log == "compress_64"


def test_too_big_and_binary_are_fatal(opened):
    events = opened.receive_text(b" " * 512_001, 2)
    assert [type(event) for event in events] == [InputRefused, Dropped]
    assert events[1].code == 1009
    other = UcentralConnection(SERIAL, now=0)
    assert other.receive_binary(1)[1] == Dropped(1003, "binary-frame")


def test_ten_errors_drop(opened):
    for _ in range(9):
        assert reason_of(opened.receive_text(b"{", 2)) is Reason.BAD_JSON
    events = opened.receive_text(b"{", 2)
    assert events[1] == Dropped(1008, "error-budget")
    assert opened.phase is Phase.CLOSED


def test_what_honest_agents_do_costs_nothing(opened):
    for _ in range(50):
        assert reason_of(opened.receive_text(b'{"radius":"auth","data":""}', 2)) is Reason.RADIUS_PROXY
        assert reason_of(opened.receive_text(rpc("join", {"serial": SERIAL}), 2)) is Reason.UNKNOWN_METHOD
    assert opened.phase is Phase.OPEN


def test_notifications_are_not_answered_but_broken_requests_are(opened):
    opened.receive_text(rpc("explode", {}), 2)
    assert opened.take_output() == []
    opened.receive_text(rpc("explode", {}, id=9), 2)
    (answer,) = opened.take_output()
    assert json.loads(answer) == {
        "jsonrpc": "2.0", "id": 9, "error": {"code": -32601, "message": "unknown-method"},
    }  # fmt: skip


def test_a_command_and_its_reply(opened):
    request_id = opened.send(Reboot(SERIAL), 10, timeout_s=30)
    (data,) = opened.take_output()
    sent = json.loads(data)
    assert sent["method"] == "reboot"
    assert sent["id"] == request_id == 1
    assert sent["params"]["serial"] == SERIAL
    answer = {"jsonrpc": "2.0", "id": 1, "result": {"serial": SERIAL, "uuid": 7, "status": {"error": 0}}}
    (event,) = opened.receive_text(json.dumps(answer).encode(), 11)
    assert isinstance(event, ReplyReceived)
    assert event.reply.method == "reboot"
    assert reason_of(opened.receive_text(json.dumps(answer).encode(), 11)) is Reason.LATE_REPLY


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"result": {"serial": "ffff", "status": {}}}, Reason.SERIAL_MISMATCH),
        ({"result": {"status": 5}}, Reason.BAD_RESULT),
        ({"result": []}, Reason.BAD_RESULT),
        ({"error": {"code": -1}}, Reason.BAD_RESULT),
    ],
)
def test_broken_replies_leave_the_command_to_its_timeout(opened, answer, reason):
    opened.send(PingCommand(SERIAL), 10, timeout_s=30)
    payload = json.dumps({"jsonrpc": "2.0", "id": 1, **answer}).encode()
    assert reason_of(opened.receive_text(payload, 11)) is reason
    assert opened.tick(40) == [CommandTimedOut(1, "ping")]


def test_commands_time_out_one_by_one(opened):
    opened.send(PingCommand(SERIAL), 10, timeout_s=5)
    opened.send(Reboot(SERIAL), 10, timeout_s=50)
    assert opened.tick(14.9) == []
    assert opened.tick(15) == [CommandTimedOut(1, "ping")]
    assert opened.tick(16) == []
    assert opened.close() == [CommandTimedOut(2, "reboot")]


def test_commands_need_an_open_connection_and_room(new):
    with pytest.raises(LocalProtocolError):
        new.send(PingCommand(SERIAL), 0, timeout_s=1)
    new.receive_text(rpc("connect", CONNECT), 1)
    for _ in range(module.MAX_PENDING):
        new.send(PingCommand(SERIAL), 0, timeout_s=1)
    with pytest.raises(LocalProtocolError):
        new.send(PingCommand(SERIAL), 0, timeout_s=1)


def test_ids_stay_positive_int32(opened):
    opened._last_id = 2**31 - 2
    assert opened.send(PingCommand(SERIAL), 0, timeout_s=1) == 2**31 - 1
    assert opened.send(PingCommand(SERIAL), 0, timeout_s=1) == 1


def big_config(size: int) -> Configure:
    return Configure(SERIAL, 1_700_000_000, msgspec.Raw(b'{"text":"' + b"x" * size + b'"}'))


def test_a_big_configure_is_compressed_if_the_agent_can(new):
    capabilities = {"compress_cmd": True}
    new.receive_text(rpc("connect", {**CONNECT, "capabilities": capabilities}), 1)
    new.send(big_config(100_000), 2, timeout_s=1)
    (data,) = new.take_output()
    assert len(data) <= module.MAX_COMMAND
    params = json.loads(data)["params"]
    inflated = json.loads(zlib.decompress(base64.b64decode(params["compress_64"])))
    assert inflated["uuid"] == 1_700_000_000
    assert len(inflated["config"]["text"]) == 100_000
    assert params["compress_sz"] > 100_000


def test_a_big_configure_is_refused_if_the_agent_cannot(opened):
    opened.send(big_config(30_000), 2, timeout_s=1)
    with pytest.raises(OversizedError):
        opened.send(big_config(100_000), 2, timeout_s=1)


def test_silence_drops_and_a_websocket_ping_is_no_silence(opened):
    assert opened.tick(600) == []
    opened.touch(600)
    assert opened.tick(1100) == []
    assert opened.tick(1200) == [Dropped(1001, "idle")]


def test_who_does_not_introduce_itself_is_dropped(new):
    assert new.tick(59) == []
    assert new.tick(60) == [Dropped(1008, "no-connect")]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)
frames = st.one_of(
    st.binary(max_size=300),
    json_values.map(lambda value: json.dumps(value).encode()),
    st.builds(
        lambda method, params, number: rpc(method, params, **({} if number is None else {"id": number})),
        st.sampled_from([*messages.METHODS, "configure", ""]),
        json_values | st.fixed_dictionaries({"serial": st.just(SERIAL)}, optional={
            "uuid": json_values, "state": json_values, "data": json_values, "log": json_values,
            "sanity": json_values, "compress_64": json_values, "loglines": json_values,
        }),
        st.none() | st.integers(),
    ),
    st.builds(
        lambda number, result: json.dumps({"id": number, "result": result}).encode(),
        st.integers(-2, 5), json_values,
    ),
)  # fmt: skip


@settings(max_examples=400)
@given(st.lists(frames, max_size=12), st.integers(0, 400))
def test_no_input_crashes_it(payloads, cut):
    connection = UcentralConnection(SERIAL, now=0)
    valid = rpc("connect", CONNECT)
    for number, payload in enumerate([valid, valid[:cut], *payloads]):
        events = connection.receive_text(payload, number)
        assert all(
            isinstance(event, MessageReceived | ReplyReceived | InputRefused | Dropped) for event in events
        )
        if number == 0:
            connection.send(PingCommand(SERIAL), 0, timeout_s=1000)
    for data in connection.take_output():
        json.loads(data)
    connection.tick(10_000)
    connection.close()
