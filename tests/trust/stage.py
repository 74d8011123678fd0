"""A real gateway to be hurt: `cme-gateway serve` in a process group of its own, on a database of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from bench.processes import free_port
from bench.reporters import MOST_PEOPLE, Crowd
from gateway import assembly
from gateway.accounts import hash_secret
from gateway.records import Account, Activity, Provider, replace
from gateway.sealing import load_key
from gateway.settings import Settings
from trust.messages import OTHER, PASSWORD, PEOPLE, PROVIDER, USER

ROOT = Path(__file__).parents[2]
COURSES = 200
BOARD = "ABIM"
START_SECONDS = 90.0
Process = subprocess.Popen[bytes]


@dataclass
class Stage:
    """A gateway that can be started, killed and started again; `log` is what all its processes said."""

    folder: Path
    database: str
    environment: dict[str, str]
    plan: dict[str, object]
    sabotage: Callable[[], None] | None = None
    process: Process | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        """Where it is served."""
        return f"http://{self.environment['CME_GATEWAY_BIND']}"

    @property
    def log(self) -> Path:
        """What its processes said."""
        return self.folder / "serve.log"

    def command(self, *words: str) -> list[str]:
        """A command of the gateway, with the guard taken away where one is."""
        if self.sabotage is None:
            return [sys.executable, "-m", "gateway.cli", *words]
        where = f"{self.sabotage.__module__}:{self.sabotage.__qualname__}"
        return [sys.executable, "-m", "trust.broken", where, *words]

    def launch(self, *prefix: str) -> Process:
        """Start to serve, behind a prefix such as strace, and do not wait."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*prefix, *self.command("serve")],
                env=self.environment,
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self.process

    def start(self) -> float:
        """Serve until ready; gives the seconds it took. What a killed master left behind may hold the port
        for a while: then it is tried again, as a service manager would. Raises AssertionError."""
        begun, process = time.monotonic(), self.launch()
        while time.monotonic() < begun + START_SECONDS:
            if self.workers() and self.ready():  # without workers of its own, a dead one's orphans answer
                return time.monotonic() - begun
            if process.poll() is not None:
                process = self.launch()
            time.sleep(0.02)
        raise AssertionError(f"not ready after {START_SECONDS:.0f} s: {self.log.read_text()[-1000:]}")

    def ready(self) -> bool:
        """Whether `/ready` says so, now."""
        status, _ = self.get("/ready")
        return status == 200

    def get(self, path: str, patience: float = 2.0) -> tuple[int, bytes]:
        """The status and the text of a page; 0 where nobody answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=patience) as page:  # noqa: S310  our own address
                return page.status, page.read()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.read()
        except OSError:
            return 0, b""

    def workers(self) -> list[int]:
        """The worker processes there are."""
        if self.process is None:
            return []
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in path.read_text().split()] if path.exists() else []

    def kill_group(self) -> None:
        """Kill all processes of the gateway at once, as the kernel does when power fails."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def kill_master(self) -> None:
        """Kill the first process alone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def kill_worker(self) -> None:
        """Kill one worker."""
        with contextlib.suppress(IndexError):
            self.kill(self.workers()[0])

    def kill(self, pid: int) -> None:
        """Kill one of its processes, if it still lives."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end, and wait."""
        if self.process is not None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
        self.kill_group()

    def run(self, *words: str, prefix: Sequence[str] = ()) -> subprocess.CompletedProcess[bytes]:
        """Run another command of the gateway on the same database."""
        command = [*prefix, *self.command(*words)]
        return subprocess.run(
            command, env=self.environment, cwd=self.folder, capture_output=True, timeout=120, check=False
        )


@contextmanager
def staged(
    folder: Path,
    *,
    database: str | None = None,
    sabotage: Callable[[], None] | None = None,
    data: Path | None = None,
    **more: object,
) -> Iterator[Stage]:
    """A gateway on a new database in `folder`, or on that one; not started yet, and ended when left.

    It knows two providers, people and courses. `data` is where the file of the database is made, if not in
    `folder` itself; `more` are settings, such as `workers=1`.
    """
    data = data or folder
    original = _template()
    shutil.copyfile(original / "key", folder / "key")
    settings = Settings(
        database=database or f"sqlite:///{data / 'gateway.db'}",
        key_file=str(folder / "key"),
        bind=f"127.0.0.1:{free_port()}",
    )
    if database is None:
        shutil.copyfile(original / "gateway.db", data / "gateway.db")
    else:
        _prepare(settings)
    stage = Stage(folder, settings.database, environment(settings, **more), _plan(settings.bind), sabotage)
    (folder / "plan.json").write_text(json.dumps(stage.plan))
    try:
        yield stage
    finally:
        stage.stop()


def environment(settings: Settings, **more: object) -> dict[str, str]:
    """The environment of a gateway with these settings: of ours nothing but them."""
    told: Mapping[str, object] = {
        "database": settings.database,
        "key_file": settings.key_file,
        "bind": settings.bind,
        **more,
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CME_GATEWAY_")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed gateway is compiled: its starts are measured
    paths = {
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests"))),  # so: tests/storage is not storage
        "PYTHONPYCACHEPREFIX": str(Path(_KEPT.name) / "compiled"),
    }
    return {**kept, **paths, **{f"CME_GATEWAY_{n.upper()}": str(v) for n, v in told.items()}}


@cache
def _template() -> Path:
    """A prepared SQLite database and its key, made once in a run and copied."""
    folder = Path(_KEPT.name)
    settings = Settings(database=f"sqlite:///{folder / 'gateway.db'}", key_file=str(folder / "key"))
    _prepare(settings)
    return folder


_KEPT = tempfile.TemporaryDirectory(prefix="trust-template-")


def _crowd() -> Crowd:
    return Crowd(
        MOST_PEOPLE * COURSES, (BOARD,), {"ProviderId": PROVIDER, "User": USER, "Password": PASSWORD}
    )


def _prepare(settings: Settings) -> None:
    assembly.migrate(settings)
    key, crowd = load_key(settings.key_file), _crowd()
    crowd.people = PEOPLE
    with assembly.opened(settings) as store:
        for provider in (PROVIDER, OTHER):
            store.accounts.add_provider(Provider(provider, "Society of Examples"))
            store.accounts.add_user(Account(provider, USER, hash_secret(PASSWORD, key)))
        with store.loading as loading:
            for rows in crowd.register(key.digest):
                loading.keep(rows)
        store.write(PROVIDER, lambda unit: unit.activities.add(_courses(crowd)))


def _courses(crowd: Crowd) -> list[Activity]:
    """The courses, with ids of a year in which the gateway issues none."""
    numbered = enumerate(crowd.courses[:COURSES])
    return [replace(course, activity_id=f"1999{number:05}") for number, course in numbered]


def _plan(bind: str) -> dict[str, object]:
    """What client processes are told: they import nothing of the gateway."""
    courses = _courses(crowd := _crowd())
    ids = [course.activity_id for course in courses]
    return {"bind": bind, "courses": ids, "day": str(courses[0].end_date), "year": crowd.today.year}
