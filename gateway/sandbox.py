"""The whole system in one process group, on loopback only, to try things out."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NoReturn

import msgspec

from gateway import assembly, samples
from gateway.accounts import hash_secret
from gateway.boards import BOARDS
from gateway.errors import EndedTooOften, Failed, NotLoopback
from gateway.matching import Keys
from gateway.records import Account, Credentials, Provider
from gateway.sealing import load_key
from gateway.server import check_address
from gateway.settings import Settings
from gateway.terminal import say

PROVIDER = Provider("0001234", "Demo Medical Society")
USER, PASSWORD = "demo", "demo-password"
CREDENTIALS = Credentials(PROVIDER.id, USER, PASSWORD)
QUIET = {"CME_GATEWAY_LOG_LEVEL": "warning"}
"""Of a server that writes to the terminal, unless told otherwise: there the samples are to be read."""
START_SECONDS = 60
END_SECONDS = 5
CHOSEN_BY = "--host and --port, or CME_GATEWAY_BIND"
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
LOGS = {"simulate-boards": "boards"}
LOOK_SECONDS = 0.5
SOON_SECONDS = 30
MOST_SOON = 3
"""Ends of a process, each sooner after its start than that, until it is started no more."""
RETRY_SECONDS = 0.5  # so that nobody has to wait for what the simulated boards fail at on purpose


Process = subprocess.Popen[bytes]


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A sandbox while it is served: its address, that of its simulated boards, its first process, and
    what runs beside that."""

    url: str
    boards: str
    server: Process
    beside: Beside

    def watch(self) -> NoReturn:
        """Start again what ends beside the server, for as long as that lives. Raises Failed."""
        while self.server.poll() is None:
            self.beside.look()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.server.wait(LOOK_SECONDS)
        time.sleep(LOOK_SECONDS)  # Ctrl-C reaches all at once: the server's end may be seen before our own
        raise Failed(
            f"The sandbox ends: its gateway ended with {self.server.returncode}, in the words above, if any.",
            remedy="Start it again.",
        )


@dataclass(slots=True)
class _Run:
    """A process, how it was started, and how often it ended soon."""

    process: Process
    start: Callable[[], Process]
    log: Path
    since: float = field(default_factory=time.monotonic)
    soon: int = 0


class Beside:
    """What runs beside the server, each with a log: started again where it ends by itself."""

    def __init__(self, settings: Settings, folder: Path, stack: ExitStack) -> None:
        self._settings = settings
        self._folder = folder
        self._stack = stack
        self._runs: dict[str, _Run] = {}

    def start(self, *command: str) -> None:
        """Run a command, known by its first word."""
        name = command[0]
        log = self._folder / f"{LOGS.get(name, name)}.log"
        begin = partial(self._begin, log, *command)
        self._runs[name] = _Run(begin(), begin, log)

    def _begin(self, log: Path, *command: str) -> Process:
        return self._stack.enter_context(_running(self._settings, log, *command))

    def look(self) -> None:
        """Start again what has ended, and say so. Raises EndedTooOften."""
        for name, run in self._runs.items():
            if (code := run.process.poll()) is None:
                continue
            run.soon = run.soon + 1 if time.monotonic() - run.since < SOON_SECONDS else 0
            if run.soon == MOST_SOON:
                raise EndedTooOften(
                    f"The sandbox ends: its {name} ended {MOST_SOON} times soon after its start, by {code}.",
                    remedy=f"See {run.log}.",
                )
            run.process, run.since = run.start(), time.monotonic()
            say(f"The {name} of the sandbox ended with {code}, and was started again; its log is {run.log}.")


@contextmanager
def sandbox(host: str | None, port: int | None, data: Path | None, settings: Settings) -> Iterator[Sandbox]:
    """Serve a gateway with the demo provider, simulated boards and a worker, and stop all at the end.

    Without host or port those of the settings count. `data` keeps the database, the key and what boards
    and worker have to say; without it they are temporary. Raises NotLoopback, Failed.
    """
    bind = _address(host, port, settings.bind)
    folder = data or Path(tempfile.mkdtemp(prefix="cme-gateway-"))
    boards = f"http://127.0.0.1:{_free_port()}"
    own = msgspec.structs.replace(
        settings,
        database=f"sqlite:///{folder / 'sandbox.db'}",
        key_file=str(folder / "sandbox.key"),
        bind=bind,
        metrics_folder=str(folder),
        boards={acronym: f"{boards}/boards/{acronym}" for acronym in BOARDS},
        board_retry_seconds=min(settings.board_retry_seconds, RETRY_SECONDS),
        board_poll_seconds=min(settings.board_poll_seconds, RETRY_SECONDS),
    )
    try:
        check_address(bind, by=CHOSEN_BY)
        folder.mkdir(parents=True, exist_ok=True)
        _prepare(own)
        with _running(own, None, "serve") as server:
            _wait(bind, server)
            with ExitStack() as stack:
                beside = Beside(own, folder, stack)
                beside.start("simulate-boards", *_at(boards, folder))
                beside.start("worker")
                yield Sandbox(f"http://{bind}", boards, server, beside)
    except EndedTooOften:
        data = folder  # whose logs tell why
        raise
    finally:
        if data is None:
            shutil.rmtree(folder, ignore_errors=True)


