"""R3: killed at any of the calls by which it changes the disk, a batch, a deletion, a migration or a
backup leaves all or nothing, and can be done again."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from gateway.settings import Settings
from trust import messages, tracing
from trust.client import ACKED, RECORDS, Answer, Line
from trust.dump import dump
from trust.face import Form, Outcome
from trust.goals.r1_kills import no_transaction
from trust.stage import Stage, environment, staged

GOAL = "R3"
MOST = 300  # the first calls of each kind of work
BOUND = "all or nothing at every point, and well the second time"
COURSE = "199900000"
WAIT = 60.0  # seconds for a new worker


def run(form: Form) -> Outcome:
    """Sweep over all four kinds of work."""
    tracing.needed()
    wrong: list[str] = []
    tried = _sweep_calls(form.folder, form.pick(14, MOST), wrong, None)
    tried["migration"] = _sweep_migration(form.folder, form.pick(6, MOST), wrong)
    not_run = []
    with staged(_made(form.folder / "backup")) as stage:
        if b"backup" in stage.run("--help").stdout:
            tried["backup"] = _sweep_backup(stage, form.pick(6, MOST), wrong)
        else:
            not_run.append("backup: there is no such command yet")
    did = "SIGKILL at " + ", ".join(f"{count} points of a {work}" for work, count in tried.items())
    return Outcome(
        did, f"{len(wrong)} violations at {sum(tried.values())} points", BOUND, tuple(wrong), tuple(not_run)
    )


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _spread(total: int, points: int) -> list[int]:
    """So many of the calls 1 to `total`, evenly, first and last included."""
    last = min(total, MOST)
    points = min(points, last)
    return sorted({1 + round(place * (last - 1) / max(1, points - 1)) for place in range(points)})


# --- a batch and a deletion, in a served gateway -----------------------------------------------------


def _sweep_calls(
    folder: Path, points: int, wrong: list[str], sabotage: Callable[[], None] | None
) -> dict[str, int]:
    """Add the same batch and delete it again, killed at another point each time; one call at a time."""
    with staged(_made(folder / "calls"), sabotage=sabotage, workers=1, at_once=1) as stage:
        stage.start()
        calls = {action: _counted(stage, action) for action in ("add", "delete")}
        spread = {action: _spread(total, points) for action, total in calls.items()}
        for number in range(max(map(len, spread.values()))):
            for action, where in spread.items():
                _hit(stage, action, where[min(number, len(where) - 1)], f"{action}-{number}", wrong)
        return {"batch": len(spread["add"]), "deletion": len(spread["delete"])}


def _send(stage: Stage, action: str, key: str) -> Answer:
    line = Line(str(stage.plan["bind"]))
    answer = line.send(messages.save_completions(range(RECORDS), COURSE, str(stage.plan["day"]), action, key))
    line.close()
    return answer


def _counted(stage: Stage, action: str) -> int:
    """How many calls that change the disk one of these takes."""
    log = stage.folder / f"count-{action}.log"
    with tracing.traced(stage.workers(), log, "-e", f"trace={tracing.CHANGES}"):
        _send(stage, action, f"count-{action}")
    return _calls(log)


def _calls(log: Path) -> int:
    return sum("(" in line and "resumed>" not in line for line in log.read_text().splitlines())


def _hit(stage: Stage, action: str, when: int, key: str, wrong: list[str]) -> None:
    """Kill the worker at a point of its work, look at what is there, and send the same again."""
    label = f"{action} killed at call {when}"
    [worker] = stage.workers()
    with tracing.traced([worker], stage.folder / "strace.log", *tracing.killing(tracing.CHANGES, when)):
        first = _send(stage, action, key)
    held = sum(name.startswith("credit ") for name in dump(stage.database).records)
    if held not in (0, RECORDS):
        wrong.append(f"{label}: {held} of {RECORDS} records are there")
    if first.fate == ACKED and held != (RECORDS if action == "add" else 0):
        wrong.append(f"{label}: acknowledged, and {held} records are there")
    again = _again(stage, action, key)
    state = dump(stage.database)
    wrong += [f"{label}: {what}" for what in (*state.unsound, *state.taken_twice)]
    if again.fate != ACKED:
        wrong.append(f"{label}: sent again it is {again.fate}: {again.text}")
    held = sum(name.startswith("credit ") for name in state.records)
    if held != (RECORDS if action == "add" else 0):
        wrong.append(f"{label}: sent again, and {held} records are there")


def _again(stage: Stage, action: str, key: str) -> Answer:
    """Send the same under the same key, as soon as a new worker takes it."""
    deadline = time.monotonic() + WAIT
    while True:
        answer = _send(stage, action, key)
        if answer.status or time.monotonic() > deadline:
            return answer
        time.sleep(0.02)


# --- commands ----------------------------------------------------------------------------------------


def _sweep_migration(folder: Path, points: int, wrong: list[str]) -> int:
    """Make a database anew, killed at another point each time; then let it be made, and compare."""
    total = _migrated(_made(folder / "migration"))
    well = _tables(folder / "migration" / "gateway.db")
    spread = _spread(total, points)
    for when in spread:
        room = _made(folder / f"migration-{when}")
        _migrated(room, when)
        _migrated(room)
        if _tables(room / "gateway.db") != well:
            wrong.append(f"migration killed at call {when}: done again, and its tables are others")
    return len(spread)


def _migrated(folder: Path, when: int | None = None) -> int:
    """Migrate in `folder`, under strace; how many calls changed the disk."""
    settings = Settings(database=f"sqlite:///{folder / 'gateway.db'}", key_file=str(folder / "key"))
    stage = Stage(folder, settings.database, environment(settings), {})
    return _command(stage, when, "migrate")


def _command(stage: Stage, when: int | None, *words: str) -> int:
    log = stage.folder / f"{words[0]}.log"
    options = tracing.killing(tracing.CHANGES, when) if when else ("-e", f"trace={tracing.CHANGES}")
    ended = stage.run(*words, prefix=[tracing.needed(), "-f", "-o", str(log), *options])
    if when is None and ended.returncode:
        raise AssertionError(
            f"{' '.join(words)} ended with {ended.returncode}: {ended.stderr.decode()[-500:]}"
        )
    return _calls(log)


def _tables(file: Path) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        tables = connection.execute(
            "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
        ).fetchall()
        revision = connection.execute("SELECT * FROM alembic_version").fetchall()
        sound = connection.execute("PRAGMA integrity_check").fetchall()
    return [*tables, *revision, *sound]


def _sweep_backup(stage: Stage, points: int, wrong: list[str]) -> int:
    """Back up, killed at another point each time: what bears the name of a backup is a whole one."""
    before = dump(stage.database).digest
    total = _command(stage, None, "backup", str(stage.folder / "backup-0"))
    spread = _spread(total, points)
    for when in spread:
        _command(stage, when, "backup", str(target := stage.folder / f"backup-{when}"))
        label = f"backup killed at call {when}"
        if dump(stage.database).digest != before:
            wrong.append(f"{label}: the database is another one")
        wrong += [f"{label}: {what}" for what in _half_made(target, before)]
        _command(stage, None, "backup", str(stage.folder / f"backup-{when}-again"))
    return len(spread)


def _half_made(target: Path, digest: str) -> Iterator[str]:
    """What is amiss with what lies there under the name that was asked for."""
    files: Sequence[Path] = [target] if target.is_file() else list(target.rglob("*.db"))
    for file in files:
        try:
            told = dump(f"sqlite:///{file}")
        except Exception as error:  # whatever it is that cannot be read
            yield f"{file.name} cannot be read ({type(error).__name__})"
        else:
            yield from (*told.unsound, *(["it holds something else"] if told.digest != digest else []))


def _control(form: Form) -> Outcome:
    wrong: list[str] = []
    tried = _sweep_calls(form.folder, 6, wrong, no_transaction)
    return Outcome("", f"{len(wrong)} violations at {sum(tried.values())} points", BOUND, tuple(wrong))


CONTROLS = {"one transaction a call": _control}
