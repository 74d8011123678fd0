"""Learners' credits and REMS participants: what a unit of work speaks to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Table,
    Update,
    bindparam,
    exists,
    func,
    select,
    tuple_,
    update,
)

from gateway.records import (
    CreditsAlike,
    CreditStatus,
    Sought,
    StoredCredit,
    StoredParticipant,
    replace,
)
from storage import sealed
from storage.numbers import first_row, new_rows
from storage.scope import Owned, Scope, Values, owned
from storage.sealed import Sealer
from storage.tables import SEARCHED, activities, credits, held, living, participants
from storage.values import AT, ROWS, VALUES, chunks, title_key
from storage.verdicts import match

# What a record and its row call alike, and hold alike.
_SAME = (
    *("row", "activity_id", "credit_id", "credit_type", "completed_on", "board", "reason", "submitted_at"),
    *("decided_at", "matched_from", "person", "learner_key", "said_key", "family_key", "birth_key"),
)
_same = attrgetter(*_SAME)
_SAME_OF_PARTICIPANT = ("row", "activity_id", "local_key", "completed_on", "submitted_at")
_PLAIN = [column for column in credits.c if column.name != "sealed"]
_title = (
    select(activities.c.title)
    .where(activities.c.activity_id == credits.c.activity_id)
    .correlate(credits)
    .scalar_subquery()
    .label("activity_title")
)
_source = credits.alias("source")
_yielded_by = (
    select(_source.c.credit_id)
    .where(_source.c.row == credits.c.matched_from)
    .correlate(credits)
    .scalar_subquery()
    .label("yielded_by")
)
_TOLD = (credits, _title, _yielded_by)


def _among(table: Any, column: Any, *what: Any, of_activities: bool = False) -> Owned:
    """Living rows whose column is one of `values`, and which are of one of the `activities`."""
    among = [living(table), column.in_(VALUES)]
    if of_activities:
        among.append(table.c.activity_id.in_(bindparam("activities", expanding=True)))
    return owned(select(*what).where(*among), table)


_BY_CREDIT_ID = _among(credits, credits.c.credit_id, *_PLAIN)
_BY_LEARNER = _among(credits, credits.c.learner_key, *_PLAIN, of_activities=True)
_STANDING = owned(
    select(*_TOLD).where(living(credits), credits.c.credit_id == bindparam("credit_id")), credits
)
_OF_BIRTHDAY = owned(
    select(*_TOLD).where(
        living(credits),
        credits.c.activity_id == bindparam("activity"),
        credits.c.birth_key == bindparam("birthday"),
    ),
    credits,
)
_REPORTED = [
    owned(
        select(table.c.activity_id).distinct().where(living(table), table.c.activity_id.in_(VALUES)),
        table,
    )
    for table in (credits, participants)
]


_BOARDS = owned(
    select(credits.c.board)
    .distinct()
    .where(
        living(credits),
        credits.c.activity_id == bindparam("activity"),
        credits.c.board.is_not(None),
        credits.c.status != CreditStatus.REJECTED.value,
    ),
    credits,
)
_ALIKE = owned(
    select(credits.c.board, credits.c.credit_type, credits.c.amount, credits.c.completed_on, func.count())
    .where(
        living(credits),
        credits.c.activity_id == bindparam("activity"),
        credits.c.matched_from.is_(None),
        credits.c.status != CreditStatus.REJECTED.value,
    )
    .group_by(credits.c.board, credits.c.credit_type, credits.c.amount, credits.c.completed_on)
    .order_by(credits.c.board, credits.c.credit_type, credits.c.completed_on),
    credits,
)


def _burial(table: Table, column: Column[int]) -> Update:
    return update(table).where(living(table), column.in_(ROWS)).values(deleted_at=AT)


_BURIED = owned(_burial(credits, credits.c.row).returning(credits.c.row), credits)
# Asked afterwards, since SQLite 3.40 takes NULL for NOT NULL in what an update returns.
_HELD = owned(select(credits.c.row, credits.c.board).where(credits.c.row.in_(ROWS), held(credits)), credits)
# What a credit yielded is its learner's: so it is found by an index.
_BURIED_YIELD = owned(
    _burial(credits, credits.c.matched_from)
    .where(credits.c.learner_key.in_(select(_source.c.learner_key).where(_source.c.row.in_(ROWS))))
    .returning(credits.c.matched_from),
    credits,
)
# What the learners of these have of boards besides. Whoever is about to decide on one, or to delete it, is
# waited for.
_AWAITED = owned(
    select(credits.c.row)
    .where(
        living(credits),
        credits.c.board.is_not(None),
        tuple_(credits.c.learner_key, credits.c.activity_id).in_(
            select(_source.c.learner_key, _source.c.activity_id).where(_source.c.row.in_(ROWS))
        ),
    )
    .order_by(credits.c.row)
    .with_for_update(),
    credits,
)
_BURIED_PARTICIPANTS = owned(_burial(participants, participants.c.row), participants)
_BY_LOCAL_KEY = _among(participants, participants.c.local_key, participants, of_activities=True)


class Credits:
    """The provider's learners' credits; what is deleted stays as a tombstone that nobody finds."""

    def __init__(self, scope: Scope, sealer: Sealer) -> None:
        self._scope = scope
        self._sealer = sealer

    def rows(self, count: int) -> range:
        """Numbers for so many new credits or participants, in the order of time."""
        return new_rows(self._scope.now, count)

    def find(
        self, credit_ids: Collection[str], learner_keys: Collection[bytes], activity_ids: Collection[str]
    ) -> list[StoredCredit]:
        """The living ones with one of these ids, or of one of these learners and activities; without
        their learner."""
        rows = {row.row: row for row in self._rows(_BY_CREDIT_ID, credit_ids)}
        if activity_ids:
            rows |= {row.row: row for row in self._rows(_BY_LEARNER, learner_keys, activity_ids)}
        return [_credit(row) for row in rows.values()]

    def standing(self, credit_id: str) -> StoredCredit | None:
        """The living one of this id, with learner and title."""
        row = self._scope.run(_STANDING, {"credit_id": credit_id}).one_or_none()
        return self._opened(row) if row else None

    def of_learner(self, activity_id: str, birthday: bytes) -> list[StoredCredit]:
        """The living ones of an activity whose learner has this birthday, with learner and title."""
        rows = self._scope.run(_OF_BIRTHDAY, {"activity": activity_id, "birthday": birthday})
        return [self._opened(row) for row in rows]

    def search(self, sought: Sought, after: int, most: int) -> list[StoredCredit]:
        """The living ones that fit, newest first from before row `after` (0: from the newest)."""
        return [self._opened(row) for row in self._scope.ask(searching(sought, after, most))]

    def reported(self, activity_ids: Collection[str]) -> set[str]:
        """Those of the activities for which a credit or a participant lives."""
        return {row.activity_id for found in _REPORTED for row in self._rows(found, activity_ids)}

    def boards(self, activity_id: str) -> set[str]:
        """The boards that have accepted credit of an activity, or may yet: of living ones."""
        return set(self._scope.run(_BOARDS, {"activity": activity_id}).firsts())

    def alike(self, activity_id: str) -> list[CreditsAlike]:
        """The living ones of an activity that were reported and not rejected, counted by what they are."""
        rows = self._scope.run(_ALIKE, {"activity": activity_id})
        return [CreditsAlike(board, type, Decimal(amount), day, n) for board, type, amount, day, n in rows]

    def add(self, new: Sequence[StoredCredit]) -> None:
        """Keep new ones, each with its learner."""
        if new:
            self._scope.keep(credits, map(self._columns, new))

    def delete(self, rows: Collection[int]) -> dict[str, list[int]]:
        """Let go of these; their ids are free again. Gives, by board, those that a board has accepted, or
        was asked about without an answer: as the rows are now, for the board may have been asked, or have
        answered, since they were looked at."""
        by_board: dict[str, list[int]] = {}
        for chunk in chunks(rows):
            gone = self._scope.run(_BURIED, {"rows": chunk, "at": self._scope.now}).firsts()
            for row in self._scope.run(_HELD, {"rows": gone}) if gone else ():
                by_board.setdefault(row.board, []).append(row.row)
        return by_board

    def delete_yield(self, rows: Collection[int]) -> list[int]:
        """Let go of the CME credit that these board credits yielded; gives those that had yielded any, as
        the rows are now."""
        return [
            row
            for chunk in chunks(rows)
            for row in self._scope.run(_BURIED_YIELD, {"rows": chunk, "at": self._scope.now}).firsts()
        ]

    def yield_again(self, rows: Collection[int]) -> None:
        """Give the learners of these deleted credits the CME credit that their other board credits yield:
        those that are accepted by now, also by a verdict that comes in at this moment."""
        for chunk in chunks(rows):
            match(self._scope, self._scope.run(_AWAITED, {"rows": chunk}).firsts())

    def participants(
        self, local_keys: Collection[bytes], activity_ids: Collection[str]
    ) -> list[StoredParticipant]:
        """The living participants of these keys and activities."""
        rows = self._rows(_BY_LOCAL_KEY, local_keys, activity_ids) if activity_ids else ()
        return [self._participant(row) for row in rows]

    def add_participants(self, new: Sequence[StoredParticipant]) -> None:
        """Keep new ones."""
        if new:
            self._scope.keep(participants, map(self._participant_columns, new))

    def delete_participants(self, rows: Collection[int]) -> None:
        """Let go of these."""
        for chunk in chunks(rows):
            self._scope.run(_BURIED_PARTICIPANTS, {"rows": chunk, "at": self._scope.now})

    def _rows(self, found: Owned, values: Collection[Any], activities: Collection[str] = ()) -> Iterator[Any]:
        narrowed = {"activities": sorted(activities)} if activities else {}
        for chunk in chunks(values):
            yield from self._scope.run(found, {"values": chunk, **narrowed})

    def _opened(self, row: Any) -> StoredCredit:
        return replace(
            _credit(row),
            learner=sealed.learner(row.sealed, self._sealer),
            activity_title=row.activity_title,
            yielded_by=row.yielded_by,
        )

    def _columns(self, credit: StoredCredit) -> Values:
        return {
            **dict(zip(_SAME, _same(credit), strict=True)),
            "amount": str(credit.amount),
            "status": credit.status.value,
            "sealed": sealed.seal_person(credit.learner, self._sealer),
        }

    def _participant(self, row: Any) -> StoredParticipant:
        kept = {name: getattr(row, name) for name in _SAME_OF_PARTICIPANT}
        return StoredParticipant(participant=sealed.participant(row.sealed, self._sealer), **kept)

    def _participant_columns(self, one: StoredParticipant) -> Values:
        kept = {name: getattr(one, name) for name in _SAME_OF_PARTICIPANT}
        return kept | {"sealed": sealed.seal_person(one.participant, self._sealer)}


def _credit(row: Any) -> StoredCredit:
    kept = dict(zip(_SAME, _same(row), strict=True))
    return StoredCredit(amount=Decimal(row.amount), status=CreditStatus(row.status), **kept)


def searching(sought: Sought, after: int, most: int) -> Owned:
    """The query of a search; an index has a provider's credits in this order."""
    here = SEARCHED if sought.family is None else living(credits)  # names have an index of their own
    fitting = select(*_TOLD).where(here, *_conditions(sought, after))
    return owned(fitting.order_by(credits.c.row.desc()).limit(most), credits)


def _conditions(sought: Sought, after: int) -> Iterator[ColumnElement[bool]]:
    """What a search asks for; times are asked of the row numbers, which are in their order."""
    if after:
        yield credits.c.row < after
    if sought.family is not None:
        yield credits.c.family_key == sought.family
    if sought.submitted_from is not None:
        yield credits.c.row >= first_row(sought.submitted_from)
    if sought.submitted_until is not None:
        yield credits.c.row < first_row(sought.submitted_until)
    if sought.activity_id is not None:
        yield credits.c.activity_id == sought.activity_id
    if sought.status is not None:
        yield credits.c.status == sought.status
    if sought.title is not None:
        yield _titled(sought.title)


def _titled(part: str) -> ColumnElement[bool]:
    """Whether the title of the credit's activity, which is the same provider's, has a part."""
    of_credit = activities.c.activity_id == credits.c.activity_id
    same = activities.c.provider_id == credits.c.provider_id
    return exists().where(of_credit, same, activities.c.title_key.contains(title_key(part), autoescape=True))
