"""The authority, tried by real TLS handshakes."""

import asyncio
import datetime as dt
import ssl
import stat

import pytest
from cryptography import x509

from controller.core.clock import SystemClock
from controller.core.errors import InvalidInputError
from controller.core.pki import CertificateAuthority, client_context, server_context

NOW = SystemClock().now()


async def handshake(server_tls, client_tls, *, name="localhost"):
    """Return the client's common name as the server sees it."""
    seen = []

    async def serve(_reader, writer):
        certificate = writer.get_extra_info("peercert")
        seen.append(dict(pair[0] for pair in certificate["subject"])["commonName"] if certificate else None)
        writer.write(b"hello")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server_tls) as server:
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=client_tls, server_hostname=name
        )
        try:
            assert await reader.read(5) == b"hello"
        finally:
            writer.close()
    return seen[0]


@pytest.fixture
def authority(tmp_path):
    return CertificateAuthority.open(tmp_path / "pki")


@pytest.fixture
def server(authority):
    return authority.issue_server(["localhost", "127.0.0.1"], now=NOW)


async def test_a_client_is_known_by_its_common_name(authority, server):
    client = authority.issue_client("0019be000001", now=NOW)
    trusted = authority.certificate_pem
    for name in ("localhost", "127.0.0.1"):
        seen = await handshake(server_context(server, trusted), client_context(trusted, client), name=name)
        assert seen == "0019be000001"


async def test_strangers_are_refused_on_both_sides(authority, server, tmp_path):
    trusted = authority.certificate_pem
    stranger = CertificateAuthority.open(tmp_path / "other")
    mutual = server_context(server, trusted)
    with pytest.raises((ssl.SSLError, ConnectionError, AssertionError)):
        await handshake(mutual, client_context(trusted))  # no certificate
    with pytest.raises((ssl.SSLError, ConnectionError, AssertionError)):
        await handshake(mutual, client_context(trusted, stranger.issue_client("0019be000001", now=NOW)))
    with pytest.raises((ssl.SSLError, ConnectionError, AssertionError)):
        await handshake(mutual, client_context(trusted, server))  # a server's certificate is no client's
    with pytest.raises(ssl.SSLCertVerificationError):
        await handshake(server_context(server), client_context(stranger.certificate_pem))
    with pytest.raises(ssl.SSLCertVerificationError):
        await handshake(server_context(server), client_context(trusted), name="elsewhere.test")


def test_the_authority_is_made_once_and_kept_private(authority, tmp_path):
    again = CertificateAuthority.open(tmp_path / "pki")
    assert again.certificate_pem == authority.certificate_pem
    assert stat.S_IMODE((tmp_path / "pki" / "ca.pem").stat().st_mode) == 0o600
    assert (tmp_path / "pki" / "ca.crt").read_bytes() == authority.certificate_pem


def test_damaged_files_are_refused(authority, tmp_path):
    path = tmp_path / "pki" / "ca.pem"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InvalidInputError, match="damaged"):
        CertificateAuthority.open(tmp_path / "pki")


def test_an_issued_certificate_is_written_with_a_private_key_file(server, tmp_path):
    certificate, key = server.write(tmp_path / "out", "portal")
    assert certificate.read_bytes() == server.certificate_pem
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_revocation_list(tmp_path):
    authority = CertificateAuthority.open(tmp_path)
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    issued = authority.issue_client("d-1", now=now, serial=77)
    assert x509.load_pem_x509_certificate(issued.certificate_pem).serial_number == 77
    crl = x509.load_pem_x509_crl(authority.make_revocation_list([(77, now)], now=now, days=7))
    ca = x509.load_pem_x509_certificate(authority.certificate_pem)
    assert crl.is_signature_valid(ca.public_key())
    assert crl.next_update_utc == now + dt.timedelta(days=7)
    assert crl.get_revoked_certificate_by_serial_number(77).revocation_date_utc == now
    assert crl.get_revoked_certificate_by_serial_number(78) is None
