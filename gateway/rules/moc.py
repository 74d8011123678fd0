"""What an activity is registered for with the certifying boards: A7."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from gateway.boards import BOARDS, areas_of, takes_part, types_of
from gateway.records import Activity, ContentOutline, Credit, MocRegistration, OutlineKey, Severity, replace
from gateway.rules.accreditation import in_quarters, most_cme, repeated
from gateway.rules.declaration import At, Context, rule
from gateway.vocabulary import CME_CREDIT, OUTLINE_KEYWORDS, OUTLINE_SOURCES, folded

_TWO_CREDITS = (Credit(CME_CREDIT, Decimal(2)),)


_TYPES = {"ABP": ("Lifelong Learning and Self-Assessment",)}
_KNOWLEDGE = ("Medical Knowledge",)


def _moc(board: str, points: str, claimed: date | None = None, **fields: Any) -> MocRegistration:
    plain = MocRegistration(board, Decimal(points), _TYPES.get(board, _KNOWLEDGE), claimed)
    return replace(plain, **fields)


def _registered(**fields: Any) -> dict[str, Any]:
    """An example's registration with ABIM, without the specialties that would lean on others."""
    return {"moc_registrations": (_moc("ABIM", "0.25", **fields),), "specialties": ()}


@rule(
    "A701",
    "moc_registrations",
    remedy="Use one of the boards that GetServiceInfo lists, within its dates.",
    source="JS-ACT, NEWS",
    good={"moc_registrations": (_moc("ABP", "0.25"),)},
    bad={"moc_registrations": (_moc("ABXX", "0.25"),)},
)
def board_takes_part_when_the_activity_is_held(activity: Activity, context: Context) -> Iterable[object]:
    """A board of a MOC registration takes part in the collaboration for activities of these dates."""
    days, listed = (activity.start_date, activity.end_date), enumerate(activity.moc_registrations)
    return [_at(n, one.board) for n, one in listed if not takes_part(one.board, *days)]


@rule(
    "A702",
    "moc_registrations",
    remedy="Give points from 0.25 to 9,999.75, rounded to a quarter.",
    source="JS-ACT; the upper limit is the gateway's own",
    good={"moc_registrations": (_moc("ABIM", "0.25"),)},
    bad={"moc_registrations": (_moc("ABIM", "0.1"),), "specialties": ()},
)
def moc_points_come_in_quarters(activity: Activity, context: Context) -> Iterable[object]:
    """MOC points are at least 0.25, less than 10,000, and in steps of 0.25."""
    listed = enumerate(activity.moc_registrations)
    return [_at(n, one.points) for n, one in listed if one.points is not None and not in_quarters(one.points)]


@rule(
    "A703",
    "moc_registrations",
    remedy="Lower the points, or correct the credit.",
    source="FAQ-7922; that AMA PRA Category 1 counts, where it is given, is the gateway's own reading",
    good={"credits": _TWO_CREDITS, "moc_registrations": (_moc("ABIM", "2"),)},
    bad={"credits": _TWO_CREDITS, "moc_registrations": (_moc("ABIM", "2.25"),), "specialties": ()},
)
def moc_points_are_not_above_the_credit(activity: Activity, context: Context) -> Iterable[object]:
    """MOC points are not above the CME credit of the activity."""
    told = [(n, one.points) for n, one in enumerate(activity.moc_registrations)]
    points = [(n, amount) for n, amount in told if amount is not None and amount.is_finite()]
    known = all(one.amount is not None for one in activity.credits)  # what is missing may be the most
    credit = most_cme(activity) if points and known else None
    return [_at(n, amount) for n, amount in points if credit is not None and amount > credit]


@rule(
    "A704",
    "moc_registrations",
    remedy="Put all credit types of a board into one registration.",
    source="JS-ACT",
    good={"moc_registrations": (_moc("ABIM", "0.25"), _moc("ABP", "0.25"))},
    bad={"moc_registrations": (_moc("ABIM", "0.25"), _moc("ABIM", "0.25")), "specialties": ()},
)
def board_is_registered_once(activity: Activity, context: Context) -> Iterable[object]:
    """An activity is registered once with each board."""
    again = repeated(registration.board for registration in activity.moc_registrations)
    return [_at(n, name) for n, name in again]


@rule(
    "A705",
    "moc_registrations",
    remedy="Give the last day on which MOC credit may be claimed.",
    source="JS-ACT, FAQ-status",
    good={"moc_registrations": (_moc("ABIM", "0.25", date.max),)},
    bad={"moc_registrations": (_moc("ABIM", "0.25", date.min),), "specialties": ()},
)
def claim_date_is_not_before_start(activity: Activity, context: Context) -> Iterable[object]:
    """MOC credit is not to be claimed before the activity starts."""
    start, listed = activity.start_date, enumerate(activity.moc_registrations)
    return [_at(n, day) for n, one in listed if (day := one.claim_date) and start and day < start]


