"""The command that asks the boards: worker."""

from __future__ import annotations

import os
import signal
import sys

import click

from gateway import __version__, assembly, logs, settings
from gateway.cli.options import ACCEPTED
from gateway.errors import Failed
from gateway.terminal import say


@click.command()
def worker() -> int:
    """Ask the boards what waits for them, until told to stop.

    Any number may run, on several machines with PostgreSQL: each takes over from those that die.
    Told to stop (SIGTERM, Ctrl-C) it finishes what it is asking.
    """
    configured = settings.load()
    if not configured.boards:
        raise Failed(
            "No board is connected.", remedy="Name the addresses of the boards by CME_GATEWAY_BOARDS."
        )
    logs.begin(configured.log_format, configured.log_level)
    logs.note("asking", boards=sorted(configured.boards), version=__version__)
    with assembly.worker(configured) as asking:
        for told in (signal.SIGTERM, signal.SIGINT):
            signal.signal(told, lambda *_: asking.stop())
        say(f"Asking {', '.join(sorted(configured.boards))} until Ctrl-C.")
        ended = asking.run()
    if not ended:
        # A board has still not answered, and its thread would hold us back; others take its question.
        sys.stdout.flush()
        os._exit(ACCEPTED)
    return ACCEPTED
