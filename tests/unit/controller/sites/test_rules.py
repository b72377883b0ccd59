import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.errors import InvalidInputError
from controller.sites.rules import check_name, check_place, check_slug, check_text


@pytest.mark.parametrize("slug", ["a", "gorky-park", "5-arbat", "a" * 63])
def test_identifiers(slug):
    assert check_slug(slug, "site") == slug


@pytest.mark.parametrize("slug", ["", "-a", "a-", "A", "парк", "a b", "a" * 64, "a\n"])
def test_what_is_none(slug):
    with pytest.raises(InvalidInputError):
        check_slug(slug, "site")


def test_names_are_trimmed_and_composed():
    assert check_name("  Чайковский ", "the name") == "Чайковский"
    with pytest.raises(InvalidInputError):
        check_name(" ", "the name")


@given(st.text(max_size=30))
def test_any_text_is_taken_or_refused(text):
    try:
        checked = check_text(text, "it", 20)
    except InvalidInputError:
        return
    assert len(checked) <= 20
    assert checked.isprintable() or not checked.isascii()


@pytest.mark.parametrize("place", [(91, 0), (-91, 0), (0, 181), (float("nan"), 0), (0, float("inf"))])
def test_places_on_no_map(place):
    with pytest.raises(InvalidInputError):
        check_place(*place)


def test_the_poles_are_on_it():
    check_place(90, 180)
    check_place(-90, -180)
