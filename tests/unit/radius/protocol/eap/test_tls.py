import pytest
from OpenSSL import SSL

from radius.protocol.eap.steps import EapFailure
from radius.protocol.eap.tls import TlsClient, TlsFailedError, TlsIdentity, TlsServer
from tests.factories.eap import USERNAME, authority, client_identity, server_identity


def shake(server, client):
    for _ in range(6):
        client.shake_hands()
        server.feed(client.take_output())
        server.shake_hands()
        client.feed(server.take_output())
        if server.established and client.established:
            return


@pytest.mark.parametrize("newest", [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION])
def test_a_tunnel_in_memory(newest):
    ca = authority().certificate_pem
    server = TlsServer(server_identity(), ca).open()
    client = TlsClient(ca, client_identity(), newest=newest).open()
    shake(server, client)
    assert server.is_tls13 == client.is_tls13 == (newest == SSL.TLS1_3_VERSION)
    assert server.peer_certificate().name == USERNAME
    client.write(b"hello")
    client.write(b"")
    server.feed(client.take_output())
    assert server.read() == b"hello"
    assert server.read() == b""
    assert server.take_output() == b""
    assert server.export(b"label", 32, b"c") == client.export(b"label", 32, b"c")


def test_nobody_is_asked_for_a_certificate_without_an_authority():
    server = TlsServer(server_identity()).open()
    shake(server, TlsClient(authority().certificate_pem, client_identity()).open())
    assert server.established
    assert server.peer_certificate() is None


def test_noise_in_the_tunnel():
    server = TlsServer(server_identity()).open()
    shake(server, TlsClient(authority().certificate_pem).open())
    server.feed(b"\x17\x03\x03\x00\x20" + bytes(32))
    with pytest.raises(TlsFailedError) as caught:
        server.read()
    assert caught.value.reason is EapFailure.TLS
    with pytest.raises(TlsFailedError):
        server.write(b"too late")


def test_a_key_of_another_certificate():
    with pytest.raises(SSL.Error):
        TlsServer(TlsIdentity(server_identity().certificate_pem, client_identity().key_pem))


def test_no_pem():
    nothing = TlsIdentity(b"", b"")
    with pytest.raises(ValueError, match="PEM"):
        TlsServer(nothing)
    with pytest.raises(ValueError, match="PEM"):
        nothing.expires_at()
