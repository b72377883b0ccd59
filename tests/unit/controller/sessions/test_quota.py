from datetime import timedelta

from controller.sessions.quota import due_at, reason_due, reason_spent
from tests.fakes.clock import START

LATER = START + timedelta(hours=1)


def test_a_session_is_due_when_it_expires_or_was_idle_for_too_long():
    assert due_at(expires_at=LATER, last_used_at=START, idle_timeout_s=60) == START + timedelta(minutes=1)
    assert due_at(expires_at=LATER, last_used_at=START, idle_timeout_s=7200) == LATER
    assert due_at(expires_at=LATER, last_used_at=START, idle_timeout_s=0) == LATER


def test_the_reason_tells_which():
    assert reason_due(expires_at=LATER, now=START) == "idle"
    assert reason_due(expires_at=LATER, now=LATER) == "expired"


def test_volume_is_used_up_at_the_quota_and_never_without_one():
    assert reason_spent(quota_bytes=100, used_bytes=99) is None
    assert reason_spent(quota_bytes=100, used_bytes=100) == "quota"
    assert reason_spent(quota_bytes=None, used_bytes=10**15) is None
