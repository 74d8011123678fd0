"""Learner counts: one figure, or of enduring material one as of each 31 December, which never falls."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from amended import FIRST_ID, codes, count, keep, named, only, stored
from desk import Desk
from entries import COMPLETE, DRAFT, entry
from payloads import ACTIVITIES, V21

from gateway.operations import Counted
from gateway.operations.enduring import reported_year
from gateway.records import Action, Activity, CategoryCount, CountAsOf, Outcome, Result, Status
from gateway.schemas.activity import ActivityVersion
from gateway.vocabulary import ENDURING

COURSE = replace(COMPLETE, physicians=None, other_learners=None)
LASTING = replace(
    COMPLETE,
    format=ENDURING,
    start_date=date(2024, 2, 1),
    end_date=date(2027, 1, 31),
    physicians=None,
    other_learners=None,
    moc_registrations=(),
)


@pytest.fixture
def desk() -> Desk:
    """A gateway without records."""
    return Desk()


def counted(
    physicians: int | None = None,
    others: int | None = None,
    year: int | None = None,
    activity_id: str | None = FIRST_ID,
    number: int = 1,
) -> Counted:
    """The counts of the first activity, or another one."""
    entry = named(activity_id, None, number)
    return Counted(entry=entry, physicians=physicians, other_learners=others, year=year)


def totals(desk: Desk) -> tuple[int | None, int | None]:
    """What the first activity says."""
    return stored(desk)[0].physicians, stored(desk)[0].other_learners


def years(result: Result) -> list[tuple[int, int | None, int | None]]:
    """The history an answer tells."""
    return [(one.year, one.physicians, one.other_learners) for one in result.counts]


# --- one figure ------------------------------------------------------------------------------------------


def test_counts_are_kept_and_make_it_closable(desk: Desk) -> None:
    """SEED1: the totals are entered apart, and are needed to close."""
    keep(desk, COURSE)
    result = only(count(desk, counted(12, 3)))
    assert (Action.UPDATED, Status.READY_TO_CLOSE, [], ()) == (
        result.action,
        result.status,
        codes(result),
        result.counts,
    )
    assert ["close"] == [gate.field for gate in result.next_statuses[0].missing]
    assert (12, 3) == totals(desk)


def test_a_count_that_is_not_said_stays(desk: Desk) -> None:
    """Nought is a count."""
    keep(desk, replace(COURSE, physicians=7, other_learners=2))
    count(desk, counted(physicians=0))
    assert (0, 2) == totals(desk)
    count(desk, counted(others=5))
    assert (0, 5) == totals(desk)


def test_the_same_counts_again_change_nothing(desk: Desk) -> None:
    """Of a closed activity too."""
    keep(desk, replace(COURSE, physicians=7, other_learners=2, closed=True))
    assert Action.UNCHANGED is only(count(desk, counted(7, 2))).action
    refused = only(count(desk, counted(8, 2)))
    assert (Action.REFUSED, Status.CLOSED, ["A906"]) == (refused.action, refused.status, codes(refused))


def test_other_categories_that_no_longer_agree_are_dropped(desk: Desk) -> None:
    """A total of other learners says less than their categories, but it is the newer."""
    nurses = (CategoryCount("nurse", 4),)
    keep(desk, replace(COURSE, other_learners=4, participants=nurses))
    count(desk, counted(9))
    assert nurses == stored(desk)[0].participants
    count(desk, counted(9, 5))
    assert () == stored(desk)[0].participants


def test_each_record_stands_for_itself(desk: Desk) -> None:
    """In the sender's order; with AllOrNothing none is done where one is refused."""
    keep(desk, COURSE, replace(DRAFT, provider_activity_id="B"))
    both = counted(1, 1), counted(2, 2, activity_id="202699999", number=2)
    refused = count(desk, *both, all_or_nothing=True)
    assert [["A909"], ["A901"]] == [codes(one) for one in refused.results]
    first, unknown = refused.results
    assert (Status.READY_TO_CLOSE, COURSE.provider_activity_id) == (first.status, first.provider_activity_id)
    assert (None, ()) == (unknown.status, unknown.next_statuses)
    assert (None, None) == totals(desk)
    done = count(desk, *both)
    assert (Outcome.PARTIAL, [1, 2]) == (done.outcome, [one.number for one in done.results])
    assert (1, 1) == totals(desk)


