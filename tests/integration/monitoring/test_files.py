from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitoring.files import write_all, write_atomically


def test_a_file_is_written_once_and_whole(tmp_path):
    path = tmp_path / "new" / "rules.yml"
    assert write_atomically(path, "groups: []\n")
    assert not write_atomically(path, "groups: []\n")
    assert path.read_text() == "groups: []\n"
    assert path.stat().st_mode & 0o777 == 0o644
    assert [entry.name for entry in path.parent.iterdir()] == ["rules.yml"]


def test_a_reader_keeps_the_old_file(tmp_path):
    path = tmp_path / "rules.yml"
    write_atomically(path, "old")
    with path.open() as reader:
        write_atomically(path, "new")
        assert reader.read() == "old"
    assert path.read_text() == "new"


def test_write_all_tells_what_changed(tmp_path):
    write_all(tmp_path, {"a": "1", "b": "2"})
    assert write_all(tmp_path, {"a": "1", "b": "3"}) == [tmp_path / "b"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back(tmp_path, text):
    write_atomically(tmp_path / "f", text)
    assert (tmp_path / "f").read_bytes() == text.encode()
