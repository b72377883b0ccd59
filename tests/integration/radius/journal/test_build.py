import pytest

from controller.models import SetAside
from radius.journal.build import journal_directory, keep_books, open_journal
from radius.journal.segments import list_segments
from radius.metrics import RadiusMetrics
from radius.session_class import ClassCodec
from radius.settings import RadiusSettings
from tests.integration.radius.asking import rows, until


@pytest.fixture
def shown(runtime):
    return RadiusMetrics(runtime.registry)


async def test_what_is_written_is_applied(runtime, shown):
    settings = RadiusSettings(apply_wait_ms=5)
    keep_books(runtime, settings, shown, ClassCodec(bytes(32)), heard=lambda *_: None)
    async with open_journal(runtime.data_dir, settings, shown.tally) as journal:
        await journal.append_accounting("nas", "192.0.2.1", b"no packet")

        async def applied():
            return await rows(runtime, SetAside)

        await until(applied)
    directory = journal_directory(runtime.data_dir)

    async def put_away():
        return not list_segments(directory)

    await until(put_away)
    assert runtime.registry.get_sample_value("kolco_radius_journal_backlog_bytes") == 0


async def test_the_limits_are_the_settings(runtime, shown):
    async with open_journal(runtime.data_dir, RadiusSettings(journal_max_mb=3), shown.tally) as journal:
        assert journal._limits.max_bytes == 3 * 2**20
