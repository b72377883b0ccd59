"""Accounting that waits in files."""

from hypothesis import given
from hypothesis import strategies as st

from radius.proxy.spool import Waiting, save, take

ONE = Waiting([(40, b"\0\0\0\1"), (1, b"u@x.example")], "x.example", b"device", 1e9)
ANY = st.builds(
    Waiting,
    st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=253)), max_size=5),
    st.text(max_size=20),
    st.binary(max_size=20),
    st.floats(0, 4e9),
)


def test_files_are_private_and_taken_once(tmp_path):
    save(tmp_path / "forward", [ONE])
    save(tmp_path / "forward", [ONE, ONE])
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "forward").iterdir()} == {0o600}
    assert take(tmp_path / "forward") == [ONE] * 3
    assert take(tmp_path / "forward") == []
    assert list((tmp_path / "forward").iterdir()) == []


def test_where_nothing_waits_nothing_is_made(tmp_path):
    assert take(tmp_path / "forward") == []
    assert not (tmp_path / "forward").exists()


def test_a_damaged_file_is_set_aside(tmp_path):
    save(tmp_path, [ONE])
    (tmp_path / "0.spool").write_bytes(b"\xc1 damaged")
    assert take(tmp_path) == [ONE]
    assert [path.suffix for path in tmp_path.iterdir()] == [".damaged"]


@given(st.lists(ANY, max_size=5))
def test_what_was_saved_is_taken(tmp_path_factory, waiting):
    directory = tmp_path_factory.mktemp("spool")
    save(directory, waiting)
    assert take(directory) == waiting
