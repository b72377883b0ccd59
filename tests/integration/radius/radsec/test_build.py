"""RadSec from the settings."""

import pytest

from controller.core.errors import ConflictError, InvalidInputError
from controller.core.net import listen_tcp
from controller.core.pki import CertificateAuthority
from radius.radsec.build import find_port, open_trust
from radius.radsec.certificates import names_of, read_authorities
from radius.settings import RadiusSettings
from tests.factories.authority import Authority


@pytest.fixture
def database_url(tmp_path):
    """An empty database, on SQLite only."""
    return f"sqlite+aiosqlite:///{tmp_path / 'kolco.db'}"


def test_it_is_served_where_it_has_a_name_or_a_certificate(tmp_path):
    assert find_port(RadiusSettings()) == {}
    assert find_port(RadiusSettings(radsec_server_name="a.example", radsec_port=0))["radsec"] > 0
    own = {"radsec_certificate": tmp_path / "a.crt", "radsec_private_key": tmp_path / "a.key"}
    assert RadiusSettings(**own).radsec_served
    with listen_tcp("127.0.0.1", 0) as taken, pytest.raises(ConflictError):
        find_port(RadiusSettings(radsec_server_name="a.example", radsec_port=taken.getsockname()[1]))


def test_half_a_certificate_and_a_wrong_operator_name_are_refused(tmp_path):
    with pytest.raises(ValueError, match="belong together"):
        RadiusSettings(radsec_certificate=tmp_path / "a.crt")
    with pytest.raises(ValueError, match="operator_name"):
        RadiusSettings(operator_name="City")


async def test_kolcos_own_certificate_is_kept(runtime):
    settings = RadiusSettings(radsec_server_name="a.example")
    expires_at = open_trust(runtime, settings).current.expires_at
    pem = (runtime.data_dir / "radius" / "radsec.crt").read_bytes()
    assert names_of(read_authorities(pem)[0]) == {"a.example"}
    assert open_trust(runtime, settings).current.expires_at == expires_at
    assert (runtime.data_dir / "radius" / "radsec.crt").read_bytes() == pem
    assert CertificateAuthority.open(runtime.data_dir / "pki").certificate_pem in pem


async def test_another_certificate_may_be_given(runtime, tmp_path):
    certificate, key = Authority("Federation").issue("city.federation.example").write(tmp_path, "own")
    settings = RadiusSettings(radsec_certificate=certificate, radsec_private_key=key)
    assert open_trust(runtime, settings).current.expires_at > 0
    key.unlink()
    with pytest.raises(InvalidInputError, match=r"own\.key"):
        open_trust(runtime, settings)
