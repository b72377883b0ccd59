"""Whether applying waits because acknowledging needs the machine. A pure module.

In a burst, such as when a district's power is back, records come in faster than they can be applied. They
are safe on disk by then, so what keeps the next ones from being acknowledged may wait; but not for long.
"""

from dataclasses import dataclass
from typing import Final

_LOOK_S: Final = 0.25
"""How long it waits before it looks again whether the burst goes on."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the journals stand.

    Attributes:
        growth: octets a second that were written since the last look.
        pace: octets a second that can be applied; 0 if that is not known yet.
        lag_s: age of the oldest record that is not applied.
    """

    growth: float
    pace: float
    lag_s: float


def choose_wait(standing: Standing, lag_max_s: float) -> float:
    """Return how many seconds applying waits before the next look; 0: it goes on.

    It waits only while more comes in than it could apply, and no longer than until a half of `lag_max_s`:
    the other half is for what has gathered until then.
    """
    if not standing.pace or standing.growth <= standing.pace:
        return 0.0
    return min(_LOOK_S, max(0.0, lag_max_s / 2 - standing.lag_s))
