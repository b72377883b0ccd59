"""Certificates of a fleet: each its own, kept over starts, issued anew when the authority changes."""

import shutil
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from controller.city.fleet.certificates import certificate_path, issue_certificates
from controller.core.pki import CertificateAuthority

SERIALS = [f"d2c10000{number:02x}00" for number in range(120)]
NOW = datetime.now(UTC)


def test_each_has_its_own_key_and_name(tmp_path) -> None:
    told: list[int] = []
    assert issue_certificates(tmp_path, SERIALS, now=NOW, progress=told.append) == 120
    assert told == [100]
    authority = x509.load_pem_x509_certificate(CertificateAuthority.open(tmp_path / "pki").certificate_pem)
    keys = set()
    for serial in SERIALS[:5]:
        path = certificate_path(tmp_path, serial)
        assert path.stat().st_mode & 0o777 == 0o600
        content = path.read_bytes()
        assert content.count(b"BEGIN CERTIFICATE") == 1
        certificate = x509.load_pem_x509_certificate(content)
        certificate.verify_directly_issued_by(authority)
        (name,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        assert name.value == serial
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
        key = load_pem_private_key(content, password=None)
        assert key.public_key() == certificate.public_key()
        keys.add(key.private_numbers().private_value)
    assert len(keys) == 5


def test_they_are_kept_until_there_is_a_reason(tmp_path) -> None:
    assert issue_certificates(tmp_path, SERIALS[:3], now=NOW) == 3
    assert issue_certificates(tmp_path, SERIALS[:5], now=NOW + timedelta(days=300)) == 2
    assert issue_certificates(tmp_path, SERIALS[:5], now=NOW + timedelta(days=400)) == 5
    shutil.rmtree(tmp_path / "pki")
    assert issue_certificates(tmp_path, SERIALS[:5], now=NOW + timedelta(days=401)) == 5
    (certificate_path(tmp_path, "x").parent / "manifest.json").write_text("{")
    assert issue_certificates(tmp_path, SERIALS[:5], now=NOW) == 5
