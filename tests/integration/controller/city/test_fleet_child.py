"""The fleet's process is started, tells of itself, and ends with its parent's word."""

import pytest

from controller.city.fleet_child import FleetChild, FleetOrder
from controller.core.errors import UnavailableError
from controller.core.pki import CertificateAuthority
from tests.eventually import eventually


def order(tmp_path, **changes):
    given = {"url": "wss://127.0.0.1:1/", "data_dir": tmp_path, "aps": 2, "seed": 1, "state_interval_s": 5.0}
    return FleetOrder(**(given | changes))


async def test_a_fleet_tells_of_itself_and_is_ended(tmp_path):
    CertificateAuthority.open(tmp_path / "pki")
    fleet = await FleetChild.start(order(tmp_path), log=tmp_path / "log")
    try:

        def powered():
            fleet.check()
            return fleet.progress is not None and fleet.progress.powered == 2

        await eventually(powered, within_s=30)
        assert fleet.certificates == 2
        assert fleet.progress.aps == 2
        assert fleet.progress.connected == 0
    finally:
        await fleet.stop()
    with pytest.raises(UnavailableError, match="fleet ended"):
        fleet.check()


def test_the_interval_is_left_to_the_access_points_unless_given(tmp_path):
    assert "--state-interval=5" in order(tmp_path).argv()
    free = order(tmp_path, state_interval_s=None).argv()
    assert not [part for part in free if part.startswith("--state-interval")]
