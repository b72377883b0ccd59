"""EAP logins against FreeRADIUS: two implementations that must agree on every octet and key."""

from dataclasses import replace

import pytest

from controller.core.pki import CertificateAuthority
from radius.load.plan import LoadPlan, Pace, Target, Work
from radius.load.requests import Login
from radius.load.supplicants import Supplicants
from radius.protocol.attributes import Code
from tests.fakes.radius_server import SECRET, RadiusServer
from tests.peers.freeradius import FreeRadiusPlan, freeradius

USERS = [(f"u{number}", f"password-{number}") for number in range(20)]
LOGINS = tuple(Login(*user, "02-00-00-00-00-01") for user in USERS)


@pytest.fixture(scope="module")
def peer(tmp_path_factory):
    authority = CertificateAuthority.open(tmp_path_factory.mktemp("pki"))
    with freeradius(FreeRadiusPlan(users=USERS, authority=authority)) as server:
        target = Target("127.0.0.1", server.auth_port, server.secret.encode())
        yield LoadPlan(
            Work.TTLS_PAP,
            target,
            Pace(in_flight=8, timeout_s=10),
            LOGINS,
            count=30,
            verify_every=1,
            ca_pem=authority.certificate_pem,
        )


@pytest.mark.parametrize("newest", ["1.2", "1.3"])
@pytest.mark.parametrize("work", [Work.TTLS_PAP, Work.TTLS_MSCHAPV2])
def test_everybody_gets_in_with_the_same_keys_as_the_access_point(peer, work, newest):
    part = Supplicants(replace(peer, work=work, newest_tls=newest)).run()
    assert part.codes == {Code.ACCESS_ACCEPT: 30}
    assert not part.faults
    assert (part.sent, part.lost, part.strays, len(part.seconds)) == (30, 0, 0, 30)
    assert part.packets >= 5 * 30


def test_an_open_loop_begins_logins_at_its_rate(peer):
    part = Supplicants(replace(peer, pace=Pace(rate=40, timeout_s=10))).run()
    assert part.codes == {Code.ACCESS_ACCEPT: 30}
    assert 0.6 < part.sending_s < 30


def test_a_wrong_password_is_an_answer_too(peer):
    part = Supplicants(replace(peer, logins=(Login("u1", "wrong"),), count=5)).run()
    assert part.codes == {Code.ACCESS_REJECT: 5}
    assert not part.faults


def test_a_server_of_another_authority_is_not_believed(peer, tmp_path):
    stranger = CertificateAuthority.open(tmp_path).certificate_pem
    part = Supplicants(replace(peer, ca_pem=stranger, count=3)).run()
    assert part.codes[Code.ACCESS_ACCEPT] == 0
    assert part.codes[Code.ACCESS_REJECT] + part.faults.total() == 3


def test_a_wrong_secret_and_silence_are_lost_logins(peer):
    wrong = replace(peer.target, secret=b"another secret than its own")
    part = Supplicants(replace(peer, target=wrong, count=4, pace=Pace(in_flight=4, timeout_s=0.3))).run()
    assert (part.sent, part.lost, part.codes.total()) == (4, 4, 0)


def test_what_is_not_genuine_is_counted_and_waited_out(peer):
    def mirror(_packet, data):
        return [data, b"\0", bytes((2, data[1] ^ 1)) + data[2:]]

    with RadiusServer(mirror) as server:
        target = Target("127.0.0.1", server.port, SECRET)
        plan = replace(peer, target=target, count=2, pace=Pace(in_flight=2, timeout_s=2.0, retry_s=0.7))
        part = Supplicants(plan).run()
        heard = [data for _, data in server.heard]
    assert len(heard) > len(set(heard)) == 2  # the same octets again
    assert part.faults == {"unexpected-reply": len(heard), "short": len(heard)}
    assert (part.lost, part.strays) == (2, len(heard))
