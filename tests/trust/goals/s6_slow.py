"""S6: five hundred slow clients do not hurt a good one, and none of them is borne for ever."""

from __future__ import annotations

import importlib.util
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from trust import machine, messages
from trust.client import ACKED, Line
from trust.face import Form, Outcome
from trust.slow import BODY, HEAD
from trust.stage import Stage, staged

GOAL = "S6"
SLOW = 500
P95 = 0.25  # seconds
UNHURT = 1.5  # times what it takes alone, before and after: the bound where the disk or others are slower
DEADLINES = {HEAD: 10.0, BODY: 30.0}  # seconds
SLACK = 3.0  # seconds that a look at the clock may come late
PAUSE = 0.1  # seconds between good calls
ALONE = 4.0  # seconds of them before the slow clients, and after
PATIENCE = 5.0  # seconds for the answer to a good one
SERVERS = ("gunicorn", "granian")


def run(form: Form) -> Outcome:
    """Probe while slow clients hold whatever they are let hold, on each server there is."""
    figures, late, missing = [], [], []
    for server in SERVERS:
        if importlib.util.find_spec(server) is None:
            missing.append(f"{server}: it is not installed")
            continue
        outcome = _probed(form, form.pick(36.0, 60.0), server=server)
        figures.append(f"{server}: {outcome.figure}")
        late += [f"{server}: {breach}" for breach in outcome.late]
    return Outcome(_DID, "; ".join(figures), _BOUND, (), tuple(missing), tuple(late))


_DID = f"{SLOW} slow heads, bodies and readers beside a good caller"
_BOUND = (
    f"p95 <= {P95 * 1000:.0f} ms, or {UNHURT} times alone; "
    f"cut off: heads {DEADLINES[HEAD]:.0f} s, bodies {DEADLINES[BODY]:.0f} s"
)


def _probed(form: Form, seconds: float, sabotage: Callable[[], None] | None = None, **more: Any) -> Outcome:
    (folder := form.folder / str(more.get("server", "control"))).mkdir()
    with staged(folder, sabotage=sabotage, **more) as stage:
        stage.start()
        _call(stage, 1.0)  # the first calls make what all later ones use
        alone = _call(stage, ALONE)
        assert min(alone) < PATIENCE, f"a good call is not answered at all: {stage.log.read_text()[-1000:]}"
        slow = subprocess.Popen(
            [sys.executable, "-m", "trust.slow", str(stage.plan["bind"]), str(SLOW), str(seconds)],
            env=stage.environment,
            stdout=subprocess.PIPE,
        )
        time.sleep(1.0)
        beside = _call(stage, seconds - 2.0)
        slowness = machine.slowness()
        fates = json.loads(slow.communicate(timeout=30)[0])
        alone += _call(stage, ALONE)
    late = (*_hurt(beside, alone, slowness), *_borne(fates, seconds, slowness))
    held = ", ".join(f"{kind} {fates[kind]['longest']:.0f} s" for kind in DEADLINES)
    figure = f"p95 {_p95(beside) * 1000:.0f} ms ({_p95(alone) * 1000:.0f} alone), longest held {held}"
    return Outcome(_DID, figure, _BOUND, late=late)


def _call(stage: Stage, seconds: float) -> list[float]:
    """Good calls, one after the other on new connections: how long each took, or all patience."""
    end, took = time.monotonic() + seconds, list[float]()
    while time.monotonic() < end:
        line, number = Line(str(stage.plan["bind"]), PATIENCE), time.monotonic_ns()
        answer = line.send(messages.save_activity(f"P{number}", "Probe", "Add", datetime.now(UTC).year))
        line.close()
        took.append(answer.seconds if answer.fate == ACKED else PATIENCE)
        time.sleep(PAUSE)
    return took


def _p95(took: list[float]) -> float:
    return statistics.quantiles(took, n=20)[-1] if len(took) > 1 else took[0]


def _hurt(beside: list[float], alone: list[float], slowness: float) -> Iterator[str]:
    """Good calls without an answer, or that take longer than they may and than they take by themselves."""
    if unanswered := sum(one >= PATIENCE for one in beside):
        yield f"{unanswered} of {len(beside)} good calls were not answered"
    if _p95(beside) > max(P95 * slowness, UNHURT * _p95(alone)):
        yield f"p95 of a good call was {_p95(beside) * 1000:.0f} ms on a machine {slowness} times slowed"


def _borne(fates: dict[str, dict[str, float]], seconds: float, slowness: float) -> list[str]:
    """Slow connections that were held beyond their deadline."""
    return [
        f"a slow {kind} was borne for {fates[kind]['longest']:.0f} s"
        for kind, deadline in DEADLINES.items()
        if seconds > deadline and fates[kind]["longest"] > deadline + SLACK * slowness
    ]


# --- the control -------------------------------------------------------------------------------------


def impatient() -> None:
    """Give each connection to a thread as soon as a byte has come, as gunicorn's own workers do."""
    from gunicorn.workers.gthread import ThreadWorker

    from gateway.serving import under_gunicorn

    under_gunicorn._worker = lambda settings: ThreadWorker


def _impatient(form: Form) -> Outcome:
    return _probed(form, 10.0, impatient)


CONTROLS = {"a request is handed to a thread only when it is whole": _impatient}
