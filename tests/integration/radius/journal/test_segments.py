import errno
import os
import stat

import pytest

from radius.journal import segments
from radius.journal.format import HEADER_LENGTH, read_header
from radius.journal.segments import create_segment, is_being_written, list_segments, path_of


@pytest.fixture
def made(directory):
    segments.open_directory(directory)
    segment = create_segment(directory)
    yield segment
    os.close(segment.descriptor)


def test_a_segment_is_there_with_its_header_and_nobody_elses(directory, made):
    path = path_of(directory, made.id)
    assert list_segments(directory) == [made.id]
    assert read_header(path.read_bytes()) == made.id
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_its_lock_tells_that_it_is_being_written(directory, made):
    reader = os.open(path_of(directory, made.id), os.O_RDONLY)
    assert is_being_written(reader)
    os.close(os.dup(made.descriptor))  # a copy that goes does not give the lock away
    assert is_being_written(reader)
    other = create_segment(directory)
    os.close(other.descriptor)
    free = os.open(path_of(directory, other.id), os.O_RDONLY)
    assert not is_being_written(free)
    os.close(free)
    os.close(reader)


def test_a_disk_that_is_full_leaves_nothing_behind(directory, monkeypatch):
    segments.open_directory(directory)

    def full(*_arguments):
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(segments, "write_all", full)
    with pytest.raises(OSError, match="no space"):
        create_segment(directory)
    assert list(directory.iterdir()) == []


def test_a_write_in_pieces_is_carried_on(directory, made, monkeypatch):
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, bytes(data[:3])))
    segments.write_all(made.descriptor, b"0123456789")
    assert path_of(directory, made.id).read_bytes()[HEADER_LENGTH:] == b"0123456789"


def test_what_is_done_is_not_read_again(directory, made):
    assert segments.total_bytes(directory) == HEADER_LENGTH
    segments.mark_done(directory, made.id)
    assert (list_segments(directory), segments.list_done(directory)) == ([], [made.id])
    assert segments.total_bytes(directory) == 0
    segments.remove_done(directory, made.id)
    segments.remove_done(directory, made.id)
    assert list(directory.iterdir()) == []


def test_a_draft_of_a_writer_that_was_killed_goes(directory):
    segments.open_directory(directory)
    old, new = directory / "old.new", directory / "fresh.new"
    for draft in (old, new):
        draft.touch()
    os.utime(old, (0, 0))
    segments.remove_drafts(directory)
    assert list(directory.iterdir()) == [new]
