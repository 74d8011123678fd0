"""R2c: no reply acknowledges anything before the database is synced to its disk."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path

from trust import messages, tracing
from trust.client import ACKED, Line
from trust.face import Form, Outcome
from trust.stage import Stage, staged

GOAL = "R2c"
CALLS = 200
LOOKED_AT = "trace=fdatasync,fsync,sendto,sendmsg,write,writev"
BOUND = "every reply after a completed sync of the database"

_SYNC = re.compile(r"f(?:data)?sync\((?:\d+<([^>]*)>)?")
_REPLY = re.compile(r"(?:sendto|sendmsg|writev?)\(.*HTTP/1\.1 200")


def run(form: Form) -> Outcome:
    """Make calls one after the other, and hold what the kernel was asked for against the replies."""
    return _traced(form, None)


def _traced(form: Form, sabotage: Callable[[], None] | None) -> Outcome:
    tracing.needed()
    with staged(form.folder, sabotage=sabotage) as stage:
        stage.start()
        log = form.folder / "strace.log"
        with tracing.traced(stage.workers(), log, "-s", "16", "-e", LOOKED_AT):
            acked = _call(stage)
        synced, replies = count(log.read_text().splitlines(), Path(stage.database.removeprefix("sqlite:///")))
    wrong = [] if acked == CALLS else [f"{CALLS - acked} of {CALLS} calls were not acknowledged"]
    if replies != acked:
        wrong.append(f"{replies} replies were seen to {acked} acknowledged calls")
    if synced < replies:
        wrong.append(f"{replies - synced} replies left before the database was synced")
    return Outcome(
        f"{CALLS} calls under strace, one at a time", f"{synced} of {replies}", BOUND, tuple(wrong)
    )


def _call(stage: Stage) -> int:
    """Add and update activities, report completions; how many were acknowledged."""
    line, year, day = Line(str(stage.plan["bind"])), int(str(stage.plan["year"])), str(stage.plan["day"])
    bodies = []
    for number in range(CALLS // 4):
        own_id = f"SYNC-{number}"
        bodies += [
            messages.save_activity(own_id, title, action, year)
            for title, action in (("One", "Add"), ("Two", "Update"), ("Gone", "Delete"))
        ]
        bodies.append(messages.save_completions([number], "199900000", day, "add"))
    acked = sum(line.send(body).fate == ACKED for body in bodies)
    line.close()
    return acked


def count(lines: Iterable[str], database: Path) -> tuple[int, int]:
    """How many replies left after a completed sync of the database since the reply before, and how many
    in all. Calls come one at a time, so that no other call's sync is taken for this one's."""
    asked: dict[str, str] = {}
    good = replies = 0
    synced = False
    for line in lines:
        pid = line.split(maxsplit=1)[0]
        if found := _SYNC.search(line):
            asked[pid] = found[1] or ""
        if "sync" in line and line.rstrip().endswith("= 0") and database.name in asked.get(pid, ""):
            synced = True
        if _REPLY.search(line):
            good, replies, synced = good + synced, replies + 1, False
    return good, replies


def sync_less() -> None:
    """Take `synchronous=FULL` away: SQLite then syncs at checkpoints alone."""
    from sqlalchemy import event
    from sqlalchemy.pool import Pool

    def lessen(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("PRAGMA synchronous = NORMAL")

    event.listen(Pool, "checkout", lessen)


CONTROLS = {"synchronous=FULL": lambda form: _traced(form, sync_less)}
