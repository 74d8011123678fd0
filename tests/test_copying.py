"""A copy is a new draft with what one activity and the next have in common."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from amended import FIRST_ID, codes, copy, keep, named, only, stored
from desk import Desk
from entries import COMPLETE, DRAFT, LEGACY
from stored import FULL_ACTIVITY

from gateway.operations.copying import COPIED, Copy, made_from
from gateway.records import Action, Activity, Outcome, Status

SOURCE = replace(COMPLETE, closed=True)
SERIES = replace(COMPLETE, format="Regularly Scheduled Series", moc_registrations=())
NEW: dict[str, Any] = {
    "provider_activity_id": "AUTUMN-27",
    "start_date": date(2027, 9, 1),
    "end_date": date(2027, 9, 2),
}


@pytest.fixture
def desk() -> Desk:
    """A gateway without records."""
    return Desk()


def test_a_copy_is_a_draft_of_its_own(desk: Desk) -> None:
    """SEED2: of a closed activity too, which stays as it is."""
    (source,) = keep(desk, SOURCE)
    result = only(copy(desk, title="Diabetes, again", **NEW))
    assert (Action.ADDED, "202600002", "AUTUMN-27", Status.DRAFT, []) == (
        result.action,
        result.activity_id,
        result.provider_activity_id,
        result.status,
        codes(result),
    )
    assert ["passport"] == [gate.field for gate in result.next_statuses[0].missing]
    before, made = stored(desk)
    assert source == before
    assert ("Diabetes, again", date(2027, 9, 1), date(2027, 9, 2), "2.1") == (
        made.title,
        made.start_date,
        made.end_date,
        made.born,
    )


def test_what_took_place_is_not_copied() -> None:
    """Neither ids nor counts, outcomes, support, claim dates and attestations, nor what is closed."""
    made = made_from(FULL_ACTIVITY, Copy(), (2, 1))
    plain, says = Activity(), {"start_date", "end_date", "reporting_start", "reporting_end", "born"}
    for field in dataclasses.fields(Activity):
        told = getattr(made, field.name)
        if field.name == "moc_registrations":
            assert [(None, None)] == [(one.claim_date, one.attested) for one in told]
            assert ["ABIM"] == [one.board for one in told]
        elif field.name in COPIED:
            assert getattr(FULL_ACTIVITY, field.name) == told
        elif field.name not in says:
            assert getattr(plain, field.name) == told, field.name


def test_every_field_is_decided_on() -> None:
    """A new field of an activity is copied or not, on purpose."""
    left = {
        *("activity_id", "provider_activity_id", "passport", "physicians", "other_learners"),
        *("participants", "outcomes", "commercial_support", "monetary_supports", "in_kind_supports"),
        *("start_date", "end_date", "reporting_start", "reporting_end", "rems_identifiers"),
        *("pharmacy_live_date", "pharmacy_sequence", "uan_pharmacy", "uan_pharmacy_tech"),
        *("pharmacy_recertifications", "pharmacy_content_tags"),
        *("legacy_type", "hours_of_instruction", "competencies", "exhibit_income", "other_income"),
        *("expenses", "designed_competence", "designed_performance", "designed_outcomes"),
        *("measured_competence", "measured_performance", "measured_outcomes"),
        *("derived", "closed", "born", "repeat_of"),
    }
    assert {field.name for field in dataclasses.fields(Activity)} == left | set(COPIED)


@pytest.mark.parametrize(
    ("said", "start", "end"),
    [
        ({}, SOURCE.start_date, SOURCE.end_date),
        ({"start_date": date(2027, 9, 1)}, date(2027, 9, 1), date(2027, 9, 2)),
        ({"start_date": date(2027, 9, 1), "end_date": date(2027, 9, 9)}, date(2027, 9, 1), date(2027, 9, 9)),
    ],
)
def test_dates_that_are_not_given_are_the_sources(
    desk: Desk, said: dict[str, Any], start: date, end: date
) -> None:
    """A draft has dates; with a new start it takes as long as the source."""
    keep(desk, SOURCE)
    copy(desk, provider_activity_id="NEW", **said)
    made = stored(desk)[1]
    assert (start, end, start, end) == (
        made.start_date,
        made.end_date,
        made.reporting_start,
        made.reporting_end,
    )


def test_the_copy_of_a_year_is_a_year(desk: Desk) -> None:
    """Not a day more than a series may take, after a leap year."""
    keep(desk, replace(SERIES, start_date=date(2024, 1, 1), end_date=date(2024, 12, 31)))
    assert Action.ADDED is only(copy(desk, provider_activity_id="NEW", start_date=date(2025, 1, 1))).action
    assert date(2025, 12, 31) == stored(desk)[1].end_date


def test_a_record_of_1_0_becomes_a_draft_of_today(desk: Desk) -> None:
    """What only 1.0 knew stays behind, so the copy does not close by itself."""
    keep(desk, LEGACY)
    result = only(copy(desk, **NEW))
    made = stored(desk)[1]
    assert (Status.DRAFT, None, LEGACY.format, frozenset()) == (
        result.status,
        made.legacy_type,
        made.format,
        made.derived,
    )


def test_an_own_id_that_is_taken_is_refused(desk: Desk) -> None:
    """A916, at the parameter that says it; nothing is stored."""
    keep(desk, SOURCE, DRAFT)
    receipt = copy(desk, provider_activity_id=DRAFT.provider_activity_id)
    assert (Outcome.FAILURE, ["A916"]) == (receipt.outcome, codes(only(receipt)))
    assert "of the copy" in only(receipt).findings[0].path
    assert 2 == len(stored(desk))


def test_a_copy_without_an_own_id_is_warned_of(desk: Desk) -> None:
    """Sent again, it would be made again (A912)."""
    keep(desk, SOURCE)
    assert (Action.ADDED, ["A912"]) == ((result := only(copy(desk))).action, codes(result))


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"start_date": date(1950, 1, 1)}, "A205"),
        ({"start_date": date(9999, 12, 31)}, "A205"),
        ({"end_date": date(1995, 1, 1)}, "A203"),
        ({"title": "T" * 501}, "A104"),
    ],
)
def test_a_copy_is_judged_as_any_record(desk: Desk, said: dict[str, Any], code: str) -> None:
    """By the rules, before it is stored."""
    keep(desk, SOURCE)
    result = only(copy(desk, provider_activity_id="NEW", **said))
    assert Action.REFUSED is result.action
    assert code in codes(result)
    assert 1 == len(stored(desk))


def test_a_board_that_takes_no_part_yet_is_of_the_dates(desk: Desk) -> None:
    """A927 at StartDate: a copy cannot say other boards. A refused copy goes by the id asked for."""
    board = replace(COMPLETE.moc_registrations[0], board="ABPMR", credit_types=("Lifelong Learning",))
    keep(desk, replace(SOURCE, moc_registrations=(board,)))
    early: dict[str, Any] = {"provider_activity_id": "NEW", "start_date": date(2024, 3, 1)}
    result = only(copy(desk, **early))
    (found,) = (found for found in result.findings if found.blocks)
    assert ("A927", "/start_date", True) == (found.code, found.path, "ABPMR" in found.text)
    assert (Action.REFUSED, None, "NEW") == (result.action, result.activity_id, result.provider_activity_id)
    assert Action.ADDED is only(copy(desk, **early | {"start_date": date(2027, 3, 1)})).action


def test_a_refused_copy_goes_by_the_id_asked_for(desk: Desk) -> None:
    """Whatever it is refused for; without one it has none, least of all that of the source."""
    keep(desk, SOURCE, DRAFT)
    taken = only(copy(desk, provider_activity_id=DRAFT.provider_activity_id))
    unknown = only(copy(desk, named("202699999", "OLD"), provider_activity_id="NEW"))
    nameless = only(copy(desk, named(None, SOURCE.provider_activity_id), end_date=date(1995, 1, 1)))
    assert [DRAFT.provider_activity_id, "NEW", None] == [
        one.provider_activity_id for one in (taken, unknown, nameless)
    ]
    assert {None} == {one.activity_id for one in (taken, unknown, nameless)}


def test_what_is_not_there_is_not_copied(desk: Desk) -> None:
    """By the same findings as everywhere."""
    assert ["A901"] == codes(only(copy(desk, named("202699999"))))
    assert ["A900"] == codes(only(copy(desk, named(None))))


def test_two_ids_that_disagree_name_no_source(desk: Desk) -> None:
    """Also where the own id is nobody's."""
    keep(desk, SOURCE)
    assert ["A902"] == codes(only(copy(desk, named(own_id="NOBODY"), provider_activity_id="NEW")))
    assert 1 == len(stored(desk))


def test_the_same_key_makes_one_copy(desk: Desk) -> None:
    """And answers with its ids again."""
    keep(desk, SOURCE)
    first = copy(desk, key="K", **NEW)
    assert replace(first, replayed=True) == copy(desk, key="K", **NEW)
    assert 2 == len(stored(desk))
    assert FIRST_ID != only(first).activity_id
