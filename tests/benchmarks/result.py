"""What every benchmark says: on standard output one JSON object a figure, of which the last sums up.

How far it is, and figures in words, go to standard error.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Figure:
    """One measured figure beside its peer and its target.

    Attributes:
        name: dotted, stable between versions.
        unit: of `ours`, `peer` and `target`.
        ours: what was measured.
        better: which direction is good.
        peer: the same figure of the peer in the same run, None where there is none.
        target: what must be reached, None where the figure only informs.
    """

    name: str
    unit: str
    ours: float
    better: Literal["more", "less"]
    peer: float | None = None
    target: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the target is reached; true where there is none."""
        if self.target is None:
            return True
        return self.ours >= self.target if self.better == "more" else self.ours <= self.target

    def to_json(self) -> str:
        """The figure as one line; `ratio` is ours to the peer's."""
        return json.dumps(
            {
                "name": self.name,
                "unit": self.unit,
                "ours": round(self.ours, 3),
                "peer": None if self.peer is None else round(self.peer, 3),
                "ratio": round(self.ours / self.peer, 3) if self.peer else None,
                "target": self.target,
                "holds": self.holds,
            },
            ensure_ascii=False,
        )


def summary(name: str, figures: Sequence[Figure]) -> Figure:
    """Sum figures up: how many of those with a target reach it; holds only if all do."""
    judged = [figure for figure in figures if figure.target is not None]
    return Figure(
        name=name,
        unit="targets held",
        ours=float(sum(figure.holds for figure in judged)),
        better="more",
        target=float(len(judged)),
    )


def print_figures(name: str, figures: Sequence[Figure]) -> bool:
    """Print each figure and, as the last line, the summary; returns whether all hold."""
    total = summary(name, figures)
    for figure in (*figures, total):
        sys.stdout.write(f"{figure.to_json()}\n")
    return total.holds


def tell(text: str) -> None:
    """Say to whoever watches how it goes."""
    sys.stderr.write(f"{text}\n")
