from captive_portal.gateway.gate.rules import CHAINS, RuleSettings, render_ruleset, render_teardown

SETTINGS = RuleSettings(
    table="kolco",
    lan_interface="lan",
    wan_interface="wan",
    lan_cidr="10.77.0.0/16",
    redirector_port=8081,
    portal_addresses=["203.0.113.10"],
    portal_ports=(80, 443),
    walled_garden=["203.0.113.64/28"],
    max_clients=1000,
)


def rules_of(chain):
    start = f"add rule inet kolco {chain} "
    text = render_ruleset(SETTINGS)
    return [line.removeprefix(start) for line in text.splitlines() if line.startswith(start)]


def test_loading_again_keeps_the_clients():
    lines = render_ruleset(SETTINGS).splitlines()
    assert not [line for line in lines if line.startswith(("delete", "destroy", "flush table"))]
    flushed = [line for line in lines if line.startswith("flush set")]
    assert flushed == ["flush set inet kolco portal", "flush set inet kolco garden"]
    assert [line for line in lines if line.startswith("flush chain")] == [
        f"flush chain inet kolco {chain}" for chain in CHAINS
    ]


def test_every_chain_is_made_before_it_is_filled():
    lines = render_ruleset(SETTINGS).splitlines()
    for chain in CHAINS:
        made = next(i for i, line in enumerate(lines) if line.startswith(f"add chain inet kolco {chain}"))
        filled = [i for i, line in enumerate(lines) if line.startswith(f"add rule inet kolco {chain} ")]
        assert filled
        assert made < min(filled)


def test_no_client_passes_by_an_established_connection_alone():
    for chain in ("from_lan", "open_up", "passage"):
        assert not [rule for rule in rules_of(chain) if "established" in rule]
    down = rules_of("to_lan")
    accepting = [rule for rule in down if rule.endswith("accept")]
    assert [rule.split()[:3] for rule in accepting] == [
        ["ip", "saddr", "@portal"],
        ["ip", "saddr", "@garden"],
        ["ip", "daddr", "@auth_ip"],
        ["udp", "sport", "123"],
    ]


def test_spoofed_addresses_are_dropped_before_anything_else():
    assert rules_of("spoof")[-1].startswith("ip saddr @bound_ip ip saddr . ether saddr != @bound")
    assert "priority raw" in render_ruleset(SETTINGS)


def test_captives_get_a_reset_and_never_a_false_certificate():
    assert "tcp dport { 443, 853 } counter reject with tcp reset" in rules_of("from_lan")
    assert "tcp dport 80 redirect to :8081" in rules_of("captive_nat")
    assert not [rule for rule in rules_of("captive_nat") if "443" in rule]


def test_the_open_are_not_intercepted():
    rules = rules_of("captive_nat")
    auth = rules.index("ip saddr . ether saddr @auth accept")
    assert all("redirect" not in rule for rule in rules[:auth])


def test_the_portal_sees_clients_by_their_own_address():
    assert rules_of("source_nat") == ['ip saddr 10.77.0.0/16 oifname "wan" ip daddr != @portal masquerade']


def test_teardown_works_twice():
    assert render_teardown("kolco") == "add table inet kolco\ndelete table inet kolco\n"
