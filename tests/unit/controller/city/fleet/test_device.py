"""The simulated client answers as wlan-ucentral-client does, and what it sends keeps to the schema."""

import base64
import json
import zlib
from pathlib import Path
from random import Random
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.city.fleet.device import MAX_MESSAGE_BYTES, Device, Restart, Retime, Say
from controller.city.fleet.people import Population
from controller.city.plan import plan_city

NOW = 1_795_000_000.0
SCHEMA = Path(__file__).resolve().parents[6] / "shared" / "vectors" / "ucentral.state.schema.json"
CONFIG = {"radios": [], "interfaces": [{"ssids": [{"name": "Москва", "wifi-bands": ["2G", "5G"]}]}]}


def fleet(aps: int = 1) -> list[Device]:
    city = plan_city(2, aps)
    random = Random(2)
    population = Population([[] for _ in city.aps], random, peak_mean=9.0, activity=0.8)
    return [Device(ap, population, random, NOW) for ap in city.aps]


@pytest.fixture
def device() -> Device:
    return fleet()[0]


def call(device: Device, method: str, request_id: object = 5, **params) -> bytes:
    params = {"serial": device.ap.serial, **params}
    return json.dumps({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}).encode()


def receive(device: Device, message: bytes) -> tuple[dict, list]:
    """The answer's result and what follows it."""
    first, *others = device.receive(message, 0.8, NOW + 60)
    assert isinstance(first, Say)
    answer = json.loads(first.message)
    assert answer["id"] == 5
    assert answer["result"]["serial"] == device.ap.serial
    return answer["result"], others


def state_of(message: bytes) -> dict:
    params = json.loads(message)["params"]
    if "compress_64" in params:
        params = json.loads(zlib.decompress(base64.b64decode(params["compress_64"])))
    return params


def test_connect_introduces_the_access_point(device: Device) -> None:
    message = json.loads(device.connect("coldboot"))
    assert message["method"] == "connect"
    params = message["params"]
    assert params["serial"] == device.ap.serial
    assert params["uuid"] == 1
    assert params["reason"] == "coldboot"
    assert params["capabilities"]["compress_cmd"] is True
    assert params["capabilities"]["compatible"] == device.ap.model


def unknown_names(value: object, schema: dict, root: dict, path: str = "") -> list[str]:
    """Members that the schema does not name: it forbids none, so a wrong name would pass unseen."""
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    if isinstance(value, list):
        return [name for one in value for name in unknown_names(one, schema.get("items", {}), root, path)]
    if not isinstance(value, dict) or "properties" not in schema:
        return []
    found = []
    for name, inner in value.items():
        known = schema["properties"].get(name)
        if known is None:
            found.append(f"{path}/{name}")
        else:
            found += unknown_names(inner, known, root, f"{path}/{name}")
    return found


def test_states_validate_against_the_published_schema() -> None:
    if not SCHEMA.exists():
        pytest.skip("the published uCentral schemas are not on this machine (../shared/vectors)")
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    check = jsonschema.Draft7Validator(schema)
    models = set()
    for device in fleet(150):
        models.add(device.ap.model)
        check.validate(state_of(device.state(0.5, NOW + 60))["state"])
        device.receive(call(device, "configure", uuid=1_795_000_000, config=CONFIG), 0.8, NOW)
        state = state_of(device.state(0.9, NOW + 120))["state"]
        check.validate(state)
        # Real access points write the radio's reference as JSON references are written.
        assert set(unknown_names(state, schema, schema)) <= {"/interfaces/ssids/radio/$ref"}
    assert len(models) == 5


def test_a_configuration_is_applied_and_acknowledged(device: Device) -> None:
    result, others = receive(device, call(device, "configure", uuid=1_795_000_000, when=0, config=CONFIG))
    assert result["status"] == {"error": 0, "text": "Success"}
    assert result["uuid"] == 1_795_000_000
    assert others == [Retime()]
    assert device.configured
    state = state_of(device.state(0.8, NOW + 120))
    assert state["uuid"] == 1_795_000_000
    assert {bss["ssid"] for bss in state["state"]["interfaces"][0]["ssids"]} == {"Москва"}


def test_a_packed_configuration_is_read(device: Device) -> None:
    params = {"serial": device.ap.serial, "uuid": 5, "when": 0, "config": CONFIG}
    packed = base64.b64encode(zlib.compress(json.dumps(params).encode())).decode()
    message = json.dumps(
        {
            "jsonrpc": "2.0",
            "id": 5,
            "method": "configure",
            "params": {"compress_64": packed, "compress_sz": 9},
        }
    )
    result, _ = receive(device, message.encode())
    assert result["status"]["error"] == 0
    assert device.uuid == 5


def test_bad_parts_are_rejected_by_name_as_texts(device: Device) -> None:
    config = {"radios": [], "interfaces": [{"ssids": [{"name": "Москва_WiFi_Бесплатно"}, {"name": "ok"}]}]}
    result, _ = receive(device, call(device, "configure", uuid=9, config=config))
    assert result["status"]["error"] == 1
    assert all(isinstance(reject, str) for reject in result["status"]["rejected"])
    assert "36 bytes" in result["status"]["rejected"][0]
    assert [ssid.name for ssid in device.applied.ssids] == ["ok"]


