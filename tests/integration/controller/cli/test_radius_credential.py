"""`kolco radius credential` on a real database, and what it issues with a real supplicant."""

import asyncio
import json
import plistlib

import pytest
from cryptography.hazmat.primitives.serialization import pkcs12
from typer.testing import CliRunner

from controller.audit import service as audit
from controller.cli.radius import app
from controller.core.errors import InvalidInputError, NotFoundError
from tests.eventually import eventually
from tests.integration.radius.asking import MAC
from tests.integration.radius.conftest import device, radius  # noqa: F401
from tests.integration.radius.eap.supplicant import ANONYMOUS, eapol_test, refused, succeeded


@pytest.fixture
def kolco(runtime, monkeypatch):
    """Run `kolco radius …` on the runtime's database, in a thread of its own."""
    monkeypatch.setenv("KOLCO_DATA_DIR", str(runtime.data_dir))
    monkeypatch.setenv("KOLCO_DATABASE_URL", runtime.db.url)

    async def run(*arguments):
        return await asyncio.to_thread(CliRunner().invoke, app, ["credential", *arguments])

    return run


async def test_a_certificate_opens_the_network_until_it_is_revoked(kolco, device, radius, tmp_path):  # noqa: F811
    out = tmp_path / "phone"
    issued = await kolco("issue", "--mac", MAC, "--out", str(out), "-o", "json")
    assert issued.exit_code == 0, issued.output
    row = json.loads(issued.stdout)
    bundle = out / f"{row['username']}.p12"
    assert bundle.stat().st_mode & 0o777 == 0o600
    assert pkcs12.load_pkcs12(bundle.read_bytes(), row["password"].encode()).cert is not None
    config = {
        "eap": "TLS",
        "identity": f'"{ANONYMOUS}"',
        "ca_cert": f'"{radius.runtime.data_dir / "pki" / "ca.crt"}"',
        "private_key": f'"{bundle}"',
        "private_key_passwd": f'"{row["password"]}"',
    }

    async def lets_in():
        return succeeded(await eapol_test(radius.auth_port, tmp_path, config))

    async def refuses():
        return refused(await eapol_test(radius.auth_port, tmp_path, config))

    await eventually(lets_in)  # RADIUS hears of it a moment later
    revoked = await kolco("revoke", row["username"], "--yes")
    assert revoked.stdout == f"credential/{row['username']} revoked\n"
    await eventually(refuses)


async def test_a_certificate_that_cannot_be_written_leaves_no_credential(kolco, device, tmp_path):  # noqa: F811
    (tmp_path / "file").touch()
    before = (await kolco("list", "--mac", MAC)).stdout
    failed = await kolco("issue", "--mac", MAC, "--out", str(tmp_path / "file" / "phone"))
    assert isinstance(failed.exception, OSError)
    assert (await kolco("list", "--mac", MAC)).stdout == before


async def test_a_profile_for_iphones(kolco, device, tmp_path):  # noqa: F811
    out = tmp_path / "phone"
    issued = await kolco("issue", "--mac", MAC, "--out", str(out), "--ssid", "City", "-o", "json")
    assert issued.exit_code == 0, issued.output
    (path,) = out.glob("*.mobileconfig")
    assert path.stat().st_mode & 0o777 == 0o600
    assert plistlib.loads(path.read_bytes())["PayloadContent"][2]["SSID_STR"] == "City"
    nowhere = await kolco("issue", "--mac", MAC, "--ssid", "City")
    assert isinstance(nowhere.exception, InvalidInputError)


async def test_openssl_refuses_what_is_on_the_revocation_list(kolco, runtime, device, tmp_path):  # noqa: F811
    out, crl = tmp_path / "phones", tmp_path / "devices.crl"
    for _ in range(2):
        await kolco("issue", "--mac", MAC, "--out", str(out))
    good, revoked = sorted(out.glob("*.crt"))
    await kolco("revoke", revoked.stem, "--yes")
    written = await kolco("crl", str(crl))
    assert written.exit_code == 0, written.output

    async def verify(certificate):
        process = await asyncio.create_subprocess_exec(
            "openssl", "verify", "-crl_check", "-CRLfile", str(crl),
            "-CAfile", str(runtime.data_dir / "pki" / "ca.crt"), str(certificate),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await process.communicate()
        return output.decode()

    assert (await verify(good)).endswith(": OK\n")
    assert "certificate revoked" in await verify(revoked)


async def test_states_are_listed_and_passwords_are_not(kolco, runtime, device):  # noqa: F811
    issued = await kolco("issue", "--mac", MAC, "--days", "30")
    assert "shown this once" in issued.stderr
    listed = await kolco("list", "--mac", MAC)
    assert listed.stdout.count("valid") == 2
    await kolco("revoke", device[1], "--yes")
    listed = await kolco("list", "--mac", MAC)
    assert "revoked" in listed.stdout
    rows = json.loads((await kolco("list", "--mac", MAC, "-o", "json")).stdout)
    assert not {"password", "secret_digest"} & set(rows[0])
    async with runtime.db.reading() as tx:
        entries, _ = await audit.list_entries(tx, object_type="credential")
    assert [entry.action for entry in entries] == ["revoked", "issued"]


async def test_mistakes_are_explained(kolco):
    for arguments in (("issue", "--mac", MAC), ("list", "--mac", MAC), ("revoke", "d-none", "--yes")):
        assert isinstance((await kolco(*arguments)).exception, NotFoundError)
