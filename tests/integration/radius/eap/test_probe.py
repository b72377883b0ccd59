import time

import pytest

from controller.core.errors import UnavailableError
from radius.eap import probe as eap_probe
from radius.eap.probe import EapProbe, ask_eap
from tests.integration.radius.asking import SECRET


async def try_login(radius, **values):
    ca_pem = (radius.runtime.data_dir / "pki" / "ca.crt").read_bytes()
    probe = EapProbe(**{"method": "ttls-pap", "ca_pem": ca_pem, **values})
    return await ask_eap(
        probe, "127.0.0.1", radius.auth_port, SECRET.encode(), timeout_s=1.0, now=time.perf_counter
    )


async def test_rounds_and_keys(device, radius):
    _, username, password = device
    ended = await try_login(radius, username=username, password=password, mac="02:00:00:00:00:01")
    assert ended.answer.accepted
    assert ended.keys_match
    assert 3 < ended.rounds < 10
    assert "EAP-Message" not in dict(ended.answer.attributes)


async def test_a_reject_has_no_keys(device, radius):
    ended = await try_login(radius, username=device[1], password="another")
    assert ended.answer.name == "Access-Reject"
    assert not ended.keys_match


async def test_a_server_that_never_ends(radius, monkeypatch):
    monkeypatch.setattr(eap_probe, "MAX_ROUNDS", 1)
    with pytest.raises(UnavailableError):
        await try_login(radius, username="u", password="p")
