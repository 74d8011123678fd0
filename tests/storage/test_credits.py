"""Learners' credits and REMS participants, on each database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from asked import a_credit as submitted_credit
from sqlalchemy import event, update
from stored import FULL_ACTIVITY, NOW, OTHER_PROVIDER, PROVIDER

from gateway.errors import Busy
from gateway.records import (
    CreditsAlike,
    CreditStatus,
    Participant,
    Sought,
    StoredCredit,
    StoredParticipant,
)
from storage import Store
from storage import credits as credits_of
from storage.numbers import first_row, new_rows
from storage.tables import credits

PARTICIPANT = Participant("P-0001", "idd:demo.example:ce", "Maine", "None", "Nurse", None, False, None)


def a_credit(**changes: Any) -> StoredCredit:
    """A credit that has something in every field."""
    decided = {"reason": "It is a sample.", "decided_at": NOW + timedelta(seconds=1)}
    return submitted_credit(**decided | changes)


def add(store: Store, *credits: StoredCredit, provider: str = PROVIDER) -> None:
    """Keep credits."""
    store.write(provider, lambda unit: unit.credits.add(credits))


def search(store: Store, after: int = 0, most: int = 9, provider: str = PROVIDER, **sought: Any) -> list[str]:
    """The ids of the credits that fit, in the order they are found."""
    wanted = Sought(**sought)
    found = store.read(provider, lambda unit: unit.credits.search(wanted, after, most))
    return [credit.credit_id for credit in found]


def plain(credit: StoredCredit) -> StoredCredit:
    """A credit as it is found without its learner."""
    return replace(credit, learner=None)


def test_what_is_kept_is_found_by_its_id_and_its_learner(store: Store) -> None:
    """A credit comes back as it was kept, by either key, once where both fit, and without its learner."""
    one, two, _ = kept = [a_credit(), a_credit(board=None, decided_at=None, reason=None), a_credit()]
    add(store, *kept)
    found = store.read(
        PROVIDER,
        lambda unit: unit.credits.find([one.credit_id], [one.learner_key, two.learner_key], ["202600001"]),
    )
    assert [plain(one), plain(two)] == sorted(found, key=lambda credit: credit.row)


def test_a_standing_credit_tells_its_learner_title_and_what_yielded_it(store: Store) -> None:
    """What a status is told from has the learner, the activity's title and the yielding credit's id."""
    store.write(PROVIDER, lambda unit: unit.activities.add([FULL_ACTIVITY]))
    board = a_credit()
    cme = a_credit(credit_type="AMA PRA Category 1", board=None, matched_from=board.row)
    add(store, board, cme)
    standing = store.read(PROVIDER, lambda unit: unit.credits.standing(cme.credit_id))
    assert replace(cme, activity_title=FULL_ACTIVITY.title, yielded_by=board.credit_id) == standing
    assert store.read(PROVIDER, lambda unit: unit.credits.standing("ccid:demo:none")) is None
    assert store.read(OTHER_PROVIDER, lambda unit: unit.credits.standing(cme.credit_id)) is None


def test_credits_of_a_birthday_are_those_of_that_activity(store: Store) -> None:
    """The credits of an activity are found by the learner's birthday, and nobody else's with them."""
    wanted, *others = [a_credit(), a_credit(birth_key=b"03-01"), a_credit(activity_id="202600002")]
    add(store, wanted, *others)
    add(store, a_credit(), provider=OTHER_PROVIDER)
    found = store.read(PROVIDER, lambda unit: unit.credits.of_learner("202600001", b"02-29"))
    assert [wanted] == found


def test_one_learner_has_one_credit_of_a_type_for_an_activity(store: Store) -> None:
    """A second living credit of the same learner, activity, board and type is refused, whatever its id."""
    add(store, first := a_credit())
    with pytest.raises(Busy):
        add(store, a_credit(learner_key=first.learner_key))
    add(store, a_credit(learner_key=first.learner_key, board="ABA"))
    add(store, a_credit(learner_key=first.learner_key, credit_type="Patient Safety"))
    add(store, a_credit(learner_key=first.learner_key), provider=OTHER_PROVIDER)


def test_one_learner_has_one_cme_credit_for_an_activity(store: Store) -> None:
    """Credit of no board is unique as well, though databases take no two NULLs for the same."""
    add(store, first := a_credit(board=None))
    with pytest.raises(Busy):
        add(store, a_credit(board=None, learner_key=first.learner_key))


def test_the_boards_of_an_activity_are_those_whose_credit_stands(store: Store) -> None:
    """Neither what is rejected or deleted counts, nor another activity's or provider's."""
    rejected = a_credit(board="ABA", status=CreditStatus.REJECTED)
    gone, kept = a_credit(board="ABP"), a_credit(board="ABIM")
    elsewhere = a_credit(board="ABS", activity_id="202600002")
    add(store, rejected, gone, kept, elsewhere, a_credit(board=None))
    add(store, a_credit(board="ABPATH"), provider=OTHER_PROVIDER)
    store.write(PROVIDER, lambda unit: unit.credits.delete([gone.row]))
    assert {"ABIM"} == store.read(PROVIDER, lambda unit: unit.credits.boards("202600001"))


def test_credit_of_an_activity_is_counted_by_what_it_is(store: Store) -> None:
    """What stands and was reported: neither rejected, deleted nor yielded, nor of another activity or
    provider."""
    first = a_credit()
    add(store, first, a_credit(), a_credit(amount=Decimal("0.5")), gone := a_credit())
    add(store, a_credit(status=CreditStatus.REJECTED), a_credit(board=None, matched_from=first.row))
    add(store, a_credit(activity_id="202600002"))
    add(store, a_credit(), provider=OTHER_PROVIDER)
    store.write(PROVIDER, lambda unit: unit.credits.delete([gone.row]))
    same = (first.board, first.credit_type)
    assert {
        CreditsAlike(*same, first.amount, first.completed_on, 2),
        CreditsAlike(*same, Decimal("0.5"), first.completed_on, 1),
    } == {*store.read(PROVIDER, lambda unit: unit.credits.alike("202600001"))}


def test_what_is_deleted_is_found_no_more_and_frees_its_identity(store: Store) -> None:
    """After a deletion the same credit id and the same learner's credit can be kept again."""
    add(store, gone := a_credit())
    store.write(PROVIDER, lambda unit: unit.credits.delete([gone.row]))
    assert [] == store.read(
        PROVIDER, lambda unit: unit.credits.find([gone.credit_id], [gone.learner_key], ["202600001"])
    )
    assert set() == store.read(PROVIDER, lambda unit: unit.credits.reported(["202600001"]))
    add(store, again := replace(gone, row=new_rows(NOW, 1)[0]))
    assert [again.credit_id] == search(store, family=b"quimby")


