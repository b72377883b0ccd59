from controller.models import Nas
from controller.nas import repository


async def test_nas_are_found_by_id_and_network(database):
    async with database.transaction() as tx:
        await repository.add(tx, Nas(id="b", name="B", cidr="192.0.2.0/24", secret_sealed=b"x"))
        await repository.add(tx, Nas(id="a", name="A", cidr="192.0.2.1/32", secret_sealed=b"x"))
    async with database.transaction() as tx:
        assert [nas.id for nas in await repository.list_all(tx)] == ["a", "b"]
        assert (await repository.find(tx, "a")).name == "A"
        assert (await repository.find_by_cidr(tx, "192.0.2.0/24")).id == "b"
        await repository.remove(tx, await repository.find(tx, "a"))
        assert await repository.find(tx, "a") is None
        assert await repository.find_by_cidr(tx, "10.0.0.0/8") is None
