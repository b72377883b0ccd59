"""The peer itself: what our clients say to it is understood, with users in a file and in PostgreSQL."""

import time

import pytest

from radius.probe import Probe, ask
from tests.peers.freeradius import FreeRadiusPlan, freeradius, prepare_database
from tests.peers.postgresql import PostgreSql

USERS = [("u1", "password-1"), ("u2", "password-2")]
ACCOUNTING = (
    'Acct-Status-Type={kind},Acct-Session-Id="s1",User-Name="u1",NAS-IP-Address=192.0.2.1,'
    "Acct-Output-Octets=500,Acct-Session-Time=60\n"
)


async def login(server, password):
    probe = Probe("pap", "u1", password)
    answer = await ask(
        probe, "127.0.0.1", server.auth_port, server.secret.encode(), timeout_s=5, now=time.monotonic
    )
    return answer.name


async def test_users_of_a_file_and_accounting_into_a_file():
    from tests.integration.radius.asking import radclient

    with freeradius(FreeRadiusPlan(users=USERS, accounting="detail")) as server:
        assert await login(server, "password-1") == "Access-Accept"
        assert await login(server, "password-2") == "Access-Reject"
        said = await radclient(
            server.acct_port, "acct", ACCOUNTING.format(kind="Start"), secret=server.secret
        )
        assert "Accounting-Response" in said
        (detail,) = (server.directory / "detail").iterdir()
        assert "Acct-Session-Id" in detail.read_text()
        process, directory = server.process, server.directory
    assert process.poll() is not None
    assert not directory.exists()


async def test_users_and_accounting_in_postgresql(postgres_server):
    from tests.integration.radius.asking import radclient

    peer = PostgreSql(int(postgres_server.rsplit(":", 1)[1]))
    with peer.database() as name:
        prepare_database(peer, name, USERS)
        plan = FreeRadiusPlan(database=(peer, name), users_in_database=True, accounting="sql")
        with freeradius(plan) as server:
            assert await login(server, "password-1") == "Access-Accept"
            assert await login(server, "password-2") == "Access-Reject"
            for kind in ("Start", "Interim-Update", "Stop"):
                await radclient(server.acct_port, "acct", ACCOUNTING.format(kind=kind), secret=server.secret)
            stopped = peer.psql(
                name, "SELECT count(*), max(acctoutputoctets) FROM radacct WHERE acctstoptime IS NOT NULL"
            )
    assert stopped == "1|500"


def test_a_configuration_it_does_not_understand_is_told_with_its_log():
    with pytest.raises(RuntimeError, match="nonsense"), freeradius(FreeRadiusPlan(authorize="nonsense")):
        raise AssertionError("it started")