def _address(host: str | None, port: int | None, bind: str) -> str:
    """Where to serve: as the command says, else as the settings do. Raises NotLoopback."""
    set_host, _, set_port = bind.rpartition(":")
    host = (host or set_host).strip("[]")
    if host not in LOOPBACK:
        raise NotLoopback
    return f"{f'[{host}]' if ':' in host else host}:{port or set_port}"


def _at(boards: str, folder: Path) -> tuple[str, ...]:
    return "--port", boards.rpartition(":")[2], "--ledger", str(folder / "boards.db")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _prepare(settings: Settings) -> None:
    """Make the database, the key, the demo account and the register; harmless when they are there."""
    assembly.migrate(settings)
    key = load_key(settings.key_file)
    with assembly.opened(settings) as store:
        if store.accounts.provider(PROVIDER.id) is None:
            store.accounts.add_provider(PROVIDER)
        if store.accounts.user(PROVIDER.id, USER) is None:
            store.accounts.add_user(Account(PROVIDER.id, USER, hash_secret(PASSWORD, key)))
        with store.loading as loading:
            keys = Keys(key.digest)
            loading.keep([keys.enrol(row) for row in (*samples.demo_people(), *samples.people())])


@contextmanager
def _running(settings: Settings, log: Path | None, *command: str) -> Iterator[Process]:
    """Run a command beside this one; what it says goes to `log`. Of a server the complaints are shown, and
    the rest can be read: that it serves, and no more."""
    with contextlib.nullcontext(subprocess.PIPE) if log is None else log.open("ab") as out:
        process = subprocess.Popen(  # noqa: S603  our own command, told by us
            [sys.executable, "-m", "gateway.cli", *command],
            env={**({} if log else QUIET), **os.environ, **_environment(settings)},
            stdout=out,
            stderr=None if log is None else subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        _end(process)
        if process.stdout is not None:
            process.stdout.close()


def _end(process: Process) -> None:
    """Stop a process: at once, whoever is in the middle of a call; a shell that started us in the
    background has it ignore the first signal."""
    for sent in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        process.send_signal(sent)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS)
            return


def _environment(settings: Settings) -> dict[str, str]:
    names = ("database", "key_file", "bind", "metrics_folder", "board_retry_seconds", "board_poll_seconds")
    own = {f"CME_GATEWAY_{name.upper()}": str(getattr(settings, name)) for name in names}
    boards = ",".join(f"{acronym}={url}" for acronym, url in settings.boards.items())
    return {**own, "CME_GATEWAY_BOARDS": boards}


def _wait(bind: str, server: Process) -> None:
    """Wait until the server takes calls. It says first that the port is its own: whoever else answers
    there would be taken for it. Raises Failed."""
    deadline, said, url = time.monotonic() + START_SECONDS, False, f"http://{bind}"
    while time.monotonic() < deadline and server.poll() is None:
        said = said or _says(server, 1)
        if said and _is_ready(url):
            return
        time.sleep(0.05)
    if server.poll() is None:
        raise Failed(f"The gateway at {url} was not ready within {START_SECONDS} seconds.")
    check_address(bind, by=CHOSEN_BY)  # somebody may have taken it since
    raise Failed("The gateway did not start; its own words stand above.", remedy="Correct what they name.")


def _says(server: Process, seconds: float) -> bool:
    """Whether a server says something within so long: that it serves."""
    assert server.stdout is not None
    return bool(select.select([server.stdout], [], [], seconds)[0] and server.stdout.readline())


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/ready", timeout=1):  # noqa: S310  our own address
            return True
    except (urllib.error.URLError, OSError):
        return False
