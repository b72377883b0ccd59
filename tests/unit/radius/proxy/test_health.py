from radius.proxy.health import Health


def test_who_says_nothing_is_down_until_it_answers():
    health = Health(revive_s=None)
    assert health.is_up(0)
    health.missed(1, 4)
    assert not health.is_up(1e9)
    health.heard(5)
    assert health.is_up(5)


def test_a_lost_packet_is_no_death():
    health = Health(revive_s=None)
    health.heard(2)
    health.missed(1, 4)
    assert health.is_up(4)


def test_who_cannot_be_asked_is_tried_again_later():
    health = Health(revive_s=60)
    health.missed(0, 3)
    assert not health.is_up(62)
    assert health.is_up(63)
