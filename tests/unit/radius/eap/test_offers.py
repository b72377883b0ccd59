from radius.protocol.eap.packet import EapType
from tests.factories.eap import offers


def test_only_what_is_named_in_that_order():
    assert list(offers(names=("peap", "tls"))) == [EapType.PEAP, EapType.TLS]


def test_each_makes_its_own_method():
    made = {kind: make() for kind, make in offers().items()}
    assert {kind: method.kind for kind, method in made.items()} == {kind: kind for kind in made}
    assert [method.name for method in made.values()] == ["ttls", "peap", "tls"]
