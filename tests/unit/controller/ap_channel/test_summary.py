import msgspec
from hypothesis import given
from hypothesis import strategies as st

from controller.ap_channel.summary import summarise
from controller.ap_channel.ucentral.messages import StateBody

BODY = {
    "unit": {
        "load": [0.256, 0.2, 0.1],
        "memory": {"total": 1000, "free": 300, "cached": 100, "buffered": 100},
        "uptime": 70,
        "temperature": [51, 60],
    },
    "radios": [
        {
            "channel": 6,
            "channel_width": 20,
            "tx_power": 17,
            "band": ["2G"],
            "frequency": [2437],
            "survey": [
                {"frequency": 2412, "noise": -1, "time": 1},
                {"frequency": 2437, "noise": -95, "time": 1000, "busy": 400, "time_rx": 100, "time_tx": 50},
            ],
        },
        {
            "channel": 36,
            "channel_width": 40,
            "tx_power": 20,
            "band": ["5G"],
            "survey": [{"noise": -100, "time": 0}],
        },
    ],
    "interfaces": [
        {
            "location": "/interfaces/0",
            "counters": {"rx_bytes": 10, "tx_bytes": 20},
            "ssids": [
                {
                    "ssid": "Москва",
                    "bssid": "02-C0-DE-00-00-02",
                    "band": "2G",
                    "radio": {"$ref": "#/radios/0"},
                    "associations": [
                        {"station": "x", "tx_packets": 5, "tx_retries": 1},
                        {"tx_packets": 7, "tx_retries": 2},
                    ],
                },
                {"ssid": "Москва", "band": "5G", "associations": [{"tx_packets": 1}]},
            ],
        },
        {"location": "/interfaces/1", "counters": {"rx_bytes": 1}},
    ],
}


def body(document) -> StateBody:
    return msgspec.convert(document, StateBody)


def test_a_full_state():
    clients, summary = summarise(body(BODY), sanity=90)
    assert clients == 3
    assert summary == {
        "load": 0.26,
        "memory_used_ratio": 0.5,
        "uptime_s": 70,
        "temperature_c": 51,
        "uplink_rx_bytes": 10,
        "uplink_tx_bytes": 20,
        "sanity": 90,
        "radios": [
            {
                "band": "2.4",
                "channel": 6,
                "channel_width_mhz": 20,
                "tx_power_dbm": 17,
                "noise_dbm": -95,
                "busy_ratio": 0.4,
                "rx_ratio": 0.1,
                "tx_ratio": 0.05,
                "tx_packets": 12,
                "tx_retries": 3,
                "stations": 2,
            },
            {
                "band": "5",
                "channel": 36,
                "channel_width_mhz": 40,
                "tx_power_dbm": 20,
                "noise_dbm": -100,
                "busy_ratio": None,
                "rx_ratio": None,
                "tx_ratio": None,
                "tx_packets": 1,
                "tx_retries": 0,
                "stations": 1,
            },
        ],
        "bss": [
            {"ssid": "Москва", "bssid": "02:c0:de:00:00:02", "band": "2.4", "stations": 2},
            {"ssid": "Москва", "bssid": "", "band": "5", "stations": 1},
        ],
    }


def test_an_empty_state_says_nothing():
    clients, summary = summarise(StateBody(), sanity=None)
    assert clients == 0
    assert summary["radios"] == summary["bss"] == []
    assert summary["load"] is summary["uptime_s"] is summary["uplink_rx_bytes"] is None


def test_the_band_follows_from_frequency_or_channel():
    radios = [
        {"frequency": [2412]},
        {"frequency": [5180]},
        {"frequency": [6135]},
        {"channel": 11},
        {"channel": 44},
    ]
    _, summary = summarise(body({"radios": radios}), sanity=None)
    assert [radio["band"] for radio in summary["radios"]] == ["2.4", "5", "6", "2.4", "5"]


def test_older_firmware_is_read_too():
    radio = {
        "active_ms": 24459917, "busy_ms": 1173593, "channel": 149, "channel_width": "80",
        "noise": 4294967198, "receive_ms": 4647, "transmit_ms": 88272, "tx_power": 30,
    }  # fmt: skip
    _, summary = summarise(body({"radios": [radio], "unit": {"temperature": 55}}), sanity=None)
    assert summary["temperature_c"] == 55
    (shown,) = summary["radios"]
    assert (shown["channel_width_mhz"], shown["noise_dbm"], shown["busy_ratio"]) == (80, -98, 0.048)
    _, summary = summarise(body({"radios": [{"channel_width": "8²"}]}), sanity=None)
    assert summary["radios"][0]["channel_width_mhz"] == 0
    assert summary["radios"][0]["noise_dbm"] is summary["radios"][0]["busy_ratio"] is None


def test_nonsense_is_clamped():
    document = {
        "radios": [{"survey": [{"time": 10, "busy": 99, "time_rx": -5}]}],
        "interfaces": [
            {
                "counters": {"rx_bytes": -1, "tx_bytes": 2**53},
                "ssids": [{"ssid": "a\0b", "radio": {"ref": "#/radios/77"}, "associations": [{}]}],
            }
        ],
    }
    clients, summary = summarise(body(document), sanity=None)
    assert clients == 1
    assert summary["radios"][0]["busy_ratio"] == 1
    assert summary["radios"][0]["rx_ratio"] == 0
    assert summary["uplink_rx_bytes"] == 0
    assert summary["uplink_tx_bytes"] == 2**53
    assert summary["bss"] == [{"ssid": "ab", "bssid": "", "band": "", "stations": 1}]


numbers = st.integers(-(2**53), 2**53) | st.floats(-1e15, 1e15)


def optional(**fields):
    return st.fixed_dictionaries({}, optional=fields)


stations = st.lists(optional(tx_packets=numbers, tx_retries=numbers), max_size=3)
references = optional(**{"$ref": st.text(max_size=12)})
ssids = optional(ssid=st.text(), band=st.text(max_size=3), radio=references, associations=stations)
surveys = st.lists(optional(time=numbers, busy=numbers, frequency=numbers), max_size=2)
bands = st.lists(st.text(max_size=4), max_size=2)
radios = optional(channel=numbers, band=bands, frequency=st.lists(numbers, max_size=2), survey=surveys)
memories = optional(total=numbers, free=numbers, cached=numbers, buffered=numbers)
units = optional(load=st.lists(numbers, max_size=3), uptime=numbers, memory=memories)
interfaces = optional(ssids=st.lists(ssids, max_size=3), counters=optional(rx_bytes=numbers))
states = optional(
    unit=units, radios=st.lists(radios, max_size=3), interfaces=st.lists(interfaces, max_size=2)
)


@given(states)
def test_any_typed_state_has_a_summary_that_is_json(document):
    clients, summary = summarise(body(document), sanity=None)
    assert clients >= 0
    assert msgspec.json.decode(msgspec.json.encode(summary)) is not None
