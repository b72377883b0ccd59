from dataclasses import FrozenInstanceError

import pytest

from controller.ap_channel.ucentral.errors import Reason
from controller.ap_channel.ucentral.events import Dropped, InputRefused


def test_events_are_values():
    assert Dropped(1008, "idle") == Dropped(1008, "idle")
    with pytest.raises(FrozenInstanceError):
        InputRefused(Reason.BAD_JSON, "").reason = Reason.TOO_BIG
