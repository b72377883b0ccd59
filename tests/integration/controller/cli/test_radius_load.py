"""`kolco radius load` against a server in a thread, and what it refuses to do."""

import json

import pytest
from typer.testing import CliRunner

from controller.cli.radius import app
from controller.core.errors import InvalidInputError
from radius.protocol.attributes import Code
from radius.protocol.authenticator import sign_reply
from tests.fakes.radius_server import SECRET, RadiusServer, accept


def kolco(*arguments):
    return CliRunner().invoke(app, ["load", *map(str, arguments)])


@pytest.fixture
def credentials(tmp_path):
    path = tmp_path / "devices.csv"
    path.write_text("username,password,mac\nu1,p1,02-00-00-00-00-01\n\nu2,p2\n")
    return path


def test_a_load_and_what_it_found(credentials):
    with RadiusServer() as server:
        ran = kolco(
            "pap", "--port", server.port, "--secret", SECRET.decode(), "--credentials", credentials,
            "--count", 100, "--verify", 1, "-o", "json",
        )  # fmt: skip
        heard = b"".join(data for _, data in server.heard)
    assert ran.exit_code == 0
    shown = json.loads(ran.stdout)
    assert (shown["sent"], shown["accepted"], shown["faults"]) == (100, 100, {})
    assert b"u1" in heard
    assert b"u2" in heard


def test_answers_that_are_not_genuine_fail_the_command(credentials):
    def forge(packet, data):
        return accept(packet, data, secret=SECRET if packet.code == Code.STATUS_SERVER else b"another")

    with RadiusServer(forge) as server:
        ran = kolco(
            "pap", "--port", server.port, "--secret", SECRET.decode(), "--credentials", credentials,
            "--count", 4, "--sockets", 1, "--verify", 1, "--timeout", 0.2,
        )  # fmt: skip
    assert ran.exit_code == 5  # none of the four was believed
    assert "bad-message-authenticator" in ran.stdout


def test_accounting_needs_nobody_to_log_in_and_may_let_them():
    with RadiusServer() as server:
        ran = kolco(
            "accounting", "--port", server.port, "--secret", SECRET.decode(), "--count", 5, "-o", "json"
        )
    assert json.loads(ran.stdout)["accepted"] == 15


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--server", "192.0.2.1", "--secret", "x"), "not this machine"),
        ((), "secret"),
        (("--secret", "x"), "logs in"),
        (("--secret", "x", "--credentials", "/nowhere"), "cannot read"),
        (("--secret", "x", "--tls", "1.1"), "tls"),
        (("--secret", "x", "--key", "/nowhere"), "belong together"),
        (("--secret", "x", "--login"), "--login needs"),
    ],
)
def test_what_it_does_not_do(arguments, said):
    ran = kolco("pap", *arguments)
    assert isinstance(ran.exception, InvalidInputError)
    assert said in str(ran.exception)


def test_a_line_that_is_none_is_named(tmp_path):
    path = tmp_path / "devices.csv"
    path.write_text("u1,p1\nu2\n")
    ran = kolco("pap", "--secret", "x", "--credentials", path)
    assert "line 2" in str(ran.exception)


@pytest.mark.parametrize(
    ("text", "said"),
    [(b"u1,\xff\xfe", "UTF-8"), (b"u1,p1,nonsense", "no MAC address"), (b"\n", "nobody")],
)
def test_a_file_of_credentials_that_is_none(tmp_path, text, said):
    path = tmp_path / "devices.csv"
    path.write_bytes(text)
    ran = kolco("pap", "--secret", "x", "--credentials", path)
    assert isinstance(ran.exception, InvalidInputError)
    assert said in str(ran.exception)


def test_who_is_refused_is_told_where_to_look(credentials):
    with RadiusServer(lambda packet, _: [sign_reply(Code.ACCESS_REJECT, packet, [], SECRET)]) as server:
        ran = kolco(
            "pap", "--port", server.port, "--secret", SECRET.decode(), "--credentials", credentials,
            "--count", 10,
        )  # fmt: skip
    assert ran.exit_code == 0
    assert "10 were refused: `kolco radius explain" in ran.stderr


def test_nobody_is_let_in_before_accounting(credentials):
    def refuse(packet, data):
        if packet.code == Code.ACCESS_REQUEST:
            return [sign_reply(Code.ACCESS_REJECT, packet, [], SECRET)]
        return accept(packet, data)

    with RadiusServer(refuse) as server:
        ran = kolco(
            "accounting", "--port", server.port, "--auth-port", server.port, "--secret", SECRET.decode(),
            "--credentials", credentials, "--login",
        )  # fmt: skip
    assert "let in" in str(ran.exception)