@pytest.mark.parametrize(
    ("activity", "years", "told"),
    [
        (COURSE, (None, None), ["A911"]),
        (LASTING, (2024, 2024), ["A911"]),
        (LASTING, (None, 2026), ["A911"]),
        (LASTING, (2024, 2025), []),
    ],
)
def test_what_stands_twice_in_a_call_is_told(
    desk: Desk, activity: Activity, years: tuple[int | None, int | None], told: list[str]
) -> None:
    """A911 as with records to be saved, at the later one, which counts; several years are not twice."""
    keep(desk, activity)
    first, second = years
    one, other = count(desk, counted(1, 2, first), counted(3, 4, second, number=2)).results
    assert ([], told, Action.UPDATED) == (codes(one), codes(other), other.action)
    assert (3, 4) == totals(desk)
    assert {"/activity_id"} >= {found.path for found in other.findings}
    assert ["Record 1." in found.text for found in other.findings] == [True] * len(told)


@pytest.mark.parametrize("activity", [COURSE, LASTING])
def test_the_same_count_again_is_not_told(desk: Desk, activity: Activity) -> None:
    """It changes nothing."""
    keep(desk, activity)
    result = count(desk, counted(1, 2), counted(1, 2, number=2)).results[1]
    assert (Action.UNCHANGED, []) == (result.action, codes(result))


@pytest.mark.parametrize("activity", [COURSE, LASTING])
def test_two_ids_that_disagree_are_not_counted(desk: Desk, activity: Activity) -> None:
    """Also where the own id is nobody's."""
    keep(desk, activity)
    assert ["A902"] == codes(only(count(desk, Counted(entry=named(own_id="NOBODY"), physicians=1))))
    assert ((activity.physicians, activity.other_learners), {}) == (totals(desk), desk.store.tables.counts)


def test_what_was_refused_before_in_a_call_stands_there_once(desk: Desk) -> None:
    """It changed nothing."""
    keep(desk, LASTING)
    receipt = count(desk, counted(1, 2, 2023), counted(), counted(3, 4, 2024, number=3))
    assert [["A919"], ["A917"], []] == [codes(one) for one in receipt.results]


@pytest.mark.parametrize("activity", [COURSE, LASTING])
def test_a_count_counts_something(desk: Desk, activity: Activity) -> None:
    """A917 where neither figure is given."""
    keep(desk, activity)
    assert ["A917"] == codes(only(count(desk, counted())))


def test_a_year_is_for_enduring_material(desk: Desk) -> None:
    """With any other activity it is not looked at, and that is said (A918)."""
    keep(desk, COURSE)
    result = only(count(desk, counted(1, 1, year=2025)))
    assert (Action.UPDATED, ["A918"], ()) == (result.action, codes(result), result.counts)


# --- enduring material -----------------------------------------------------------------------------------


def test_each_year_has_a_figure_and_the_newest_is_the_count(desk: Desk) -> None:
    """SEED2: cumulative, as of 31 December, while it stays open."""
    keep(desk, LASTING)
    count(desk, counted(10, 1, 2024))
    result = only(count(desk, counted(25, 4, 2025)))
    assert [(2024, 10, 1), (2025, 25, 4)] == years(result)
    assert (25, 4) == totals(desk)
    assert Status.ACTIVE is result.status


def test_an_earlier_year_is_corrected_in_the_history_alone(desk: Desk) -> None:
    """Its count stays that of the newest year."""
    keep(desk, LASTING)
    count(desk, counted(10, 1, 2024), counted(25, 4, 2025, number=2))
    result = only(count(desk, counted(12, 2, 2024)))
    assert (Action.UPDATED, [(2024, 12, 2), (2025, 25, 4)]) == (result.action, years(result))
    assert (25, 4) == totals(desk)


def test_several_years_may_come_in_one_call(desk: Desk) -> None:
    """Each record sees what the ones before it said."""
    keep(desk, LASTING)
    receipt = count(desk, counted(10, 1, 2024), counted(9, 1, 2025, number=2), counted(25, 1, 2025, number=3))
    assert [[], ["A920"], []] == [codes(one) for one in receipt.results]
    assert {2024: CountAsOf(2024, 10, 1), 2025: CountAsOf(2025, 25, 1)} == desk.store.tables.counts[FIRST_ID]


