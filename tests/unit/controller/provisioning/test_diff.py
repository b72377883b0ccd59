from hypothesis import given
from hypothesis import strategies as st

from controller.provisioning.diff import ABSENT, Change, diff


def test_a_changed_ssid_is_one_change():
    before = {
        "uuid": 1,
        "interfaces": [{"name": "WAN", "ssids": [{"name": "A", "x": 1}, {"name": "B", "x": 1}]}],
    }
    after = {
        "uuid": 2,
        "interfaces": [{"name": "WAN", "ssids": [{"name": "B", "x": 1}, {"name": "A", "x": 2}]}],
    }
    assert diff(before, after) == (Change("interfaces[WAN].ssids[A].x", 1, 2),)


def test_new_and_gone():
    assert diff({"a": 1}, {"b": 2}) == (Change("a", 1, ABSENT), Change("b", ABSENT, 2))
    assert diff({"r": [{"band": "2G"}]}, {"r": []}) == (Change("r[2G]", {"band": "2G"}, ABSENT),)


def test_lists_without_names_are_compared_whole():
    assert diff({"c": [1, 6]}, {"c": [1, 11]}) == (Change("c", [1, 6], [1, 11]),)
    twins = [{"name": "A"}, {"name": "A"}]
    assert diff({"c": twins}, {"c": twins[:1]}) == (Change("c", twins, twins[:1]),)


def test_true_is_not_one():
    assert diff({"a": True}, {"a": 1}) == (Change("a", True, 1),)
    assert repr(ABSENT) == "absent"


values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from("xyz"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "band", "k", "l"]), inner, max_size=3)
    ),
    max_leaves=12,
)
documents = st.dictionaries(st.sampled_from("abcd"), values, max_size=4)


@given(documents)
def test_a_document_does_not_differ_from_itself(document):
    assert diff(document, document) == ()


@given(documents, documents)
def test_both_directions_find_the_same_paths(left, right):
    there = {(change.path, repr(change.old), repr(change.new)) for change in diff(left, right)}
    back = {(change.path, repr(change.new), repr(change.old)) for change in diff(right, left)}
    assert there == back
