"""Old activities brought to what PARS made of its own in November 2021: five mappings (SEED2).

A description from the title, the format from the old type, a missing end, outcomes from what was
evaluated, CME Passport where the activity is registered for MOC, REMS or MIPS. What somebody has said
stays; so a second run finds nothing, and one that was stopped goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, Protocol

from gateway import lifecycle
from gateway.lifecycle import Act
from gateway.operations.call import Call, Terms, perform
from gateway.records import (
    Action,
    Activity,
    Caller,
    KeptActivity,
    Place,
    Result,
    StoredActivity,
    replace,
)
from gateway.rules import finding, quoted
from gateway.schemas import activity_v1_0
from gateway.store import Store, Unit
from gateway.version import EMPTY

BORN = "1.0"
OPERATION, USER = "MigrateLegacy", "operator"
PART = 200  # activities in one transaction, of one provider

FILLED = ("description", "format", "delivery_methods", "end_date")

Label = Callable[[str], str]
"""The name on the wire of a record's field."""


class Old(Protocol):
    """The living activities that were first reported in a payload version; `storage` provides it."""

    def size(self, born: str) -> int:
        """How many there are."""

    def page(self, born: str, after: int, most: int) -> list[KeptActivity]:
        """The next ones beyond a row, in the order of rows."""


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one field: its name on the wire, and both values as they are shown."""

    field: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.field}: {self.before} → {self.after}"


@dataclass(frozen=True, slots=True)
class Difference:
    """What becomes of one activity."""

    provider_id: str
    activity_id: str
    provider_activity_id: str | None
    changes: tuple[Change, ...]


def migrated(activity: Activity) -> Activity:
    """An activity of before November 2021 as PARS migrated it."""
    told = activity_v1_0.complete(replace(activity, derived=frozenset()))
    filled = {
        name: getattr(told, name)
        for name in FILLED
        if getattr(activity, name) in EMPTY and getattr(told, name) not in EMPTY
    }
    derived = activity.derived | filled.keys()
    outcomes = activity_v1_0.evaluated(activity)
    if "outcomes" in activity.derived or (outcomes and not activity.outcomes):
        filled["outcomes"] = outcomes
        derived |= {"outcomes"}
    if activity.passport is None or "passport" in activity.derived:
        filled["passport"] = _listed(activity)
        # Once it is listed, a record of 1.0 that is sent again must not take it off the list.
        derived = derived - {"passport"} if filled["passport"] else derived | {"passport"}
    return replace(activity, **filled, derived=frozenset(derived))


def _listed(activity: Activity) -> bool:
    return bool(
        activity.moc_registrations or activity.rems_type or activity.rems_identifiers or activity.mips
    )


def differences(old: Old, today: date, label: Label, advance: Callable[[int], None]) -> Iterator[Difference]:
    """What a migration would change; it takes a while, and changes nothing."""
    for kept in _pages(old, advance):
        yield from (
            told for one in kept if (told := _difference(one.provider_id, one.activity, today, label))
        )


def migrate(
    old: Old, store: Store, terms: Terms, label: Label, advance: Callable[[int], None]
) -> Iterator[Difference]:
    """Migrate what is not migrated yet, part by part, each with its receipt and its audit row; gives what
    was changed. Raises Failed, Busy."""
    for kept in _pages(old, advance):
        theirs = attrgetter("provider_id")
        for provider_id, group in groupby(sorted(kept, key=theirs), key=theirs):
            today = terms.day(terms.clock())
            told = (_difference(provider_id, one.activity, today, label) for one in group)
            if wanted := [one for one in told if one]:
                yield from _kept(provider_id, wanted, store, terms, label)


def _pages(old: Old, advance: Callable[[int], None]) -> Iterator[list[KeptActivity]]:
    after = 0
    while kept := old.page(BORN, after, PART):
        yield kept
        after = kept[-1].row
        advance(len(kept))


def _difference(provider_id: str, activity: Activity, today: date, label: Label) -> Difference | None:
    """What a migration makes of an activity, if anything: one that was closed on purpose had all that is
    asked for now, and does not change any more."""
    after = migrated(activity)
    if after == activity or lifecycle.refusals(activity, Act.SAVE, today):
        return None
    changed = [name for name in _FIELDS if getattr(after, name) != getattr(activity, name)]
    changes = (
        Change(label(name), _shown(getattr(activity, name)), _shown(getattr(after, name))) for name in changed
    )
    ids = activity.activity_id or "", activity.provider_activity_id
    return Difference(provider_id, *ids, tuple(changes)) if changed else None


_FIELDS = (*FILLED, "outcomes", "passport")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return quoted(str(value).lower())
    if isinstance(value, tuple):
        return quoted(", ".join(str(getattr(one, "outcome", one)) for one in value))
    return quoted(value)


def _kept(
    provider_id: str, wanted: Sequence[Difference], store: Store, terms: Terms, label: Label
) -> list[Difference]:
    """Change activities of one provider in one transaction, as they are by then."""
    done: list[Difference] = []

    def save(unit: Unit, now: datetime) -> tuple[Result, ...]:
        done.clear()
        today = terms.day(now)
        found = unit.activities.find({one.activity_id for one in wanted}, ())
        told = [(one, _difference(provider_id, one.activity, today, label)) for one in found]
        changed = [(StoredActivity(one.row, migrated(one.activity)), what) for one, what in told if what]
        unit.activities.change([one for one, _ in changed])
        done.extend(what for _, what in changed)
        return tuple(_result(n, one.activity, what, today) for n, (one, what) in enumerate(changed, start=1))

    perform(_call(provider_id, wanted), save, (), store, terms)
    return done


def _result(number: int, activity: Activity, what: Difference, today: date) -> Result:
    return Result(
        number,
        Action.UPDATED,
        activity.activity_id,
        activity.provider_activity_id,
        status=lifecycle.status(activity, today),
        next_statuses=lifecycle.next_statuses(activity, today),
        findings=tuple(finding("A930", Place(field=one.field), f"{one}.") for one in what.changes),
    )


def _call(provider_id: str, wanted: Sequence[Difference]) -> Call:
    told = [{"ActivityId": one.activity_id, "Changes": [*map(str, one.changes)]} for one in wanted]
    raw = json.dumps(told, ensure_ascii=False).encode()
    return Call(
        operation=OPERATION,
        caller=Caller(provider_id, USER),
        trace_id=secrets.token_hex(8),
        version=(1, 0),
        raw=raw,
        digest=hashlib.sha256(raw).digest(),
    )
