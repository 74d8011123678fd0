"""Client processes that hurt a gateway with work, and what they wrote down."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from trust.client import CLIENTS
from trust.stage import ROOT, Stage

END_SECONDS = 40.0
START_SECONDS = 60.0


def under_load(stage: Stage, seed: int, clients: int = CLIENTS) -> AbstractContextManager[None]:
    """Clients call the gateway meanwhile, each in a process of its own; their journals stay in its folder."""
    command = [sys.executable, "-m", "trust.client", str(stage.folder)]
    commands = [[*command, str(number), str(seed)] for number in range(clients)]
    return running(stage, commands, "journal-*.jsonl")


@contextmanager
def running(
    stage: Stage, commands: Sequence[Sequence[str]], files: str, *, wait: bool = False
) -> Iterator[None]:
    """Run these beside a gateway once each has begun its file; when left have them end, or wait for it.

    Raises AssertionError where one of them did not end well.
    """
    with (stage.folder / "clients.log").open("ab") as log:
        begun = [
            subprocess.Popen(command, cwd=ROOT, env=stage.environment, stderr=log) for command in commands
        ]
    ended: list[int] = []
    try:
        deadline = time.monotonic() + START_SECONDS
        while len(list(stage.folder.glob(files))) < len(commands) and time.monotonic() < deadline:
            time.sleep(0.05)
        yield
    finally:
        for process in begun if not wait else ():
            process.terminate()
        ended += [process.wait(END_SECONDS + 300 * wait) for process in begun]
    assert not any(ended), (stage.folder / "clients.log").read_text()[-2000:]


def journals(folder: Path) -> list[list[str]]:
    """The lines of each client's journal."""
    return [path.read_text().splitlines() for path in sorted(folder.glob("journal-*.jsonl"))]
