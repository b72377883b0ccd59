"""The spool on a real disk."""

import asyncio
import json
import stat

import pytest

from captive_portal.portal.sms.sender import Message, SendError
from captive_portal.portal.sms.spool import SpoolSender


async def test_files_are_private_whole_and_in_order(tmp_path, clock) -> None:
    sender = SpoolSender(tmp_path / "sms", clock=clock)
    await sender.run()
    for number in range(3):
        await sender.send(Message("+79161234567", f"Код {number}"))
        clock.advance(1)
    files = sorted((tmp_path / "sms").iterdir())
    assert [json.loads(file.read_text())["text"] for file in files] == ["Код 0", "Код 1", "Код 2"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "sms").stat().st_mode) == 0o700
    assert json.loads(files[0].read_text()) == {
        "to": "+79161234567",
        "text": "Код 0",
        "at": "2026-11-23T12:00:00+00:00",
    }


async def test_a_reader_never_sees_half_a_file(tmp_path, clock) -> None:
    sender = SpoolSender(tmp_path, clock=clock)
    sending = asyncio.gather(*(sender.send(Message("+79161234567", "я" * 4000)) for _ in range(50)))
    seen = 0
    while not sending.done() or seen < 50:
        names = list(tmp_path.glob("*.json"))
        for path in names:
            json.loads(path.read_text())
        seen = len(names)
        await asyncio.sleep(0)
    await sending


async def test_a_directory_that_cannot_be_made_is_an_error(tmp_path, clock) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SendError) as caught:
        await SpoolSender(tmp_path / "file" / "sms", clock=clock).send(Message("+7", "x"))
    assert caught.value.reason == "unavailable"