@rule(
    "A706",
    "moc_registrations",
    severity=Severity.WARNING,
    remedy="Use the credit types that GetServiceInfo lists with the board.",
    source="MOCLIST, MOCG; their wording on the wire is not publicly known",
    good=_registered(credit_types=("Medical Knowledge (Part II)", "patient safety")),
    bad=_registered(credit_types=("Nursing",)),
)
def credit_type_is_of_its_board(activity: Activity, context: Context) -> Iterable[object]:
    """A credit type of a MOC registration is one that the board grants on the day the activity starts."""
    return [
        _at(n, type)
        for n, one in enumerate(activity.moc_registrations)
        if (board := BOARDS.get(one.board or ""))
        for _, type in _unlisted(one.credit_types, types_of(board, activity.start_date))
    ]


@rule(
    "A707",
    "moc_registrations",
    severity=Severity.WARNING,
    since=(2, 1),
    remedy="Use the practice areas that GetServiceInfo lists with the board.",
    source="MOCLIST",
    good=_registered(practice_areas=("Internal Medicine",)),
    bad=_registered(practice_areas=("Otology",)),
)
def practice_area_is_of_its_board(activity: Activity, context: Context) -> Iterable[object]:
    """A practice area of a MOC registration is one of the board's on the day the activity starts."""
    return [
        _at(n, area)
        for n, one in enumerate(activity.moc_registrations)
        for _, area in _unlisted(one.practice_areas, _areas(one, activity), folded)
    ]


@rule(
    "A708",
    "specialties",
    severity=Severity.WARNING,
    remedy="Use the practice areas that GetServiceInfo lists with the boards of the activity.",
    source="MOCLIST, JS-ACT",
    good=_registered() | {"specialties": ("Internal Medicine",)},
    bad=_registered() | {"specialties": ("Otology",)},
)
def specialty_is_of_a_board(activity: Activity, context: Context) -> Iterable[object]:
    """Where an activity is registered for MOC, a specialty is a practice area of one of its boards."""
    if not activity.specialties:
        return ()
    listed = [_areas(registration, activity) for registration in activity.moc_registrations]
    if not listed or not all(listed):
        return ()
    known = frozenset[str]().union(*listed)
    return [At(f"specialties[{n}]", area) for n, area in _unlisted(activity.specialties, known, folded)]


@rule(
    "A709",
    "content_outlines",
    severity=Severity.WARNING,
    since=(2, 1),
    remedy=f"Use {' or '.join(OUTLINE_SOURCES)}, and in it {', '.join(OUTLINE_KEYWORDS)}.",
    source="JS-ACT",
    good={"content_outlines": (ContentOutline("01_ABAMCO", (OutlineKey("Level 3 ID", "1.2.3"),)),)},
    bad={"content_outlines": (ContentOutline("09_ABAMCO", (OutlineKey("Level 3 ID", "1.2.3"),)),)},
)
def outline_is_known(activity: Activity, context: Context) -> Iterable[object]:
    """A selection from a content outline is one that PARS knows, and so is how its entries are named."""
    outlines = activity.content_outlines
    sources = [outline.source for outline in outlines if outline.source not in OUTLINE_SOURCES]
    keywords = (key.keyword for outline in outlines for key in outline.keys)
    return sources + [keyword for keyword in keywords if keyword not in OUTLINE_KEYWORDS]


def disturbed(before: Activity, after: Activity) -> tuple[str, ...]:
    """Those boards of an activity which give all of its learners the registered points, and which it would
    no longer be registered with for just these."""
    points = {one.board: one.points for one in after.moc_registrations}
    return tuple(
        one.board
        for one in before.moc_registrations
        if one.board
        and (board := BOARDS.get(one.board))
        and board.one_report
        and (one.board not in points or one.points not in (None, points[one.board]))
    )


def _at(n: int, value: object) -> At:
    return At(f"moc_registrations[{n}]", value)


def _areas(registration: MocRegistration, activity: Activity) -> frozenset[str]:
    board = BOARDS.get(registration.board or "")
    return areas_of(board, activity.start_date) if board else frozenset()


def _unlisted(
    names: Iterable[str], known: frozenset[str], word: Callable[[str], str] = str.casefold
) -> list[tuple[int, str]]:
    """Those that a list lacks, and where each stands; an empty list means no check."""
    return [(n, name) for n, name in enumerate(names) if known and word(name) not in known]
