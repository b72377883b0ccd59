import pytest

from controller.core.errors import InvalidInputError
from controller.core.pki import CertificateAuthority
from radius.eap.build import build_eap
from radius.settings import RadiusSettings


async def never(_question):
    raise AssertionError


def build(runtime, **values):
    return build_eap(runtime, RadiusSettings(**values), never, never)


async def test_without_methods_there_is_no_eap(runtime):
    assert build(runtime, eap_methods=()) is None


async def test_a_certificate_of_kolcos_own(runtime):
    assert build(runtime) is not None
    assert (runtime.data_dir / "radius" / "eap.crt").exists()


async def test_an_operators_own_certificate(runtime, tmp_path):
    authority = CertificateAuthority.open(tmp_path / "own")
    issued = authority.issue_server(["radius.city.test"], now=runtime.clock.now())
    certificate, key = issued.write(tmp_path, "own")
    assert build(runtime, eap_certificate=certificate, eap_private_key=key) is not None
    assert not (runtime.data_dir / "radius").exists()


async def test_a_key_of_another_certificate_is_told_at_the_start(runtime, tmp_path):
    authority = CertificateAuthority.open(tmp_path / "own")
    certificate, _ = authority.issue_server(["a.test"], now=runtime.clock.now()).write(tmp_path, "a")
    _, key = authority.issue_server(["b.test"], now=runtime.clock.now()).write(tmp_path, "b")
    with pytest.raises(InvalidInputError, match="cannot use the EAP certificate"):
        build(runtime, eap_certificate=certificate, eap_private_key=key)
