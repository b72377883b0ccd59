"""Nobody is lost: whatever roams or fails, each station is in exactly one place."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.city.fleet.people import Population

RING = [[(at - 1) % 12, (at + 1) % 12] for at in range(12)]


def population(seed: int = 1, activity: float = 0.6) -> Population:
    return Population(RING, Random(seed), peak_mean=9.0, activity=activity)


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("step"), st.integers(0, 11), st.floats(0, 1), st.floats(0, 600)),
        st.tuples(st.just("power"), st.integers(0, 11), st.booleans(), st.none()),
    ),
    max_size=40,
)


@settings(max_examples=80)
@given(ACTIONS, st.integers())
def test_totals_are_conserved(actions, seed: int) -> None:
    people = population(seed)
    total = people.total
    lit = dict.fromkeys(range(12), True)
    for name, ap, value, elapsed in actions:
        if name == "power":
            people.set_power(ap, on=value)
            lit[ap] = value
        else:
            people.step(ap, value, elapsed)
        assert people.total == total
        assert all(not people.present[index] for index, on in lit.items() if not on)
    seen = [station for here in people.present for station in here]
    assert len(seen) == len({station.mac for station in seen}) == people.out
    assert all(station in people.present[station.ap] for station in seen)


def test_people_walk_to_neighbours_only() -> None:
    people = population()
    before = {id(station): at for at, here in enumerate(people.present) for station in here}
    people.step(3, 0.6, 60.0)
    moved = [
        (before[id(station)], at)
        for at, here in enumerate(people.present)
        for station in here
        if before.get(id(station), at) != at
    ]
    assert people.roamed == len(moved)
    assert all(origin == 3 and to in RING[3] for origin, to in moved)


def test_the_crowd_follows_the_hour() -> None:
    people = population(activity=0.9)
    evening = people.out
    for _ in range(20):
        for ap in range(12):
            people.step(ap, 0.1, 60.0)
    night = people.out
    assert night < evening / 2
    for _ in range(20):
        for ap in range(12):
            people.step(ap, 0.9, 60.0)
    assert people.out > night * 2


def test_macs_are_private_and_unicast() -> None:
    for here in population().present:
        for station in here:
            first = int(station.mac[:2], 16)
            assert first & 3 == 2
