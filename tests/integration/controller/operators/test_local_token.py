"""The token file on a real disk."""

import stat

import pytest

from controller.core.errors import InvalidInputError
from controller.operators.local_token import new_token, read_or_make_token


def test_made_once_and_private(tmp_path):
    directory = tmp_path / "data"
    token = read_or_make_token(directory)
    assert read_or_make_token(directory) == token
    assert stat.S_IMODE((directory / "operator.token").stat().st_mode) == 0o600
    assert len(token) > 40


def test_a_damaged_file_is_told(tmp_path):
    (tmp_path / "operator.token").write_text("oops\n")
    with pytest.raises(InvalidInputError) as caught:
        read_or_make_token(tmp_path)
    assert "delete it" in caught.value.hint


def test_tokens_differ():
    assert new_token() != new_token()
