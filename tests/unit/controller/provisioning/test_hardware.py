import pytest

from controller.provisioning.hardware import radios_of


@pytest.mark.parametrize("model", ["edgecore_eap104", "hfcl_ion4x", "", "unknown thing"])
def test_models_have_two_bands_unless_known_better(model):
    assert [radio.band for radio in radios_of(model)] == ["2.4", "5"]


@pytest.mark.parametrize("model", ["cig_wf196", "CIG_WF196", "edgecore_oap101-6e", "vendor-x-6e"])
def test_some_have_6_ghz(model):
    assert [radio.band for radio in radios_of(model)] == ["2.4", "5", "6"]


def test_power_stays_within_the_russian_limits():
    limits = {"2.4": 20, "5": 23, "6": 23}
    assert all(radio.tx_power_dbm <= limits[radio.band] for radio in radios_of("cig_wf196"))


def test_6_ghz_stays_below_6425_mhz():
    six = radios_of("cig_wf196")[2]
    assert all(5950 + 5 * channel + six.width_mhz / 2 <= 6425 for channel in six.channels)
