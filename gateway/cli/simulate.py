"""The command that serves the simulated boards alone, for the test benches of others."""

from __future__ import annotations

import signal
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from gateway.cli.options import ACCEPTED
from gateway.errors import Failed
from gateway.terminal import dump, say

SERVING = """{lines}

Each with ?wsdl is its contract. {address}/ledger is what they have on record, {address}/control how
they are. docs/boards.md lists the magic values. Until Ctrl-C."""


@click.command("simulate-boards")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Where to listen; keep it on a test bench."
)
@click.option(
    "--port", default=8081, show_default=True, type=click.IntRange(0, 65535), help="0: any free one."
)
@click.option(
    "--ledger", type=click.Path(path_type=Path, dir_okay=False), help="Keep the ledger in this file."
)
@click.option("--show", is_flag=True, help="Print the ledger as JSON and stop; needs --ledger.")
def simulate_boards(host: str, port: int, ledger: Path | None, show: bool) -> int:
    """Nine boards to practise on, with magic values."""
    from gateway import simulators

    if show:
        if ledger is None or not ledger.exists():
            raise click.UsageError("--show needs --ledger with a file that is there")
        with _told(ledger):
            dump(simulators.read(ledger))
        return ACCEPTED
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # told to stop, it clears up as after Ctrl-C
    try:
        with _told(ledger), simulators.serving(host, port, ledger) as boards:
            lines = "\n".join(f"{name:7} {url}" for name, url in boards.urls().items())
            say(SERVING.format(lines=lines, address=boards.address))
            threading.Event().wait()
    except KeyboardInterrupt:
        return ACCEPTED
    except OSError as error:
        raise Failed(
            f"The boards cannot be served at {host}:{port}: {error.strerror}.",
            remedy="Stop what uses it, or choose another by --port.",
        ) from None
    return ACCEPTED


@contextmanager
def _told(ledger: Path | None) -> Iterator[None]:
    """Say it where a file is no ledger, or none can be kept there."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise Failed(
            f"No ledger can be kept in {ledger}: {error}.", remedy="Name another file by --ledger."
        ) from None