def test_a_deletion_tells_what_boards_have_accepted(store: Store) -> None:
    """By board, as the rows are now; what they yielded can be let go of with them."""
    accepted = a_credit(status=CreditStatus.ACCEPTED)
    submitted = a_credit()
    yielded = a_credit(board=None, credit_type="AMA PRA Category 1", matched_from=accepted.row)
    cme = replace(yielded, learner_key=accepted.learner_key)
    add(store, accepted, submitted, cme)
    with store._engine.begin() as connection:  # a board accepts only what it was asked about
        connection.execute(update(credits).where(credits.c.row == accepted.row).values(asked_at=NOW))
    rows = [accepted.row, submitted.row]
    assert {"ABIM": [accepted.row]} == store.write(PROVIDER, lambda unit: unit.credits.delete(rows))
    store.write(PROVIDER, lambda unit: unit.credits.delete_yield([accepted.row]))
    assert [] == search(store, family=b"quimby")


def test_nobody_deletes_what_belongs_to_another_provider(store: Store) -> None:
    """A row of another provider stays, whoever names it."""
    add(store, kept := a_credit())
    store.write(OTHER_PROVIDER, lambda unit: unit.credits.delete([kept.row]))
    assert [kept.credit_id] == search(store, family=b"quimby")


def at(moment: datetime, **changes: Any) -> StoredCredit:
    """A credit that was submitted at a moment."""
    return a_credit(row=new_rows(moment, 1)[0] if moment >= NOW else first_row(moment), **changes)


def test_a_search_narrows_by_all_that_is_asked(store: Store) -> None:
    """Last name, title, days of submission, activity and status each narrow, and together."""
    store.write(PROVIDER, lambda unit: unit.activities.add([FULL_ACTIVITY]))
    old = at(NOW - timedelta(days=2), status=CreditStatus.REJECTED)
    new, other = a_credit(), a_credit(family_key=b"other", activity_id="202600002")
    add(store, old, new, other)
    day = timedelta(days=1)
    assert [new.credit_id, old.credit_id] == search(store, family=b"quimby")
    for title in ("fortbildung “spring", "ÄRZTLICHE", "A\u0308rztliche", "\uff33pring"):
        assert [new.credit_id, old.credit_id] == search(store, title=title)
    assert [] == search(store, title="100%")
    assert [other.credit_id, new.credit_id] == search(store, submitted_from=NOW - day)
    assert [old.credit_id] == search(store, submitted_until=NOW - day)
    assert [other.credit_id] == search(store, activity_id="202600002")
    assert [old.credit_id] == search(store, family=b"quimby", status="Rejected")
    assert [] == search(store, family=b"quimby", provider=OTHER_PROVIDER)


def test_a_search_by_title_takes_signs_as_they_are(store: Store) -> None:
    """What is a pattern to a database is a sign in a title; any title that may be asked for is taken."""
    odd = replace(FULL_ACTIVITY, title="50% of A_B/C\\D, straße")
    store.write(PROVIDER, lambda unit: unit.activities.add([odd]))
    add(store, one := a_credit())
    for title in ("50% OF", "a_b/c", "c\\d", "STRASSE"):
        assert [one.credit_id] == search(store, title=title)
    for title in ("50%A", "a_c", "A%B", "\ufdfa" * 200, "_" * 200):
        assert [] == search(store, title=title)


