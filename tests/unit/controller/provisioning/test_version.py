import json

import pytest

from controller.provisioning.version import LAST_UUID, digest, next_uuid, stamp


def test_a_uuid_is_the_time_unless_something_higher_is_there():
    assert next_uuid(0, now_s=1_700_000_000) == 1_700_000_000
    assert next_uuid(1_700_000_000, now_s=1_700_000_000) == 1_700_000_001
    assert next_uuid(5, now_s=1_700_000_000, running=1_800_000_000) == 1_800_000_001


def test_a_clock_at_the_epoch_still_gives_a_name_that_agents_prune():
    assert str(next_uuid(0, now_s=5)).startswith("1")


def test_the_int32_ends():
    assert next_uuid(LAST_UUID - 1, now_s=5) == LAST_UUID
    with pytest.raises(OverflowError):
        next_uuid(LAST_UUID, now_s=5)


def test_the_digest_is_of_the_content():
    config = {"b": [1, {"y": 1, "x": 2}], "a": "Ы"}
    same = {"a": "Ы", "b": [1, {"x": 2, "y": 1}], "uuid": 9}
    assert digest(config) == digest(same)
    assert digest(config) != digest({**config, "a": "ы"})
    assert len(digest(config)) == 64


def test_a_stamped_config_is_json_with_its_uuid():
    assert json.loads(stamp({"a": "Ы", "uuid": 1}, 2)) == {"a": "Ы", "uuid": 2}
