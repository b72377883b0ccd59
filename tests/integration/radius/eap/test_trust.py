import pytest

from controller.core.errors import InvalidInputError
from controller.core.pki import CertificateAuthority
from radius.eap.trust import open_eap_trust
from radius.settings import RadiusSettings


def trust(runtime, **values):
    return open_eap_trust(runtime, RadiusSettings(**values))


async def test_a_certificate_of_kolcos_own_is_made_once(runtime):
    made = trust(runtime)
    assert (runtime.data_dir / "radius" / "eap.crt").read_bytes() == made.identity.certificate_pem
    assert (runtime.data_dir / "pki" / "ca.crt").read_bytes() == made.client_ca_pem
    assert trust(runtime) == made


async def test_an_operators_own_certificate(runtime, tmp_path):
    authority = CertificateAuthority.open(tmp_path / "own")
    issued = authority.issue_server(["radius.city.test"], now=runtime.clock.now())
    certificate, key = issued.write(tmp_path, "own")
    own = trust(runtime, eap_certificate=certificate, eap_private_key=key)
    assert own.identity.certificate_pem == issued.certificate_pem
    assert not (runtime.data_dir / "radius").exists()


async def test_a_key_of_another_certificate_is_told_at_the_start(runtime, tmp_path):
    authority = CertificateAuthority.open(tmp_path / "own")
    certificate, _ = authority.issue_server(["a.test"], now=runtime.clock.now()).write(tmp_path, "a")
    _, key = authority.issue_server(["b.test"], now=runtime.clock.now()).write(tmp_path, "b")
    with pytest.raises(InvalidInputError, match="cannot use the EAP certificate"):
        trust(runtime, eap_certificate=certificate, eap_private_key=key)
