import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.core.errors import InvalidInputError
from controller.core.secrets import SecretStore, write_private


@pytest.fixture
def store(tmp_path):
    return SecretStore(tmp_path / "secrets")


def test_a_secret_is_made_once_and_only_its_owner_reads_it(store, tmp_path):
    first = store.get("portal")
    assert len(first) == 32
    assert SecretStore(tmp_path / "secrets").get("portal") == first
    assert store.get("other") != first
    assert len(store.text("portal")) == 43
    (directory,) = tmp_path.iterdir()
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {0o600}
    assert sorted(path.name for path in directory.iterdir()) == ["other.key", "portal.key"]


def test_a_damaged_secret_is_refused(store, tmp_path):
    store.get("portal")
    (tmp_path / "secrets" / "portal.key").write_bytes(b"short")
    with pytest.raises(InvalidInputError, match="is 5 bytes"):
        SecretStore(tmp_path / "secrets").get("portal")


def test_a_private_file_is_never_replaced(tmp_path):
    assert write_private(tmp_path / "x", b"1")
    assert not write_private(tmp_path / "x", b"2")
    assert (tmp_path / "x").read_bytes() == b"1"
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(), st.binary(max_size=60))
def test_what_is_sealed_comes_back_and_what_is_altered_is_refused(store, value, noise):
    sealed = store.seal("phone", value)
    assert store.unseal("phone", sealed) == value
    assert store.seal("phone", value) != sealed
    for wrong in (noise, sealed[:-1] + bytes([sealed[-1] ^ 1])):
        with pytest.raises(InvalidInputError):
            store.unseal("phone", wrong)
    with pytest.raises(InvalidInputError):
        store.unseal("voucher", sealed)


def test_digests_and_derived_keys_differ_by_purpose(store):
    assert store.digest("phone", "x") == store.digest("phone", "x")
    assert len({store.digest("phone", "x"), store.digest("voucher", "x"), store.digest("phone", "y")}) == 3
    assert len({store.derive("a", "1"), store.derive("a", "2"), store.derive("b", "1"), store.get("a")}) == 4


@given(st.binary(max_size=200))
def test_a_digester_says_what_digest_says(value):
    with tempfile.TemporaryDirectory() as directory:
        store = SecretStore(Path(directory))
        text = value.decode("latin-1")
        assert store.digester("x")(text.encode()) == store.digest("x", text)
