"""What tallies tell each other: which metrics there are, and what was counted of them. Holds no behaviour."""

import msgspec

Labels = tuple[str, ...]
"""The values of a metric's labels, in order."""


class Definition(msgspec.Struct, array_like=True, frozen=True):
    """A metric of a tally; `bounds` are a histogram's, empty for a counter."""

    name: str
    text: str
    labels: Labels
    bounds: tuple[float, ...] = ()


class Increment(msgspec.Struct, array_like=True, frozen=True):
    """What a tally counted since it was last taken: by metric, the labels' values and the growth."""

    counters: dict[str, list[tuple[Labels, int]]] = {}
    histograms: dict[str, list[tuple[Labels, list[float]]]] = {}
