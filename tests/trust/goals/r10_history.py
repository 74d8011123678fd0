"""R10: what overlapping clients saw could have happened on one machine doing one thing at a time."""

from __future__ import annotations

import json
import math
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

from trust import history
from trust.client import Line
from trust.databases import databases
from trust.face import Form, Outcome
from trust.goals.r1_kills import answer_first
from trust.historian import HISTORIANS, REGISTERS, Historian, register, written
from trust.history import Deed
from trust.load import running
from trust.stage import Stage, staged

GOAL = "R10"
BOUND = "0 lost updates, 0 deleted that come back, 0 stale reads"


def run(form: Form) -> Outcome:
    """Kill the gateway while clients write and read the same records; on each database asked for."""
    seconds, wrong, figures = form.pick(20, 120), [], []
    for name, database in databases(form):
        with database as url:
            outcome = _judged(form, seconds, url, kills=True)
        figures.append(f"{name}{outcome.figure}")
        wrong += [f"{name}{breach}" for breach in outcome.wrong]
    did = f"{HISTORIANS} clients on {REGISTERS} registers and a set, {seconds} s, with kills"
    return Outcome(did, "; ".join(figures), BOUND, tuple(wrong))


def _judged(
    form: Form, seconds: float, url: str | None, *, kills: bool, sabotage: Callable[[], None] | None = None
) -> Outcome:
    (folder := form.folder / ("postgresql" if url else "sqlite")).mkdir()
    with staged(folder, database=url, sabotage=sabotage) as stage:
        stage.start()
        with (folder / "history-final.jsonl").open("w") as file:
            teller = Historian(
                HISTORIANS,
                int(str(stage.plan["year"])),
                Line(str(stage.plan["bind"])),
                file,
                random.Random(0),
            )
            written_well = [
                teller.write(register(number), "Add", f"first{number}") for number in range(REGISTERS)
            ]
            assert all(written_well), "the registers could not be made"
            killed = _disturbed(stage, form.seed, seconds, kills=kills)
            _tell_all(teller, folder)
            teller.line.close()
    entries = list(written(folder))
    refused = [f"{entry['record']}: {entry['value']}" for entry in entries if entry["refused"]]
    deeds = [_deed(entry) for entry in entries if not entry["refused"]]
    breaches = history.check(deeds)
    open_writes = sum(math.isinf(deed.ended) for deed in deeds)
    records = len({deed.record for deed in deeds})
    figure = (
        f"{len(breaches)} breaches in {len(deeds):,} deeds on {records} records; "
        f"{killed} kills, {open_writes} open"
    )
    return Outcome("", figure, BOUND, (*breaches, *refused))


def _disturbed(stage: Stage, seed: int, seconds: float, *, kills: bool) -> int:
    """Let the clients work so long, and kill the gateway now and then."""
    chance, killed = random.Random(seed), 0
    clients = [
        [sys.executable, "-m", "trust.historian", str(stage.folder), str(n), str(seed)]
        for n in range(HISTORIANS)
    ]
    with running(stage, clients, "history-[0-9]*.jsonl"):
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            time.sleep(min(left, chance.uniform(1.0, 3.0)))
            if kills and time.monotonic() < ends:
                killed += 1
                if chance.random() < 0.5:
                    stage.kill_worker()
                else:
                    stage.kill_group()
                    stage.start()
    return killed


def _tell_all(teller: Historian, folder: Path) -> None:
    """Read every record there was, when all is over: what was lost last is seen too."""
    for record in sorted({entry["record"] for entry in written(folder)}):
        teller.read(record)
    teller.file.flush()


def _deed(entry: dict[str, object]) -> Deed:
    told = json.loads(json.dumps(entry))
    ended = math.inf if told["ended"] is None else told["ended"]
    return Deed(told["record"], told["write"], told["value"], told["begun"], ended)


def _answered_first(form: Form) -> Outcome:
    return _judged(form, 5, None, kills=False, sabotage=answer_first)


CONTROLS = {"commit before the answer": _answered_first}
