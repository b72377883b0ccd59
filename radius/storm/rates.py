"""How many datagrams each NAS may send: a token bucket each. One that goes mad must not starve the others."""

from typing import Final

_BURST_S: Final = 1.0
"""A NAS that was quiet may send a second's worth at once."""
_ROUNDING_S: Final = 1e-6


class NasRates:
    """See the module.

    Args:
        per_second: datagrams of one NAS; more than 0.
    """

    def __init__(self, per_second: float) -> None:
        self._token_s = 1.0 / per_second
        self._empty_s = max(_BURST_S, self._token_s) + _ROUNDING_S
        self._full_at: dict[str, float] = {}

    def admit(self, nas: str, now: float) -> bool:
        """Tell whether a datagram of a NAS may be worked on, and count it if so."""
        # A bucket is kept as the moment at which it will be full again; each token puts that off.
        full_at = max(now, self._full_at.get(nas, now)) + self._token_s
        if full_at - now > self._empty_s:
            return False
        self._full_at[nas] = full_at
        return True
