"""What an activity went through that its record does not tell: how its learners grew year by year, and
why it was opened again after it was closed."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import bindparam, or_, select, update

from gateway.records import CountAsOf, Reopening
from storage import sealed
from storage.scope import Scope, owned
from storage.sealed import Sealer
from storage.tables import counts, reopenings
from storage.values import VALUES, chunks

_STANDS = or_(counts.c.physicians.is_not(None), counts.c.other_learners.is_not(None))
_OF_ACTIVITIES = owned(
    select(counts).where(counts.c.activity_id.in_(VALUES), _STANDS).order_by(counts.c.year), counts
)
_OF_YEAR = (counts.c.activity_id == bindparam("of"), counts.c.year == bindparam("as_of"))
_CORRECTED = owned(update(counts).where(*_OF_YEAR), counts)
_REOPENED = owned(
    select(reopenings).where(reopenings.c.activity_id == bindparam("of")).order_by(reopenings.c.row),
    reopenings,
)


class Counts:
    """The figures of the provider's enduring material, as of 31 December of each year."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def of(self, activity_ids: Collection[str]) -> dict[str, tuple[CountAsOf, ...]]:
        """The figures of these activities, oldest first; those without any are left out, and years that
        count nothing."""
        found: dict[str, tuple[CountAsOf, ...]] = {}
        for chunk in chunks(activity_ids):
            for row in self._scope.run(_OF_ACTIVITIES, {"values": chunk}):
                one = CountAsOf(row.year, row.physicians, row.other_learners)
                found[row.activity_id] = (*found.get(row.activity_id, ()), one)
        return found

    def keep(self, activity_id: str, count: CountAsOf) -> None:
        """Keep the figures of a year; those that were there before are corrected, or taken back by one that
        counts nothing."""
        said = {"physicians": count.physicians, "other_learners": count.other_learners, "at": self._scope.now}
        if not self._scope.run(_CORRECTED, {"of": activity_id, "as_of": count.year, **said}).changed:
            self._scope.keep(counts, [{"activity_id": activity_id, "year": count.year, **said}])


class Reopenings:
    """Which of the provider's closed activities were opened again, and why."""

    def __init__(self, scope: Scope, sealer: Sealer) -> None:
        self._scope = scope
        self._sealer = sealer

    def of(self, activity_id: str) -> list[Reopening]:
        """Those of an activity, in their order."""
        return [
            Reopening(
                activity_id=row.activity_id,
                user=row.user,
                at=row.at,
                reason=sealed.payload(row.sealed, self._sealer).decode(),
            )
            for row in self._scope.run(_REOPENED, {"of": activity_id})
        ]

    def add(self, one: Reopening) -> None:
        """Keep one."""
        reason = sealed.seal_payload(one.reason.encode(), self._sealer)
        kept = {"activity_id": one.activity_id, "user": one.user, "at": one.at, "sealed": reason}
        self._scope.keep(reopenings, [kept])
