from dataclasses import replace

from radius.protocol.eap.mschapv2 import attest, check_mschapv2, nt_hash, respond, without_domain

USERNAME, PASSWORD = "User", "clientPass"
SERVER = bytes.fromhex("5B5D7C7D7B3F2F3E3C2C602132262628")
PEER = bytes.fromhex("21402324255E262A28295F2B3A337C7E")
PROOF = respond(USERNAME, SERVER, PEER, PASSWORD)


def test_the_vectors_of_rfc_2759():
    assert nt_hash(PASSWORD).hex().upper() == "44EBBA8D5312B8D611474411F56989AE"
    assert PROOF.response.hex().upper() == "82309ECD8D708B5EA08FAA3981CD83544233114A3D85D6DF"
    assert attest(PROOF, PASSWORD).attestation == "S=407A5589115FD0D6209F510FE9C04566932CDA56"


def test_the_vectors_of_rfc_3079():
    assert attest(PROOF, PASSWORD).keys[16:].hex().upper() == "8B7CDC149B993A1BA118CB153F56DCCB"


def test_only_the_same_password_name_and_challenges_fit():
    assert check_mschapv2(PROOF, PASSWORD) == attest(PROOF, PASSWORD)
    assert check_mschapv2(PROOF, "clientpass") is None
    assert check_mschapv2(replace(PROOF, username="user"), PASSWORD) is None
    assert check_mschapv2(replace(PROOF, server_challenge=PEER), PASSWORD) is None
    assert check_mschapv2(replace(PROOF, response=b""), PASSWORD) is None


def test_the_domain_is_not_hashed():
    assert without_domain("CITY\\user") == "user"
    assert without_domain("user@city") == "user@city"
