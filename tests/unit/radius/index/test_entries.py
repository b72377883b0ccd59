from hypothesis import given
from hypothesis import strategies as st

from controller.directory.types import PlanView
from radius.index.entries import (
    CredentialEntry,
    PlaceEntry,
    SessionEntry,
    Settled,
    decode_credential,
    decode_session,
    decode_settled,
    encode,
)


@given(st.binary(max_size=40), st.none() | st.binary(max_size=80), st.floats(0, 2**40), st.text(max_size=30))
def test_entries_come_back_as_they_were(digest, sealed, moment, text):
    credential = CredentialEntry(digest, sealed, moment, text, text, digest, text)
    assert decode_credential(encode(credential)) == credential
    session = SessionEntry(text, text, moment)
    assert decode_session(encode(session)) == session


def test_plans_and_places_come_back_as_they_were():
    plan = PlanView("city", "City", 86_400, 3_600, 86_400, 300, None, 5_000, None, 5)
    settled = Settled([plan], {"00:10:a4:23:19:c0": PlaceEntry("0010a42319c0", "arbat", None)})
    assert decode_settled(encode(settled)) == settled
