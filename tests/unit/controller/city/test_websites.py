import httpx
import pytest

from controller.city import layout, websites


def client():
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(websites.create_app()), base_url="http://site.test"
    )


@pytest.mark.parametrize(("host", "path"), sorted(websites.PROBE_ANSWERS))
async def test_a_probe_host_answers_as_the_real_one(host, path):
    expected = websites.PROBE_ANSWERS[host, path]
    async with client() as web:
        answer = await web.get(path, headers={"Host": host})
    assert answer.status_code == expected.status
    assert answer.content == expected.body
    for name, value in expected.headers:
        assert answer.headers[name] == value


def test_every_probe_host_has_an_address():
    assert {host for host, _path in websites.PROBE_ANSWERS} == set(layout.PROBE_HOSTS)


async def test_a_page_says_its_host_and_escapes_it():
    async with client() as web:
        answer = await web.get("/", headers={"Host": "<b>"})
        assert (await web.get("/nothing")).status_code == 404
    assert "<b>" not in answer.text


async def test_a_file_has_the_size_that_was_asked_for():
    async with client() as web:
        answer = await web.get("/file/200000")
        assert len(answer.content) == 200_000
        assert (await web.get("/file/5?rate=x")).status_code == 400
        assert (await web.get(f"/file/{websites.MAX_FILE_BYTES + 1}")).status_code == 400


async def test_an_upload_is_counted():
    async with client() as web:
        assert (await web.post("/upload", content=b"x" * 1234)).text == "1234\n"


async def test_a_paced_file_takes_its_time():
    now = 0.0

    async def sleep(seconds):
        nonlocal now
        now += seconds

    sizes = [len(piece) async for piece in websites.paced(1000, 100, sleep, lambda: now)]
    assert sum(sizes) == 1000
    assert now == pytest.approx(10.0)
