import msgspec

from controller.ap_channel.ucentral.commands import (
    MAX_REJECTED,
    RESULT_DECODER,
    Configure,
    Leds,
    Request,
    reply_from,
)


def result(**fields):
    return RESULT_DECODER.decode(msgspec.json.encode(fields))


def test_params_carry_the_serial_and_the_rendered_config_as_it_is():
    command = Configure("aa", 1_700_000_000, msgspec.Raw('{"Имя":1}'.encode()))
    assert msgspec.json.decode(msgspec.json.encode(command)) == {
        "serial": "aa", "uuid": 1_700_000_000, "config": {"Имя": 1}, "when": 0,
    }  # fmt: skip
    assert Configure.method == "configure"


def test_leds_and_request_cannot_be_sent_without_what_agents_crash_on():
    assert msgspec.to_builtins(Leds("aa", "blink"))["pattern"] == "blink"
    assert msgspec.to_builtins(Request("aa", "state", "r1"))["request_uuid"] == "r1"


def test_rejects_are_texts_wherever_the_agent_put_them():
    inside = result(serial="aa", uuid=5, status={"error": 1, "text": "t", "rejected": ["a", {"b": 1}]})
    outside = result(serial="aa", uuid=5, status={"error": 1}, rejected=["a", {"b": 1}])
    for answer in (inside, outside):
        reply = reply_from(7, "configure", answer)
        assert reply.rejected == ("a", '{"b":1}')
        assert (reply.request_id, reply.method, reply.error, reply.uuid) == (7, "configure", 1, 5)


def test_a_reject_may_be_any_json():
    reply = reply_from(1, "configure", result(status={"rejected": [None, [], "a\0b"]}))
    assert reply.rejected == ("null", "[]", "ab")
    huge = RESULT_DECODER.decode(b'{"status":{"rejected":[' + b"9" * 400 + b"]}}")
    assert reply_from(1, "configure", huge).rejected == ("9" * 400,)


def test_a_flood_of_rejects_is_cut():
    reply = reply_from(1, "configure", result(status={"error": 1, "rejected": ["x" * 9000] * 900}))
    assert len(reply.rejected) == MAX_REJECTED
    assert len(reply.rejected[0]) == 500


def test_an_empty_result_is_a_success_of_an_unknown_uuid():
    assert reply_from(1, "ping", result()).error == 0
