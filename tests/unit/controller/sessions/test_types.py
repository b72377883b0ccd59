from dataclasses import replace
from datetime import timedelta

from controller.core.mac import Mac
from controller.sessions.types import SessionView, StartSession
from tests.factories.people import make_plan
from tests.fakes.clock import START

VIEW = SessionView(
    id="01S", account_id="01A", device_id="01D", mac=Mac("02:00:00:00:00:01"), ip="10.0.0.1", gateway_id="gw",
    nas_id=None, ap_serial=None, site_id=None, ssid="", plan_id="city", method="sms", started_at=START,
    expires_at=START + timedelta(seconds=90.9), idle_timeout_s=60, quota_bytes=None, last_used_at=START,
    last_interim_at=None, ended_at=None, end_reason="",
    up_bytes=30, down_bytes=50, up_packets=1, down_packets=1,
)  # fmt: skip


def test_time_left_is_whole_seconds_and_none_once_over():
    assert VIEW.seconds_remaining(START) == 90
    assert VIEW.seconds_remaining(START + timedelta(hours=1)) == 0
    assert replace(VIEW, ended_at=START).seconds_remaining(START) == 0


def test_volume_left_counts_both_directions():
    assert VIEW.bytes_remaining is None
    assert replace(VIEW, quota_bytes=100).bytes_remaining == 20
    assert replace(VIEW, quota_bytes=70).bytes_remaining == 0


def test_a_promised_id_is_kept_and_else_a_new_one_is_made():
    request = StartSession(Mac("02:00:00:00:00:01"), "", None, "01A", "01D", make_plan(), "sms")
    assert len(request.choose_id()) == 26
    assert replace(request, session_id="01PROMISED").choose_id() == "01PROMISED"
