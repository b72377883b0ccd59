"""Days and months of the city, in which volumes are counted. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from controller.directory.types import PlanView

_LONGEST_MONTH = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Period:
    """A day or a month, both ends in UTC, and the volume in octets that an account has in it."""

    start: datetime
    end: datetime
    quota_bytes: int


def periods_of(plan: PlanView, now: datetime, zone: tzinfo) -> list[Period]:
    """Return the present periods in which a plan limits the volume."""
    local = now.astimezone(zone)
    day = local.replace(hour=0, minute=0, second=0, microsecond=0)
    month = day.replace(day=1)
    periods = []
    if plan.daily_quota_bytes is not None:
        # By the calendar, not by 24 hours: where clocks change, a day has 23 or 25.
        end = day + timedelta(days=1)
        periods.append(Period(day.astimezone(UTC), end.astimezone(UTC), plan.daily_quota_bytes))
    if plan.monthly_quota_bytes is not None:
        end = (month + _LONGEST_MONTH).replace(day=1)
        periods.append(Period(month.astimezone(UTC), end.astimezone(UTC), plan.monthly_quota_bytes))
    return periods
