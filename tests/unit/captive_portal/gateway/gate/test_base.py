from captive_portal.gateway.gate.base import Totals


def test_growth_is_never_negative():
    assert Totals(5, 5, 5, 5).minus(Totals(3, 6, 5, 0)) == Totals(2, 0, 0, 5)


def test_nothing_is_false():
    assert not Totals()
    assert Totals(down_packets=1)


def test_sums():
    assert Totals(1, 2, 3, 4).plus(Totals(1, 1, 1, 1)) == Totals(2, 3, 4, 5)
