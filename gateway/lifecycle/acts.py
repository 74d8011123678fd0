"""What may be done to an activity, by where it stands: one table, which saving asks, docs/lifecycle.md
prints and the tests walk cell by cell.

The codes are those of the rulebook. Sources: SEED1 (closing, deleting), SEED2 (copying), CHK (learners).
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from gateway.lifecycle.standing import Standing, missing_to_close, standing
from gateway.records import Activity

_DRAFT, _ACTIVE, _READY, _CLOSED, _THEN = Standing


class Act(enum.StrEnum):
    """What is done to an activity, or happens to it."""

    SAVE = "save"
    CLOSE = "close"
    REOPEN = "reopen"
    COPY = "copy"
    DELETE = "delete"
    COUNT = "update its counts"
    REPORT = "report a learner"
    FORGET = "delete a learner's credit"
    CALENDAR = "a day passes"


class When(enum.StrEnum):
    """What a refusal hangs on."""

    ALWAYS = "always"
    GATES = "for each missing gate"
    LEARNERS = "where learners are reported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What becomes of an act: the standings it may lead to, of which the data and the day decide; none
    where it is never granted, or nothing is left. `code` refuses it, `when` says on what that hangs."""

    to: tuple[Standing, ...] = ()
    code: str | None = None
    when: When = When.ALWAYS
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an act is not granted: a code of the rulebook, the field it is of, and what it says of it."""

    code: str
    field: str
    text: str = ""


BY_DATA = Cell(to=(_DRAFT, _ACTIVE, _READY, _THEN))
_CLOSABLE = Cell(to=(_CLOSED,), code="A907", when=When.GATES)
_UNREADY = Cell(code="A907", when=When.GATES)
_DELETABLE = Cell(gone=True, code="A908", when=When.LEARNERS)


def _stays(standing: Standing) -> Cell:
    return Cell(to=(standing,))


def _refused(code: str) -> Cell:
    return Cell(code=code)


# Closing looks at the activity as it will be, everything else at the activity as it is. What was closed
# by itself takes corrections and learners, as it did then: nobody has said that it is done with.
_ROWS: Mapping[Act, tuple[Cell, ...]] = {
    Act.SAVE: (BY_DATA, BY_DATA, BY_DATA, _refused("A906"), BY_DATA),
    Act.CLOSE: (_UNREADY, _UNREADY, _CLOSABLE, _stays(_CLOSED), _CLOSABLE),
    Act.REOPEN: (*(_refused("A913"),) * 3, Cell(to=(_READY, _THEN)), _refused("A914")),
    Act.COPY: tuple(map(_stays, Standing)),
    Act.DELETE: (*(_DELETABLE,) * 3, _refused("A905"), _refused("A905")),
    Act.COUNT: (BY_DATA, BY_DATA, BY_DATA, _refused("A906"), BY_DATA),
    Act.REPORT: (_refused("C106"), _stays(_ACTIVE), _stays(_READY), _refused("C107"), _stays(_THEN)),
    # Whoever completes a Draft adds again what was deleted; nobody does so where it was closed.
    Act.FORGET: (*map(_stays, (_DRAFT, _ACTIVE, _READY)), _refused("C107"), _stays(_THEN)),
    Act.CALENDAR: (
        Cell(to=(_DRAFT, _THEN)),
        Cell(to=(_ACTIVE, _READY, _THEN)),
        *map(_stays, (_READY, _CLOSED, _THEN)),
    ),
}
TABLE: Mapping[tuple[Standing, Act], Cell] = {
    (standing, act): cell
    for act, cells in _ROWS.items()
    for standing, cell in zip(Standing, cells, strict=True)
}
# Which field of what was sent a refusal is of, where it is not the id of the activity.
_FIELDS = {Act.DELETE: "action"}


def refusals(
    activity: Activity, act: Act, today: date, learners: Callable[[], bool] = lambda: False
) -> tuple[Refusal, ...]:
    """Why an act is refused, all of it at once; empty where it is granted.

    Closing asks with the activity as it will be, everything else as it is; saving and counting ask
    only when something changes. `learners` tells whether learners are reported for it.
    """
    cell = TABLE[standing(activity, today), act]
    if cell.code is None:
        return ()
    if cell.when is When.GATES:
        return tuple(Refusal(cell.code, gate.field, gate.text) for gate in missing_to_close(activity, today))
    if cell.when is When.LEARNERS and not learners():
        return ()
    return (Refusal(cell.code, _FIELDS.get(act, "activity_id")),)
