"""What a port bears, as the settings say. Decides nothing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StormLimits:
    """How a port behaves under load.

    Attributes:
        nas_timeout_s: after this a NAS asks again or gives up; who waited half of it is dropped.
        queue_max: datagrams that wait at most.
        reject_delay_s: how long an Access-Reject is kept back; 0 sends it at once.
        delayed_max: Access-Rejects kept back at most; the oldest goes early for one more.
    """

    nas_timeout_s: float = 3.0
    queue_max: int = 20_000
    reject_delay_s: float = 0.0
    delayed_max: int = 10_000
