"""Our certificates are kept, and renewed in time."""

import datetime as dt

from controller.core.pki import CertificateAuthority
from radius.radsec.certificates import names_of, read_authorities
from radius.radsec.identity import keep_client, keep_server

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


def test_a_certificate_is_kept_until_its_name_changes_or_it_expires(tmp_path):
    authority = CertificateAuthority.open(tmp_path / "pki")
    first = keep_server(authority, tmp_path, name="a.example", now=NOW)
    assert keep_server(authority, tmp_path, name="a.example", now=NOW) == first
    renamed = keep_server(authority, tmp_path, name="b.example", now=NOW)
    assert names_of(read_authorities(renamed.certificate_pem)[0]) == {"b.example"}
    late = NOW + dt.timedelta(days=380)
    renewed = keep_server(authority, tmp_path, name="b.example", now=late)
    assert renewed != renamed
    assert keep_server(authority, tmp_path, name="b.example", now=late) == renewed


def test_a_client_has_its_own(tmp_path):
    authority = CertificateAuthority.open(tmp_path / "pki")
    client = keep_client(authority, tmp_path, name="a.example", now=NOW)
    assert keep_client(authority, tmp_path, name="a.example", now=NOW) == client
    assert keep_server(authority, tmp_path, name="a.example", now=NOW) != client


def test_damaged_or_foreign_files_are_replaced(tmp_path):
    authority = CertificateAuthority.open(tmp_path / "pki")
    other = CertificateAuthority.open(tmp_path / "other")
    foreign = keep_server(other, tmp_path, name="a.example", now=NOW)
    ours = keep_server(authority, tmp_path, name="a.example", now=NOW)
    assert ours != foreign
    (tmp_path / "radsec.crt").write_bytes(b"damaged")
    assert keep_server(authority, tmp_path, name="a.example", now=NOW) not in {ours, foreign}
