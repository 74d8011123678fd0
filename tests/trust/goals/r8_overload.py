"""R8: four times more than it can do is refused at once, and what it takes is still done and kept."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trust import dump, judge, load, machine
from trust.client import ACKED, FAILED, UNKNOWN
from trust.face import Form, Outcome
from trust.flood import CLIENTS, Tried, tried
from trust.stage import Stage, staged

GOAL = "R8"
TIMES = 4  # what it can do
GOODPUT, REFUSAL, NORMAL = 0.8, 0.2, 5.0  # of the peak; seconds at the 99th percentile; seconds
GOODPUT_SHORT = 0.5  # in a few seconds on a small machine, of which the clients of the flood take their part
ENDLESS = 1_000  # calls that may wait: nobody is refused
BOUND = f"503 p99 <= {REFUSAL * 1000:.0f} ms, normal <= {NORMAL:.0f} s, 0 lost"


def run(form: Form) -> Outcome:
    """Find the peak with a client for each thread, flood it, and see when it is itself again."""
    return _flooded(form, form.pick(6.0, 60.0), form.pick(GOODPUT_SHORT, GOODPUT))


def _flooded(form: Form, seconds: float, share: float, **settings: Any) -> Outcome:
    with staged(form.folder, **settings) as stage:
        stage.start()
        calm = _calls(stage, "calm", 0.0, seconds / 2)
        peak = _rate(calm)
        assert peak, f"nothing is taken before there is any load: {calm[0].text or calm[0].fate}"
        slow = machine.slowness()
        flood = _calls(stage, "flood", TIMES * peak, seconds)
        after = _calls(stage, "after", peak / 2, NORMAL + 2)
        time.sleep(1)
        stage.stop()
        found = judge.judge(_journals(form.folder), dump.dump(stage.database))
    return _judged(calm, flood, after, found, slow, share)


def _calls(stage: Stage, name: str, rate: float, seconds: float) -> list[Tried]:
    """What came of each call; at a fixed rate whatever is answered, or without one as fast as answered."""
    command = [sys.executable, "-m", "trust.flood", str(stage.folder), name]
    commands = [[*command, str(number), str(rate / CLIENTS), str(seconds)] for number in range(CLIENTS)]
    with load.running(stage, commands, f"flood-{name}-*.jsonl", wait=True):
        pass
    return tried(stage.folder, name)


def _journals(folder: Path) -> list[list[str]]:
    return [path.read_text().splitlines() for path in sorted(folder.glob("flood-*.jsonl"))]


def _rate(calls: Sequence[Tried]) -> float:
    done = [call for call in calls if call.fate == ACKED]
    return len(done) / max(0.1, max(call.ended for call in calls) - min(call.begun for call in calls))


def _judged(
    calm: Sequence[Tried],
    flood: Sequence[Tried],
    after: Sequence[Tried],
    found: judge.Judgement,
    slow: float,
    share: float,
) -> Outcome:
    peak, goodput = _rate(calm), _rate(flood)
    busy = [call for call in flood if call.fate == FAILED]
    late = statistics.quantiles([call.took for call in busy], n=100)[-1] if len(busy) > 1 else 0.0
    normal = _normal(calm, after)
    wrong, behind = list(found.told), list[str]()
    if goodput < share * peak:
        behind.append(f"goodput {goodput:.0f}/s of {peak:.0f}/s while flooded")
    if not busy:
        behind.append("nothing was refused: everyone waits for everyone")
    if late > REFUSAL * slow:
        behind.append(f"a refusal took {late * 1000:.0f} ms at the 99th percentile")
    if bare := [call for call in busy if call.status != 503 or not call.retry_after]:
        wrong.append(f"{len(bare)} of {len(busy)} refusals are not 503 with Retry-After")
    if unanswered := sum(call.fate == UNKNOWN for call in flood):
        wrong.append(f"{unanswered} calls got no answer")
    if normal > NORMAL * slow:
        behind.append(f"{normal:.1f} s until calls took as long as before")
    figure = (
        f"{goodput:.0f} of {peak:.0f}/s, {len(busy)} refused in {late * 1000:.0f} ms (p99), "
        f"normal {normal:.1f} s, {found.breaches['lost']} lost{machine.noted([slow])}"
    )
    did = f"{TIMES} times its peak, {len(flood)} calls in an open loop"
    return Outcome(did, figure, f"goodput >= {share:.0%} of peak, {BOUND}", tuple(wrong), late=tuple(behind))


def _normal(calm: Sequence[Tried], after: Sequence[Tried]) -> float:
    """Seconds after the flood until no later call was refused or took longer than calls did before it."""
    usual = 2 * max(call.took for call in calm)
    begun = min(call.begun for call in after)
    bad = [call.ended - begun for call in after if call.fate != ACKED or call.took > usual]
    return max(bad, default=0.0)


CONTROLS = {"a bounded queue": lambda form: _flooded(form, 4.0, GOODPUT_SHORT, queue=ENDLESS)}
