"""A provider's year: its steps, when it is due, its figures, and the three operations on it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from entries import COMPLETE, LEGACY
from fakes import PROVIDER, Clock, FakeStore, make_gateway
from lxml import etree
from messages import Element, check_answer, request, text, texts

from gateway import program, rules
from gateway.program import Tally, due_day
from gateway.records import (
    Activity,
    CountAsOf,
    Credit,
    InKindSupport,
    MonetarySupport,
    Scope,
    Status,
    Step,
    Taken,
    replace,
)
from gateway.service import V2
from gateway.vocabulary import ENDURING

YEAR = 2025
TODAY = date(2026, 2, 1)
NOW = datetime(2026, 2, 1, 18, tzinfo=UTC)


def held(first: str, last: str, **more: Any) -> Activity:
    """An activity of the days told, with all that Active asks for."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    days = {"start_date": start, "end_date": end, "reporting_start": start, "reporting_end": end}
    given = {"closed": False, "physicians": 3, "other_learners": 2} | days | more
    return replace(COMPLETE, **given)


CLOSED = held("2025-03-10", "2025-03-11", closed=True)
READY = held("2025-05-01", "2025-05-02")
DRAFT = replace(held("2025-06-01", "2025-06-02"), description=None)
LASTING = held("2025-06-01", "2027-05-31", format=ENDURING)
ACTIVE = held("2025-12-30", "2026-04-02")


def tallied(*activities: Activity, **history: tuple[CountAsOf, ...]) -> Tally:
    """A year in which these activities were."""
    tally = Tally(YEAR, TODAY)
    named = [replace(one, activity_id=f"a{number}") for number, one in enumerate(activities, 1)]
    tally.take(named, history)
    return tally


def codes(tally: Tally, *taken: Step) -> dict[Step, list[str]]:
    """What is open of each step."""
    steps = [Taken(YEAR, step, "lms", NOW) for step in taken]
    summary = program.summary(tally, steps, None, TODAY)
    return {one.step: [found.code for found in one.findings] for one in summary.steps}


# --- when it is due -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("year", "own", "due"),
    [
        (2022, None, "2023-03-31"),
        (2023, None, "2024-04-01"),
        (2025, None, "2026-03-31"),
        (2025, "01-31", "2026-01-31"),
        (2023, "02-15", "2024-02-15"),
        (9999, None, "9999-03-31"),
    ],
)
def test_a_year_is_due_in_the_next(year: int, own: str | None, due: str) -> None:
    """By 31 March (SEED3), in 2024 by 1 April, or by the provider's own earlier day (SEED2)."""
    assert due == due_day(year, own).isoformat()


@pytest.mark.parametrize(
    ("today", "own", "submitted", "overdue"),
    [
        ("2026-03-31", None, False, False),
        ("2026-04-01", None, False, True),
        ("2026-04-01", None, True, False),
        ("2026-02-01", "01-31", False, True),
    ],
)
def test_what_is_not_submitted_in_time_is_overdue(
    today: str, own: str | None, submitted: bool, overdue: bool
) -> None:
    """From the day after; what was submitted is not, whenever that was."""
    taken = [Taken(YEAR, Step.SUMMARY, "lms", NOW, tallied().figures())] if submitted else []
    assert overdue is program.summary(tallied(), taken, own, date.fromisoformat(today)).overdue


