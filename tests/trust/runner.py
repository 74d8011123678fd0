"""Runs the goals one after the other and tells what came of them."""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import cast

from trust import goals
from trust.face import Form, Goal, NotRun, Outcome, Run

GREEN, RED, AGAIN = "green", "RED", "again"
TRIES = 3  # of what a busy machine may have spoiled
SHOWN = 5  # breaches of each goal
LINE = "{:<5} {:<62} {:<48} {:<46} {:<6} {:>5}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; 1 where a goal is red, a control is green, or all was to run and did not."""
    told = _arguments(arguments)
    with tempfile.TemporaryDirectory(prefix="trust-", dir=told.folder) as folder:
        form = Form(Path(folder), told.full, told.postgresql, told.corpus, told.seed)
        report = Report()
        print(LINE.format("goal", "what was done", "figure", "bound", "", "s"), flush=True)
        for goal in found(told.only.split(",") if told.only else ()):
            report.add(goal, form, controls=not told.no_controls)
    return report.end(all_or_fail=told.all_or_fail)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.trust", description=__doc__)
    parser.add_argument("--full", action="store_true", help="the full forms; without, the short ones")
    parser.add_argument("--only", help="these goals alone, separated by commas")
    parser.add_argument("--postgresql", action="store_true", help="on PostgreSQL too, where a goal can be")
    parser.add_argument(
        "--corpus", type=Path, help="a folder of further messages, for the goals that send them"
    )
    parser.add_argument("--seed", type=int, default=1, help="another one draws other moments and messages")
    parser.add_argument("--no-controls", action="store_true", help="leave the negative controls out")
    parser.add_argument("--all-or-fail", action="store_true", help="fail when something did not run")
    parser.add_argument("--folder", type=Path, help="where databases are made; without, the temporary one")
    return parser.parse_args(arguments)


def found(only: Sequence[str] = ()) -> list[Goal]:
    """The goals there are, in the order of their names. Raises SystemExit where one is not known."""
    modules = {name.partition("_")[0]: name for _, name, _ in iter_modules(goals.__path__)}
    if strange := {name.lower() for name in only} - modules.keys():
        listed = ", ".join(sorted(modules, key=_natural))
        raise SystemExit(f"No goal is called {', '.join(sorted(strange))}; there are {listed}.")
    names = sorted((name.lower() for name in only or modules), key=_natural)
    return [cast(Goal, import_module(f"{goals.__name__}.{modules[name]}")) for name in names]


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(number or 0), word) for word, number in re.findall(r"(\D+)|(\d+)", name)]


@dataclass
class Report:
    """What came of all goals, told as it comes."""

    failures: list[str] = field(default_factory=list)
    not_run: list[str] = field(default_factory=list)

    def add(self, goal: Goal, form: Form, *, controls: bool = True) -> None:
        """Run a goal and its controls, each in a folder of its own."""
        runs: list[tuple[str, Run]] = [("", goal.run)]
        runs += goal.CONTROLS.items() if controls else ()
        for number, (guard, run) in enumerate(runs):
            self._add(goal.GOAL, guard, run, replace(form, folder=form.folder / f"{goal.GOAL}-{number}"))

    def _add(self, name: str, guard: str, run: Run, form: Form) -> None:
        label = f"{name}, {guard}" if guard else name
        try:
            outcome = _tried(name, guard, run, form)
        except NotRun as reason:
            self.not_run.append(f"{label}: {reason}")
            return
        except Exception as error:  # whatever went wrong: the other goals are still to be run
            self.failures.append(f"{label}: could not be judged: {type(error).__name__}: {error}")
            return
        self.not_run += [f"{label}: {reason}" for reason in outcome.not_run]
        if outcome.green == bool(guard):
            verdict = "green, though a guard is off" if guard else "red"
            breaches = (outcome.wrong + outcome.late)[:SHOWN]
            self.failures.append("; ".join((f"{label}: {verdict}", outcome.figure, *breaches)))

    def end(self, *, all_or_fail: bool) -> int:
        """Tell what did not run and what failed; the code to end with."""
        for title, told in (("not run", self.not_run), ("failed", self.failures)):
            if told:
                print(f"\n{title}:", *(f"  {line}" for line in told), sep="\n", flush=True)
        return int(bool(self.failures or (all_or_fail and self.not_run)))


def _tried(name: str, guard: str, run: Run, form: Form) -> Outcome:
    """What came of a goal or of a control, each try told; the last one counts. A goal that was only late is
    tried again, and so is a control that nothing befell."""
    for left in reversed(range(TRIES)):
        begun, folder = time.monotonic(), form.folder.with_name(f"{form.folder.name}-{left}")
        folder.mkdir()
        outcome = run(replace(form, folder=folder))
        doubtful = outcome.green if guard else not outcome.wrong and bool(outcome.late)
        verdict = AGAIN if doubtful and left else GREEN if outcome.green else RED
        for line in _lines(name, guard, outcome, verdict, time.monotonic() - begun):
            print(line, flush=True)
        if verdict != AGAIN:
            break
    return outcome


def _lines(name: str, guard: str, outcome: Outcome, verdict: str, seconds: float) -> Iterator[str]:
    did = f"  off: {guard}" if guard else outcome.did
    bound = "has to be red" if guard else outcome.bound
    yield LINE.format("" if guard else name, did, outcome.figure, bound, verdict, f"{seconds:.0f}").rstrip()
    if not guard:
        breaches = outcome.wrong + outcome.late
        yield from (f"        {breach}" for breach in breaches[:SHOWN])
        if (more := len(breaches) - SHOWN) > 0:
            yield f"        and {more} more"