@pytest.mark.parametrize(
    ("figures", "year", "paths"),
    [
        ((9, 5), 2025, ["/physicians"]),
        ((9, 0), 2025, ["/physicians", "/other_learners"]),
        ((31, 5), 2025, ["/physicians"]),
        ((10, 1), 2025, []),
        ((30, 9), 2025, []),
    ],
)
def test_a_figure_does_not_fall(desk: Desk, figures: tuple[int, int], year: int, paths: list[str]) -> None:
    """Lower than the year before or higher than the year after is refused, naming both."""
    keep(desk, LASTING)
    count(desk, counted(10, 1, 2024), counted(30, 9, 2026, number=2))
    result = only(count(desk, counted(*figures, year)))
    assert [("A920", path) for path in paths] == [(found.code, found.path) for found in result.findings]
    assert (Action.REFUSED if paths else Action.UPDATED) is result.action


def test_the_same_year_again_is_a_correction(desk: Desk) -> None:
    """Downwards too, as long as it does not fall below the year before."""
    keep(desk, LASTING)
    count(desk, counted(10, 1, 2024), counted(30, 4, 2025, number=2))
    assert Action.UPDATED is only(count(desk, counted(20, 4, 2025))).action
    assert (20, 4) == totals(desk)
    assert Action.UNCHANGED is only(count(desk, counted(20, 4, 2025))).action


def test_what_is_not_said_of_a_year_stays_as_it_was_then(desk: Desk) -> None:
    """The year before tells what was."""
    keep(desk, LASTING)
    count(desk, counted(10, 1, 2024))
    assert [(2024, 10, 1), (2025, 20, 1)] == years(only(count(desk, counted(20, year=2025))))


def test_what_is_not_said_of_an_earlier_year_is_not_known(desk: Desk) -> None:
    """The count of today tells nothing of it, but of the year that is being reported."""
    keep(desk, replace(LASTING, physicians=10, other_learners=5))
    desk.save(entry(replace(LASTING, physicians=11, other_learners=5)))
    result = only(count(desk, counted(4, year=2024)))
    assert [(2024, 4, None), (2026, 11, 5)] == years(result)
    assert (11, 5) == totals(desk)
    keep(desk, replace(LASTING, provider_activity_id="B", physicians=10, other_learners=5))
    result = only(count(desk, counted(12, activity_id="202600002")))
    assert [(2026, 12, 5)] == years(result)


@pytest.mark.parametrize("year", [2023, 2027, 2028])
def test_a_year_is_one_of_the_activitys_up_to_now(desk: Desk, year: int) -> None:
    """A919, which says which years it can be."""
    keep(desk, LASTING)
    (found,) = only(count(desk, counted(1, 1, year))).findings
    assert ("A919", "/as_of") == (found.code, found.path)
    assert "2024 to 2026" in found.text


@pytest.mark.parametrize(
    ("today", "year"),
    [
        (date(2026, 3, 31), 2025),
        (date(2026, 4, 1), 2026),
        (date(2024, 2, 2), 2024),
        (date(2029, 6, 1), 2027),
    ],
)
def test_without_a_year_it_is_the_one_that_is_being_reported(today: date, year: int) -> None:
    """Until 31 March the one before, then this one; never one in which it was not offered."""
    assert year == reported_year(LASTING, today)


@pytest.mark.parametrize(("others", "told"), [(5, []), (9, ["A922"])])
def test_categories_that_no_longer_add_up_are_dropped_and_told(
    desk: Desk, others: int, told: list[str]
) -> None:
    """A922, at the figure that contradicts them."""
    by_category = (CategoryCount("nurse", 3), CategoryCount("pharmacist", 2))
    keep(desk, replace(LASTING, other_learners=5, participants=by_category))
    result = only(count(desk, counted(None, others, 2026)))
    assert told == codes(result)
    assert {"/other_learners"} >= {found.path for found in result.findings}
    assert (not told) == bool(stored(desk)[0].participants)


def test_a_closed_one_takes_no_figure(desk: Desk) -> None:
    """Nor does its history."""
    keep(desk, replace(LASTING, end_date=date(2025, 1, 31), physicians=5, other_learners=5, closed=True))
    assert ["A906"] == codes(only(count(desk, counted(6, 6, 2025))))
    assert {} == desk.store.tables.counts