# --- the steps ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("activity", "status", "open"),
    [
        (CLOSED, Status.CLOSED, []),
        (READY, Status.READY_TO_CLOSE, ["P903"]),
        (DRAFT, Status.DRAFT, ["P902"]),
        (ACTIVE, Status.ACTIVE, []),
        (held("2025-11-01", "2026-01-15"), Status.READY_TO_CLOSE, []),
        (LASTING, Status.ACTIVE, ["P904"]),
        (replace(LASTING, end_date=date(2025, 12, 31)), Status.READY_TO_CLOSE, ["P903"]),
        (held("2022-01-01", "2025-01-01", format=ENDURING), Status.READY_TO_CLOSE, ["P903"]),
        (replace(LASTING, end_date=date(2026, 1, 15)), Status.READY_TO_CLOSE, ["P904"]),
        (replace(LASTING, end_date=date(2026, 1, 15), closed=True), Status.CLOSED, []),
        (replace(LASTING, description=None), Status.DRAFT, ["P902", "P904"]),
        (LEGACY, Status.CLOSED, []),
    ],
)
def test_an_activity_keeps_steps_open(activity: Activity, status: Status, open: list[str]) -> None:
    """Drafts, what ended in the year and is not closed, and enduring material without its counts."""
    tally = tallied(activity)
    found = codes(tally)
    assert open == [*found[Step.ACTIVITIES], *found[Step.COUNTS]]
    [row] = tally.figures().formats
    assert [(status, 1)] == [pair for pair in row.statuses if pair[1]]


@pytest.mark.parametrize(
    ("history", "open"),
    [
        ((), ["P904"]),
        ((CountAsOf(2024, 1, 1),), ["P904"]),
        ((CountAsOf(YEAR, 7, None),), ["P904"]),
        ((CountAsOf(2024, 1, 1), CountAsOf(YEAR, 7, 0)), []),
    ],
)
def test_enduring_material_is_counted_as_of_the_year(history: tuple[CountAsOf, ...], open: list[str]) -> None:
    """The figure of that very year, of physicians and of others, is what the step waits for."""
    assert open == codes(tallied(LASTING, a1=history))[Step.COUNTS]


def test_what_is_open_is_counted_and_named() -> None:
    """All are counted, the first hundred are named, and the first few where all are told in a sentence."""
    checked = tallied(*[READY] * 120, DRAFT).checked(Step.ACTIVITIES, "P902", "P903")
    assert (121, 100) == (checked.open, len(checked.activities))
    assert ["P902", "P903"] == [found.code for found in checked.findings]
    assert ["It is a121.", "They are 120: a1, a2, a3, a4, a5 and others."] == [
        found.text.split(". ")[-1] for found in checked.findings
    ]


def test_steps_that_are_taken_are_done() -> None:
    """Agreement, contacts and summary are done once somebody took them."""
    assert {
        Step.AGREEMENT: ["P901"],
        Step.ACTIVITIES: [],
        Step.COUNTS: [],
        Step.CONTACTS: ["P905"],
        Step.SUMMARY: ["P906"],
    } == codes(tallied())
    assert {step: [] for step in Step} == codes(tallied(), Step.AGREEMENT, Step.CONTACTS, Step.SUMMARY)


def test_every_code_of_a_year_is_catalogued() -> None:
    """P901 to P910, each with text and remedy."""
    told = {row["code"]: row for row in rules.catalogue() if row["code"].startswith("P9")}
    assert [f"P{number}" for number in range(901, 911)] == [*told]
    assert all(row["text"] and row["remedy"] and row["source"] for row in told.values())


# --- the figures ----------------------------------------------------------------------------------------


def test_figures_are_sums() -> None:
    """Learners, credit by kind, hours, money and formats, each of all the year's activities."""
    more = {"physicians": 10, "other_learners": None, "hours_of_instruction": Decimal("2.5")}
    course = replace(
        CLOSED,
        credits=(Credit("AMA PRA Category 1", Decimal("1.50")), Credit("ANCC", Decimal(2)), Credit()),
        monetary_supports=(MonetarySupport(400, "Example Pharma", "USD"), MonetarySupport(None, "Other")),
        in_kind_supports=(InKindSupport("Example Devices"),),
    )
    plain = replace(READY, credits=(), monetary_supports=(), in_kind_supports=(), format=None)
    figures = tallied(replace(course, **more), course, plain).figures()
    assert (3, 16, 4) == (figures.activities, figures.physicians, figures.other_learners)
    assert (Decimal("2.5"), 800, 2) == (figures.hours, figures.support, figures.supported_in_kind)
    assert [("AMA PRA Category 1", 2, Decimal(3)), ("ANCC", 2, Decimal(4))] == [
        (one.certification, one.activities, one.amount) for one in figures.credits
    ]
    assert [(None, 1, 3, 2), (course.format, 2, 13, 2)] == [
        (one.format, one.activities, one.physicians, one.other_learners) for one in figures.formats
    ]


