"""What each status asks of an activity: one row a thing, for today and for the time before November 2021.

What is missing for a status is no error: an incomplete but valid record is a Draft (FAQ-status, SEED1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from gateway.boards import AREAS, BOARDS, areas_of
from gateway.records import Activity, MissingGate, MocRegistration, Status, replace
from gateway.vocabulary import IN_PERSON, JOINT, USA, folded, format_named, legacy_type_named

Holds = Callable[[Activity, date], bool]
Applies = Callable[[Activity], bool]


@dataclass(frozen=True, slots=True)
class Gate:
    """One thing a status asks for; `holds` takes the activity and today, `lacking` tells for which entries
    of the list `each` it does not hold, where it is asked of each; `spelled` where else than in its field
    it is said, of such an entry."""

    status: Status
    field: str
    text: str
    holds: Holds
    each: str = ""
    lacking: Callable[[Activity], tuple[int, ...]] = lambda activity: ()
    spelled: Callable[[Activity, int], str | None] = lambda activity, n: None

    def missing(self, activity: Activity) -> MissingGate:
        """Tell it to who waits for the status, with the boards, where it is asked of each, and at the
        first entry that lacks it, where it is the list itself that has it."""
        left = self.lacking(activity)
        names = ", ".join(_board(activity.moc_registrations[n]) for n in left if self.each == _BY_BOARD)
        field = f"{self.field}[{left[0]}]" if left and self.field == self.each else self.field
        field = (left and self.spelled(activity, left[0])) or field
        return MissingGate(field, f"{self.text} Missing: {names}." if names else self.text)


_BY_BOARD = "moc_registrations"


def _board(registration: MocRegistration) -> str:
    board = registration.board
    return board if board and board in BOARDS else "an unknown board"


def _of_each(each: str, field: str, text: str, fine: Callable[[Activity, Any], bool]) -> Gate:
    def lacking(activity: Activity) -> tuple[int, ...]:
        return tuple(n for n, entry in enumerate(getattr(activity, each)) if not fine(activity, entry))

    return Gate(Status.CLOSED, field, text, lambda activity, today: not lacking(activity), each, lacking)


def _of_each_board(field: str, text: str, fine: Callable[[Activity, MocRegistration], bool]) -> Gate:
    return _of_each(_BY_BOARD, field, text, fine)


def _given(field: str) -> Holds:
    return lambda activity, today: getattr(activity, field) not in (None, "", ())


def _placed(part: str) -> Holds:
    return lambda activity, today: bool(activity.location and getattr(activity.location, part))


def _when(applies: Applies, holds: Holds) -> Holds:
    return lambda activity, today: not applies(activity) or holds(activity, today)


def over(activity: Activity, today: date) -> bool:
    """Whether its last day has passed."""
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
    rems = activity.rems_type or activity.rems_identifiers
    return bool(activity.passport or activity.moc_registrations or rems)


def _joint(activity: Activity) -> bool:
    return activity.providership == JOINT


def _supported(activity: Activity) -> bool:
    return activity.commercial_support is True


def _in_its_area(activity: Activity, registration: MocRegistration) -> bool:
    """Whether a practice area is said: beside the registration, where it is of its board whatever it is, or,
    as before 2.1, as a specialty of the activity, where one of another board's list says nothing of this
    board."""
    if registration.practice_areas:
        return True
    board = BOARDS.get(registration.board or "")
    listed = areas_of(board, activity.start_date) if board else frozenset()
    return any(
        not listed or area in listed or area not in AREAS for area in map(folded, activity.specialties)
    )


def _area_of(activity: Activity, n: int) -> str | None:
    """Where the areas of a registration are said: with it, by who says them so; else none has a place but
    as a specialty of the activity."""
    beside = any(one.practice_areas for one in activity.moc_registrations)
    if not beside and (activity.specialties or activity.born in _BEFORE_2_1):
        return None
    return f"{_BY_BOARD}[{n}].practice_areas"


def _outlined(activity: Activity, registration: MocRegistration) -> bool:
    """Whether what the board wants tagged by its content outline is; before 2.1 nobody could."""
    board = BOARDS.get(registration.board or "")
    wanted = board is not None and board.outlined and activity.born not in _BEFORE_2_1
    return not wanted or bool(activity.content_outlines)


def _located(activity: Activity) -> bool:
    type = legacy_type_named(activity.legacy_type)
    return type is not None and type.located


_SEEN = "Listed in CME Passport, with MOC or with REMS, "
# The payload versions, by `Activity.born`, without content outlines and practice areas by board.
_BEFORE_2_1 = ("", "1.0", "2.0")
_ACTIVE, _READY, _CLOSED = Status.ACTIVE, Status.READY_TO_CLOSE, Status.CLOSED

# Asked for then as now, word for word.
_JOINT_PROVIDERS = Gate(
    _CLOSED, "credits[0].joint_providers", "Provided jointly, it needs a joint provider's name.",
    _when(_joint, _given("joint_providers")),
)  # fmt: skip
_SUPPORT = (
    Gate(_CLOSED, "commercial_support", "It must be said whether there was commercial support.",
         _given("commercial_support")),
    Gate(_CLOSED, "monetary_supports", "Supported, it needs a source, in money or in kind.",
         _when(_supported, _sourced)),
)  # fmt: skip
_COUNTS = (
    Gate(_CLOSED, "physicians", "The physicians must be counted; 0 will do.", _given("physicians")),
    Gate(_CLOSED, "other_learners", "The other learners must be counted; 0 will do.",
         _given("other_learners")),
)  # fmt: skip

# What Ready to Close asks for beyond Active is a day gone by. Fee, registration and URL stand once,
# with Active, though FAQ-status names them again for MOC. Before payload 2.1 registering with a board is
# the provider's attestation, since no document could attest otherwise (the gateway's own reading).
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
    Gate(_READY, "end_date", "The end date has not passed yet.", over),
    _JOINT_PROVIDERS,
    Gate(_CLOSED, "outcomes", "At least one measured outcome is needed.", _given("outcomes")),
    *_SUPPORT,
    _of_each("monetary_supports", "monetary_supports", "Each monetary support needs its amount.",
             lambda activity, support: support.amount is not None),
    *_COUNTS,
    replace(_of_each_board("specialties", "Each board needs one of its practice areas.", _in_its_area),
            spelled=_area_of),
    _of_each_board("moc_registrations", "Each MOC registration needs a credit type.",
                   lambda activity, registration: bool(registration.credit_types)),
    _of_each_board("moc_registrations", "Each MOC registration needs its points.",
                   lambda activity, registration: registration.points is not None),
    _of_each_board("moc_registrations", "Each MOC registration needs its claim date.",
                   lambda activity, registration: registration.claim_date is not None),
    _of_each_board("moc_registrations", "Each MOC registration needs the provider's attestation.",
                   lambda activity, registration: registration.attested is True),
    _of_each_board("content_outlines", "The board's content outline must be tagged.", _outlined),
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
    _JOINT_PROVIDERS,
    *(Gate(_CLOSED, f"{verb}_{change}", f"It must be said whether a change in {change} was {verb}.",
           _given(f"{verb}_{change}"))
      for verb in ("designed", "measured") for change in ("competence", "performance", "outcomes")),
    *_COUNTS,
    *_SUPPORT,
)  # fmt: skip


def missing(gates: Iterable[Gate], activity: Activity, today: date) -> tuple[MissingGate, ...]:
    """What an activity lacks of these, in their order."""
    return tuple(gate.missing(activity) for gate in gates if not gate.holds(activity, today))