def test_an_earlier_year_of_a_closed_one_stays_too(desk: Desk) -> None:
    """Though its count would not change by it."""
    (kept,) = keep(desk, replace(LASTING, end_date=date(2025, 1, 31)))
    count(desk, counted(5, 5, 2024), counted(9, 9, 2025, number=2))
    (row,) = desk.store.tables.activities
    closed = replace(kept, physicians=9, other_learners=9, closed=True)
    desk.store.tables.activities[row] = (desk.caller.provider_id, closed)
    assert ["A906"] == codes(only(count(desk, counted(6, 6, 2024))))
    named_by_own = Counted(entry=named(None, LASTING.provider_activity_id), physicians=6, year=2024)
    assert [True] == ['"202' not in one.text for one in only(count(desk, named_by_own)).findings]
    assert Action.UNCHANGED is only(count(desk, counted(5, 5, 2024))).action


@pytest.mark.parametrize("all_or_nothing", [True, False])
@pytest.mark.parametrize("figures", [(30, 40), (4, 5)])
@pytest.mark.parametrize("order", [1, -1])
def test_years_of_one_call_may_come_in_any_order(
    desk: Desk, figures: tuple[int, int], order: int, all_or_nothing: bool
) -> None:
    """They are judged as the call leaves them, whether both go up or down."""
    keep(desk, LASTING)
    count(desk, counted(8, 1, 2025), counted(10, 1, 2026, number=2))
    both = [counted(figure, year=year) for figure, year in zip(figures, (2025, 2026), strict=True)]
    receipt = count(desk, *both[::order], all_or_nothing=all_or_nothing)
    assert [[], []] == [codes(result) for result in receipt.results]
    assert list(figures) == [physicians for _, physicians, _ in years(receipt.results[1])]


def test_what_does_not_agree_as_a_whole_is_judged_one_by_one(desk: Desk) -> None:
    """Nor is what will be refused for something else taken into account."""
    keep(desk, LASTING)
    count(desk, counted(8, 1, 2025), counted(10, 1, 2026, number=2))
    receipt = count(desk, counted(9, year=2025), counted(5, year=2026, number=2))
    assert [[], ["A920"]] == [codes(one) for one in receipt.results]
    receipt = count(desk, counted(11, year=2025), counted(12, year=2027, number=2), counted(number=3))
    assert [["A920"], ["A919"], ["A917"]] == [codes(one) for one in receipt.results]
    assert [(2025, 9, 1), (2026, 10, 1)] == years(receipt.results[0])


def test_a_figure_that_falls_tells_what_was_sent_from_what_is_known(desk: Desk) -> None:
    """Both years are named; of a year that cannot be counted nothing else is said."""
    keep(desk, LASTING)
    count(desk, counted(3, 2, 2025), counted(10, 9, 2026, number=2))
    (found,) = only(count(desk, counted(2, year=2026))).findings
    assert found.text.endswith("Sent is 2 as of 2026; known is 3 as of 2025.")
    receipt = count(desk, counted(9, year=2027), counted(9, year=2023, number=2))
    assert [["A919"], ["A919"]] == [codes(one) for one in receipt.results]


# --- figures that are left behind ------------------------------------------------------------------------

OWN_ID = LASTING.provider_activity_id
LIVE = replace(COURSE, provider_activity_id=OWN_ID, physicians=2, other_learners=1)


def warned(result: Result) -> list[tuple[str, str]]:
    """Where a warning of figures that were dropped stands, and what it says in the end."""
    return [(one.path, one.text.partition(" They were ")[2]) for one in result.findings if one.code == "A935"]


def test_what_is_no_enduring_material_any_more_has_no_figures(desk: Desk) -> None:
    """They are told once more and dropped, so that none comes back when it is enduring material again."""
    desk.save(entry(replace(LASTING, physicians=10, other_learners=5)))
    count(desk, counted(8, year=2025))
    left = entry(LIVE)
    told = [("/format", "8 physicians as of 2025; 10 physicians and 5 other learners as of 2026.")]
    tried = only(desk.save(left, validate_only=True))
    assert (Action.UPDATED, told) == (tried.action, warned(tried))
    assert {2025, 2026} == {one.year for one in _figures(desk)}
    assert told == warned(only(desk.save(left)))
    assert () == _figures(desk)
    back = only(desk.save(entry(LASTING)))
    assert (Action.UPDATED, []) == (back.action, warned(back))
    assert (None, None) == totals(desk)
    assert [(2026, None, 7)] == years(only(count(desk, counted(None, 7))))
    assert (None, 7) == totals(desk)


