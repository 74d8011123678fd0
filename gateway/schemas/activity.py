"""What all versions of the activity payload share: how a record is read, laid over and told of."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from gateway import rules
from gateway.boards import said_again
from gateway.fields import builder
from gateway.findings import finding, shown
from gateway.records import Activity, ActivityEntry, Finding, MocRegistration, RecordAction, replace
from gateway.version import EMPTY, Draft, PayloadVersion

IDENTITY = ("activity_id", "provider_activity_id")
NAMESPACES = {
    "m": "http://ns.medbiq.org/metrics/v1/",
    "lom": "http://ltsc.ieee.org/xsd/LOM",
    "hx": "http://ns.medbiq.org/lom/extend/v1/",
    "a": "http://ns.medbiq.org/address/v1/",
    "ar": "http://ns.medbiq.org/activityreport/v1/",
}
OWN = frozenset({"derived", "closed", "born", "repeat_of"})  # the gateway's own fields of an activity
ACTIVITY_FIELDS = frozenset(field.name for field in dataclasses.fields(Activity)) - OWN
_activity, _entry = builder(Activity), builder(ActivityEntry)
_ACTIONS: Mapping[str | None, RecordAction] = {action.value: action for action in RecordAction}
METRICS_2 = "http://ns.medbiq.org/metrics/v2/"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityVersion(PayloadVersion):
    """A version of the activity payload.

    `complete` names the fields it adds in `derived`, of which `also_holds` are only other words for what
    this version did say. `join` makes one value of what this version may spell in several ways. `carry`
    saves, from the stored record, what this version cannot hold inside a field it can hold.
    """

    payload: ClassVar[str] = "activity"
    wrapper: ClassVar[str] = "ACCMEActivities"
    own_prefix: ClassVar[str] = "act"
    noun: ClassVar[type] = Activity
    directives: ClassVar[frozenset[str]] = frozenset({"action", "close", "provider_id", "repeats"})
    fields: ClassVar[frozenset[str]] = ACTIVITY_FIELDS
    unread: ClassVar[Mapping[str, str]] = {METRICS_2: "MedBiquitous Medical Education Metrics version 2"}

    record: str = f"{{{NAMESPACES['m']}}}MedicalEducationMetrics"
    join: Callable[[dict[str, Any]], dict[str, Any]] = lambda values: values
    carry: Callable[[Activity, Activity], Activity] = lambda stored, merged: merged
    also_holds: frozenset[str] = frozenset()

    @property
    def holds(self) -> frozenset[str]:
        """The fields of a record that this version can express, in these or other words."""
        return frozenset(self.table.fields) & self.fields | self.also_holds

    def read(self, values: Mapping[str, Any]) -> Activity:
        """The activity that values are of, first reported in this version."""
        said = self.join(self.said(values))
        if "moc_registrations" in said:
            said["moc_registrations"] = tuple(map(_once, said["moc_registrations"]))
        activity: Activity = self.complete(_activity(**said, born=self.name))
        return activity

    def values(self, record: Activity) -> dict[str, Any]:
        """The values of an activity; the close switch says whether it is closed."""
        return {name: getattr(record, name) for name in ACTIVITY_FIELDS} | {"close": record.closed}

    def update(self, stored: Activity, incoming: Activity) -> Activity:
        """Lay a record of this version over the stored one (docs/wire.md).

        The fields this version holds are replaced, but an identity that is not given stays; what was
        merely derived fills gaps and replaces what was itself derived, and nothing else.
        """
        given = self.holds - (incoming.derived - self.also_holds)
        filled = {
            name
            for name in incoming.derived - given
            if name in stored.derived or getattr(stored, name) in EMPTY
        }
        changes = {name: getattr(incoming, name) for name in given | filled}
        for name in IDENTITY:
            changes[name] = (name == "provider_activity_id" and changes.get(name)) or getattr(stored, name)
        renamed = {
            name
            for name in incoming.derived & self.also_holds
            if name in stored.derived or getattr(stored, name) != getattr(incoming, name)
        }
        derived = stored.derived - given | filled | renamed
        merged = self.carry(stored, replace(stored, **changes, derived=derived))
        untrue = dict.fromkeys(self._contradicted(stored, merged), ())
        return replace(merged, **untrue) if untrue else merged

    def _contradicted(self, stored: Activity, merged: Activity) -> Iterator[str]:
        """What this version cannot hold and no longer is so, by what it does hold: counts by category that
        are not the other learners any more, identifiers of another REMS."""
        others = merged.other_learners
        recounted = others not in (stored.other_learners, stored.others_by_category)
        if recounted and "participants" not in self.holds:
            yield "participants"
        if merged.rems_type != stored.rems_type and "rems_identifiers" not in self.holds:
            yield "rems_identifiers"

    def entry(self, draft: Draft) -> ActivityEntry:
        """The entry of an activity that was read."""
        activity, action = draft.record, draft.values.get("action")
        entry: ActivityEntry = _entry(
            number=draft.number,
            activity=activity,
            legible=draft.legible,
            activity_id=draft.values.get("activity_id"),
            provider_activity_id=draft.values.get("provider_activity_id"),
            action=_ACTIONS.get(action),
            close=draft.values.get("close"),
            provider_id=draft.values.get("provider_id"),
            repeats=draft.values.get("repeats", ()),
            onto=lambda stored: self.update(stored, activity) if activity else stored,
            noted=lambda before, after: (
                *self._derived(draft, after),
                *self._dropped(draft, before, after),
                *_doubled(draft),
            ),
            findings=draft.findings,
            place=draft.place,
        )
        return entry

    def _dropped(self, draft: Draft, before: Activity | None, after: Activity) -> Iterator[Finding]:
        """What this version cannot say, and what it says left untrue of what was said before."""
        for name in self._contradicted(before, after) if before else ():
            if getattr(before, name) not in EMPTY:
                yield rules.finding("A922", draft.place(name))

    def _derived(self, draft: Draft, kept: Activity) -> Iterator[Finding]:
        """What was derived and is so in the end: what somebody said before an update stays, and is not
        told."""
        told = {}
        for name in sorted(draft.record.derived & kept.derived if draft.record else ()):
            value, field = getattr(kept, name), draft.newest[name]
            spelled = ", ".join(map(field.kind.write, value if field.many else (value,)))
            told[field.label] = shown(spelled.removesuffix("T00:00:00"))
        if told:
            values = ", ".join(f"{label} “{value}”" for label, value in told.items())
            place = draft.place("")
            yield finding("X033", place, name=", ".join(told), version=self.name, values=values)


def _once(registration: MocRegistration) -> MocRegistration:
    """A registration with each of its credit types once, as it is spelled first."""
    types = registration.credit_types
    again = said_again(registration.board, types)
    kept = tuple(type for n, type in enumerate(types) if n not in again)
    return replace(registration, credit_types=kept) if again else registration


def _doubled(draft: Draft) -> Iterator[Finding]:
    for n, one in enumerate(draft.values.get("moc_registrations", ())):
        for k in said_again(one.board, one.credit_types):
            place = draft.place(f"moc_registrations[{n}].credit_types[{k}]")
            yield rules.finding("A932", place, rules.detail(one.credit_types[k]))
