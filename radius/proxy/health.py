"""Whether a home server is taken for alive. A pure module: the time goes in.

Down is who left a request unanswered and said nothing else since it was sent; up again is who answers
anything, or, if it knows no Status-Server, whoever has been left alone for a while.
"""


class Health:
    """One home server's state, for one port of it.

    Args:
        revive_s: seconds after which one that is down is tried again unasked; None: only if it answers.
    """

    def __init__(self, *, revive_s: float | None) -> None:
        self._revive_s = revive_s
        self._heard_at = float("-inf")
        self._down_at: float | None = None

    def is_up(self, now: float) -> bool:
        """Tell whether it is taken for alive."""
        if self._down_at is None:
            return True
        return self._revive_s is not None and now - self._down_at >= self._revive_s

    def heard(self, now: float) -> None:
        """Note a genuine reply."""
        self._heard_at = now
        self._down_at = None

    def missed(self, sent_at: float, now: float) -> None:
        """Note that a request sent then has no answer."""
        if self._heard_at < sent_at:
            self._down_at = now