def test_what_is_enduring_material_again_begins_anew(desk: Desk) -> None:
    """With the counts it brings, lower or not, and these can be corrected."""
    desk.save(entry(replace(LASTING, physicians=10, other_learners=5)))
    count(desk, counted(8, 5, 2025))
    desk.save(entry(LIVE))
    again = replace(LASTING, physicians=2, other_learners=1)
    assert [] == warned(only(desk.save(entry(again))))
    assert [(2026, 2, 0)] == years(only(count(desk, counted(None, 0))))


def test_leaving_and_coming_back_in_one_call_is_no_other_thing(desk: Desk) -> None:
    """Each record is judged by what the one before left; nothing is dropped by a call that is undone."""
    desk.save(entry(replace(LASTING, physicians=10, other_learners=5)))
    count(desk, counted(8, 5, 2025))
    both = entry(LIVE), entry(replace(LASTING, physicians=3), number=2)
    wrong = entry(replace(LIVE, title=None), number=3)
    desk.save(*both, wrong, all_or_nothing=True)
    assert 2 == len(_figures(desk))
    left, back = desk.save(*both).results
    assert (1, [], False) == (len(warned(left)), warned(back), any(one.blocks for one in back.findings))
    assert (CountAsOf(2026, 3, None),) == _figures(desk)


def test_figures_of_years_it_is_no_longer_offered_in_are_dropped(desk: Desk) -> None:
    """Its dates were corrected: those years can be sent no more (A919), so no figure is held against them,
    and none comes back with the dates of before, where nobody could correct it."""
    keep(desk, LASTING)
    count(desk, counted(20, 9, 2024), counted(31, 9, 2026, number=2))
    moved = replace(LASTING, start_date=date(2026, 1, 1), reporting_start=date(2026, 1, 1))
    result = only(desk.save(entry(replace(moved, physicians=1, other_learners=9))))
    told = [("/start_date", "20 physicians and 9 other learners as of 2024.")]
    assert (Action.UPDATED, told) == (result.action, warned(result))
    assert [] == warned(only(desk.save(entry(LASTING))))
    assert (1, 9) == totals(desk)
    assert [(2024, 1, 1), (2026, 1, 9)] == years(only(count(desk, counted(1, 1, 2024))))


def test_a_record_that_ends_it_sooner_leaves_the_newest_figure_that_remains(desk: Desk) -> None:
    """As far as it brings none itself."""
    keep(desk, LASTING)
    count(desk, counted(8, 1, 2025), counted(10, 1, 2026, number=2))
    sooner = replace(
        LASTING, start_date=date(2024, 2, 2), end_date=date(2025, 12, 31), reporting_end=date(2025, 12, 31)
    )
    assert ["/end_date"] == [path for path, _ in warned(only(desk.save(entry(sooner))))]
    assert ((8, 1), (CountAsOf(2025, 8, 1),)) == (totals(desk), _figures(desk))


def test_a_record_that_is_refused_drops_nothing(desk: Desk) -> None:
    """Though it says what it would have dropped."""
    desk.save(entry(replace(LASTING, physicians=10, other_learners=5)))
    refused = only(desk.save(entry(replace(LIVE, physicians=-1))))
    assert (Action.REFUSED, 1) == (refused.action, len(warned(refused)))
    assert (CountAsOf(2026, 10, 5),) == _figures(desk)


def _figures(desk: Desk) -> tuple[CountAsOf, ...]:
    of = desk.store.read(desk.caller.provider_id, lambda unit: unit.counts.of({FIRST_ID}))
    return of.get(FIRST_ID, ())


# --- counts that come with a record ----------------------------------------------------------------------


