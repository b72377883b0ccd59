from radius.index.build import make_index
from tests.factories.people import MAC
from tests.integration.radius.index.conftest import kept


async def test_the_readers_of_all_processes_have_the_same_keys_and_file(runtime, login):
    async with kept(runtime) as (index, keeper):
        assert index.find_device(MAC)[0].device_id == login.device_id
        assert keeper.is_complete
        assert index.path == runtime.data_dir / "radius" / "accounts.lmdb"
    worker = make_index(runtime)
    worker.open()
    assert worker.find_device(MAC)[0].device_id == login.device_id
    worker.close()
    assert index.find_device(MAC) == (None, None)  # the keeper has closed it
