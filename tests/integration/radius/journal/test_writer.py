import asyncio
import errno
import os
import threading

import pytest

from radius.journal import writer
from radius.journal.decisions import DecisionRecord, decode_decision_body
from radius.journal.errors import NotStored, NotStoredError
from radius.journal.format import HEADER_LENGTH, Kind, parse_payload, scan
from radius.journal.segments import list_segments, path_of
from radius.reply import ACCOUNTED
from tests.eventually import eventually

NOT_STORED = "kolco_radius_journal_not_stored"


def entries(directory):
    """All records on disk."""
    read = []
    for segment in list_segments(directory):
        data = path_of(directory, segment).read_bytes()
        read += [parse_payload(payload) for _, payload in scan(data, HEADER_LENGTH).payloads]
    return read


async def test_a_record_is_on_disk_when_it_is_confirmed(open_writer, directory):
    async with open_writer() as journal:
        assert await journal.append_accounting("nas", "192.0.2.1", b"packet") is ACCOUNTED
        (entry,) = entries(directory)
    assert (entry.kind, entry.nas_id, entry.body) == (Kind.ACCOUNTING, "nas", b"packet")


async def test_what_comes_during_a_sync_shares_the_next(open_writer, metrics, monkeypatch):
    syncs = []
    sync = os.fdatasync

    def slow(descriptor):
        syncs.append(descriptor)
        sync(descriptor)

    monkeypatch.setattr(writer.os, "fdatasync", slow)
    async with open_writer() as journal:
        await journal.append_accounting("nas", "192.0.2.1", b"first")  # makes the segment
        syncs.clear()
        for _ in range(3):
            await asyncio.gather(*(journal.append_accounting("nas", "192.0.2.1", b"x") for _ in range(50)))
    assert len(syncs) == 3
    assert metrics.tally._histograms["kolco_radius_journal_group_records"].by[()][-1] == 151


async def test_nothing_is_confirmed_before_the_sync(open_writer, monkeypatch):
    syncing, gate = threading.Event(), threading.Event()
    sync = os.fdatasync

    def wait(descriptor):
        syncing.set()
        assert gate.wait(10)
        sync(descriptor)

    monkeypatch.setattr(writer.os, "fdatasync", wait)
    async with open_writer() as journal:
        future = journal.append_accounting("nas", "192.0.2.1", b"x")
        await asyncio.to_thread(syncing.wait)
        assert not future.done()
        gate.set()
        await future


@pytest.mark.parametrize("trouble", [(errno.ENOSPC, NotStored.DISK_FULL), (errno.EIO, NotStored.DISK_ERROR)])
async def test_a_disk_in_trouble_confirms_nothing_and_recovers(
    open_writer, directory, counted, monkeypatch, trouble
):
    number, reason = trouble
    write = writer.write_all

    def fail(descriptor, data):
        write(descriptor, data[:5])
        raise OSError(number, "trouble")

    async with open_writer() as journal:
        await journal.append_accounting("nas", "192.0.2.1", b"before")
        monkeypatch.setattr(writer, "write_all", fail)
        for _ in range(2):
            with pytest.raises(NotStoredError, match=reason.value):
                await journal.append_accounting("nas", "192.0.2.1", b"lost")
        monkeypatch.setattr(writer, "write_all", write)
        await journal.append_accounting("nas", "192.0.2.1", b"after")
    assert counted(NOT_STORED, reason.value) == 2
    assert [entry.body for entry in entries(directory)] == [b"before", b"after"]


async def test_a_sync_that_fails_confirms_nothing(open_writer, counted, monkeypatch):
    sync = os.fdatasync

    def fail(_descriptor):
        raise OSError(errno.EIO, "the disk is gone")

    async with open_writer() as journal:
        await journal.append_accounting("nas", "192.0.2.1", b"before")
        monkeypatch.setattr(writer.os, "fdatasync", fail)
        with pytest.raises(NotStoredError):
            await journal.append_accounting("nas", "192.0.2.1", b"lost")
        monkeypatch.setattr(writer.os, "fdatasync", sync)
    assert counted(NOT_STORED, "disk-error") == 1


