"""Devices whose packets reach any of two worker processes: the probe asks from another port each time."""

import asyncio
import json
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

from controller.core.pki import CertificateAuthority
from radius.eap.probe import EapProbe, ask_eap
from radius.protocol.eap.peer import METHODS
from radius.protocol.eap.tls import TlsIdentity
from tests.eventually import eventually
from tests.integration.radius.asking import SECRET, radclient
from tests.integration.radius.eap.supplicant import ANONYMOUS, TLS12, TLS13, eapol_test, succeeded
from tests.integration.radius.workers.conftest import crew  # noqa: F401

TRIES = 12
KEY = 'User-Name="020000000001",User-Password="020000000001",Calling-Station-Id="02-00-00-00-00-01"'
KEY += ',Called-Station-Id="00-10-A4-23-19-C0:Dom-25",Message-Authenticator=0x00\n'


def probe(crew, method, **values):  # noqa: F811
    username, password = crew.device
    identity = None
    if method == "tls":
        authority = CertificateAuthority.open(crew.data_dir / "pki")
        issued = authority.issue_client(username, now=datetime.now(UTC))
        identity = TlsIdentity(issued.certificate_pem, issued.key_pem)
    ca_pem = (crew.data_dir / "pki" / "ca.crt").read_bytes()
    return EapProbe(
        method, ca_pem, username=username, password=password, identity=identity, wander=True, **values
    )


async def ask(crew, wanted):  # noqa: F811
    return await ask_eap(
        wanted, "127.0.0.1", crew.auth_port, SECRET.encode(), timeout_s=1.0, now=time.perf_counter
    )


async def test_every_method_with_every_packet_at_any_worker(crew):  # noqa: F811
    for method, newest in product(METHODS, ("1.2", "1.3")):
        ended = await ask(crew, probe(crew, method, newest=newest))
        assert ended.answer.accepted, (method, newest)
        assert ended.keys_match, (method, newest)
        assert ended.tls == newest
    wrong = await ask(crew, replace(probe(crew, "peap-gtc"), password="another"))
    assert not wrong.answer.accepted


async def test_a_session_of_another_worker_is_a_login_in_full(crew):  # noqa: F811
    seen = Counter()
    for newest in ("1.2", "1.3"):
        for _ in range(TRIES):
            ended = await ask(crew, probe(crew, "peap-mschapv2", newest=newest, resume=True))
            assert ended.answer.accepted
            assert ended.keys_match
            seen[newest, ended.resumed] += 1
    # A try begins at either worker; that all twelve begin where the session is has a chance of 1 in 4,096.
    assert all(seen[newest, resumed] for newest in ("1.2", "1.3") for resumed in (True, False)), seen


async def test_wpa_supplicant(crew, tmp_path):  # noqa: F811
    username, password = crew.device
    for tls, (outer, phase2) in product((TLS12, TLS13), (("TTLS", "auth=PAP"), ("PEAP", "auth=MSCHAPV2"))):
        config = {
            "eap": outer,
            "anonymous_identity": f'"{ANONYMOUS}"',
            "identity": f'"{username}"',
            "password": f'"{password}"',
            "phase2": f'"{phase2}"',
            "phase1": f'"{tls} tls_disable_session_ticket=0"',
            "ca_cert": f'"{crew.data_dir / "pki" / "ca.crt"}"',
        }
        output = await eapol_test(crew.auth_port, tmp_path, config)
        assert succeeded(output), output[-4000:]


async def test_both_workers_hear_of_a_network_key(crew):  # noqa: F811
    issued = await crew.kolco(
        "radius", "psk", "issue", "--mac", "02:00:00:00:00:01", "--ssid", "Dom-25", "-o", "json"
    )
    key = json.loads(issued[issued.index("{") :])

    async def told(times):
        answers = await asyncio.gather(*(radclient(crew.auth_port, "auth", KEY) for _ in range(8)))
        return sum(key["passphrase"] in answer for answer in answers) == times

    await eventually(lambda: told(8))
    await crew.kolco("radius", "psk", "revoke", key["username"], "--yes")
    await eventually(lambda: told(0))
