"""Checks of what is kept, with real files, databases and a real NATS."""

from datetime import UTC, datetime, timedelta

import pytest

from controller import migrations
from controller.cli.checks.storage import check_bus, check_certificates, check_data_dir, check_database
from controller.core.db import Database
from controller.core.pki import CertificateAuthority
from controller.core.settings import CoreSettings
from tests.conftest import free_port


def statuses(findings) -> dict[str, str]:
    return {finding.name: finding.status for finding in findings}


def test_a_private_directory(tmp_path):
    tmp_path.chmod(0o700)
    key = tmp_path / "a.key"
    key.write_text("x")
    key.chmod(0o600)
    assert set(statuses(check_data_dir(tmp_path)).values()) == {"pass"}


def test_what_others_may_read(tmp_path):
    tmp_path.chmod(0o755)
    (tmp_path / "operator.token").write_text("x")
    (tmp_path / "operator.token").chmod(0o644)
    found = statuses(check_data_dir(tmp_path))
    assert (found["data directory"], found["secrets"]) == ("warn", "fail")


def test_no_directory(tmp_path):
    assert statuses(check_data_dir(tmp_path / "none")) == {"data directory": "warn"}
    (tmp_path / "file").write_text("x")
    assert statuses(check_data_dir(tmp_path / "file")) == {"data directory": "fail"}


def test_certificates(tmp_path):
    now = datetime.now(UTC)
    authority = CertificateAuthority.open(tmp_path)
    for name, days in (("good", 90), ("soon", 10), ("over", 1)):
        authority.issue_server([name], now=now, days=days).write(tmp_path, name)
    found = statuses(check_certificates(tmp_path, now + timedelta(days=2)))
    assert found == {"certificate: soon.crt": "warn", "certificate: over.crt": "fail", "certificates": "pass"}
    assert statuses(check_certificates(tmp_path / "none", now)) == {"certificates": "pass"}


async def test_database(database_url):
    if database_url.startswith("sqlite"):
        assert (await check_database(database_url)).status == "warn"
    else:
        assert (await check_database(database_url)).status == "fail"
    db = Database(database_url)
    await migrations.upgrade(db)
    await db.close()
    finding = await check_database(database_url)
    assert finding.status == "pass"
    assert migrations.newest() in finding.detail


@pytest.mark.parametrize("url", ["mysql://x", "postgresql+asyncpg://kolco@127.0.0.1:1/kolco"])
async def test_database_away(url):
    assert (await check_database(url)).status == "fail"


async def test_bus(nats_url, tmp_path):
    url = f"sqlite+aiosqlite:///{tmp_path / 'k.db'}"
    db = Database(url)
    await migrations.upgrade(db)
    await db.close()
    for bus_url, status in ((None, "pass"), (nats_url, "pass"), (f"nats://127.0.0.1:{free_port()}", "fail")):
        settings = CoreSettings(data_dir=tmp_path, database_url=url, bus_url=bus_url)
        assert (await check_bus(settings)).status == status
