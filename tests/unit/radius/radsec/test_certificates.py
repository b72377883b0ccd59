import datetime as dt
import ipaddress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from controller.core.errors import InvalidInputError
from radius.radsec.certificates import (
    Revocations,
    common_name_of,
    is_issued_by,
    names_of,
    read_authorities,
    read_revocations,
    stand_in_address,
)
from tests.factories.authority import Authority

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
CITY = Authority("City CA", now=NOW)
OTHER = Authority("Other CA", now=NOW)


def test_names_are_those_of_the_subject_and_its_alternatives():
    leaf = CITY.issue("Proxy.City.example", names=("b.example", "192.0.2.1")).certificate
    assert names_of(leaf) == {"proxy.city.example", "b.example", "192.0.2.1"}
    assert common_name_of(leaf) == "Proxy.City.example"
    assert names_of(CITY.issue("only").certificate) == {"only"}


def test_only_the_very_authority_issued_it():
    leaf = CITY.issue("a").certificate
    assert is_issued_by(leaf, CITY.certificate)
    assert not is_issued_by(leaf, OTHER.certificate)
    assert not is_issued_by(leaf, Authority("City CA", now=NOW).certificate)  # the same name, another key


def test_a_serial_is_revoked_by_its_own_authority_only():
    revoked, good = CITY.issue("a").certificate, CITY.issue("b").certificate
    lists = [read_revocations(CITY.crl(revoked), [OTHER.certificate, CITY.certificate])]
    revocations = Revocations([*lists, read_revocations(OTHER.crl(), [OTHER.certificate])])
    assert len(revocations) == 2
    assert revocations.is_revoked(revoked)
    assert not revocations.is_revoked(good)
    assert revocations.next_update() == NOW + dt.timedelta(days=7)
    assert Revocations().next_update() is None


def test_a_list_may_be_der():
    der = x509.load_pem_x509_crl(CITY.crl()).public_bytes(Encoding.DER)
    assert read_revocations(der, [CITY.certificate]).issuer == CITY.certificate.subject


@pytest.mark.parametrize(
    "octets", [b"", b"-----BEGIN X509 CRL-----\nMA==\n-----END X509 CRL-----", b"\x30\x03abc"]
)
def test_damaged_lists_are_refused(octets):
    with pytest.raises(InvalidInputError):
        read_revocations(octets, [CITY.certificate])


def test_a_strangers_list_is_refused():
    with pytest.raises(InvalidInputError):
        read_revocations(OTHER.crl(), [CITY.certificate])
    with pytest.raises(InvalidInputError):
        read_revocations(Authority("City CA", now=NOW).crl(), [CITY.certificate])
    with pytest.raises(InvalidInputError):
        read_authorities(b"nothing")


@given(st.binary(max_size=100))
def test_any_octets_are_refused(octets):
    with pytest.raises(InvalidInputError):
        read_revocations(octets, [CITY.certificate])


@given(st.text(max_size=30), st.text(max_size=30))
def test_stand_ins_go_nowhere_and_differ(left, right):
    address = ipaddress.ip_address(stand_in_address(left))
    assert address in ipaddress.ip_network("100::/64")
    assert (stand_in_address(left) == stand_in_address(right)) == (left == right)
