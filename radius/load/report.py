"""What came of a load: counts, rates and latencies, of one process or of several together."""

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from radius.load.latency import Latencies
from radius.protocol.attributes import Code


@dataclass(slots=True)
class Part:
    """What one process saw.

    Attributes:
        sent: requests, without repetitions; EAP: logins begun.
        codes: answers that were believed, by code; EAP: the last of each login.
        lost: not answered in time.
        strays: datagrams that answered nothing under way.
        faults: answers that were not believed, by reason.
        seconds: how long answers took; EAP: whole logins.
        sending_s: from the first sending to the last.
        elapsed_s: from the first sending to the last answer.
        packets: EAP: requests of all logins; else as `sent`.
        classes: Class values of Accepts by the number of the request, if they were wanted.
    """

    sent: int = 0
    codes: Counter[int] = field(default_factory=Counter)
    lost: int = 0
    strays: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    seconds: "array[float]" = field(default_factory=lambda: array("d"))
    sending_s: float = 0.0
    elapsed_s: float = 0.0
    packets: int = 0
    classes: dict[int, tuple[bytes, ...]] = field(default_factory=dict)


class Report:
    """Parts of the same load that ran side by side.

    Args:
        work: what was asked.
        parts: at least one.
    """

    def __init__(self, work: str, parts: Sequence[Part]) -> None:
        self.work = work
        self.sent = sum(part.sent for part in parts)
        self.packets = sum(part.packets for part in parts)
        self.lost = sum(part.lost for part in parts)
        self.strays = sum(part.strays for part in parts)
        self.codes = sum((part.codes for part in parts), Counter[int]())
        self.faults = sum((part.faults for part in parts), Counter[str]())
        self.latencies = Latencies(part.seconds for part in parts)
        self.offered_per_second = sum(part.sent / part.sending_s for part in parts if part.sending_s)
        self.per_second = sum(sum(part.codes.values()) / part.elapsed_s for part in parts if part.elapsed_s)
        self._elapsed_s = max(part.elapsed_s for part in parts)

    @property
    def answered(self) -> int:
        """Answers that were believed."""
        return self.codes.total()

    @property
    def accepted(self) -> int:
        """Accepts, and acknowledged accounting."""
        return self.codes[Code.ACCESS_ACCEPT] + self.codes[Code.ACCOUNTING_RESPONSE]

    def goodput(self, deadline_s: float) -> float:
        """Return the answers a second, from the first sending to the last answer, that came in time."""
        return self.latencies.within(deadline_s) / self._elapsed_s if self._elapsed_s else 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the figures for a reader or a program; rates are of answers that were believed."""
        times = self.latencies.percentiles()
        return {
            "work": self.work,
            "sent": self.sent,
            "packets": self.packets,
            "answered": self.answered,
            "accepted": self.accepted,
            "rejected": self.codes[Code.ACCESS_REJECT],
            "lost": self.lost,
            "strays": self.strays,
            "faults": dict(self.faults),
            "offered_per_second": round(self.offered_per_second, 1),
            "per_second": round(self.per_second, 1),
            "p50_ms": round(times.p50_ms, 3),
            "p90_ms": round(times.p90_ms, 3),
            "p99_ms": round(times.p99_ms, 3),
            "max_ms": round(times.max_ms, 3),
        }
