from radius.protocol.errors import DropReason, MalformedError, PeerError, UntrustedError


def test_peer_errors_carry_their_reason():
    for kind in (MalformedError, UntrustedError):
        error = kind(DropReason.SHORT)
        assert isinstance(error, PeerError)
        assert error.reason is DropReason.SHORT
        assert str(error) == "short"
