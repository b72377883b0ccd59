import json

import msgspec
import pytest

from controller.ap_channel.ucentral.messages import DECODERS, METHODS, Connect, State

SERIAL = "0a1b2c3d4e5f"


def decode(method: str, **params):
    return DECODERS[method].decode(json.dumps(params))


def test_every_method_of_the_protocol_is_known():
    assert set(METHODS) == {
        "connect", "state", "healthcheck", "ping", "log", "event", "recovery", "crashlog",
        "rebootLog", "alarm", "wifiscan", "telemetry", "deviceupdate", "cfgpending", "venue_broadcast",
    }  # fmt: skip


def test_the_password_is_not_kept_anywhere():
    message = decode(
        "connect", serial=SERIAL, firmware="f", uuid=1, password="hunter2", capabilities={"model": "m"}
    )
    assert "hunter2" not in repr(message)
    assert "hunter2" not in repr(decode("deviceupdate", serial=SERIAL, currentPassword="hunter2"))
    assert message == Connect(SERIAL, "f", 1, message.capabilities)


def test_numbers_of_the_state_may_be_integers_or_floats():
    state = {"radios": [{"channel": 36.0, "tx_power": 20}], "unit": {"load": [1, 0.5], "uptime": 3.0}}
    message = decode("state", serial=SERIAL, uuid=1_700_000_000, state=state)
    assert isinstance(message, State)
    assert message.state.radios[0].channel == 36


def test_fields_nobody_needs_are_skipped():
    message = decode("ping", serial=SERIAL, uuid=2, active=1, whatever={"deep": [1, 2]})
    assert message.uuid == 2


@pytest.mark.parametrize("serial", ["", "0A1B2C3D4E5F", "xyz", "0" * 30, "0a:1b", "0a1b\n", 12, None])
def test_a_serial_is_lower_case_hex_below_thirty_characters(serial):
    with pytest.raises(msgspec.ValidationError):
        decode("ping", serial=serial, uuid=1)


@pytest.mark.parametrize("uuid", [-1, 2**31, 1.5, "1", None])
def test_a_uuid_is_an_int32(uuid):
    with pytest.raises(msgspec.ValidationError):
        decode("ping", serial=SERIAL, uuid=uuid)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("healthcheck", {"uuid": 1, "sanity": 101}),
        ("log", {"log": "x", "severity": 8}),
        ("log", {"log": "x" * 9000, "severity": 1}),
        ("crashlog", {"uuid": 1, "loglines": ["x"] * 2001}),
        ("connect", {"uuid": 1, "firmware": "f" * 201, "capabilities": {}}),
        ("cfgpending", {"uuid": 1}),
        ("state", {"uuid": 1, "state": {"unit": {"uptime": 10**400}}}),
        ("state", {"uuid": 1, "state": {"unit": {"uptime": 1e300}}}),
    ],
)
def test_values_out_of_bounds_are_refused(method, params):
    with pytest.raises(msgspec.ValidationError):
        decode(method, serial=SERIAL, **params)
