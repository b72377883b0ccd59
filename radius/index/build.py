"""The account index put together from the settings: its keeper for the daemon, its reader for each worker."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from controller.core.runtime import Runtime
from controller.core.tasks import Tasks
from radius.index.keeper import IndexKeeper
from radius.index.keys import Keys
from radius.index.metrics import IndexMetrics
from radius.index.reader import AccountIndex
from radius.settings import RadiusSettings

_SECRET = "radius-index"  # noqa: S105 - its name
_WAIT_S = 3.0
_HOUR_S = 3_600


def make_index(runtime: Runtime) -> AccountIndex:
    """Return the reader of one process; nothing is opened yet."""
    path = runtime.data_dir / "radius" / "accounts.lmdb"
    return AccountIndex(path, Keys(runtime.secrets.get(_SECRET)))


@asynccontextmanager
async def keep_index(
    runtime: Runtime, settings: RadiusSettings, index: AccountIndex
) -> AsyncIterator[IndexKeeper]:
    """Keep the account index in step with the database while the block lasts.

    A moment is given to catch up with what changed meanwhile; more goes on beside the block.

    Args:
        runtime: what the daemon stands on.
        settings: of RADIUS.
        index: of this process: it reads through the keeper's open file.
    """
    keeper = IndexKeeper(
        runtime.db,
        runtime.bus,
        runtime.clock,
        index.path,
        index.keys,
        IndexMetrics(runtime.registry),
        map_bytes=settings.index_map_bytes,
        compare_s=settings.index_compare_hours * _HOUR_S,
        opened=index.attach,
    )
    await keeper.open()
    try:
        async with Tasks() as tasks:
            tasks.spawn("radius-index", keeper.follow)
            tasks.spawn("radius-index-compare", keeper.compare_again)
            tasks.spawn("radius-index-watch", keeper.watch)
            await keeper.start(wait_s=_WAIT_S)
            yield keeper
    finally:
        await keeper.close()