def _plan(store: Store, provider: str, **sought: Any) -> str:
    """How the database finds the first page of a search, in its own words."""
    query = credits_of.searching(Sought(**sought), 0, 101)
    searched: Any = query.statement
    asking = "EXPLAIN QUERY PLAN " if store._engine.dialect.name == "sqlite" else "EXPLAIN "
    with store._engine.connect() as connection:
        statement = searched.compile(connection, compile_kwargs={"render_postcompile": True})
        values = statement.construct_params({query.key: provider})
        binds = statement.positiontup
        given = tuple(values[name] for name in binds) if binds else values
        return str(connection.exec_driver_sql(asking + str(statement), given).all())


@pytest.mark.parametrize(
    ("provider", "sought", "index"),
    [
        (PROVIDER, {"submitted_from": NOW - timedelta(days=1)}, "ix_credits_newest"),
        (PROVIDER, {"title": "spring"}, "ix_credits_newest"),
        (OTHER_PROVIDER, {"family": b"7"}, "ix_credits_family"),
    ],
)
def test_a_search_walks_no_rows_of_others(
    store: Store, provider: str, sought: dict[str, Any], index: str
) -> None:
    """A small provider's search reads its own rows by an index, beside one that is large; the large
    one's by name reads those of the name. Both with and without statistics."""
    add(store, *(a_credit(family_key=b"%d" % n) for n in range(2_000)), provider=OTHER_PROVIDER)
    add(store, *(a_credit() for _ in range(20)))
    assert index in _plan(store, provider, **sought)
    with store._engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
    assert index in _plan(store, provider, **sought)


def test_pages_follow_one_another_without_gap_or_repeat(store: Store) -> None:
    """Page after page, each from the last row of the one before, gives every credit once."""
    kept = [a_credit() for _ in range(5)]
    add(store, *kept)

    def pages() -> Iterator[Sequence[str]]:
        after = 0
        while page := search(store, after, 2, family=b"quimby"):
            yield page
            after = next(credit.row for credit in kept if credit.credit_id == page[-1])

    assert [credit.credit_id for credit in reversed(kept)] == [each for page in pages() for each in page]


def test_participants_are_kept_and_let_go(store: Store) -> None:
    """A REMS participant comes back as kept, keeps the activity reported, and can be let go."""
    one = StoredParticipant(
        row=new_rows(NOW, 1)[0],
        activity_id="202600002",
        local_key=b"local",
        completed_on=date(2026, 3, 10),
        submitted_at=NOW,
        participant=PARTICIPANT,
    )
    store.write(PROVIDER, lambda unit: unit.credits.add_participants([one]))
    assert [one] == store.read(PROVIDER, lambda unit: unit.credits.participants([b"local"], ["202600002"]))
    assert {"202600002"} == store.read(
        PROVIDER, lambda unit: unit.credits.reported(["202600002", "202600001"])
    )
    store.write(PROVIDER, lambda unit: unit.credits.delete_participants([one.row]))
    assert [] == store.read(PROVIDER, lambda unit: unit.credits.participants([b"local"], ["202600002"]))


def test_activities_are_looked_at_by_their_ids(store: Store) -> None:
    """The activities of some ids are given by id; those of another provider are not."""
    store.write(PROVIDER, lambda unit: unit.activities.add([FULL_ACTIVITY]))
    ids = ["202600001", "202699999"]
    assert {"202600001": FULL_ACTIVITY} == store.write(PROVIDER, lambda unit: unit.activities.named(ids))
    assert {} == store.read(OTHER_PROVIDER, lambda unit: unit.activities.named(ids))


def test_row_numbers_grow_with_time() -> None:
    """Numbers are new each time, in the order of time, and tell when they were given."""
    now = datetime(2080, 3, 10, tzinfo=UTC)
    first, second = new_rows(now, 3), new_rows(now, 2)
    assert [*first, *second] == sorted({*first, *second})
    assert first_row(now) <= first[0] < first_row(now + timedelta(milliseconds=1))
    assert second[-1] < new_rows(now + timedelta(days=1), 1)[0] < 2**63


def test_the_index_of_searches_is_for_searches_alone(store: Store) -> None:
    """What every submission looks up goes by its own index: by that of searches it would walk all of
    the provider's rows."""
    add(store, *(a_credit() for _ in range(500)))
    plans: list[str] = []

    def look(connection: Any, cursor: Any, statement: str, values: Any, *_: object) -> None:
        asking = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
        plans.append(str(cursor.execute(asking + statement, values).fetchall()))

    with store._engine.connect() as connection:
        event.listen(connection, "before_cursor_execute", look)
        scope = {"owner": PROVIDER, "activities": ["202600001"]}
        connection.execute(credits_of._BY_LEARNER.statement, {**scope, "values": [b"1", b"2"]})
        connection.execute(credits_of._BURIED_YIELD.statement, {**scope, "rows": [1], "at": NOW})
    assert len(plans) >= 2
    assert [] == [plan for plan in plans if "ix_credits_newest" in plan]
