"""What a check found. No behaviour."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["pass", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """One line of `kolco doctor`."""

    name: str
    """What was looked at."""
    status: Status
    """fail: kolco does not work like this; warn: a part of it does not."""
    detail: str
    """What was found."""
    fix: str = ""
    """What to do; empty when nothing needs doing."""
