"""The statuses of an activity, what each asks for, and what moves an activity to the next.

A status is never stored: it follows from the data, the day and the close switch. What is missing
for a status is no error, an incomplete but valid record is a Draft (FAQ-status, SEED1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from gateway.records import Activity, MissingGate, NextStatus, Status
from gateway.vocabulary import IN_PERSON, USA, format_named, legacy_type_named

Holds = Callable[[Activity, date], bool]
Applies = Callable[[Activity], bool]


@dataclass(frozen=True, slots=True)
class Gate:
    """One thing a status asks for; `holds` takes the activity and today."""

    status: Status
    field: str
    text: str
    holds: Holds


def _given(field: str) -> Holds:
    return lambda activity, today: getattr(activity, field) not in (None, "", ())


def _each(field: str, part: str) -> Holds:
    return lambda activity, today: all(
        getattr(entry, part) not in (None, "", ()) for entry in getattr(activity, field)
    )


def _placed(part: str) -> Holds:
    return lambda activity, today: bool(activity.location and getattr(activity.location, part))


def _when(applies: Applies, holds: Holds) -> Holds:
    return lambda activity, today: not applies(activity) or holds(activity, today)


def _over(activity: Activity, today: date) -> bool:
    return activity.end_date is not None and activity.end_date < today


def _credited(activity: Activity, today: date) -> bool:
    return bool(activity.credit_amounts)


def _sourced(activity: Activity, today: date) -> bool:
    return bool(activity.monetary_supports or activity.in_kind_supports)


def _taught(activity: Activity, today: date) -> bool:
    return (activity.hours_of_instruction or 0) > 0


def _delivered(activity: Activity) -> bool:
    format = format_named(activity.format)
    return format is not None and format.delivered


def _in_person(activity: Activity) -> bool:
    return IN_PERSON in activity.delivery_methods


def _american(activity: Activity) -> bool:
    return activity.location is not None and activity.location.country == USA


def _open(activity: Activity) -> bool:
    return bool(activity.passport or activity.moc_registrations or activity.rems_type)


def _joint(activity: Activity) -> bool:
    return activity.providership == "joint"


def _supported(activity: Activity) -> bool:
    return activity.commercial_support is True


def _registered(activity: Activity) -> bool:
    return bool(activity.moc_registrations)


def _located(activity: Activity) -> bool:
    type = legacy_type_named(activity.legacy_type)
    return type is not None and type.located


_SEEN = "Listed in CME Passport, with MOC or with REMS, "
_ACTIVE, _READY, _CLOSED = Status.ACTIVE, Status.READY_TO_CLOSE, Status.CLOSED

# What Ready to Close asks for beyond Active is a day gone by. Fee, registration and URL stand once,
# with Active, though FAQ-status names them again for MOC. Registering with a board is taken as the
# provider's attestation, since no document can attest otherwise (the gateway's own reading).
GATES = (
    Gate(_ACTIVE, "delivery_methods", "A delivery method is needed.",
         _when(_delivered, _given("delivery_methods"))),
    Gate(_ACTIVE, "location", "Held in person, it needs its city.", _when(_in_person, _placed("city"))),
    Gate(_ACTIVE, "location", "Held in person, it needs its country.",
         _when(_in_person, _placed("country"))),
    Gate(_ACTIVE, "location", "Held in the USA, it needs its state.",
         _when(_in_person, _when(_american, _placed("state")))),
    Gate(_ACTIVE, "credits", "The amount of credit is needed.", _credited),
    Gate(_ACTIVE, "passport", "It must be said whether CME Passport lists it.", _given("passport")),
    Gate(_ACTIVE, "fee", _SEEN + "it must say whether there is a fee.", _when(_open, _given("fee"))),
    Gate(_ACTIVE, "registration", _SEEN + "it must say who may register.",
         _when(_open, _given("registration"))),
    Gate(_ACTIVE, "url", _SEEN + "it needs a URL.", _when(_open, _given("url"))),
    Gate(_ACTIVE, "description", "A description is needed.", _given("description")),
    Gate(_ACTIVE, "providership", "The providership is needed.", _given("providership")),
    Gate(_READY, "end_date", "The end date has not passed yet.", _over),
    Gate(_CLOSED, "joint_providers", "Provided jointly, it needs a joint provider's name.",
         _when(_joint, _given("joint_providers"))),
    Gate(_CLOSED, "outcomes", "At least one measured outcome is needed.", _given("outcomes")),
    Gate(_CLOSED, "commercial_support", "It must be said whether there was commercial support.",
         _given("commercial_support")),
    Gate(_CLOSED, "monetary_supports", "Supported, it needs a source, in money or in kind.",
         _when(_supported, _sourced)),
    Gate(_CLOSED, "monetary_supports", "Each monetary support needs its amount.",
         _each("monetary_supports", "amount")),
    Gate(_CLOSED, "physicians", "The physicians must be counted; 0 will do.", _given("physicians")),
    Gate(_CLOSED, "other_learners", "The other learners must be counted; 0 will do.",
         _given("other_learners")),
    Gate(_CLOSED, "specialties", "Registered for MOC, it needs a practice area.",
         _when(_registered, _given("specialties"))),
    Gate(_CLOSED, "moc_registrations", "Each MOC registration needs a credit type.",
         _each("moc_registrations", "credit_types")),
    Gate(_CLOSED, "moc_registrations", "Each MOC registration needs its points.",
         _each("moc_registrations", "points")),
    Gate(_CLOSED, "moc_registrations", "Each MOC registration needs its claim date.",
         _each("moc_registrations", "claim_date")),
)  # fmt: skip

# What PARS asked for until November 2021, when an activity with all of it closed by itself
# (RUBY, SEED0). Competencies were asked for too, but their wire name of that time is not
# publicly known: to demand them would keep every real record of that time open.
LEGACY_GATES = (
    Gate(_CLOSED, "legacy_type", "The activity type is needed.", _given("legacy_type")),
    Gate(_CLOSED, "title", "The title is needed.", _given("title")),
    Gate(_CLOSED, "start_date", "The date of the activity is needed.", _given("start_date")),
    Gate(_CLOSED, "location", "A course or a series needs its city.", _when(_located, _placed("city"))),
    Gate(_CLOSED, "location", "A course or a series needs its country.",
         _when(_located, _placed("country"))),
    Gate(_CLOSED, "location", "A course or a series in the USA needs its state.",
         _when(_located, _when(_american, _placed("state")))),
    Gate(_CLOSED, "hours_of_instruction", "The hours of instruction must be more than zero.", _taught),
    Gate(_CLOSED, "credits", "The amount of credit is needed.", _credited),
    Gate(_CLOSED, "providership", "The providership is needed.", _given("providership")),
    Gate(_CLOSED, "joint_providers", "Provided jointly, it needs a joint provider's name.",
         _when(_joint, _given("joint_providers"))),
    *(Gate(_CLOSED, f"{verb}_{change}", f"It must be said whether a change in {change} was {verb}.",
           _given(f"{verb}_{change}"))
      for verb in ("designed", "measured") for change in ("competence", "performance", "outcomes")),
    Gate(_CLOSED, "physicians", "The physicians must be counted; 0 will do.", _given("physicians")),
    Gate(_CLOSED, "other_learners", "The other learners must be counted; 0 will do.",
         _given("other_learners")),
    Gate(_CLOSED, "commercial_support", "It must be said whether there was commercial support.",
         _given("commercial_support")),
    Gate(_CLOSED, "monetary_supports", "Supported, it needs a source, in money or in kind.",
         _when(_supported, _sourced)),
)  # fmt: skip

_GATES_OF = {status: tuple(gate for gate in GATES if gate.status is status) for status in (_ACTIVE, _READY)}
CLOSE_SWITCH = MissingGate("close", "It is closed on purpose: send closeActivityRecord true.")


def status(activity: Activity, today: date) -> Status:
    """Tell where an activity stands on a day; its start date is not tested (docs/sources.md)."""
    if activity.closed or _closed_as_then(activity, today):
        return _CLOSED
    if _missing(_GATES_OF[_ACTIVE], activity, today):
        return Status.DRAFT
    return _READY if _over(activity, today) else _ACTIVE


def next_statuses(activity: Activity, today: date) -> tuple[NextStatus, ...]:
    """Tell what an activity can become and what is missing for it: the answer to "why not yet?".

    A Closed one becomes nothing else. From Active on the calendar alone moves it.
    """
    match status(activity, today):
        case Status.DRAFT:
            reached = _READY if _over(activity, today) else _ACTIVE
            return (NextStatus(reached, _missing(_GATES_OF[_ACTIVE], activity, today)),)
        case Status.ACTIVE:
            return (NextStatus(_READY, _missing(_GATES_OF[_READY], activity, today)),)
        case Status.READY_TO_CLOSE:
            return (NextStatus(_CLOSED, _shortest_way_to_close(activity, today)),)
        case _:
            return ()


def missing_to_close(activity: Activity, today: date) -> tuple[MissingGate, ...]:
    """Tell why the close switch cannot be granted; empty when it can (FAQ-status, SEED1)."""
    return _missing(GATES, activity, today)


def _closed_as_then(activity: Activity, today: date) -> bool:
    return activity.born == "1.0" and _over(activity, today) and not _missing(LEGACY_GATES, activity, today)


def _shortest_way_to_close(activity: Activity, today: date) -> tuple[MissingGate, ...]:
    # A record of the old time closes by itself once complete as then, or by the switch as any other.
    now = (*missing_to_close(activity, today), CLOSE_SWITCH)
    then = _missing(LEGACY_GATES, activity, today)
    return min(now, then, key=len) if activity.born == "1.0" else now


def _missing(gates: Iterable[Gate], activity: Activity, today: date) -> tuple[MissingGate, ...]:
    return tuple(MissingGate(gate.field, gate.text) for gate in gates if not gate.holds(activity, today))
