"""Who is measured: our gateway as `cme-gateway serve`, and the baseline under gunicorn, on free ports."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.processes import free_port
from gateway.settings import Settings

HOST = "127.0.0.1"
ROOT = str(Path(__file__).parents[1])
START_SECONDS = 60


@contextmanager
def gateway(settings: Settings, workers: int = 2, server: str = "gunicorn") -> Iterator[str]:
    """The address of our service v2, served by a server with so many workers until left."""
    with serving(settings, workers, server) as (address, _):
        yield f"{address}/soap/v2"


@contextmanager
def serving(settings: Settings, workers: int, server: str) -> Iterator[tuple[str, int]]:
    """The address of our gateway, and the process that has the workers."""
    port = free_port()
    told = {
        "DATABASE": settings.database,
        "KEY_FILE": settings.key_file,
        "BIND": f"{HOST}:{port}",
        "WORKERS": str(workers),
        "SERVER": server,
    }
    command = [sys.executable, "-m", "gateway.cli", "serve"]
    with _running(command, port, {f"CME_GATEWAY_{name}": value for name, value in told.items()}) as process:
        yield f"http://{HOST}:{port}", process


@contextmanager
def baseline(database: str) -> Iterator[str]:
    """The address of the baseline, served with two workers until left."""
    port = free_port()
    url = database.replace("postgresql://", "postgresql+psycopg://")
    command = [sys.executable, "-m", "gunicorn", "--workers", "2", "--bind", f"{HOST}:{port}"]
    command += ["--no-control-socket", "--log-level", "warning", "bench.baseline.service:application"]
    with _running(command, port, {"BASELINE_DATABASE": url}):
        yield f"http://{HOST}:{port}/"


@contextmanager
def _running(command: list[str], port: int, told: Mapping[str, str]) -> Iterator[int]:
    inherited = {name: text for name, text in os.environ.items() if not name.startswith("CME_GATEWAY_")}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(  # noqa: S603  our own commands
            command, env={**inherited, "PYTHONPATH": ROOT, **told}, cwd=ROOT, stdout=log, stderr=log
        )
        try:
            if not _listens(port, process):
                log.seek(0)
                raise RuntimeError(f"{command[2]} did not start: {log.read().decode()[-2000:]}")
            yield process.pid
        finally:
            process.terminate()
            process.wait()


def _listens(port: int, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return True
        time.sleep(0.01)
    return False