def test_counts_of_a_record_are_those_of_the_year_that_is_reported(desk: Desk) -> None:
    """Who sends them with SaveActivity, as was always done, has a history too."""
    desk.clock.now = datetime(2026, 2, 1, tzinfo=UTC)
    desk.save(entry(replace(LASTING, physicians=10, other_learners=1)))
    desk.clock.now = datetime(2026, 12, 1, tzinfo=UTC)
    desk.save(entry(replace(LASTING, physicians=20, other_learners=1)))
    desk.save(entry(replace(LASTING, physicians=20, other_learners=1)))
    (kept,) = desk.store.tables.counts.values()
    assert {2025: CountAsOf(2025, 10, 1), 2026: CountAsOf(2026, 20, 1)} == kept


def test_counts_of_a_record_do_not_fall_either(desk: Desk) -> None:
    """A920 as with counts alone; the year's own figure is corrected, and the same content stays."""
    desk.clock.now = datetime(2026, 2, 1, tzinfo=UTC)
    first = entry(replace(LASTING, physicians=10, other_learners=1))
    desk.save(first)
    desk.clock.now = datetime(2026, 12, 1, tzinfo=UTC)
    fallen = entry(replace(LASTING, physicians=9, other_learners=1))
    tried = only(desk.save(fallen, validate_only=True))
    wrong = [(found.code, found.path) for found in tried.findings if found.blocks]
    assert (Action.REFUSED, [("A920", "/physicians")]) == (tried.action, wrong)
    assert tried == only(desk.save(fallen))
    assert Action.UNCHANGED is only(desk.save(first)).action
    for physicians in (30, 20):
        again = replace(LASTING, physicians=physicians, other_learners=1)
        assert Action.UPDATED is only(desk.save(entry(again))).action
    (kept,) = desk.store.tables.counts.values()
    assert {2025: CountAsOf(2025, 10, 1), 2026: CountAsOf(2026, 20, 1)} == kept


@pytest.mark.parametrize("version", ACTIVITIES)
def test_a_record_without_counts_leaves_them_as_they_are(desk: Desk, version: ActivityVersion) -> None:
    """Of enduring material the newest figure is the count, whoever says nothing of it; of a part neither."""
    nurses = (CategoryCount("nurse", 5),)
    said = replace(LASTING, physicians=10, other_learners=5, participants=nurses)
    desk.save(entry(said, version=V21))
    silent = replace(said, physicians=None, other_learners=None, participants=())
    assert Action.UNCHANGED is only(desk.save(entry(silent, version=version))).action
    half = replace(silent, physicians=11)
    assert Action.UPDATED is only(desk.save(entry(half, version=version))).action
    assert ((11, 5), nurses) == (totals(desk), stored(desk)[0].participants)
    assert {2026: CountAsOf(2026, 11, 5)} == desk.store.tables.counts[FIRST_ID]


def test_what_is_no_enduring_material_any_more_has_the_counts_it_says(desk: Desk) -> None:
    """A record with another format and no counts has none."""
    desk.save(entry(replace(LASTING, physicians=10, other_learners=5)))
    desk.save(entry(replace(COURSE, provider_activity_id=LASTING.provider_activity_id)))
    assert (None, None) == totals(desk)


@pytest.mark.parametrize(
    "activity",
    [LASTING, replace(COURSE, physicians=1), replace(LASTING, physicians=1, title=None)],
    ids=["no counts", "a course", "refused"],
)
def test_a_record_without_such_counts_has_no_history(desk: Desk, activity: Activity) -> None:
    """Nor has one that was not stored, or only validated."""
    desk.save(entry(activity))
    desk.save(entry(replace(LASTING, physicians=1)), validate_only=True)
    assert {} == desk.store.tables.counts


@pytest.mark.parametrize("activity", [COURSE, LASTING])
def test_validating_only_keeps_nothing(desk: Desk, activity: Activity) -> None:
    """And says what the real run says."""
    keep(desk, activity)
    before = desk.store.tables
    tried = count(desk, counted(3, 3), validate_only=True)
    assert (None, before) == (tried.id, desk.store.tables)
    assert tried.results == count(desk, counted(3, 3)).results


def test_the_same_key_counts_once(desk: Desk) -> None:
    """A later call in between stays."""
    keep(desk, COURSE)
    first = count(desk, counted(3, 3), submission_key="K")
    desk.clock.now = datetime(2026, 12, 1, tzinfo=UTC)
    count(desk, counted(5, 5))
    assert replace(first, replayed=True) == count(desk, counted(3, 3), submission_key="K")
    assert (5, 5) == totals(desk)
