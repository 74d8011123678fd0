"""Activities of every kind for hypothesis: what senders may say in each version, and what a store may hold.

The texts are whatever XML can carry; the words that our schemas enumerate are drawn from them.
"""

from __future__ import annotations

from datetime import date
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from gateway import vocabulary as words
from gateway.records import (
    Activity,
    Credit,
    InKindSupport,
    Location,
    MeasuredOutcome,
    MocRegistration,
    MonetarySupport,
    replace,
)
from gateway.schemas import activity_v1_0, activity_v2_0

T = TypeVar("T")
V1, V2 = activity_v1_0.VERSION, activity_v2_0.VERSION
FORMATS = [format.name for format in words.FORMATS]


def some(items: SearchStrategy[T]) -> SearchStrategy[tuple[T, ...]]:
    """None to three of them, in any order."""
    return st.lists(items, max_size=3).map(tuple)


def few(*items: str) -> SearchStrategy[tuple[str, ...]]:
    """None to three different ones."""
    return st.lists(st.sampled_from(items), max_size=3, unique=True).map(tuple)


def perhaps(item: SearchStrategy[T]) -> SearchStrategy[T | None]:
    """One, or nothing."""
    return st.none() | item


_in_xml = st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\ufffe\uffff")
text = st.text(_in_xml | st.sampled_from("\n\t<&>\"']"), min_size=1, max_size=20).map(str.strip).filter(bool)
day = st.dates(date(1990, 1, 1), date(2040, 12, 31))
number = st.decimals(0, 9_999, places=2)
count = st.integers(0, 2**31 - 1)
money = st.integers(-(10**18) + 1, 10**18 - 1)
flag = st.booleans()
kinds = few(*words.IN_KIND_KINDS)

location = st.builds(
    Location,
    perhaps(text),
    perhaps(st.sampled_from(sorted(words.US_STATES))),
    st.sampled_from(["USA", "CAN"]),
)
credit = st.builds(Credit, perhaps(text), perhaps(number), some(text)).filter(lambda one: one != Credit())

SHARED: dict[str, SearchStrategy[Any]] = {
    "activity_id": perhaps(st.from_regex("[0-9]{9}", fullmatch=True)),
    "provider_activity_id": perhaps(text),
    "url": perhaps(text),
    "title": perhaps(text),
    "description": perhaps(text),
    "reporting_start": day,
    "reporting_end": day,
    "credits": some(credit),
    "location": perhaps(location),
    "start_date": perhaps(day),
    "end_date": perhaps(day),
    "providership": perhaps(st.sampled_from(words.PROVIDERSHIPS)),
    "commercial_support": perhaps(flag),
    "monetary_supports": some(st.builds(MonetarySupport, money, perhaps(text), perhaps(st.just("USD")))),
    "physicians": perhaps(count),
    "other_learners": perhaps(count),
    "specialties": some(text),
}
BEFORE: dict[str, SearchStrategy[Any]] = {
    "legacy_type": st.sampled_from([type.code for type in words.LEGACY_TYPES]),
    "hours_of_instruction": perhaps(number),
    "competencies": some(text),
    **dict.fromkeys((field.name for field in activity_v1_0.FLAGS), perhaps(flag)),
    **dict.fromkeys((field.name for field in activity_v1_0.INCOME), perhaps(money)),
    "in_kind_supports": some(st.builds(InKindSupport, text, kinds)),
}
SINCE: dict[str, SearchStrategy[Any]] = {
    "format": st.sampled_from(FORMATS),
    "in_kind_supports": some(st.builds(InKindSupport, text)),
    "delivery_methods": few(*words.DELIVERY_METHODS),
    "passport": perhaps(flag),
    "fee": perhaps(st.sampled_from(words.FEES)),
    "registration": perhaps(st.sampled_from(words.REGISTRATIONS)),
    "outcomes": some(
        st.builds(MeasuredOutcome, st.sampled_from(words.OUTCOMES), few(*words.MEASUREMENT_TYPES))
    ),
    "commendation_tags": some(text),
    "moc_registrations": some(st.builds(MocRegistration, text, perhaps(number), some(text), perhaps(day))),
    "mips": perhaps(flag),
    "rems_type": perhaps(st.sampled_from(words.REMS_TYPES)),
}


def _typed(activity: Activity) -> Activity:
    type = words.legacy_type_named(activity.legacy_type)
    return replace(activity, format=type.format if type else None)


legacy = st.builds(Activity, **SHARED | BEFORE).map(_typed)
"""What a sender of 1.0 can say; the format is other words for the type."""

present = st.builds(Activity, **SHARED | SINCE)
"""What a sender of 2.0 can say."""

read_as_1_0 = legacy.map(lambda said: activity_v1_0.complete(replace(said, born="1.0")))
read_as_2_0 = present.map(lambda said: replace(said, born="2.0"))

stored = st.one_of(
    read_as_1_0,
    read_as_2_0,
    st.builds(V2.update, read_as_1_0, read_as_2_0),
    st.builds(V1.update, read_as_2_0, read_as_1_0),
)
"""What a store may hold: reported in one version, or in both, one after the other."""
