import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.directory.network_keys import derive_pmk
from radius.protocol.attributes import Code
from radius.protocol.eap.keys import read_mppe_keys, reveal_key
from radius.protocol.errors import DropReason, MalformedError
from radius.protocol.mpsk import (
    NetworkKey,
    encode_network_key,
    find_bss,
    find_handshake,
    parse_handshake,
)
from radius.protocol.packet import Packet, encode_vendor, iter_vendor
from radius.vendors import VENDORS
from tests.factories.mpsk import ANONCE, AP, FRAME, PASSPHRASE, SSID, STATION, frame_of, hostapd, ruckus
from tests.factories.radius import AUTHENTICATOR, SECRET

PMK = derive_pmk(PASSPHRASE, SSID)
KEY = NetworkKey(PASSPHRASE, PMK)


def packet(*attributes):
    return Packet(Code.ACCESS_REQUEST, 1, AUTHENTICATOR, attributes)


def test_a_handshake_of_a_real_device():
    handshake = parse_handshake(ANONCE, FRAME, AP, STATION)
    assert handshake.is_of(PMK)
    assert not handshake.is_of(derive_pmk("hashcat?", SSID))
    assert not parse_handshake(bytes(32), FRAME, AP, STATION).is_of(PMK)
    assert not parse_handshake(ANONCE, FRAME, AP, AP).is_of(PMK)
    assert parse_handshake(ANONCE, FRAME + b"padding", AP, STATION).is_of(PMK)


@pytest.mark.parametrize("sha256", [False, True])
def test_both_derivations(sha256):
    handshake = parse_handshake(ANONCE, frame_of("other passphrase", SSID, sha256=sha256), AP, STATION)
    assert handshake.sha256 is sha256
    assert handshake.is_of(derive_pmk("other passphrase", SSID))
    assert not handshake.is_of(PMK)


@pytest.mark.parametrize("tell", [ruckus, hostapd])
@pytest.mark.parametrize("frame", [FRAME, FRAME + bytes(120)], ids=["one attribute", "several"])
def test_how_access_points_tell_it(tell, frame):
    if tell is ruckus and len(frame) > 200:
        frame = FRAME
    handshake = find_handshake(packet(*tell(frame)), AP, STATION)
    assert handshake.is_of(PMK)


def test_others_tell_nothing():
    assert find_handshake(packet(encode_vendor(9, 1, b"x=y")), AP, STATION) is None
    foreign = (245, bytes((26, 0)) + (9).to_bytes(4, "big") + b"\1" + ANONCE)
    assert find_handshake(packet(foreign, (245, b"\1\0\0"), (245, b"")), AP, STATION) is None


def test_the_bss_of_a_ruckus():
    assert find_bss(packet(*ruckus(FRAME))) == (AP, SSID)
    assert find_bss(packet(encode_vendor(25053, 14, b"64-66-B3-8E-C3-FC"))) == (AP, None)
    assert find_bss(packet(encode_vendor(25053, 14, b"\xff\xff"))) == (None, None)
    assert find_bss(packet()) == (None, None)


@pytest.mark.parametrize(
    ("anonce", "frame"),
    [
        (ANONCE[1:], FRAME),
        (ANONCE, FRAME[:-1]),
        (ANONCE, b""),
        (ANONCE, FRAME[:1] + b"\0" + FRAME[2:]),
        (ANONCE, FRAME[:4] + b"\xfe" + FRAME[5:]),
        (ANONCE, FRAME[:5] + b"\0\x8a" + FRAME[7:]),
        (ANONCE, FRAME[:6] + b"\x09" + FRAME[7:]),
    ],
    ids=["nonce", "cut short", "none", "no key frame", "WPA1", "no MIC", "another version"],
)
def test_what_cannot_be_a_handshake(anonce, frame):
    with pytest.raises(MalformedError) as caught:
        parse_handshake(anonce, frame, AP, STATION)
    assert caught.value.reason is DropReason.BAD_ATTRIBUTE


@pytest.mark.parametrize("half", [slice(0, 1), slice(1, 2)])
def test_half_of_it(half):
    with pytest.raises(MalformedError):
        find_handshake(packet(*hostapd(FRAME)[half]), AP, STATION)


@given(st.binary(max_size=250), st.binary(max_size=250), st.binary(max_size=250))
def test_whatever_is_told(first, second, params):
    for attributes in (((245, first), (245, second)), (encode_vendor(25053, 153, params[:240]),)):
        try:
            handshake = find_handshake(packet(*attributes), AP, STATION)
        except MalformedError:
            continue
        assert handshake is None or not handshake.is_of(PMK)


@given(st.binary(max_size=200))
def test_whatever_the_frame(frame):
    try:
        parse_handshake(ANONCE, frame, AP, STATION).is_of(PMK)
    except MalformedError:
        return


def told(vendor):
    return encode_network_key(vendor, KEY, SECRET, AUTHENTICATOR, b"\1\2")


def vendor_values(attributes):
    return [(vendor, kind, value) for vendor, kind, value in iter_vendor(attributes)]


def test_hostapd_and_most_others_read_a_tunnel_password():
    ((kind, value),) = told("generic")
    assert (kind, value[:3]) == (69, b"\0\x81\2")
    assert reveal_key(value[1:], SECRET, AUTHENTICATOR) == PASSPHRASE.encode()


def test_cisco_reads_pairs():
    assert vendor_values(told("cisco")) == [(9, 1, b"psk-mode=ascii"), (9, 1, b"psk=hashcat!")]


def test_aruba_reads_a_hidden_passphrase():
    ((vendor, kind, value),) = vendor_values(told("aruba"))
    assert (vendor, kind) == (14823, 44)
    assert reveal_key(value, SECRET, AUTHENTICATOR) == PASSPHRASE.encode()


def test_ruckus_reads_the_master_key():
    attributes = told("ruckus")
    assert vendor_values(attributes)[0] == (25053, 142, b"\0" + PMK)
    assert read_mppe_keys(attributes, SECRET, AUTHENTICATOR) == PMK


def test_mikrotik_reads_it_in_clear():
    assert vendor_values(told("mikrotik")) == [(14988, 16, b"hashcat!")]


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_maker_is_told_something(vendor):
    assert told(vendor)
