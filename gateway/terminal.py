"""What a command says: lines, tables that fit 80 columns, or JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from gateway.errors import GatewayError
from gateway.records import Finding, Severity

out = Console(markup=False, highlight=False, emoji=False)
err = Console(markup=False, highlight=False, emoji=False, stderr=True)


def say(text: str, console: Console = out) -> None:
    """Print a line as it is: never wrapped, so that a command or a path in it can be copied."""
    console.print(text, soft_wrap=True)


def tell(error: GatewayError) -> None:
    """Say what was refused or failed, and what to do about it."""
    text, remedy = error.for_operator or (error.text, error.remedy)
    say(f"cme-gateway: {text} {remedy} [{error.code}]", err)
    for finding in error.findings:
        say(f"  line {finding.line}: {finding.text} {finding.remedy} [{finding.code}]", err)


def show(headings: Sequence[str], rows: Iterable[Sequence[str]], folded: Sequence[str] = ()) -> None:
    """Print a table; only its last column and those named fold where they are too wide."""
    rows = list(rows)
    if not rows:
        say("There are none.")
        return
    apart = any("\n" in row[-1] for row in rows)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_lines=apart)
    for heading in headings:
        table.add_column(heading, overflow="fold", no_wrap=heading not in (*folded, headings[-1]))
    for row in rows:
        table.add_row(*map(Text, row))
    out.print(table)


@contextmanager
def bar(what: str, size: int | None) -> Iterator[Callable[..., None]]:
    """Show on a terminal how far a task of some size has come, as told by `advance=` or `completed=`."""
    progress = Progress(
        console=err, transient=True, disable=not err.is_terminal, redirect_stdout=out.is_terminal
    )
    with progress:
        yield partial(progress.update, progress.add_task(what, total=size))


def dump(rows: Iterable[dict[str, Any]]) -> None:
    """Print a list of objects as JSON."""
    sys.stdout.write(json.dumps(list(rows), indent=2, default=list) + "\n")


def catalogue(rows: Sequence[dict[str, Any]], as_json: bool, **columns: str) -> None:
    """Print rows as JSON, or as a table of columns with a template of their cells each."""
    if as_json:
        dump(rows)
    else:
        cells = ({name: "-" if value is None else value for name, value in row.items()} for row in rows)
        headings = tuple(column.capitalize() for column in columns)
        show(headings, ([column.format(**row) for column in columns.values()] for row in cells))


class Told(Protocol):
    """What became of one record of a file: its place there, from 1, and what it is called."""

    @property
    def number(self) -> int:
        """Its place, from 1."""

    @property
    def label(self) -> str:
        """What it is called."""

    @property
    def findings(self) -> Sequence[Finding]:
        """What was found about it."""

    @property
    def refused(self) -> bool:
        """Whether it is not taken."""


@dataclass
class Report:
    """What a command found in its files: lines and tables as they come, or one JSON list at the end.

    With `as_json` the lines go to standard error, so that standard output is JSON and nothing else.
    """

    as_json: bool
    refused: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(self, path: Path, summary: str, records: Iterable[Told]) -> None:
        """Tell what became of records of a file."""
        records = list(records)
        self.refused += sum(one.refused for one in records)
        rows = [_row(path, one.number, one.label, found) for one in records for found in one.findings]
        self._tell(f"{path}: {summary}", rows, rows)

    def refuse(self, path: Path, error: GatewayError, record: int = 1) -> None:
        """Tell that a file was refused as a whole, or from a record on."""
        self.refused += 1
        extent = "as a whole" if record == 1 else f"from record {record:,} on"
        whole = Finding(error.code, Severity.ERROR, error.text, error.remedy)
        rows = [_row(path, 0, "(file)", finding) for finding in error.findings]
        said = error.text if rows else f"{error.text} {error.remedy} [{error.code}]"
        self._tell(f"{path}: refused {extent}. {said}", rows, rows or [_row(path, 0, "(file)", whole)])

    def __enter__(self) -> Report:
        return self

    def __exit__(self, *error: object) -> None:
        """Print what programs were promised, whatever stopped the command."""
        if self.as_json:
            dump(self.rows)

    def _tell(self, text: str, shown: list[dict[str, Any]], rows: list[dict[str, Any]]) -> None:
        say(text, err if self.as_json else out)
        self.rows += rows
        if shown and not self.as_json:
            show(("Record", "Line", "Code", "Finding"), map(_told, shown), folded=("Record",))


def _row(path: Path, number: int, label: str, finding: Finding) -> dict[str, Any]:
    return {
        "file": path.name,
        "record": number,
        "id": label,
        "severity": str(finding.severity),
        "code": finding.code,
        "field": finding.field,
        "text": finding.text,
        "remedy": finding.remedy,
        "path": finding.path,
        "line": finding.line,
        "column": finding.column,
    }


def _told(row: dict[str, Any]) -> tuple[str, str, str, str]:
    """The cells of a finding: which record, where, which code, what and what to do."""
    place = ":".join(str(row[name]) for name in ("line", "column") if row[name])
    named = f"{row['field']}: " if row["field"] else ""
    said = f"{row['severity']}: {named}{row['text']}\n{row['remedy']}"
    return f"{row['record'] or ''} {row['id']}".strip(), place, row["code"], said
