"""Times of the week, lengths of time, rates and names, as a policy writes them. Pure.

Every `read_` raises ValueError with a sentence for the engineer; every `show_` writes what its
`read_` understands.
"""

import re
from typing import Final

from radius.policy.rules import DAY_MINUTES, DAYS, Window

NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
"""What rules, reasons, plans and NASes are called."""
_FILTER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_DURATION: Final = re.compile(r"([0-9]{1,8})([dhms])")
_RATE: Final = re.compile(r"([0-9]{1,9})([kMG]?)")
_CLOCK: Final = re.compile(r"([0-9]{2}):([0-9]{2})")
_UNIT_S: Final = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_UNIT_KBPS: Final = {"G": 1_000_000, "M": 1_000, "k": 1}
_MAX_S: Final = 366 * 86_400
_MAX_KBPS: Final = 4_294_967
"""What fits into 32 bits as bit/s."""
_MAX_VLAN: Final = 4_094
_SHORTEST_INTERIM_S: Final = 60


def read_window(text: str) -> Window:
    """Return the window written as `mon-fri 08:00-18:00`; either half may be left out."""
    parts = text.split(" ")
    hours = parts.pop() if _CLOCK.match(parts[-1]) else "00:00-24:00"
    days = parts.pop() if parts else f"{DAYS[0]}-{DAYS[-1]}"
    if parts:
        raise ValueError(f"{text!r} is no time: write `mon-fri 08:00-18:00`")
    start, _, end = hours.partition("-")
    begins, ends = _minute(start), _minute(end)
    if begins in (ends, DAY_MINUTES) or ends == 0:
        raise ValueError(
            f"{hours!r} is no span: it begins before 24:00 and ends after 00:00, at another time"
        )
    return Window(_days(days), begins, ends)


def _minute(text: str) -> int:
    match = _CLOCK.fullmatch(text)
    minute = int(match[1]) * 60 + int(match[2]) if match else DAY_MINUTES + 1
    if minute > DAY_MINUTES or (match is not None and int(match[2]) > 59):  # noqa: PLR2004  minutes of an hour
        raise ValueError(f"{text!r} is no time of day: write it as 08:00, at most 24:00")
    return minute


def _days(text: str) -> tuple[int, ...]:
    first, dash, last = text.partition("-")
    if first not in DAYS or (dash and last not in DAYS):
        raise ValueError(f"{text!r} is no weekday or span of them: {', '.join(DAYS)}")
    begin = DAYS.index(first)
    count = (DAYS.index(last) - begin) % len(DAYS) + 1 if dash else 1
    return tuple(sorted((begin + step) % len(DAYS) for step in range(count)))


def render_window(window: Window) -> str:
    """Return a window as `read_window` reads it; its days follow each other."""
    hours = f"{_hours(window.start)}-{_hours(window.end)}"
    if len(window.days) == len(DAYS):
        return hours
    if len(window.days) == 1:
        return f"{DAYS[window.days[0]]} {hours}"
    missing = len(DAYS) - len(window.days)
    first = next(day for day in window.days if (day - 1) % len(DAYS) not in window.days)
    last = (first + len(DAYS) - missing - 1) % len(DAYS)
    return f"{DAYS[first]}-{DAYS[last]} {hours}"


def _hours(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def read_duration(text: str) -> int:
    """Return the seconds of `90s`, `30m`, `8h` or `7d`."""
    match = _DURATION.fullmatch(text)
    seconds = int(match[1]) * _UNIT_S[match[2]] if match else 0
    if not 1 <= seconds <= _MAX_S:
        raise ValueError(f"{text!r} is no length of time: write 90s, 30m, 8h or 7d")
    return seconds


def read_interim(text: str) -> int:
    """Return the seconds between two accounting records."""
    seconds = read_duration(text)
    if seconds < _SHORTEST_INTERIM_S:
        raise ValueError("'interim' is 60s at least (RFC 2869 §5.16)")
    return seconds


def show_duration(seconds: int) -> str:
    """Return a length of time in its largest whole unit."""
    unit = next(unit for unit, size in _UNIT_S.items() if seconds % size == 0)
    return f"{seconds // _UNIT_S[unit]}{unit}"


def read_rate(text: str) -> int:
    """Return the kbit/s of `512k`, `50M` or `1G`; a number alone is kbit/s."""
    match = _RATE.fullmatch(text)
    kbps = int(match[1]) * _UNIT_KBPS[match[2] or "k"] if match else -1
    if not 0 <= kbps <= _MAX_KBPS:
        raise ValueError(f"{text!r} is no rate: write 512k, 50M or 1G bit/s, 0 for no limit")
    return kbps


def show_rate(kbps: int) -> str:
    """Return a rate in its largest whole unit."""
    if kbps == 0:
        return "0"
    unit = next(unit for unit, size in _UNIT_KBPS.items() if kbps % size == 0)
    return f"{kbps // _UNIT_KBPS[unit]}{unit}"


def read_vlan(text: str) -> int:
    """Return a VLAN id (IEEE 802.1Q)."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= _MAX_VLAN or len(text) > 4:  # noqa: PLR2004
        raise ValueError(f"{text!r} is no VLAN: 1 to {_MAX_VLAN}")
    return int(text)


def read_filter(text: str) -> str:
    """Return the name of an access point's filter or role."""
    if not _FILTER.fullmatch(text):
        raise ValueError(f"{text!r} is no name of a filter: letters, digits, `_`, `.` and `-`")
    return text


def read_plan(text: str) -> str:
    """Return a plan's id."""
    if not NAME.fullmatch(text):
        raise ValueError(f"{text!r} is no plan's id")
    return text
