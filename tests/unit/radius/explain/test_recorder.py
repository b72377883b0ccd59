from controller.directory.types import Known, PlanView
from radius.authorize import Accepted
from radius.explain.recorder import Recorder
from radius.explain.trace import decode_trace
from radius.index.entries import PlaceEntry
from radius.index.places import Places
from radius.policy.rules import Effect, Verdict
from radius.protocol.connection import Client, RequestReceived
from radius.protocol.eap.steps import EapFailure
from radius.protocol.packet import encode_packet, parse_packet
from radius.question import Method, Refusal, Refused
from radius.reply import Replies
from radius.session_class import ClassCodec

MAC = "02:00:00:00:00:01"
SECRETS = (b"n" * 16, b"o" * 16)
PLAN = PlanView("city", "City", 7200, 600, 1, 300, None, None, 5_000, 5)
RULE = Verdict("slow", Effect(down_kbps=1_000), 3)


class FakeLog:
    def __init__(self):
        self.kept, self.asked, self.full = [], [], False

    def wants_decision(self, *, refused):
        self.asked.append(refused)
        return not self.full

    def append_decision(self, decision):
        self.kept.append(decision)


class FakeDigests:
    def station(self, mac):
        return b"station of " + mac.encode()

    def username(self, name):
        return b"name " + name.encode()


def request(*attributes, secret=SECRETS[0]):
    packet = parse_packet(encode_packet(1, 0, bytes(16), attributes))
    return RequestReceived(packet, Client("lo", SECRETS, vendor="chilli"), ("10.0.0.1", 1), secret, 0.0)


def note(decision, *attributes, log=None, **options):
    log = log or FakeLog()
    places = Places({"00:11:22:33:44:50": PlaceEntry("001122334450", "gum", "ring")})
    recorder = Recorder(log, FakeDigests(), lambda: places)
    Replies(ClassCodec(bytes(32)), note=recorder.note).render(
        decision, request(*attributes, **options), "eap-ttls"
    )
    return log


def accepted(verdict=RULE):
    known = Known("account", "d" * 26, MAC, PLAN, None)
    return Accepted(known, Method.EAP_TTLS, "s" * 26, 60, verdict=verdict, bytes_left=5_000)


def test_an_accept_is_kept_with_all_that_explains_it():
    called = (30, b"00-11-22-33-44-50:City")
    (record,) = note(
        accepted(), (31, b"02-00-00-00-00-01"), called, (1, b"anonymous"), secret=SECRETS[1]
    ).kept
    assert (record.nas_id, record.outcome, record.method, record.rule) == (
        "lo",
        "accept",
        "radius-ttls",
        "slow",
    )
    assert (record.station, record.username) == (b"station of " + MAC.encode(), b"name anonymous")
    assert (record.account_id, record.plan_id, record.session_id) == ("account", "city", "s" * 26)
    assert (record.ap_serial, record.site_id, record.ssid) == ("001122334450", "gum", "City")
    trace = decode_trace(record.trace)
    assert trace.facts == ("ring", "gum", "City", "lo", "radius-ttls", "city", "active")
    assert (trace.revision, trace.address, trace.signed, trace.secret) == (3, "10.0.0.1", False, 1)
    assert (trace.vendor, trace.seconds_left, trace.bytes_left) == ("chilli", 60, 5_000)
    assert b"s" * 26 not in trace.attributes
    assert trace.attributes


def test_a_refusal_by_the_policy_tells_whom_it_refused():
    (record,) = note(Refused(Refusal.POLICY, RULE, "account", "city"), (1, b"d-1")).kept
    assert (record.outcome, record.reason, record.rule) == ("reject", "policy", "slow")
    assert (record.account_id, record.plan_id, record.session_id) == ("account", "city", None)
    assert decode_trace(record.trace).facts[5] == "city"


def test_refusals_before_anybody_is_known():
    (record,) = note(Refused(EapFailure.TLS)).kept
    assert (record.reason, record.method, record.account_id) == ("eap-tls", "radius-ttls", None)
    assert (record.station, record.username) == (None, None)


def test_a_name_that_is_a_mac_is_a_device():
    (record,) = note(Refused(Refusal.UNKNOWN_DEVICE), (1, b"020000000001")).kept
    assert (record.station, record.username) == (b"station of " + MAC.encode(), None)


def test_what_the_journal_does_not_take_is_not_made():
    log = FakeLog()
    log.full = True
    note(accepted(), log=log)
    note(Refused(Refusal.UNKNOWN_DEVICE), log=log)
    assert (log.asked, log.kept) == ([False, True], [])
