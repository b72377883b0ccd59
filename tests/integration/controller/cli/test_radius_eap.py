"""`kolco radius test` as a device that speaks EAP, against the real daemon."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from controller.cli.radius import app
from controller.core.errors import InvalidInputError
from controller.core.pki import CertificateAuthority
from tests.integration.radius.conftest import device, radius  # noqa: F401
from tests.integration.radius.eap.conftest import database_url  # noqa: F401


@pytest.fixture
def kolco(runtime, monkeypatch):
    """Run `kolco radius test …` on the runtime's database, in a thread of its own."""
    monkeypatch.setenv("KOLCO_DATA_DIR", str(runtime.data_dir))
    monkeypatch.setenv("KOLCO_DATABASE_URL", runtime.db.url)

    async def run(*arguments):
        return await asyncio.to_thread(CliRunner().invoke, app, ["test", *arguments])

    return run


@pytest.mark.parametrize("tls", ["1.2", "1.3"])
@pytest.mark.parametrize("method", ["ttls-pap", "ttls-gtc", "ttls-mschapv2", "peap-mschapv2", "peap-gtc"])
async def test_a_password(kolco, device, radius, method, tls):  # noqa: F811
    _, username, password = device
    server = ("--nas", "lo", "--port", str(radius.auth_port), "--tls", tls)
    named = ("--username", username, "--password")
    right = await kolco(method, *server, *named, password, "-o", "json")
    assert right.exit_code == 0, right.output
    answer = json.loads(right.stdout)
    assert (answer["answer"], answer["keys_match"]) == ("Access-Accept", True)
    assert {"name": "Session-Timeout", "value": "7200"} in answer["attributes"]
    wrong = await kolco(method, *server, *named, "another")
    assert wrong.exit_code == 1
    assert "Access-Reject" in wrong.stdout


@pytest.mark.parametrize("method", ["ttls-mschapv2", "peap-gtc"])
async def test_a_session_that_is_resumed(kolco, device, radius, method):  # noqa: F811
    _, username, password = device
    server = ("--nas", "lo", "--port", str(radius.auth_port))
    result = await kolco(
        method, *server, "--username", username, "--password", password, "--resume", "-o", "json"
    )
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert (answer["resumed"], answer["keys_match"], answer["tls"]) == (True, True, "1.3")
    assert answer["cipher"].startswith("TLS_")
    wrong = await kolco(method, *server, "--username", username, "--password", "another", "--resume")
    assert wrong.exit_code == 1


async def test_mschapv2_in_radius_itself(kolco, device, radius):  # noqa: F811
    _, username, password = device
    asked = ("mschapv2", "--nas", "lo", "--port", str(radius.auth_port), "--username", username, "--password")
    right = await kolco(*asked, password, "-o", "json")
    assert right.exit_code == 0, right.output
    answer = json.loads(right.stdout)
    assert (answer["answer"], answer["attested"]) == ("Access-Accept", True)
    wrong = await kolco(*asked, "another", "-o", "json")
    assert wrong.exit_code == 1
    assert json.loads(wrong.stdout)["attested"] is False


async def test_a_certificate(kolco, device, radius, runtime, tmp_path):  # noqa: F811
    authority = CertificateAuthority.open(runtime.data_dir / "pki")
    issued = authority.issue_client(device[1], now=datetime.now(UTC))
    certificate, key = issued.write(tmp_path, "device")
    shown = ("--certificate", str(certificate), "--key", str(key))
    result = await kolco("tls", "--nas", "lo", "--port", str(radius.auth_port), *shown)
    assert result.exit_code == 0, result.output
    assert "keys-match    " in result.stdout


async def test_mistakes_are_explained(kolco, runtime, tmp_path):
    CertificateAuthority.open(runtime.data_dir / "pki")
    none = tmp_path / "none.pem"
    none.write_text("nothing")
    for arguments in (
        ("tls", "--secret", "a secret"),
        ("peap-gtc", "--secret", "a secret", "--password", "p", "--ca", str(tmp_path / "away.pem")),
        ("peap-gtc", "--secret", "a secret", "--password", "p", "--ca", str(none)),
        ("peap-gtc", "--secret", "a secret", "--password", "p", "--mac", "no MAC"),
    ):
        result = await kolco(*arguments)
        assert isinstance(result.exception, InvalidInputError), result.output


async def test_files_that_do_not_do(kolco, runtime, tmp_path):
    authority = CertificateAuthority.open(runtime.data_dir / "pki")
    certificate, key = map(str, authority.issue_client("one", now=datetime.now(UTC)).write(tmp_path, "one"))
    _, other_key = map(str, authority.issue_client("two", now=datetime.now(UTC)).write(tmp_path, "two"))
    junk = tmp_path / "junk.pem"
    junk.write_text("no PEM")
    server = ("tls", "--secret", "x", "--port", "9")
    for shown, said in (
        ((), "certificate"),
        (("--certificate", certificate), "belong together"),
        (("--certificate", certificate, "--key", other_key), "is not the key of"),
        (("--certificate", str(junk), "--key", key), "junk.pem holds no certificate"),
        (("--certificate", certificate, "--key", str(junk)), "junk.pem holds no private key"),
        (("--certificate", certificate, "--key", key, "--ca", str(junk)), "junk.pem holds no certificate"),
        (("--certificate", "/nowhere", "--key", key), "cannot read /nowhere"),
    ):
        result = await kolco(*server, *shown)
        assert isinstance(result.exception, InvalidInputError), result.output
        assert said in str(result.exception)


async def test_a_certificate_that_expired_is_told(kolco, radius, runtime, tmp_path):  # noqa: F811
    authority = CertificateAuthority.open(runtime.data_dir / "pki")
    issued = authority.issue_client("gone", now=datetime.now(UTC) - timedelta(days=30), days=10)
    certificate, key = map(str, issued.write(tmp_path, "gone"))
    server = ("tls", "--nas", "lo", "--port", str(radius.auth_port))
    result = await kolco(*server, "--certificate", certificate, "--key", key)
    assert result.exit_code == 1
    assert "it will be refused" in result.stderr


async def test_no_terminal_to_ask_at(kolco):
    result = await kolco("pap", "--secret", "x", "--username", "u")
    assert isinstance(result.exception, InvalidInputError)
    assert "KOLCO_TEST_PASSWORD" in result.exception.hint


async def test_a_server_that_the_device_does_not_trust(kolco, device, radius, tmp_path):  # noqa: F811
    stranger = tmp_path / "stranger.crt"
    stranger.write_bytes(CertificateAuthority.open(tmp_path / "stranger").certificate_pem)
    _, username, password = device
    server = ("--nas", "lo", "--port", str(radius.auth_port), "--ca", str(stranger))
    result = await kolco("ttls-pap", *server, "--username", username, "--password", password)
    assert result.exit_code == 1
    assert "eap-certificate-untrusted" in result.stdout
    assert "does not trust the server's certificate" in result.stderr