@pytest.mark.parametrize(
    "params",
    [
        {"uuid": 0, "config": CONFIG},
        {"uuid": 2**31, "config": CONFIG},
        {"uuid": "7", "config": CONFIG},
        {"uuid": 7, "config": {"radios": []}},
        {"uuid": 7},
    ],
)
def test_a_configuration_that_cannot_be_used_changes_nothing(device: Device, params: dict) -> None:
    result, others = receive(device, call(device, "configure", **params))
    assert result["status"]["error"] == 2
    assert result["uuid"] == 1
    assert others == []


def test_an_older_configuration_never_takes_effect(device: Device) -> None:
    receive(device, call(device, "configure", uuid=100, config=CONFIG))
    result, _ = receive(device, call(device, "configure", uuid=99, config=CONFIG))
    assert result["status"]["error"] == 2
    assert device.uuid == 100


def test_id_zero_silences_the_answer_to_configure(device: Device) -> None:
    assert device.receive(call(device, "configure", 0, uuid=7, config=CONFIG), 0.8, NOW) == [Retime()]
    assert device.uuid == 7


def test_a_restart_keeps_the_configuration_and_a_factory_reset_does_not(device: Device) -> None:
    receive(device, call(device, "configure", uuid=7, config=CONFIG))
    assert receive(device, call(device, "reboot", when=0))[1] == [Restart()]
    device.boot("reboot", NOW + 30)
    assert device.uuid == 7
    assert device.hardware.body.interfaces[0].ssids
    assert device.hardware.body.unit.uptime == 0
    assert receive(device, call(device, "factory", keep_redirector=1))[1] == [Restart()]
    device.boot("factory", NOW + 60)
    assert not device.configured
    assert device.hardware.body.interfaces[0].ssids == []


@pytest.mark.parametrize("wanted", ["state", "healthcheck"])
def test_request_brings_the_message_with_the_uuid_of_the_request(device: Device, wanted: str) -> None:
    result, (told,) = receive(device, call(device, "request", message=wanted, request_uuid="r-1"))
    assert result["status"]["error"] == 0
    assert json.loads(told.message)["method"] == wanted
    assert state_of(told.message)["request_uuid"] == "r-1"


@pytest.mark.parametrize(
    ("method", "params", "error"),
    [
        ("request", {"message": "state"}, 2),
        ("request", {"message": "moon", "request_uuid": "r"}, 2),
        ("leds", {"pattern": "blink", "duration": 5}, 0),
        ("leds", {}, 2),
        ("ping", {}, 0),
        ("upgrade", {"uri": "http://x/"}, 2),
    ],
)
def test_simple_commands(device: Device, method: str, params: dict, error: int) -> None:
    result, others = receive(device, call(device, method, **params))
    assert result["status"]["error"] == error
    assert others == []


def test_health_and_ping_name_the_configuration(device: Device) -> None:
    device.state(0.5, NOW + 60)
    health = json.loads(device.healthcheck())["params"]
    assert 0 <= health["sanity"] <= 100
    assert health["uuid"] == json.loads(device.ping())["params"]["uuid"] == 1


def test_another_serial_or_a_message_over_the_buffer_is_ignored(device: Device) -> None:
    other = call(device, "ping", serial="d2c1ffffff00")
    long = call(device, "ping", padding="x" * MAX_MESSAGE_BYTES)
    assert device.receive(other, 0.5, NOW) == device.receive(long, 0.5, NOW) == []
    assert device.ignored == 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
METHODS = ["configure", "reboot", "factory", "request", "leds", "ping", "upgrade", ""]


@given(
    st.binary(max_size=200)
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.builds(
        lambda method, number, params, serial: json.dumps(
            {"id": number, "method": method, "params": {**params, **serial} if params is not None else None}
        ).encode(),
        st.sampled_from(METHODS) | JSON,
        st.integers() | JSON,
        st.none()
        | st.dictionaries(
            st.sampled_from(["uuid", "config", "message", "request_uuid", "pattern", "compress_64"]), JSON
        ),
        st.just({"serial": plan_city(2, 1).aps[0].serial}) | st.just({}),
    )
)
def test_any_bytes_are_survived(message: bytes) -> None:
    device = fleet()[0]
    wishes = device.receive(message, 0.5, NOW)
    for wish in wishes:
        if isinstance(wish, Say):
            json.loads(wish.message)


@pytest.mark.parametrize(
    "call",
    [
        {"method": "leds", "params": {"pattern": []}},
        {"method": "request", "params": {"request_uuid": "u", "message": {}}},
    ],
    ids=["leds", "request"],
)
def test_a_word_that_is_no_text_is_refused(call: dict[str, Any]) -> None:
    call["params"]["serial"] = plan_city(2, 1).aps[0].serial
    (said,) = fleet()[0].receive(json.dumps({"id": 1, **call}).encode(), 0.5, NOW)
    assert isinstance(said, Say)
    assert json.loads(said.message)["result"]["status"]["error"] == 2
