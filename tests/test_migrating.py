"""Old activities migrated as PARS migrated its own: each of the five mappings, twice, and half way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from command import Ended, run_command
from entries import LEGACY, TODAY
from fakes import NOW, OTHER_PROVIDER, PROVIDER, FakeStore, terms

from gateway import assembly, lifecycle, migrating
from gateway.migrating import PART, Difference, differences, migrate, migrated
from gateway.records import (
    Action,
    Activity,
    KeptActivity,
    MeasuredOutcome,
    MocRegistration,
    Provider,
    Status,
    replace,
)
from gateway.rules import NOTICES
from gateway.schemas import activity_v1_0
from gateway.settings import Settings

BARE = Activity(
    activity_id="202100001",
    title="Heart Failure Update",
    legacy_type="IEM",
    start_date=date(2020, 2, 29),
    born="1.0",
)
SILENT: dict[str, Any] = dict.fromkeys(activity_v1_0.EVALUATED, False)


class FakeOld:
    """The old activities of a fake store."""

    def __init__(self, store: FakeStore) -> None:
        self.store = store

    def size(self, born: str) -> int:
        """How many there are."""
        return len(self.page(born, 0, 10**9))

    def page(self, born: str, after: int, most: int) -> list[KeptActivity]:
        """The next ones beyond a row."""
        rows = sorted(self.store.tables.activities.items())
        kept = (KeptActivity(row, *held) for row, held in rows if row > after)
        return [one for one in kept if one.activity.born == born][:most]


@pytest.fixture
def store() -> FakeStore:
    """A store without anything in it."""
    return FakeStore()


def _keep(store: FakeStore, *activities: Activity, provider: str = PROVIDER) -> None:
    def add(unit: Any) -> None:
        numbers = count(len(store.tables.activities) + 202000001)
        unit.activities.add(
            [replace(one, activity_id=str(next(numbers)), provider_activity_id=None) for one in activities]
        )

    store.write(provider, add)


def _migrate(store: FakeStore) -> list[Difference]:
    by = terms(lambda: NOW)
    return list(migrate(FakeOld(store), store, by, lambda field: field, lambda count: None))


def _stored(store: FakeStore) -> list[Activity]:
    return [activity for _, activity in store.tables.activities.values()]


def _changed(before: Activity) -> dict[str, Any]:
    after = migrated(before)
    names = (*migrating.FILLED, "outcomes", "passport")
    return {name: getattr(after, name) for name in names if getattr(after, name) != getattr(before, name)}


# --- the mappings ------------------------------------------------------------------------------------


def test_what_nobody_said_is_filled_in() -> None:
    """Description from the title, format and delivery from the type, three years for enduring material."""
    assert {
        "description": "Heart Failure Update",
        "format": "Enduring Material",
        "delivery_methods": ("Online",),
        "end_date": date(2023, 2, 28),
        "passport": False,
    } == _changed(BARE)


def test_what_was_said_stays() -> None:
    """Nothing that somebody said is replaced."""
    said = replace(
        BARE,
        description="D",
        format="Other/Blended Learning",
        delivery_methods=("In-Person",),
        end_date=date(2021, 1, 1),
        outcomes=(MeasuredOutcome("Community Health"),),
        measured_competence=True,
        passport=False,
        mips=True,
    )
    assert {} == _changed(said)


@pytest.mark.parametrize(
    ("flag", "outcome"),
    [
        ("measured_competence", "Learner Competence"),
        ("measured_performance", "Learner Performance"),
        ("measured_outcomes", "Patient Health"),
    ],
)
def test_evaluated_is_an_outcome(flag: str, outcome: str) -> None:
    """Each change that was evaluated is an outcome, and none that was only designed."""
    told = replace(LEGACY, **SILENT | {flag: True}, designed_competence=True)
    assert (MeasuredOutcome(outcome),) == migrated(told).outcomes
    assert () == migrated(replace(told, **SILENT)).outcomes


@pytest.mark.parametrize(
    ("fields", "listed"),
    [
        ({}, False),
        ({"moc_registrations": (MocRegistration("ABIM"),)}, True),
        ({"rems_type": "Mycophenolate"}, True),
        ({"rems_identifiers": ("EG-123456-001",)}, True),
        ({"mips": True}, True),
        ({"mips": False}, False),
    ],
)
def test_only_collaborations_are_listed(fields: dict[str, Any], listed: bool) -> None:
    """CME Passport lists what is registered for MOC, REMS or MIPS, where nobody said otherwise."""
    assert listed is migrated(replace(LEGACY, **fields)).passport


def test_what_is_listed_stays_listed() -> None:
    """A 1.0 record that is sent again after the migration does not take the activity off the list."""
    listed = migrated(replace(LEGACY, mips=True))
    again = activity_v1_0.VERSION.update(listed, LEGACY)
    assert (True, True) == (listed.passport, again.passport)


def test_outcomes_follow_corrected_answers() -> None:
    """Answers corrected after the migration are mapped anew by the next one."""
    first = migrated(replace(LEGACY, **SILENT | {"measured_competence": True}))
    again = replace(first, **SILENT | {"measured_outcomes": True})
    assert (MeasuredOutcome("Patient Health"),) == migrated(again).outcomes


def test_outcomes_go_with_answers_that_are_taken_back() -> None:
    """Where nothing was evaluated after all, a record of 1.0 leaves no outcome of it, nor does the next
    migration."""
    first = migrated(replace(LEGACY, outcomes=(), **dict.fromkeys(activity_v1_0.EVALUATED, True)))
    assert 3 == len(first.outcomes)
    assert () == migrated(replace(first, **SILENT)).outcomes
    again = activity_v1_0.VERSION.update(first, replace(LEGACY, outcomes=(), **SILENT))
    assert () == again.outcomes
    assert {} == _changed(again)


@pytest.mark.parametrize("activity", [BARE, LEGACY, replace(LEGACY, mips=True)])
def test_second_time_changes_nothing(activity: Activity) -> None:
    """What is migrated is not migrated again."""
    once = migrated(activity)
    assert once != activity or activity is LEGACY
    assert {} == _changed(once)


# --- the run -----------------------------------------------------------------------------------------


def test_run_changes_what_the_dry_run_showed(store: FakeStore) -> None:
    """The differences are those shown before, each activity is kept as migrated, and a second run is idle."""
    told = replace(LEGACY, measured_competence=True, outcomes=())
    _keep(store, BARE, told, replace(BARE, born="2.0"))
    _keep(store, BARE, provider=OTHER_PROVIDER)
    before = _stored(store)
    shown = list(differences(FakeOld(store), TODAY, lambda field: field, lambda count: None))
    assert before == _stored(store)
    done = _migrate(store)
    assert 3 == len(done)
    assert sorted(map(repr, shown)) == sorted(map(repr, done))
    expected = [migrated(one) if one.born == "1.0" else one for one in before]
    assert expected == _stored(store)
    assert [] == _migrate(store)


def test_each_change_is_kept_with_receipt_and_audit(store: FakeStore) -> None:
    """A receipt of the provider lists what became of each activity, and an audit row counts them."""
    _keep(store, BARE, replace(BARE, legacy_type="C"))
    _migrate(store)
    [(provider, kept, raw)] = store.tables.receipts
    [audited] = store.tables.audit
    assert (PROVIDER, "MigrateLegacy") == (provider, kept.operation)
    assert ("MigrateLegacy", "operator", 2, kept.receipt.id) == (
        audited.operation,
        audited.user,
        audited.records,
        audited.receipt_id,
    )
    first = kept.receipt.results[0]
    assert (Action.UPDATED, "202000001", Status.DRAFT) == (first.action, first.activity_id, first.status)
    assert {"A930"} == {found.code for found in first.findings}
    assert f'{NOTICES["A930"].text} end_date: nothing → "2023-02-28".' in [one.text for one in first.findings]
    assert b"202000002" in raw


def test_what_was_closed_on_purpose_stays(store: FakeStore) -> None:
    """The life cycle refuses changes of a closed activity to the migration as to anybody."""
    closed = replace(LEGACY, mips=True, closed=True)
    _keep(store, closed, replace(closed, closed=False))
    [done] = _migrate(store)
    assert "202000002" == done.activity_id


def test_stopped_run_goes_on(store: FakeStore) -> None:
    """Stopped between two parts, the next run does the rest and nothing twice."""
    _keep(store, *[replace(BARE, title=str(number)) for number in range(2 * PART)])
    next(migrate(FakeOld(store), store, terms(lambda: NOW), str, lambda count: None))
    assert PART == sum(one.description is not None for one in _stored(store))
    assert PART == len(_migrate(store))
    assert all(one.description for one in _stored(store))


def test_record_of_then_stays_closed() -> None:
    """What closed by itself is still closed when it is migrated."""
    assert Status.CLOSED is lifecycle.status(LEGACY, TODAY)
    assert Status.CLOSED is lifecycle.status(migrated(replace(LEGACY, mips=True)), TODAY)


# --- the command -------------------------------------------------------------------------------------

Run = Callable[..., Ended]


@pytest.fixture
def configured(tmp_path: Path) -> Settings:
    """A gateway's settings, its database with one old activity."""
    settings = Settings(database=f"sqlite:///{tmp_path / 'gateway.db'}", key_file=str(tmp_path / "key"))
    assembly.migrate(settings)
    with assembly.opened(settings) as opened:
        opened.accounts.add_provider(Provider(PROVIDER, "Demo Medical Society"))
        opened.write(PROVIDER, lambda unit: unit.activities.add([BARE]))
    return settings


def _command(settings: Settings, folder: Path, *arguments: str) -> Ended:
    environment = {"CME_GATEWAY_DATABASE": settings.database, "CME_GATEWAY_KEY_FILE": settings.key_file}
    return run_command(folder, "migrate-legacy", *arguments, environment=environment)


def test_command_shows_then_changes_then_finds_nothing(configured: Settings, tmp_path: Path) -> None:
    """The dry run lists each difference and changes nothing; the run lists the same; the next one none."""
    shown = _command(configured, tmp_path, "--dry-run")
    line = '0001234 202100001 endDateTime: nothing → "2023-02-28"\n'
    assert 0 == shown.code
    assert line in shown.out
    assert "1 of 1 activities of 1.0 would be changed.\n" in shown.out
    done = _command(configured, tmp_path)
    assert (0, shown.out.replace("would be changed", "changed")) == (done.code, done.out)
    assert "0 of 1 activities of 1.0 changed.\n" == _command(configured, tmp_path).out