def test_enduring_material_counts_as_of_the_year() -> None:
    """What it had on 31 December is the year's figure, whatever it has now."""
    figures = tallied(LASTING, a1=(CountAsOf(YEAR, 70, 5), CountAsOf(2026, 90, 9))).figures()
    assert (70, 5) == (figures.physicians, figures.other_learners)


@pytest.mark.parametrize(
    ("told", "figures"),
    [
        ((CountAsOf(YEAR, 10, None), CountAsOf(2026, 30, 5)), (10, 0)),
        ((CountAsOf(2026, 30, 5),), (0, 0)),
        ((CountAsOf(2024, 9, 9), CountAsOf(2026, 30, 5)), (0, 0)),
        ((CountAsOf(2024, 9, 9),), (3, 2)),
        ((), (3, 2)),
    ],
)
def test_learners_of_later_years_are_not_of_the_year(
    told: tuple[CountAsOf, ...], figures: tuple[int, int]
) -> None:
    """What was not told as of the year is not taken from what it has now; nor do years count in which it
    is not offered as its dates are now."""
    tally = tallied(LASTING, a1=told).figures()
    assert figures == (tally.physicians, tally.other_learners)


def test_a_year_without_a_figure_has_those_of_the_year_before() -> None:
    """The count is of all learners since it began, and so are figures a later year adds nothing to."""
    older = replace(LASTING, start_date=date(2024, 6, 1), end_date=date(2027, 5, 31))
    tally = tallied(older, a1=(CountAsOf(2024, 9, 1), CountAsOf(2026, 30, 5))).figures()
    assert (9, 1) == (tally.physicians, tally.other_learners)


def test_a_status_that_moves_with_the_day_changes_no_figures() -> None:
    """Of two figures only what was reported is compared."""
    later = Tally(YEAR, date(2026, 5, 1))
    later.take([replace(ACTIVE, activity_id="a1")], {})
    assert later.figures() != tallied(ACTIVE).figures()
    assert program.same(later.figures(), tallied(ACTIVE).figures())
    assert not program.same(later.figures(), tallied(replace(ACTIVE, physicians=4)).figures())


# --- the operations -------------------------------------------------------------------------------------


class House:
    """A gateway whose provider has these activities, on a day of the year after."""

    def __init__(self, *activities: Activity) -> None:
        self.store = FakeStore()
        self.clock = Clock(NOW)
        self.gateway = make_gateway(self.store, self.clock)
        for number, one in enumerate(activities, 1):
            kept = replace(one, activity_id=f"20250000{number}", provider_activity_id=f"OWN-{number}")
            self.store.tables.activities[number] = (PROVIDER, kept)

    def ask(self, operation: str, year: int = YEAR, /, **more: str) -> Element:
        """Call an operation; its answer is valid by the schema."""
        parts = {"Year": str(year), **more}
        body = request(operation, *(f"<{name}>{value}</{name}>" for name, value in parts.items()))
        answer = V2.answer(etree.fromstring(body), self.gateway, None, "trace")
        check_answer(answer)
        return answer

    def told(self, operation: str, year: int = YEAR, /, **more: str) -> tuple[str | None, list[str | None]]:
        """What became of a call, and the codes that were found."""
        answer = self.ask(operation, year, **more)
        return text(answer, "Action"), texts(answer, "Code")

    def done(self) -> Mapping[str | None, bool]:
        """Which steps are done."""
        steps = self.ask("GetProgramSummary").iterfind(".//{*}Step")
        return {text(step, "Name"): text(step, "Done") == "true" for step in steps}

    def keep(self, number: int, activity: Activity) -> None:
        """Change an activity."""
        kept = self.store.tables.activities[number][1]
        named = replace(
            activity, activity_id=kept.activity_id, provider_activity_id=kept.provider_activity_id
        )
        self.store.tables.activities[number] = (PROVIDER, named)


