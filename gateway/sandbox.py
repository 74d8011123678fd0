"""The whole system in one process group, on loopback only, to try things out."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from gateway import assembly, samples
from gateway.accounts import hash_secret
from gateway.boards import BOARDS
from gateway.errors import Failed, NotLoopback
from gateway.matching import Keys
from gateway.records import Account, Credentials, Provider
from gateway.sealing import load_key
from gateway.server import check_address
from gateway.settings import Settings

PROVIDER = Provider("0001234", "Demo Medical Society")
USER, PASSWORD = "demo", "demo-password"
CREDENTIALS = Credentials(PROVIDER.id, USER, PASSWORD)
QUIET = {"CME_GATEWAY_LOG_LEVEL": "warning"}
"""Of a server that writes to the terminal, unless told otherwise: there the samples are to be read."""
START_SECONDS = 60
END_SECONDS = 5
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
RETRY_SECONDS = 0.5  # so that nobody has to wait for what the simulated boards fail at on purpose


Process = subprocess.Popen[bytes]


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A sandbox while it is served: its address, that of its simulated boards, and its first process."""

    url: str
    boards: str
    server: Process


@contextmanager
def sandbox(host: str, port: int, data: Path | None, settings: Settings) -> Iterator[Sandbox]:
    """Serve a gateway with the demo provider, simulated boards and a worker, and stop all at the end.

    `data` keeps the database, the key and what boards and worker have to say; without it they are
    temporary. Raises NotLoopback, Failed.
    """
    if host.strip("[]") not in LOOPBACK:
        raise NotLoopback
    folder = data or Path(tempfile.mkdtemp(prefix="cme-gateway-"))
    bind = f"[::1]:{port}" if "::1" in host else f"{host}:{port}"
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
        check_address(bind, by="--host or --port")  # or another gateway there would be taken for this one
        folder.mkdir(parents=True, exist_ok=True)
        _prepare(own)
        with _running(own, None, "serve") as server:
            _wait(f"http://{bind}", server)
            with (
                _running(own, folder / "boards.log", "simulate-boards", *_at(boards, folder)),
                _running(own, folder / "worker.log", "worker"),
            ):
                yield Sandbox(f"http://{bind}", boards, server)
    finally:
        if data is None:
            shutil.rmtree(folder, ignore_errors=True)


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
    """Run a command beside this one; what it says goes to `log`, of a server only its complaints."""
    with contextlib.nullcontext(subprocess.DEVNULL) if log is None else log.open("ab") as out:
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


def _wait(url: str, process: Process) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/ready", timeout=1):  # noqa: S310  our own address
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    if process.poll() is None:
        raise Failed(f"The gateway at {url} was not ready within {START_SECONDS} seconds.")
    raise Failed("The gateway did not start; its own words stand above.", remedy="Correct what they name.")
