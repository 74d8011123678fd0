"""The samples: right by every rule, wrong only by name, the same for the same seed."""

from __future__ import annotations

import dataclasses
from collections import Counter
from datetime import date

import pytest
from payloads import ACTIVITIES

from gateway import boards, lifecycle, rules, samples
from gateway.records import Activity, Completion, Place, Severity, Status
from gateway.samples import Sample
from gateway.schemas.activity import ActivityVersion
from gateway.vocabulary import FORMATS, LEGACY_TYPES

TODAY = date(2026, 11, 21)
VERSIONS = ((1, 0), (2, 0), (2, 1))
every_version = pytest.mark.parametrize("version", VERSIONS, ids=["1.0", "2.0", "2.1"])

# What came after 1.0 and what went before 2.0; 1.0 says the format too, by its legacy type.
FIELDS = [field.name for field in dataclasses.fields(Activity)]
LATER = {"end_date", "description", *FIELDS[FIELDS.index("delivery_methods") :]}
EARLIER = set(FIELDS[FIELDS.index("legacy_type") : FIELDS.index("delivery_methods")])


def _broken_rules(activity: Activity, version: tuple[int, int], today: date = TODAY) -> set[str]:
    context = rules.Context(today, "0001234", version)
    return {finding.code for finding in rules.judge(activity, context, lambda field: Place())}


def _said(activity: Activity) -> set[str]:
    blank = Activity()
    return {field for field in FIELDS if getattr(activity, field) != getattr(blank, field)}


def _made(version: tuple[int, int], count: int, seed: int = 1) -> list[Sample]:
    return list(samples.activities(version, count, seed, TODAY))


@every_version
@pytest.mark.parametrize("today", [TODAY, date(2024, 2, 29), date(2031, 1, 1)], ids=str)
def test_clean_sample_breaks_no_rule(version: tuple[int, int], today: date) -> None:
    """A sample without a named error breaks no rule, warnings included, on whatever day it is made."""
    clean = samples.activities(version, 300, 7, today)
    assert set() == set().union(*(_broken_rules(sample.activity, version, today) for sample in clean))


@every_version
def test_broken_sample_breaks_the_rule_it_names(version: tuple[int, int]) -> None:
    """A sample with a named error breaks exactly that rule; over many, every rule has its turn."""
    laws = [law for law in rules.RULES.values() if law.applies(version)]
    breaks = [(law.code, law.bad) for law in laws]
    wrong = list(samples.activities(version, 600, 3, TODAY, error_percent=100, breaks=breaks))
    assert [{sample.breaks} for sample in wrong] == [
        _broken_rules(sample.activity, version) for sample in wrong
    ]
    assert {law.code for law in laws} == {sample.breaks for sample in wrong}


def test_error_percent_is_about_kept() -> None:
    """Of 1,000 samples with 7 per cent errors, near 70 name one."""
    breaks = [("A103", {"title": None})]
    named = [
        sample.breaks for sample in samples.activities((2, 0), 1000, 5, TODAY, error_percent=7, breaks=breaks)
    ]
    assert 45 <= Counter(named)["A103"] <= 95


def test_same_seed_makes_the_same() -> None:
    """The same seed and day make the same samples, another seed others."""
    assert _made((2, 0), 50) == _made((2, 0), 50)
    assert _made((2, 0), 50) != _made((2, 0), 50, seed=2)


def test_own_ids_are_unique_over_seeds() -> None:
    """No two samples share a Provider Activity ID, over numbers and seeds."""
    ids = {sample.activity.provider_activity_id for seed in range(5) for sample in _made((2, 0), 40, seed)}
    assert 200 == len(ids)
    assert "DMS-0003-0001" in ids


def test_1_0_says_only_what_1_0_can() -> None:
    """A 1.0 sample leaves out what came later, and a 2.0 sample what went before."""
    assert set() == LATER & set().union(*(_said(sample.activity) for sample in _made((1, 0), 200)))
    assert set() == EARLIER & set().union(*(_said(sample.activity) for sample in _made((2, 0), 200)))


def test_samples_are_varied() -> None:
    """Enough samples show every format and type, MOC, support, and each status but Closed."""
    present = [sample.activity for sample in _made((2, 0), 300)]
    legacy = [sample.activity for sample in _made((1, 0), 300)]
    assert {format.name for format in FORMATS} == {activity.format for activity in present}
    assert {type.code for type in LEGACY_TYPES} == {activity.legacy_type for activity in legacy}
    assert set(Status) - {Status.CLOSED} == {lifecycle.status(activity, TODAY) for activity in present}
    assert any(activity.moc_registrations and activity.monetary_supports for activity in present)
    assert any(not lifecycle.missing_to_close(activity, TODAY) for activity in present)


def _as_read(activity: Activity, version: ActivityVersion) -> Activity:
    """A sample as it is once it was sent: with what its version derives."""
    read: Activity = version.complete(activity)
    return dataclasses.replace(read, born=version.name)


@pytest.mark.parametrize("version", ACTIVITIES, ids=lambda version: version.name)
@pytest.mark.parametrize("status", Status)
def test_samples_have_the_status_that_is_wanted(version: ActivityVersion, status: Status) -> None:
    """Every version makes every status, and what is Closed on purpose has passed every gate."""
    wanted = samples.Wanted(status)
    made = samples.activities(version.number, 150, 5, TODAY, wanted=wanted)
    read = [_as_read(one.activity, version) for one in made]
    assert {status} == {lifecycle.status(activity, TODAY) for activity in read}
    open_again = [dataclasses.replace(one, closed=False) for one in read if one.closed]
    assert [()] * len(open_again) == [lifecycle.missing_to_close(one, TODAY) for one in open_again]
    assert set() == set().union(*(_broken_rules(one, version.number) for one in read))