REVIEWED = {"ContactsReviewed": "true"}


def test_a_year_is_lived_through() -> None:
    """The five steps of SEED2 and SEED3: refused with each open one named, each that is done takes one away,
    and at the end the summary is submitted."""
    house = House(READY, DRAFT, LASTING)
    assert ("Refused", ["P901", "P902", "P903", "P904", "P905"]) == house.told("SubmitProgramSummary")
    assert ("Added", []) == house.told("AcceptAgreement")
    assert ("Refused", ["P902", "P903", "P904", "P905"]) == house.told("SubmitProgramSummary")
    house.keep(1, CLOSED)
    house.keep(2, CLOSED)
    assert ("Refused", ["P904"]) == house.told("SubmitProgramSummary", **REVIEWED)
    house.store.tables.counts["202500003"] = {YEAR: CountAsOf(YEAR, 5, 6)}
    assert not house.done()["Contacts"], "a call that was refused does nothing"
    assert ("Added", []) == house.told("SubmitProgramSummary", **REVIEWED)
    assert {True} == {*house.done().values()}


def test_a_year_has_the_activities_of_which_a_day_lies_in_it() -> None:
    """Those of other years count elsewhere; which year was reported does not matter."""
    reported = {"reporting_start": date(2023, 1, 1), "reporting_end": date(2023, 12, 31)}
    lasting = replace(LASTING, start_date=date(2023, 6, 1), end_date=date(2026, 5, 31), **reported)
    house = House(lasting, held("2024-12-31", "2024-12-31"), held("2026-01-01", "2026-01-01"))
    assert "1" == text(house.ask("GetProgramSummary"), "Activities")
    assert [2, 2] == [int(text(house.ask("GetProgramSummary", y), "Activities") or 0) for y in (2024, 2026)]


def test_a_summary_tells_steps_and_figures() -> None:
    """What is open is named with its activities, what was taken with who and when."""
    house = House(READY, LASTING)
    house.ask("AcceptAgreement")
    answer = house.ask("GetProgramSummary")
    steps = {text(step, "Name"): step for step in answer.iterfind(".//{*}Step")}
    assert [str(step) for step in Step] == [*steps]
    assert ("2026-03-31", "false") == (text(answer, "DueDate"), text(answer, "Overdue"))
    assert ("true", "lms", "2026-02-01T18:00:00.000Z") == tuple(
        text(steps["Agreement"], name) for name in ("Done", "TakenBy", "TakenAt")
    )
    assert ("1", ["202500001"], ["Ready to Close"]) == (
        text(steps["Activities"], "OpenActivities"),
        texts(steps["Activities"], "ActivityId"),
        texts(steps["Activities"], "Status"),
    )
    assert ["202500002"] == texts(steps["Learner Counts"], "ActivityId")
    assert "FindActivities" in (text(steps["Activities"], "Remedy") or "")
    assert ("2", "6", "4") == tuple(
        answer.findtext(f".//{{*}}Figures/{{*}}{name}")
        for name in ("Activities", "Physicians", "OtherLearners")
    )


def test_sent_again_nothing_changes() -> None:
    """The same agreement and the same figures are Unchanged; contacts said later are noted."""
    house = House(CLOSED)
    actions = [
        house.ask(operation, **more)
        for operation, more in (
            ("AcceptAgreement", {}),
            ("AcceptAgreement", {}),
            ("AcceptAgreement", REVIEWED),
            ("AcceptAgreement", REVIEWED),
            ("SubmitProgramSummary", {}),
            ("SubmitProgramSummary", {}),
        )
    ]
    assert ["Added", "Unchanged", "Updated", "Unchanged", "Added", "Unchanged"] == [
        text(answer, "Action") for answer in actions
    ]
    assert [Step.AGREEMENT, Step.CONTACTS, Step.SUMMARY] == [one.step for _, one in house.store.tables.taken]


