"""Writes the generated pages of docs/: `python tools/catalogues.py`, or `make docs`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from gateway import assembly, lifecycle, schemas, settings
from gateway.intake import Limits
from gateway.lifecycle import Act, Cell, Gate, Standing, When
from gateway.schema import Reader

DOCS = Path(__file__).parent.parent / "docs"
LONGEST_EXAMPLE = 60
MADE = "Made by `make docs`; do not edit."


def pages() -> dict[str, str]:
    """The generated pages, by file name."""
    return {
        "rules.md": _page(
            "The codes",
            "Every code an answer can carry: `A` of an activity, `C` of a completion, `L` of a learner, "
            "`X` of a shape, `S` of the service. A code is never reused. Where "
            "a rule has versions it is asked of their payloads alone. The examples are what a record is "
            "changed to; all of it is invented.",
            ("code", "severity", "field", "since", "until", "text", "remedy", "source", "kept", "broken"),
            map(_with_examples, assembly.catalogue()),
        ),
        "settings.md": _page(
            "The settings",
            "By environment, or without the prefix in the TOML file that `CME_GATEWAY_SETTINGS` names.",
            ("env", "default", "meaning"),
            settings.catalogue(),
        ),
        "lifecycle.md": _lifecycle(),
    }


def _lifecycle() -> str:
    acts = _table(("", *Standing), ([act, *(_told(at, act) for at in Standing)] for act in Act))
    return "\n".join(
        [
            *_paragraphs("# The life cycle of an activity", f"{_STANDS} {MADE}", _LEGEND),
            *acts,
            *_paragraphs("", "## What each status asks for", _ASKED),
            *_table(_GATE, _gates(lifecycle.GATES)),
            *_paragraphs("", "## What was asked for until November 2021", _THEN),
            *_table(_GATE, _gates(lifecycle.LEGACY_GATES)),
            "",
        ]
    )


def _paragraphs(*texts: str) -> Iterator[str]:
    for text in texts:
        yield from (text, "") if text else ("",)


_GATE = ("for", "field", "what is said where it is missing")
_STANDS = (
    "A status is never stored: it follows from the data, the day and the close switch. *Closed as then* is "
    "Closed on the wire: a record first reported in payload 1.0 that has all that was asked for until "
    "November 2021 closes by itself once it is over, as it did then, and still takes corrections and "
    "learners."
)
_LEGEND = (
    "The table says what may be done to an activity in each status, and where it may stand afterwards. *By "
    "its data* is Draft, Active, Ready to Close or, first reported in 1.0, Closed as then. Saving is "
    "`SaveActivity`, closing its `closeActivityRecord` or `CloseActivity`, deleting its `Delete`; copying "
    "makes a new activity and leaves this one as it is. Closing looks at the activity as the call leaves it, "
    "everything else at the activity as it is. The same content again is Unchanged, never refused. The codes "
    "are those of [rules.md](rules.md)."
)
_ASKED = (
    "A Draft has a title, a format, a start date and an end date (A103, A105, A201, A202). Each status asks "
    "for what the one before it asks for, and for this. The answer to a refused change, and `NextStatus` in "
    "every answer, lists all that is missing."
)
_THEN = "A record of that time that has all of this, its end past, is Closed as then."


def _told(at: Standing, act: Act) -> str:
    cell = lifecycle.TABLE[at, act]
    if cell.code is None:
        return _reached(at, cell)
    refused = cell.code if cell.when is When.ALWAYS else f"{cell.code} {cell.when}"
    granted = "gone" if cell.gone else _reached(at, cell)
    return f"{granted}; {refused}" if granted else f"refused: {refused}"


def _reached(at: Standing, cell: Cell) -> str:
    if cell == lifecycle.BY_DATA:
        return "by its data"
    return "stays" if cell.to == (at,) else " or ".join(cell.to)


def _gates(gates: Iterable[Gate]) -> Iterator[tuple[str, str, str]]:
    label = Reader(schemas.VERSIONS, Limits()).label
    for gate in gates:
        yield gate.status, label(gate.field), gate.text


def _with_examples(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**row, "kept": _example(row["good"]), "broken": _example(row["bad"])}


def _example(changes: Mapping[str, Any] | None) -> str:
    told = (
        (field, json.dumps(_short(value), ensure_ascii=False)) for field, value in (changes or {}).items()
    )
    return "; ".join(f"{field}: {value}" for field, value in told)


def _short(value: Any) -> Any:
    """A value without the length that makes it an example: a title of 501 letters fills no page."""
    if isinstance(value, dict):
        return {name: _short(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_short(part) for part in value]
    if isinstance(value, str) and len(value) > LONGEST_EXAMPLE:
        return f"{value[:10]}… ({len(value):,} characters)"
    return value


def _page(title: str, words: str, columns: tuple[str, ...], rows: Iterable[Mapping[str, Any]]) -> str:
    table = _table(columns, ([row[column] for column in columns] for row in rows))
    return "\n".join([f"# {title}", "", f"{words} {MADE}", "", *table, ""])


def _table(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> list[str]:
    head = list(columns)
    return [_line(head), _line("---" for _ in head), *(_line(map(_cell, row)) for row in rows)]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(value: Any) -> str:
    return "" if value is None else str(value).replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    for name, text in pages().items():
        (DOCS / name).write_text(text, "utf-8")
