"""The commands as real processes against a real API on loopback."""

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from controller.api import create_api, prepare
from controller.cli.radius import app as radius_app
from controller.core.http import serve_app
from controller.models import Plan, Zone
from tests.factories.inventory import add_places

ROOT = Path(__file__).parents[4]
GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """SQLite only: the API itself is tried on both databases elsewhere."""
    return f"sqlite+aiosqlite:///{tmp_path / 'kolco.db'}"


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


class Kolco:
    """Runs `kolco …` with an environment that knows the API and nothing else."""

    def __init__(self, runtime, environment: dict[str, str]) -> None:
        self.runtime = runtime
        self.db = runtime.db
        self.environment = environment

    async def __call__(self, *arguments: str, code: int = 0, **variables: str) -> Done:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "controller", *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            cwd=ROOT, env=self.environment | variables,
        )  # fmt: skip
        out, err = await process.communicate()
        done = Done(process.returncode, out.decode(), err.decode())
        assert done.code == code, f"exit code {done.code}\n{done.out}\n{done.err}"
        return done


@pytest.fixture
async def kolco(runtime, tmp_path):
    await prepare(runtime)
    await add_places(runtime.db)
    started = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(
        serve_app(create_api(runtime), host="127.0.0.1", port=0, started=started.set_result)
    )
    port = await started
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
        "KOLCO_DATA_DIR": str(runtime.data_dir),
        "KOLCO_DATABASE_URL": runtime.db.url,
        "KOLCO_CLI_API_URL": f"http://127.0.0.1:{port}",
    }
    yield Kolco(runtime, environment)
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


@pytest.fixture
def golden():
    """Compares JSON with a file; KOLCO_GOLDEN=write writes it anew."""

    def compare(name: str, value) -> None:
        path = GOLDEN / name
        text = json.dumps(value, ensure_ascii=False, indent=2) + "\n"
        if os.environ.get("KOLCO_GOLDEN") == "write":
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare


POLICY_TEXT = """\
# Parks are dark at night.
rule park-nights
    time    23:00-06:00
    zone    parks
    deny    closed-at-night

rule staff
    plan    staff
    allow
    vlan    120
"""


@pytest.fixture
async def policy(runtime, monkeypatch):
    """Run `kolco radius policy …` on the runtime's database, in a thread of its own."""
    monkeypatch.setenv("KOLCO_DATA_DIR", str(runtime.data_dir))
    monkeypatch.setenv("KOLCO_DATABASE_URL", runtime.db.url)
    async with runtime.db.transaction() as tx:
        tx.add(Zone(id="parks", name="Парки", name_en="Parks", polygon={}))
        tx.add_all(Plan(id=name, name=name) for name in ("city", "staff"))

    async def run(*arguments, stdin=""):
        return await asyncio.to_thread(CliRunner().invoke, radius_app, ["policy", *arguments], input=stdin)

    return run


@pytest.fixture
def policy_file(tmp_path):
    path = tmp_path / "policy.txt"
    path.write_text(POLICY_TEXT)
    return str(path)