def test_a_key_replays() -> None:
    """Under one key a call is done once, and its answer given again."""
    house = House(CLOSED)
    answers = [house.ask("AcceptAgreement", SubmissionKey="k") for _ in range(2)]
    assert [("Added", "false"), ("Added", "true")] == [
        (text(one, "Action"), text(one, "Replayed")) for one in answers
    ]
    assert 1 == len(house.store.tables.taken)


def test_what_only_validates_stores_nothing() -> None:
    """The answer is the same but for a receipt id, and nothing is kept."""
    house = House(CLOSED)
    answer = house.ask("AcceptAgreement", ValidateOnly="true")
    assert ("Added", None, []) == (
        text(answer, "Action"),
        text(answer, "ReceiptId"),
        house.store.tables.taken,
    )


def test_each_act_is_audited() -> None:
    """Who did it, and by which receipt."""
    house = House(CLOSED)
    answer = house.ask("AcceptAgreement")
    [entry] = house.store.tables.audit
    assert ("AcceptAgreement", text(answer, "ReceiptId")) == (entry.operation, entry.receipt_id)


def test_a_change_after_the_summary_is_told() -> None:
    """The figures differ from those submitted: told, until they are submitted again."""
    house = House(CLOSED)
    house.ask("AcceptAgreement", **REVIEWED)
    house.ask("SubmitProgramSummary")
    assert [] == texts(house.ask("GetProgramSummary"), "Code")
    house.keep(1, replace(CLOSED, physicians=99))
    assert ["P910"] == texts(house.ask("GetProgramSummary"), "Code")
    assert ("Updated", ["A910"]) == house.told("SubmitProgramSummary")
    assert [] == texts(house.ask("GetProgramSummary"), "Code")


def test_a_year_that_is_not_over_has_no_summary() -> None:
    """Not on its last day, but on the next; and no agreement before its first."""
    house = House(CLOSED)
    house.ask("AcceptAgreement", 2026, **REVIEWED)
    house.clock.now = datetime(2026, 12, 31, 18, tzinfo=UTC)
    assert ("Refused", ["P907"]) == house.told("SubmitProgramSummary", 2026)
    assert ("Refused", ["P908"]) == house.told("AcceptAgreement", 2027)
    house.clock.now = datetime(2027, 1, 1, 18, tzinfo=UTC)
    assert ("Added", []) == house.told("SubmitProgramSummary", 2026)


@pytest.mark.parametrize(
    ("operation", "year", "found"),
    [("SubmitProgramSummary", 2025, ["P901", "P905"]), ("AcceptAgreement", 2027, ["P908"])],
)
def test_what_is_open_is_told_at_the_year(operation: str, year: int, found: list[str]) -> None:
    """The year is what was sent: there its findings stand, on its line."""
    answer = House(CLOSED).ask(operation, year)
    assert found == texts(answer, "Code")
    assert {f"/svc:{operation}/svc:Year"} == {*texts(answer, "Path")}
    assert ["1"] * len(found) == texts(answer, "Line")


def test_a_late_summary_is_taken_with_a_warning() -> None:
    """After the provider's own day, which the warning names."""
    house = House(CLOSED)
    house.store.tables.due_days[PROVIDER] = "01-31"
    assert "true" == text(house.ask("GetProgramSummary"), "Overdue")
    house.ask("AcceptAgreement", **REVIEWED)
    answer = house.ask("SubmitProgramSummary")
    assert ("Added", ["P909"]) == (text(answer, "Action"), texts(answer, "Code"))
    assert "2026-01-31" in (text(answer, "Text") or "")
    assert "false" == text(house.ask("GetProgramSummary"), "Overdue")


@pytest.mark.parametrize("year", [1900, 2025, 9999])
def test_any_year_can_be_asked_for(year: int) -> None:
    """A year without activities has figures of nothing."""
    assert "0" == text(House().ask("GetProgramSummary", year), "Activities")


def test_an_account_needs_the_scope() -> None:
    """Reading is not submitting."""
    assert (Scope.READ, Scope.SUBMIT, Scope.SUBMIT) == tuple(
        V2.operations[name].scope for name in ("GetProgramSummary", "AcceptAgreement", "SubmitProgramSummary")
    )
