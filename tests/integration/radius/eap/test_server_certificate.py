from datetime import UTC, datetime, timedelta

import pytest

from controller.core.errors import InvalidInputError
from controller.core.pki import CertificateAuthority
from radius.eap.server_certificate import keep_identity, read_identity

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NAME = "radius.kolco.test"


@pytest.fixture
def authority(tmp_path):
    return CertificateAuthority.open(tmp_path / "pki")


def test_it_is_kept_across_restarts(authority, tmp_path):
    first = keep_identity(authority, tmp_path, name=NAME, now=NOW)
    assert keep_identity(authority, tmp_path, name=NAME, now=NOW + timedelta(days=300)) == first
    assert (tmp_path / "eap.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("change", ["late", "name", "authority", "damaged"])
def test_it_is_renewed(authority, tmp_path, change):
    first = keep_identity(authority, tmp_path, name=NAME, now=NOW)
    now, name = NOW, NAME
    if change == "late":
        now += timedelta(days=370)
    elif change == "name":
        name = "other.kolco.test"
    elif change == "authority":
        authority = CertificateAuthority.open(tmp_path / "another")
    else:
        (tmp_path / "eap.crt").write_text("damaged")
    second = keep_identity(authority, tmp_path, name=name, now=now)
    assert second != first
    assert keep_identity(authority, tmp_path, name=name, now=now) == second


def test_the_operators_own(authority, tmp_path):
    issued = authority.issue_server([NAME], now=NOW)
    certificate, key = issued.write(tmp_path, "own")
    assert read_identity(certificate, key).certificate_pem == issued.certificate_pem
    with pytest.raises(InvalidInputError, match="cannot read "):
        read_identity(tmp_path / "none", key)
