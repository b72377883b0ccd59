"""What goes out is JSON-RPC; big states are packed and come out the same."""

import base64
import json
import zlib

from hypothesis import given
from hypothesis import strategies as st

from controller.city.fleet.messages import (
    COMPRESS_FROM,
    Association,
    RadioRef,
    Rate,
    StateBody,
    encode_call,
    encode_reply,
)


def unpack(params: dict) -> dict:
    if "compress_64" not in params:
        return params
    data = zlib.decompress(base64.b64decode(params["compress_64"]))
    assert len(data) == params["compress_sz"]
    return json.loads(data)


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=2000), max_size=4), st.booleans())
def test_calls_carry_their_params(params: dict, compress: bool) -> None:
    message = json.loads(encode_call("state", params, compress=compress))
    assert message.keys() == {"jsonrpc", "method", "params"}
    assert message["jsonrpc"] == "2.0"
    assert message["method"] == "state"
    size = len(json.dumps(params, ensure_ascii=False, separators=(",", ":")).encode())
    if not compress or size < COMPRESS_FROM - 64:
        assert message["params"] == params
    assert unpack(message["params"]) == params


def test_from_two_kibibytes_on_it_is_packed() -> None:
    small, big = {"a": "x" * (COMPRESS_FROM - 9)}, {"a": "x" * (COMPRESS_FROM - 8)}
    assert "compress_64" not in json.loads(encode_call("state", small, compress=True))["params"]
    assert "compress_64" in json.loads(encode_call("state", big, compress=True))["params"]
    assert "compress_64" not in json.loads(encode_call("connect", big))["params"]


def test_replies_carry_the_id() -> None:
    assert json.loads(encode_reply(7, {"status": {"error": 0}})) == {
        "jsonrpc": "2.0",
        "id": 7,
        "result": {"status": {"error": 0}},
    }


def test_names_are_those_of_the_schema() -> None:
    rate = Rate(bitrate=144400, chwidth=20, mcs=7, nss=2, he=True)
    link = json.loads(encode_call("x", Association("b", "s", -60, rate, rate)))["params"]
    assert link["rx_rate"] == {"bitrate": 144400, "chwidth": 20, "mcs": 7, "nss": 2, "he": True}
    assert json.loads(encode_call("x", RadioRef("#/radios/0")))["params"] == {"$ref": "#/radios/0"}
    assert "link_state" in StateBody.__struct_fields__
    assert "link-state" in StateBody.__struct_encode_fields__
