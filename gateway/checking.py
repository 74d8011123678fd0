"""Judges a file offline: no server, no database, no account."""

from __future__ import annotations

import xml.parsers.expat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from lxml import etree

from gateway import intake, lifecycle, rules
from gateway.errors import Unreadable
from gateway.intake import Limits
from gateway.records import ActivityEntry, Finding, Status, replace
from gateway.schema import PayloadVersion, Reader

Element = etree._Element


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found about one record of a file; `status` is what it would have today."""

    number: int
    label: str
    status: Status | None
    findings: tuple[Finding, ...]

    @property
    def refused(self) -> bool:
        """Whether the gateway would refuse it."""
        return any(finding.blocks for finding in self.findings)


WHOLE = Limits(max_records=1 << 40, max_elements=1 << 40)
"""What bounds a file: as many records as it likes, each as small as any."""


def check(path: Path, reader: Reader, today: date) -> tuple[PayloadVersion, list[Checked]]:
    """Judge every record of a file by its schema and by the rules that need no store.

    Raises Unreadable, UnknownSchema or Malformed where the file as a whole cannot be read.
    """
    try:
        body = path.read_bytes()
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}.", remedy="Check the name.") from None
    reading = reader.read(intake.parse(body, WHOLE).root, today)
    checked = [_checked(entry, reading.version, today) for entry in reading.entries]
    if reading.notices:
        checked[0] = replace(checked[0], findings=(*reading.notices, *checked[0].findings))
    return reading.version, list(_with_columns(checked, body))


def _checked(entry: ActivityEntry, version: PayloadVersion, today: date) -> Checked:
    activity = entry.activity
    label = entry.provider_activity_id or entry.activity_id or "(no id)"
    if activity is None:
        return Checked(entry.number, label, None, entry.findings)
    context = rules.Context(today, None, version.number)
    findings = (*rules.judge(activity, context, entry.place), *entry.findings)
    return Checked(entry.number, label, lifecycle.status(activity, today), findings)


# --- columns, which libxml2 does not keep -----------------------------------------------------------------


def _with_columns(checked: list[Checked], body: bytes) -> Iterator[Checked]:
    if not any(one.findings for one in checked):
        yield from checked
        return
    columns = _columns(body)
    for one in checked:
        yield replace(one, findings=tuple(_at_column(finding, columns) for finding in one.findings))


def _at_column(finding: Finding, columns: dict[tuple[int, str], int]) -> Finding:
    last = finding.path.rpartition("/")[2].partition("[")[0].rpartition(":")[2]
    return replace(finding, column=columns.get((finding.line or 0, last)))


def _columns(body: bytes) -> dict[tuple[int, str], int]:
    """The column, from 1, of the first element of a name on each line."""
    columns: dict[tuple[int, str], int] = {}
    parser = xml.parsers.expat.ParserCreate()

    def start(name: str, attributes: dict[str, str]) -> None:
        place = (parser.CurrentLineNumber, name.rpartition(":")[2])
        columns.setdefault(place, parser.CurrentColumnNumber + 1)

    parser.StartElementHandler = start
    try:
        parser.Parse(body, True)
    except xml.parsers.expat.ExpatError:
        return {}  # an encoding that only libxml2 reads; the line is told all the same
    return columns
