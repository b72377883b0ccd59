"""Handles: what goes in comes out, nothing else opens, nothing shows."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captive_portal.handles import MAX_HANDLE_CHARS, Handle, HandleCodec, HandleError
from controller.core.mac import parse_mac

KEY = bytes(range(32))
NOW = datetime(2026, 5, 9, 12, 0, tzinfo=UTC)
CODEC = HandleCodec(KEY)
HANDLE = Handle("gw-arbat", parse_mac("02:00:00:00:00:01"), "10.77.0.9", NOW)

handles = st.builds(
    Handle,
    gateway_id=st.text(
        st.characters(exclude_categories=("Cs",), max_codepoint=0x2FFF), min_size=1, max_size=21
    ),
    mac=st.binary(min_size=6, max_size=6).map(lambda raw: parse_mac(raw.hex(":"))),
    ip=st.ip_addresses().map(str),
    issued_at=st.integers(0, 2**32).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
)


@given(handles)
def test_round_trip(handle: Handle) -> None:
    text = CODEC.encode(handle)
    assert len(text) <= MAX_HANDLE_CHARS
    assert CODEC.decode(text, handle.issued_at) == handle


@given(st.text(max_size=300))
def test_any_text_is_refused_with_handle_error(text: str) -> None:
    with pytest.raises(HandleError):
        CODEC.decode(text, NOW)


@given(st.binary(max_size=150))
def test_any_bytes_are_refused_with_handle_error(raw: bytes) -> None:
    with pytest.raises(HandleError):
        CODEC.decode(base64.urlsafe_b64encode(raw).rstrip(b"=").decode(), NOW)


@given(st.data())
def test_every_flipped_bit_is_noticed(data: st.DataObject) -> None:
    text = CODEC.encode(HANDLE)
    raw = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(HandleError):
        CODEC.decode(base64.urlsafe_b64encode(raw).rstrip(b"=").decode(), NOW)


def test_a_handle_shows_neither_mac_nor_address() -> None:
    text = CODEC.encode(HANDLE)
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    assert bytes.fromhex("020000000001") not in raw
    assert bytes((10, 77, 0, 9)) not in raw


def test_expiry_and_clock_skew() -> None:
    text = CODEC.encode(HANDLE)
    assert CODEC.decode(text, NOW + timedelta(seconds=1800)) == HANDLE
    assert CODEC.decode(text, NOW - timedelta(seconds=60)) == HANDLE
    for wrong in (NOW + timedelta(seconds=1801), NOW - timedelta(seconds=61)):
        with pytest.raises(HandleError, match="expired"):
            CODEC.decode(text, wrong)


def test_another_key_or_gateway_does_not_open_it() -> None:
    text = CODEC.encode(HANDLE)
    with pytest.raises(HandleError, match="forged"):
        HandleCodec(bytes(32)).decode(text, NOW)
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    moved = raw.replace(b"gw-arbat", b"gw-tagan")
    with pytest.raises(HandleError, match="forged"):
        CODEC.decode(base64.urlsafe_b64encode(moved).rstrip(b"=").decode(), NOW)


def test_many_gateways_do_not_grow_the_key_cache_without_bound() -> None:
    codec = HandleCodec(KEY)
    codec._ciphers = {str(number).encode(): None for number in range(4096)}  # type: ignore[misc]
    assert codec.decode(codec.encode(HANDLE), NOW) == HANDLE
    assert len(codec._ciphers) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        Handle("", HANDLE.mac, HANDLE.ip, NOW),
        Handle("g" * 65, HANDLE.mac, HANDLE.ip, NOW),
        Handle("gw", HANDLE.mac, "10.77.0", NOW),
    ],
)
def test_what_cannot_be_carried_is_refused(wrong: Handle) -> None:
    with pytest.raises(HandleError, match="malformed"):
        CODEC.encode(wrong)
