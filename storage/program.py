"""A provider's years: which steps of reporting were taken, by whom and when, and by when it is due.

Steps are only ever added: the newest of a kind counts, and what was before stays to be read.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import bindparam, desc, select

from gateway.records import Figures, Step, Taken
from storage.scope import Scope, owned
from storage.tables import due_days, program_steps

_json = msgspec.json.Encoder(order="deterministic")
_figures = msgspec.json.Decoder(Figures)

_TAKEN = owned(
    select(program_steps).where(program_steps.c.year == bindparam("of")).order_by(program_steps.c.row),
    program_steps,
)
_DUE = owned(
    select(due_days.c.due)
    .where(due_days.c.since <= bindparam("of"))
    .order_by(desc(due_days.c.since))
    .limit(1),
    due_days,
)


class Program:
    """The provider's years."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def taken(self, year: int) -> list[Taken]:
        """The steps taken for a year, oldest first."""
        return [
            Taken(
                year=row.year,
                step=Step(row.step),
                user=row.user,
                at=row.at,
                figures=_figures.decode(row.figures) if row.figures else None,
            )
            for row in self._scope.run(_TAKEN, {"of": year})
        ]

    def take(self, taken: Taken) -> None:
        """Note that a step was taken."""
        figures = _json.encode(taken.figures).decode() if taken.figures else None
        row = {"year": taken.year, "step": taken.step, "user": taken.user, "at": taken.at}
        self._scope.keep(program_steps, [{**row, "figures": figures}])

    def due_day(self, year: int) -> str | None:
        """The day, as MM-DD of the following year, by which this provider's year is due, if it is its own."""
        row = self._scope.run(_DUE, {"of": year}).one_or_none()
        return row.due if row else None
