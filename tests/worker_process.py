"""A worker as a process of its own, with a board made of files: run by the tests of the worker.

    python worker_process.py FOLDER SECONDS

FOLDER holds `received`, a line for each claim that came in with the worker's process id, and in
`effective` an empty file for each reference that counted. The board answers after SECONDS, and what
comes twice counts once. The settings come from the environment.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

from gateway import assembly, settings
from gateway.errors import TakenForDead
from gateway.records import Question, Reply, Verdict

BURIED = 3


def main(folder: Path, seconds: float) -> int:
    """Work until told to stop."""

    def board(question: Question) -> Reply:
        with (folder / "received").open("a") as ledger:
            ledger.write("".join(f"{os.getpid()} {claim.reference}\n" for claim in question.claims))
        for claim in question.claims:
            with contextlib.suppress(FileExistsError):
                (folder / "effective" / claim.reference).open("x").close()
        time.sleep(seconds)
        return Reply(tuple(Verdict(claim.reference, accepted=True) for claim in question.claims))

    with assembly.worker(settings.load(), board) as worker:
        signal.signal(signal.SIGTERM, lambda *_: worker.stop())
        try:
            worker.run()
        except TakenForDead:
            return BURIED
    return 0


if __name__ == "__main__":
    code = main(Path(sys.argv[1]), float(sys.argv[2]))
    sys.stderr.flush()
    os._exit(code)  # a thread that still waits for the board would hold the process back
