"""Proxying has hardly any SQL: what it reads is tried on one database."""

import pytest

from controller.core.pki import CertificateAuthority
from tests.integration.radius.city import running_city
from tests.peers.freeradius import FreeRadiusPlan, freeradius

VISITOR, PASSWORD = "visitor@metro.example", "correct horse"
POST_AUTH = """
    update reply {
      &Class := "first"
      &Class += "second"
      &Class += "third"
      &Chargeable-User-Identity := "person-7"
      &Session-Timeout := 1800
      &Tunnel-Type := VLAN
      &Tunnel-Private-Group-Id := "666"
      &Filter-Id := "wide-open"
      &Cisco-AVPair := "shell:priv-lvl=15"
      &WISPr-Bandwidth-Max-Down := 2000000
    }
"""


@pytest.fixture
def database_url(tmp_path):
    """An empty database, on SQLite only."""
    return f"sqlite+aiosqlite:///{tmp_path / 'kolco.db'}"


@pytest.fixture
async def city(runtime):
    """The city's daemon."""
    changes = {
        "operator_name": "4CITY:RU",
        "wba_offered_service": "OpenRoaming Bronze",
        "proxy_accounting_s": 20.0,
    }
    async with running_city(runtime, **changes) as running:
        yield running


def metro_plan(authority=None, **changes):
    """A home server that knows the visitor, and writes down what it was asked."""
    values = {
        "users": [(VISITOR, PASSWORD)], "accounting": "detail", "authorize": "detail", "post_auth": POST_AUTH,
        "authority": authority, **changes,
    }  # fmt: skip
    return FreeRadiusPlan(**values)


@pytest.fixture
def metro():
    """Another operator's FreeRADIUS."""
    with freeradius(metro_plan()) as server:
        yield server


@pytest.fixture
def metro_eap(tmp_path):
    """Another operator's FreeRADIUS that speaks EAP."""
    authority = CertificateAuthority.open(tmp_path / "metro-pki", name="Metro CA")
    with freeradius(metro_plan(authority, users=[(VISITOR, PASSWORD), ("visitor", PASSWORD)])) as server:
        yield server


def written(server):
    """What the home server wrote down: a list of requests, each a list of `Name = value`."""
    text = "".join(path.read_text() for path in (server.directory / "detail").iterdir())
    return [
        [line.strip() for line in block.splitlines()[1:]]
        for block in text.strip().split("\n\n")
        if block.strip()
    ]
