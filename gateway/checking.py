"""Judges a file offline: no server, no database, no account."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from xml.parsers import expat

from gateway import boards, intake, lifecycle, rules
from gateway.intake import Limits
from gateway.lifecycle import Act
from gateway.records import ActivityEntry, CompletionEntry, Finding, RecordAction, Status, replace
from gateway.repeating import unfit
from gateway.saving import refused
from gateway.schema import Reader
from gateway.version import PayloadVersion


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found about one record of a file; `status` is what an activity would have today."""

    number: int
    label: str
    status: Status | None
    findings: tuple[Finding, ...]

    @property
    def refused(self) -> bool:
        """Whether the gateway would refuse it."""
        return any(finding.blocks for finding in self.findings)


NO_ID = "(no id)"
WHOLE = Limits(max_records=1 << 40, max_elements=1 << 40)
"""What bounds a file: as many records as it likes, each as small as any."""


def check(body: bytes, reader: Reader, today: date) -> tuple[PayloadVersion, list[Checked]]:
    """Judge every record of a file by its schema and by the rules that need no store.

    Raises Unreadable, UnknownSchema or Malformed where the file as a whole cannot be read.
    """
    reading = reader.read(intake.parse(body, WHOLE).root, today)
    judge = JUDGES[reading.version.payload]
    checked = [judge(entry, reading.version, today) for entry in reading.entries]
    if reading.notices:
        checked[0] = replace(checked[0], findings=(*reading.notices, *checked[0].findings))
    return reading.version, list(_located(checked, body, reading.version.local))


def _activity(entry: ActivityEntry, version: PayloadVersion, today: date) -> Checked:
    activity = entry.activity
    label = entry.provider_activity_id or entry.activity_id or NO_ID
    deleting = entry.action is RecordAction.DELETE
    context = rules.Context(today, None, version.number, deleting=deleting)
    if activity is None or deleting:
        besides = rules.besides(entry.findings, entry.legible, context, entry.place)
        return Checked(entry.number, label, None, (*entry.findings, *besides))
    closing = refused(entry, activity, Act.CLOSE, today) if entry.close else ()
    judged = rules.judge(activity, context, entry.place)
    findings = (*closing, *unfit(entry), *judged, *entry.findings, *entry.noted(None, activity))
    left = replace(activity, closed=bool(entry.close) and not closing)
    return Checked(entry.number, label, lifecycle.status(left, today), findings)


def _completion(entry: CompletionEntry, version: PayloadVersion, today: date) -> Checked:
    completion = entry.completion
    known = rules.CompletionContext(
        today=today, version=version.number, boards=boards.BOARDS, action=entry.action
    )
    if completion is None:
        besides = rules.besides(entry.findings, entry.legible, known, entry.place)
        return Checked(entry.number, NO_ID, None, (*entry.findings, *besides))
    ids = (credit.credit_id for credit in completion.credits)
    label = next((id for id in ids if id), None) or NO_ID
    found = rules.judge(completion, known, entry.place)
    return Checked(entry.number, label, None, (*found, *entry.findings))


JUDGES: Mapping[str, Callable[[Any, PayloadVersion, date], Checked]] = {
    "activity": _activity,
    "learner": _completion,
}


# --- lines beyond 65,535, and columns: libxml2 keeps neither ---------------------------------------------

Steps = tuple[str, ...]
Position = tuple[int, int]
MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def _located(checked: Sequence[Checked], body: bytes, local: str) -> Iterable[Checked]:
    paths = {_steps(finding.path) for one in checked for finding in one.findings}
    if not paths:
        return checked
    positions = _positions(body, paths | {_record(path, local) for path in paths})
    return (
        replace(one, findings=tuple(_at(finding, positions, local) for finding in one.findings))
        for one in checked
    )


def _at(finding: Finding, positions: Mapping[Steps, Position], local: str) -> Finding:
    """Put a finding where its element begins, or where the record does in which it is missing."""
    steps = _steps(finding.path)
    line, column = positions.get(steps) or positions.get(_record(steps, local)) or (finding.line, None)
    return replace(finding, line=line, column=column)


def _steps(path: str) -> Steps:
    """An element's XPath, each step with its number, none with a prefix."""
    steps = (step.rpartition(":")[2] for step in path.split("/")[1:])
    return tuple(step if step.endswith("]") else f"{step}[1]" for step in steps)


def _record(steps: Steps, local: str) -> Steps:
    """The steps to the record in which an element stands."""
    names = [step.partition("[")[0] for step in steps]
    return steps[: names.index(local) + 1] if local in names else steps


def _positions(body: bytes, wanted: Collection[Steps]) -> dict[Steps, Position]:
    """The line and column, from 1, at which each wanted element begins."""
    found: dict[Steps, Position] = {}
    above: list[tuple[Steps, Counter[str]]] = []
    parser = expat.ParserCreate()
    marked = body.startswith(MARKS)  # expat counts a byte order mark as a column, no editor does

    def begin(name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        steps: Steps = (f"{local}[1]",)
        if above:
            parent, twins = above[-1]
            twins[name] += 1
            steps = (*parent, f"{local}[{twins[name]}]")
        if steps in wanted:
            line = parser.CurrentLineNumber
            found[steps] = line, parser.CurrentColumnNumber + (line > 1 or not marked)
        above.append((steps, Counter()))

    parser.StartElementHandler = begin
    parser.EndElementHandler = lambda name: above.pop()
    parser.Parse(body, True)
    return found
