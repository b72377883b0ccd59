from radius.eap.build import build_eap
from radius.settings import RadiusSettings


async def never(_question):
    raise AssertionError


def build(runtime, **values):
    return build_eap(runtime, RadiusSettings(**values), never, never)


async def test_without_methods_there_is_no_eap_and_no_certificate(runtime):
    assert build(runtime, eap_methods=()) is None
    assert not (runtime.data_dir / "radius").exists()


async def test_with_methods_there_is_eap_and_its_certificates_end_is_shown(runtime):
    assert build(runtime) is not None
    assert (runtime.data_dir / "radius" / "eap.crt").exists()
    expires = runtime.registry.get_sample_value("kolco_radius_eap_certificate_expiry_timestamp_seconds")
    assert expires > runtime.clock.now().timestamp()
