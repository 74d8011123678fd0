"""Activities of every kind for hypothesis: what senders may say in each version, and what a store may hold.

The texts are whatever XML can carry; the words that our schemas enumerate are drawn from them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from gateway import vocabulary as words
from gateway.records import (
    Activity,
    CategoryCount,
    ContentOutline,
    Credit,
    InKindSupport,
    Location,
    MeasuredOutcome,
    MocRegistration,
    MonetarySupport,
    OutlineKey,
    StateContent,
    replace,
)
from gateway.schemas import activity_v1_0, activity_v2_0, activity_v2_1

T = TypeVar("T")
V1, V2, V21 = activity_v1_0.VERSION, activity_v2_0.VERSION, activity_v2_1.VERSION
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
    "providership": perhaps(st.sampled_from((words.DIRECT, words.JOINT))),
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


def registration(**later: SearchStrategy[Any]) -> SearchStrategy[MocRegistration]:
    """A registration with a board, with what 2.1 has made of it."""
    types = st.lists(text, max_size=3, unique_by=str.casefold).map(tuple)
    return st.builds(MocRegistration, text.map(str.upper), perhaps(number), types, perhaps(day), **later)


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
    "moc_registrations": some(registration(practice_areas=st.just(()), attested=st.just(True))),
    "mips": perhaps(flag),
    "rems_type": perhaps(st.sampled_from(words.REMS_TYPES)),
}


def several(items: SearchStrategy[T], by: Callable[[T], object]) -> SearchStrategy[tuple[T, ...]]:
    """One to three of them, each of another kind."""
    return st.lists(items, min_size=1, max_size=3, unique_by=by).map(tuple)


_key = st.builds(OutlineKey, st.sampled_from(words.OUTLINE_KEYWORDS), text)
_source = st.sampled_from(words.OUTLINE_SOURCES) | text
_outline = st.builds(ContentOutline, _source, several(_key, by=lambda key: key))
_category = st.sampled_from(words.PARTICIPANT_CATEGORIES) | text.filter(
    lambda said: (
        said.casefold() not in {one for word, also in words.OTHER_WORDS.items() for one in (word, *also)}
    )
)
LATER: dict[str, SearchStrategy[Any]] = {
    "moc_registrations": some(registration(practice_areas=some(text), attested=flag)),
    "participants": some(st.builds(CategoryCount, _category, st.integers(0, 9_999))),
    "professions": few(*words.PROFESSIONS),
    "interprofessional": perhaps(flag),
    "content_outlines": st.just(()) | several(_outline, by=lambda outline: outline.source),
    "rems_identifiers": some(text),
    "has_state_content": perhaps(flag),
    "state_content": some(st.builds(StateContent, text, perhaps(text))),
    "pharmacy_type": perhaps(st.sampled_from(words.PHARMACY_TYPES)),
    "pharmacy_topic": perhaps(st.sampled_from(words.PHARMACY_TOPICS)),
    "pharmacy_live_date": perhaps(day),
    "pharmacy_sequence": perhaps(st.integers(1, 9_999)),
    "uan_pharmacy": perhaps(text),
    "uan_pharmacy_tech": perhaps(text),
    "pharmacy_recertifications": perhaps(st.sampled_from(words.SURE_OR_NOT)),
    "pharmacy_content_tags": perhaps(st.sampled_from(words.SURE_OR_NOT)),
}


def _typed(activity: Activity) -> Activity:
    type = words.legacy_type_named(activity.legacy_type)
    return replace(activity, format=type.format if type else None)


legacy = st.builds(Activity, **SHARED | BEFORE).map(_typed)
"""What a sender of 1.0 can say; the format is other words for the type."""

present = st.builds(Activity, **SHARED | SINCE)
"""What a sender of 2.0 can say."""

newest = st.builds(Activity, **SHARED | SINCE | LATER).map(activity_v2_1.complete)
"""What a sender of 2.1 can say; who counts other learners by category has counted them."""

read_as_1_0 = legacy.map(lambda said: activity_v1_0.complete(replace(said, born="1.0")))
read_as_2_0 = present.map(lambda said: replace(said, born="2.0"))
read_as_2_1 = newest.map(lambda said: replace(said, born="2.1"))
READ = {V1: read_as_1_0, V2: read_as_2_0, V21: read_as_2_1}

stored = st.one_of(
    *READ.values(),
    *(
        st.builds(later.update, first, then)
        for born, first in READ.items()
        for later, then in READ.items()
        if born is not later
    ),
)
"""What a store may hold: reported in one version, or in two, one after the other."""
