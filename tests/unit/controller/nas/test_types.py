import pytest

from controller.core.errors import InvalidInputError
from controller.nas.types import NewNas, check_new


@pytest.mark.parametrize(
    ("cidr", "canonical"),
    [("192.0.2.1", "192.0.2.1/32"), ("10.0.0.0/8", "10.0.0.0/8"), ("2001:DB8::/32", "2001:db8::/32")],
)
def test_networks_are_made_canonical(cidr, canonical):
    assert check_new(NewNas("ap-1", "AP", cidr)) == canonical


@pytest.mark.parametrize(
    ("new", "field"),
    [
        (NewNas("Ünfit", "x", "10.0.0.1"), "id"),
        (NewNas("", "x", "10.0.0.1"), "id"),
        (NewNas("a", "x", "10.0.0.1/8"), "cidr"),
        (NewNas("a", "x", "nowhere"), "cidr"),
        (NewNas("a", "x", ""), "cidr"),
        (NewNas("a", "x", "", radsec_name="two words"), "radsec_name"),
        (NewNas("radsec-aps", "x", "10.0.0.0/8"), "id"),
        (NewNas("a", "x", "10.0.0.1", secret="short"), "secret"),
    ],
)
def test_wrong_input_names_its_field(new, field):
    with pytest.raises(InvalidInputError) as caught:
        check_new(new)
    assert caught.value.data["field"] == field


def test_a_nas_that_comes_by_radsec_needs_no_network():
    assert check_new(NewNas("a", "x", "", radsec_name="proxy.example.net")) == ""
    assert check_new(NewNas("a", "x", "10.0.0.0/8", radsec_name="proxy.example.net")) == "10.0.0.0/8"