@pytest.mark.parametrize("version", ACTIVITIES, ids=lambda version: version.name)
@pytest.mark.parametrize("format", [format.name for format in FORMATS])
def test_samples_have_the_format_that_is_wanted(version: ActivityVersion, format: str) -> None:
    """Every version makes every format that it can say, and refuses the one it cannot."""
    made = samples.activities(version.number, 20, 5, TODAY, wanted=samples.Wanted(format=format))
    if version.number == (1, 0) and format == "Other/Blended Learning":
        with pytest.raises(ValueError, match=format):
            list(made)
    else:
        assert {format} == {one.activity.format for one in made}


@pytest.mark.parametrize("today", [TODAY, date(2024, 2, 29), date(2027, 1, 1)], ids=str)
def test_demo_shows_each_status(today: date) -> None:
    """The sandbox's activities break no rule on any day and stand where they are said to stand."""
    demo = samples.demo_activities(today)
    assert set() == set().union(*(_broken_rules(activity, (2, 0), today) for activity in demo))
    expected = [Status.DRAFT, Status.ACTIVE, Status.ACTIVE, Status.READY_TO_CLOSE, Status.READY_TO_CLOSE]
    assert expected == [lifecycle.status(activity, today) for activity in demo]
    assert [True] == [not lifecycle.missing_to_close(activity, today) for activity in demo[4:]]
    assert lifecycle.missing_to_close(demo[3], today)


@pytest.mark.parametrize("today", [TODAY, date(2024, 2, 29), date(2027, 1, 1)], ids=str)
def test_legacy_demo_is_of_its_time(today: date) -> None:
    """The sandbox's 1.0 activities break no rule; the first closes as then, the second runs on."""
    demo = samples.demo_legacy_activities(today)
    assert set() == set().union(*(_broken_rules(activity, (1, 0), today) for activity in demo))
    assert set() == LATER & set().union(*(_said(activity) for activity in demo))
    course = dataclasses.replace(demo[0], born="1.0", end_date=demo[0].start_date)
    assert Status.CLOSED is lifecycle.status(course, today)
    running = demo[1].start_date
    assert running is not None
    assert running.year == today.year - 1


# --- completions --------------------------------------------------------------------------------------

PROVIDER = "0001234"


def _completed(
    version: tuple[int, int], count: int, seed: int, today: date, activity: Activity
) -> list[Completion]:
    made = samples.completions(version, count, seed, today, activity, PROVIDER)
    return [sample.completion for sample in made]


def _reportable(today: date) -> Activity:
    return samples.demo_activity(samples.reportable_activity(today), today)


def _found(completion: Completion, activity: Activity, today: date) -> set[tuple[str, Severity]]:
    context = rules.CompletionContext(
        today=today,
        version=(2, 0),
        boards=boards.BOARDS,
        provider_id=PROVIDER,
        activity=activity,
        status=lifecycle.status(activity, today),
    )
    found = rules.judge(completion, context, lambda field: Place())
    return {(finding.code, finding.severity) for finding in found}


@every_version
@pytest.mark.parametrize("today", [TODAY, date(2024, 2, 29), date(2031, 1, 1)], ids=str)
def test_clean_completion_breaks_no_rule(version: tuple[int, int], today: date) -> None:
    """Completions of the sandbox's activity break no rule, warnings included, on whatever day."""
    activity = _reportable(today)
    made = _completed(version, 200, 5, today, activity)
    assert set() == set().union(*(_found(one, activity, today) for one in made))
    assert {1, 2} == {len(one.credits) for one in made}


def test_completions_of_rems_are_counted_too() -> None:
    """Of a REMS activity 2.0 also reports participants without names; 1.0 cannot."""
    activity = dataclasses.replace(_reportable(TODAY), rems_type="Mycophenolate")
    made = _completed((2, 0), 100, 1, TODAY, activity)
    assert {True, False} == {one.learner is None for one in made}
    assert set() == set().union(*(_found(one, activity, TODAY) for one in made))
    assert all(one.learner for one in _completed((1, 0), 100, 1, TODAY, activity))


def test_each_completion_is_of_another_person_of_the_register() -> None:
    """Nobody completes twice, credit ids are unique, and the people are those a register can be made of."""
    made = _completed((1, 0), samples.KNOWN, 77, TODAY, _reportable(TODAY))
    known = {(row.npi, row.birthday) for row in samples.people()}
    numbers = {one.value for each in made if each.learner for one in each.learner.identifiers}
    assert samples.KNOWN == len({id(one) for one in made}) == len(known)
    assert {npi for npi, _ in known} & numbers
    credit_ids = [credit.credit_id for one in made for credit in one.credits]
    assert len(credit_ids) == len(set(credit_ids))
    assert samples.KNOWN == len({one.learner.identifiers[-1].value for one in made if one.learner})


def test_same_seed_makes_the_same_completions() -> None:
    """The same seed and day make the same completions, another seed others."""
    activity = _reportable(TODAY)
    assert _completed((2, 0), 50, 1, TODAY, activity) == _completed((2, 0), 50, 1, TODAY, activity)
    assert _completed((2, 0), 50, 1, TODAY, activity) != _completed((2, 0), 50, 2, TODAY, activity)


def test_an_unknown_activity_is_like_a_course_that_can_be_reported() -> None:
    """Any id will do; those the sandbox starts with are its own activities."""
    first = samples.reportable_activity(TODAY)[:4] + "00001"
    assert "Heart Failure Update" == samples.demo_activity(first, TODAY).title
    assert _reportable(TODAY).title == samples.demo_activity("199900042", TODAY).title
    assert "nonsense" == samples.demo_activity("nonsense", TODAY).activity_id
