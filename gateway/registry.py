"""Loading the register of learners: from CSV, one row a licence, into what matching looks up."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from gateway.boards import BOARDS
from gateway.errors import Refused
from gateway.matching import Keys, number_of
from gateway.records import Enrolment, Loaded, RegisterRow
from gateway.vocabulary import BIRTHDAYS, state_named

COLUMNS = ("person", "state", "licence", "npi", "board", "board_id", "given", "family", "suffix", "birth_md")
CHUNK = 5_000  # rows in one transaction: the writer lock is held for a fraction of a second
LONGEST = 500
TOLD = 20
UNREADABLE = "\ufffd"  # what a byte that is not UTF-8 is read as
SPELLED = {  # birthdays as sheets write them
    spelled: day
    for day in BIRTHDAYS
    for sign in "-/"
    for spelled in (day.replace("-", sign), sign.join(part.lstrip("0") for part in day.split("-")))
}


@dataclass(frozen=True, slots=True)
class Wrong:
    """A row that was not loaded: where it stands, which column and why, never what stands there."""

    line: int
    column: str
    reason: str


@dataclass(slots=True)
class Report:
    """What became of a file so far; the first wrong rows are told, the others counted."""

    read: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    told: list[Wrong] = field(default_factory=list)

    def count(self, loaded: Loaded) -> None:
        """Add what became of a chunk."""
        self.added += loaded.added
        self.changed += loaded.changed
        self.unchanged += loaded.unchanged

    def refuse(self, wrong: Wrong) -> None:
        """Add a row that was not loaded."""
        self.refused += 1
        if self.refused <= TOLD:
            self.told.append(wrong)


def load(
    lines: Iterable[str],
    keys: Keys,
    keep: Callable[[Sequence[Enrolment]], Loaded],
    chunk: int = CHUNK,
) -> Iterator[Report]:
    """Load a file chunk by chunk, each kept by `keep`; yields the same report after each of them.

    Safe to repeat: what is there already counts as unchanged. Raises Refused if the first line does
    not name the columns.
    """
    report = Report()
    rows = _rows(lines, report)
    while part := [keys.enrol(row) for row in islice(rows, chunk)]:
        report.count(keep(part))
        yield report
    yield report


def _rows(lines: Iterable[str], report: Report) -> Iterator[RegisterRow]:
    """The rows that are right; the others are told to the report."""
    numbered = enumerate(lines, start=1)
    order = _order(_cells(next(numbered, (1, ""))[1]) or [])
    for number, line in numbered:
        if not line.strip(",\r\n "):
            continue
        report.read += 1
        row = _row(_cells(line), order, number)
        if isinstance(row, RegisterRow):
            yield row
        else:
            report.refuse(row)


def _cells(line: str) -> list[str] | None:
    """The cells of one line, which no quote can make go on in the next; None if it is no CSV."""
    try:
        return next(csv.reader((line,), strict=True), [])
    except csv.Error:
        return None


def _order(header: Sequence[str]) -> list[int]:
    """At which place of a line each column stands."""
    named = [name.strip().removeprefix("\ufeff").casefold() for name in header]
    if sorted(named) != sorted(COLUMNS):
        raise Refused(
            "The first line does not name the columns of a register.",
            remedy=f"Begin the file with: {','.join(COLUMNS)}",
        )
    return [named.index(column) for column in COLUMNS]


def _row(cells: Sequence[str] | None, order: Sequence[int], line: int) -> RegisterRow | Wrong:
    if cells is None:
        return Wrong(line, "", "has a quote that is not closed, or stands where none may")
    if len(cells) != len(order):
        return Wrong(line, "", f"has {len(cells)} columns instead of {len(order)}")
    ordered = [cells[place].strip() for place in order]
    if not _is_text("".join(ordered)):
        column = next((name for name, cell in zip(COLUMNS, ordered, strict=True) if not _is_text(cell)), "")
        return Wrong(line, column, f"has signs that are no text in UTF-8, or over {LONGEST} characters")
    ordered[-1] = SPELLED.get(ordered[-1], "")
    row = RegisterRow(*ordered)
    for column, reason, holds in CHECKS:
        if not holds(row):
            return Wrong(line, column, reason)
    return row


def _is_text(cell: str) -> bool:
    return cell.isprintable() and len(cell) <= LONGEST and UNREADABLE not in cell


def _is_found(row: RegisterRow) -> bool:
    return bool(row.licence or row.npi or row.board_id or row.state)


# What must hold of a row: the column to look at, what is wrong with it otherwise.
CHECKS: tuple[tuple[str, str, Callable[[RegisterRow], bool]], ...] = (
    ("person", "is empty; it is what tells one person from another", lambda row: bool(row.person)),
    ("given", "is empty", lambda row: bool(row.given)),
    ("family", "is empty", lambda row: bool(row.family)),
    ("birth_md", "is no month and day, MM-DD", lambda row: bool(row.birthday)),
    ("state", "is no state of the USA", lambda row: not row.state or state_named(row.state) is not None),
    ("state", "is empty beside a licence", lambda row: bool(row.state or not row.licence)),
    (
        "licence",
        "has neither letter nor digit",
        lambda row: not row.licence or bool(number_of(row.licence)),
    ),
    ("npi", "is not of ten digits", lambda row: not row.npi or _is_npi(row.npi)),
    ("board", "is empty beside a board id", lambda row: bool(row.board or not row.board_id)),
    ("board", f"is none of {', '.join(BOARDS)}", lambda row: not row.board or row.board.upper() in BOARDS),
    ("board_id", "is empty beside a board", lambda row: bool(number_of(row.board_id) or not row.board)),
    (
        "board_id",
        "is no number as that board gives them out (`cme-gateway boards` shows their shapes)",
        lambda row: not row.board or BOARDS[row.board.upper()].gives(row.board_id),
    ),
    ("licence", "is empty, as are npi, board_id and state: nothing to find this person by", _is_found),
)


def _is_npi(text: str) -> bool:
    return len(text) == 10 and text.isascii() and text.isdigit()
