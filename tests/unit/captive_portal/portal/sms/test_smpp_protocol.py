"""PDUs, held against smpplib's and smpp34's reading of the same specification."""

import pytest
import smpp34
import smpplib.client
import smpplib.smpp
from hypothesis import given
from hypothesis import strategies as st

from captive_portal.portal.sms.smpp_protocol import (
    MAX_PDU_BYTES,
    Command,
    Pdu,
    PduReader,
    SmppProtocolError,
    answer,
    bind_transmitter,
    submit_sm,
)

pdus = st.builds(
    Pdu,
    command=st.integers(0, 2**32 - 1),
    status=st.integers(0, 2**32 - 1),
    sequence=st.integers(0, 2**32 - 1),
    body=st.binary(max_size=200),
)


def test_bind_as_smpplib_reads_it() -> None:
    raw = bind_transmitter(7, system_id="kolco", password="secret12").encode()
    parsed = smpplib.smpp.parse_pdu(raw, client=smpplib.client.SimpleSequenceGenerator())
    assert parsed.command == "bind_transmitter"
    assert parsed.sequence == 7
    assert (parsed.system_id, parsed.password, parsed.interface_version) == (b"kolco", b"secret12", 0x34)


@given(st.binary(max_size=254), st.integers(1, 2**31 - 1), st.sampled_from((0, 8)), st.booleans())
def test_submit_as_smpp34_reads_it(octets: bytes, sequence: int, coding: int, header: bool) -> None:
    pdu = submit_sm(
        sequence,
        source="WiFi",
        destination="+79161234567",
        data_coding=coding,
        octets=octets,
        has_header=header,
    )
    parsed = smpp34.decode(pdu.encode())
    assert isinstance(parsed, smpp34.SubmitSm)
    assert parsed.sequence_number == sequence
    assert (parsed.source_addr, parsed.source_addr_ton, parsed.source_addr_npi) == ("WiFi", 5, 0)
    assert (parsed.destination_addr, parsed.dest_addr_ton, parsed.dest_addr_npi) == ("79161234567", 1, 1)
    assert (parsed.data_coding, parsed.esm_class, parsed.short_message) == (coding, 0x40 * header, octets)
    assert parsed.validity_period == "000000000500000R"


def test_a_number_as_sender() -> None:
    pdu = submit_sm(
        1, source="+74951234567", destination="+7916", data_coding=0, octets=b"", has_header=False
    )
    parsed = smpp34.decode(pdu.encode())
    assert isinstance(parsed, smpp34.SubmitSm)
    assert (parsed.source_addr, parsed.source_addr_ton, parsed.source_addr_npi) == ("74951234567", 1, 1)


@given(st.lists(pdus, max_size=5), st.integers(1, 50))
def test_a_stream_in_any_pieces(sent: list[Pdu], size: int) -> None:
    stream = b"".join(pdu.encode() for pdu in sent)
    reader = PduReader()
    received: list[Pdu] = []
    for start in range(0, len(stream), size):
        received += reader.feed(stream[start : start + size])
    assert received == sent


@given(st.binary(max_size=300))
def test_any_bytes_give_pdus_or_a_protocol_error(raw: bytes) -> None:
    reader = PduReader()
    try:
        for pdu in reader.feed(raw):
            answer(pdu)
    except SmppProtocolError:
        pass


@pytest.mark.parametrize("size", [0, 15, MAX_PDU_BYTES + 1, 2**32 - 1])
def test_impossible_lengths(size: int) -> None:
    with pytest.raises(SmppProtocolError):
        list(PduReader().feed(size.to_bytes(4, "big") + bytes(12)))


def test_answers() -> None:
    assert answer(Pdu(Command.ENQUIRE_LINK, 0, 9)) == Pdu(0x80000015, 0, 9)
    assert answer(Pdu(Command.UNBIND, 0, 9)) == Pdu(0x80000006, 0, 9)
    assert answer(Pdu(0x05, 0, 9, b"deliver")) == Pdu(Command.GENERIC_NACK, 3, 9)
    assert answer(Pdu(0x80000004, 0, 9)) is None


@pytest.mark.parametrize(
    ("system_id", "password"), [("s" * 16, "p"), ("s", "p" * 9), ("с", "p"), ("s\0", "p")]
)
def test_names_that_do_not_fit(system_id: str, password: str) -> None:
    with pytest.raises(ValueError, match=r"characters|ascii"):
        bind_transmitter(1, system_id=system_id, password=password)


def test_a_short_message_has_254_octets_at_most() -> None:
    with pytest.raises(ValueError, match="254"):
        submit_sm(1, source="w", destination="7", data_coding=0, octets=bytes(255), has_header=False)
