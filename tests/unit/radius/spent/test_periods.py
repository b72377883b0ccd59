from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from controller.directory.types import PlanView
from radius.spent.periods import Period, periods_of

MOSCOW, BERLIN = ZoneInfo("Europe/Moscow"), ZoneInfo("Europe/Berlin")


def plan(daily=None, monthly=None):
    return PlanView("city", "City", 1, 1, 1, 1, None, None, None, 5, daily, monthly)


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


def test_days_and_months_are_the_citys():
    now = utc(2026, 11, 30, 22, 30)  # December has begun in Moscow
    assert periods_of(plan(5, 50), now, MOSCOW) == [
        Period(utc(2026, 11, 30, 21), utc(2026, 12, 1, 21), 5),
        Period(utc(2026, 11, 30, 21), utc(2026, 12, 31, 21), 50),
    ]


@pytest.mark.parametrize(
    ("now", "start", "end"),
    [
        (utc(2026, 10, 25, 12), utc(2026, 10, 24, 22), utc(2026, 10, 25, 23)),
        (utc(2026, 3, 29, 12), utc(2026, 3, 28, 23), utc(2026, 3, 29, 22)),
    ],
)
def test_a_day_on_which_clocks_change(now, start, end):
    assert periods_of(plan(5), now, BERLIN) == [Period(start, end, 5)]


def test_plans_without_limits_and_short_months():
    assert periods_of(plan(), utc(2026, 2, 3), UTC) == []
    assert periods_of(plan(monthly=1), utc(2026, 2, 28), UTC) == [Period(utc(2026, 2, 1), utc(2026, 3, 1), 1)]