async def test_a_file_whose_end_fails_is_left_behind(open_writer, counted, directory, monkeypatch):
    """The kernel frees a descriptor though closing it fails; it may be somebody else's by then."""
    sync, close = os.fdatasync, os.close

    def fail(_descriptor):
        raise OSError(errno.EIO, "the disk is gone")

    def fail_to_close(descriptor):
        monkeypatch.setattr(writer.os, "close", close)
        close(descriptor)
        fail(descriptor)

    async with open_writer() as journal:
        await journal.append_accounting("nas", "192.0.2.1", b"before")
        monkeypatch.setattr(writer.os, "fdatasync", fail)
        monkeypatch.setattr(writer.os, "close", fail_to_close)
        with pytest.raises(NotStoredError):
            await journal.append_accounting("nas", "192.0.2.1", b"lost")
        monkeypatch.setattr(writer.os, "fdatasync", sync)
        await journal.append_accounting("nas", "192.0.2.1", b"after")
    assert counted(NOT_STORED, "disk-error") == 1
    assert [entry.body for entry in entries(directory)][-1] == b"after"
    assert len(list_segments(directory)) == 2


async def test_beyond_the_limit_nothing_is_taken(open_writer, directory, counted, monkeypatch):
    monkeypatch.setattr(writer, "_LOOK_S", 0.0)
    async with open_writer(max_bytes=200) as journal:
        await journal.append_accounting("nas", "192.0.2.1", bytes(200))
        with pytest.raises(NotStoredError, match="journal-full"):
            await journal.append_accounting("nas", "192.0.2.1", bytes(200))
        for segment in list_segments(directory):
            path_of(directory, segment).unlink()
        await journal.append_accounting("nas", "192.0.2.1", bytes(20))
    assert counted(NOT_STORED, "journal-full") == 1


async def test_a_segment_ends_at_its_size(open_writer, directory):
    async with open_writer(segment_bytes=300) as journal:
        for number in range(6):
            await journal.append_accounting("nas", "192.0.2.1", bytes([number]) * 100)
    assert len(list_segments(directory)) == 2
    assert [entry.body[0] for entry in entries(directory)] == list(range(6))


async def test_writers_never_share_a_segment(open_writer, directory):
    async with open_writer() as one, open_writer() as other:
        await one.append_accounting("nas", "192.0.2.1", b"one")
        await other.append_accounting("nas", "192.0.2.1", b"other")
        assert len(list_segments(directory)) == 2


async def test_decisions_go_along_unasked_for(open_writer, directory):
    decision = DecisionRecord("nas", "reject", reason="policy")
    async with open_writer() as journal:
        journal.append_decision(decision)
        await eventually(lambda: entries(directory))
        journal.append_decision(decision)  # and those at the end are not lost
    read = entries(directory)
    assert [entry.kind for entry in read] == [Kind.DECISION] * 2
    assert decode_decision_body(read[0].body) == decision


async def test_decisions_are_bounded_and_refusals_come_first(open_writer, counted):
    async with open_writer(decisions_per_s=1.0) as journal:
        accepts = sum(journal.wants_decision(refused=False) for _ in range(20))
        refusals = sum(journal.wants_decision(refused=True) for _ in range(20))
    assert (accepts, refusals) in {(5, 5), (6, 4)}
    assert counted("kolco_radius_decisions_not_recorded") == 30


async def test_after_the_end_nothing_is_taken(open_writer, directory):
    async with open_writer() as journal:
        late = journal.append_accounting("nas", "192.0.2.1", b"at the end")
    await late
    with pytest.raises(NotStoredError, match="closed"):
        await journal.append_accounting("nas", "192.0.2.1", b"too late")
    journal.append_decision(DecisionRecord("nas", "accept"))
    assert [entry.body for entry in entries(directory)] == [b"at the end"]
