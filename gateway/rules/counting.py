"""How many took part: A6, beside what an activity did (accreditation)."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.records import Activity, CategoryCount, Severity
from gateway.rules.accreditation import repeated
from gateway.rules.declaration import At, Context, rule
from gateway.vocabulary import PARTICIPANT_CATEGORIES


@rule(
    "A601",
    "physicians",
    remedy="Give the number of physicians; 0 is allowed.",
    source="SEED1, FAQ-status",
    good={"physicians": 0},
    bad={"physicians": -1},
)
def physicians_are_not_negative(activity: Activity, context: Context) -> bool:
    """The count of physicians is not negative."""
    return activity.physicians is None or activity.physicians >= 0


@rule(
    "A602",
    "other_learners",
    remedy="Give the number of other learners; 0 is allowed.",
    source="SEED1, FAQ-status",
    good={"other_learners": 0, "participants": ()},
    bad={"other_learners": -1, "participants": ()},
)
def other_learners_are_not_negative(activity: Activity, context: Context) -> bool:
    """The count of other learners is not negative."""
    return activity.other_learners is None or activity.other_learners >= 0


_TWO_NURSES = (CategoryCount("nurse", 2),)


@rule(
    "A605",
    "participants",
    severity=Severity.WARNING,
    since=(2, 1),
    remedy="Write physician for physicians, non-physician for all other learners together, or a category as "
    "Joint Accreditation does, such as nurse, or other. What is none of these counts as other learners.",
    source="JA, JS-ACT",
    good={"participants": _TWO_NURSES, "other_learners": 2},
    bad={"participants": (CategoryCount("cook", 2),), "other_learners": 2},
)
def category_is_known(activity: Activity, context: Context) -> Iterable[object]:
    """A category of learners is one of those that Joint Accreditation counts."""
    return [
        At(f"participants[{n}]", one.category)
        for n, one in enumerate(activity.participants)
        if (one.category or "").casefold() not in PARTICIPANT_CATEGORIES
    ]


@rule(
    "A606",
    "participants",
    since=(2, 1),
    remedy="Give each category once, with all of its learners.",
    source="JS-ACT; once is the gateway's own reading",
    good={"participants": (*_TWO_NURSES, CategoryCount("pharmacist", 1)), "other_learners": 3},
    bad={"participants": (*_TWO_NURSES, CategoryCount("Nurse", 1)), "other_learners": 3},
)
def category_is_counted_once(activity: Activity, context: Context) -> Iterable[object]:
    """The learners of a category are counted once."""
    again = repeated((one.category or "").casefold() for one in activity.participants)
    return [At(f"participants[{n}]", name) for n, name in again]


@rule(
    "A607",
    "participants",
    since=(2, 1),
    remedy="Give the number of learners of the category; 0 is allowed.",
    source="FAQ-status, JS-ACT",
    good={"participants": (CategoryCount("nurse", 0),), "other_learners": 0},
    bad={"participants": (CategoryCount("nurse", -1), CategoryCount("other", 3)), "other_learners": 2},
)
def category_is_not_negative(activity: Activity, context: Context) -> Iterable[object]:
    """The count of a category is not negative."""
    return [
        At(f"participants[{n}]", one.count)
        for n, one in enumerate(activity.participants)
        if one.count is not None and one.count < 0
    ]


@rule(
    "A608",
    "other_learners",
    since=(2, 1),
    remedy="Leave the count of other learners out: it is the sum of the categories; or correct one of both.",
    source="JS-ACT; that both agree is the gateway's own reading",
    good={"participants": (*_TWO_NURSES, CategoryCount("other", 5)), "other_learners": 7},
    bad={"participants": (*_TWO_NURSES, CategoryCount("other", 5)), "other_learners": 6},
)
def other_learners_are_the_sum_of_their_categories(activity: Activity, context: Context) -> bool:
    """Other learners that are counted by category as well are as many as all categories together."""
    return activity.others_by_category in (None, activity.other_learners)
