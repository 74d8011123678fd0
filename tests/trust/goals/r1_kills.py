"""R1: whatever is killed under load, nothing acknowledged is lost, doubled or kept by half."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from trust import dump, judge, load
from trust.databases import databases
from trust.face import Form, Outcome
from trust.stage import Stage, staged

GOAL = "R1"
READY = 3.0  # seconds, at the 95th percentile
SPAN = (0.2, 3.0)  # seconds under load before each kill
PLAIN = 1.5  # times what a start takes that follows no kill: the bound of a machine too busy for the other
GROUP, WORKER, MASTER = "group", "worker", "master"


def run(form: Form) -> Outcome:
    """Kill the process group, a worker, the master; on each database that was asked for."""
    plan = form.pick({GROUP: 14, WORKER: 3, MASTER: 3}, {GROUP: 100, WORKER: 20, MASTER: 20})
    span = form.pick((0.2, 1.6), SPAN)
    wrong, late, figures = [], [], []
    for name, database in databases(form):
        with database as url:
            outcome = _killed(form, plan, span, url)
        figures.append(f"{name}{outcome.figure}")
        wrong += [f"{name}{breach}" for breach in outcome.wrong]
        late += [f"{name}{breach}" for breach in outcome.late]
    did = "SIGKILL under load: " + ", ".join(f"{count} {whom}" for whom, count in plan.items())
    return Outcome(did, "; ".join(figures), _BOUND, tuple(wrong), late=tuple(late))


_BOUND = f"0 of each; ready p95 <= {READY:.0f} s, or {PLAIN} plain starts"


def _killed(
    form: Form,
    plan: dict[str, int],
    span: tuple[float, float],
    url: str | None,
    sabotage: Callable[[], None] | None = None,
) -> Outcome:
    chance = random.Random(form.seed)
    turns = [whom for whom, count in plan.items() for _ in range(count)]
    chance.shuffle(turns)
    (folder := form.folder / ("postgresql" if url else "sqlite")).mkdir()
    with staged(folder, database=url, sabotage=sabotage) as stage:
        plain = stage.start()
        with load.under_load(stage, form.seed):
            took = [(whom, _hit(stage, whom, chance.uniform(*span))) for whom in turns]
            time.sleep(1)
        stage.stop()
        plain = max(plain, stage.start())
        stage.stop()
        found = judge.judge(load.journals(folder), dump.dump(stage.database))
    ready = sorted(seconds for _, seconds in took)
    p95 = ready[-(-len(ready) * 95 // 100) - 1]
    figure = f"{found.figure}; ready p95 {p95:.1f} s, plain {plain:.1f} s"
    slowest = ", ".join(f"{whom} {max(s for w, s in took if w == whom):.1f} s" for whom in plan)
    late = (f"ready again after {slowest}",) if p95 > max(READY, PLAIN * plain) else ()
    return Outcome("", figure, _BOUND, tuple(found.told), late=late)


def _hit(stage: Stage, whom: str, seconds: float) -> float:
    """Let it work, kill, and give the seconds until it works again."""
    time.sleep(seconds)
    begun = time.monotonic()
    if whom == WORKER:
        stage.kill_worker()
        while not stage.ready() and time.monotonic() < begun + 30:
            time.sleep(0.02)
        return time.monotonic() - begun
    (stage.kill_group if whom == GROUP else stage.kill_master)()
    stage.start()
    return time.monotonic() - begun


# --- the controls ------------------------------------------------------------------------------------


def answer_first() -> None:
    """Acknowledge before the commit: what was worked out is rolled back, and stored a little later."""
    from storage import engine as database

    write = database.write

    def early(engine: Any, work: Callable[[Any], Any]) -> Any:
        def rehearsed(connection: Any) -> Any:
            answer = work(connection)
            connection.rollback()
            return answer

        answer = write(engine, rehearsed)
        threading.Timer(0.5, write, (engine, work)).start()
        return answer

    database.write = early


def no_transaction() -> None:
    """Let each statement commit by itself: the database is never told that a transaction begins. With a
    moment between the records of a call, so that a few kills are sure to come in one."""
    from sqlalchemy import Connection

    from storage import statements

    Connection._begin_impl = lambda *_: None  # type: ignore[method-assign]  # a guard taken away
    run = statements.run

    def one_by_one(driver: Any, database: str, statement: Any, values: Sequence[Any]) -> Any:
        answers = []
        for one in values:
            answers.append(run(driver, database, statement, [one]))
            time.sleep(0.01)
        return statements.Answer(answers[-1].rows, sum(answer.changed for answer in answers))

    statements.run = one_by_one


def _control(sabotage: Callable[[], None]) -> Callable[[Form], Outcome]:
    return lambda form: _killed(form, {GROUP: 4}, (1.0, 2.0), None, sabotage)


CONTROLS = {
    "commit before the answer": _control(answer_first),
    "one transaction a call": _control(no_transaction),
}
