"""Completions of every kind for hypothesis: what senders may say in each version of the learner payload.

The texts are whatever XML can carry; the words that our schemas enumerate are drawn from them.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from activities import day, number, perhaps, some, text
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from gateway import vocabulary as words
from gateway.records import ClaimedCredit, Completion, Identifier, Learner, Participant, Regulation

PROFESSIONS = ("Physician", "Nurse", "Pharmacist", "Other healthcare professional")
DEA_REGISTRATIONS = ("Individual", "Institutional", "None")
PRACTICE_AREAS = ("General Surgery", "Hospice and/or Palliative Care", "N/A")
TIMES_IN_PRACTICE = ("Trainee", "0-5 years post training", "21+ years")

at_least_one = st.lists(text, min_size=1, max_size=3).map(tuple)
birthday = st.dates(date(1904, 1, 1), date(1904, 12, 31)).map("{:%m-%d}".format)
domain = st.sampled_from(["NPI", "ABIM", "ABPATH", *sorted(words.US_STATES)])
identifier = st.builds(Identifier, domain, text)
learner = st.builds(Learner, some(text), at_least_one, perhaps(text), perhaps(birthday), some(identifier))
credit = st.builds(
    ClaimedCredit,
    st.from_regex("ccid:[a-z]{1,5}:[0-9]{1,5}", fullmatch=True),
    perhaps(text),
    perhaps(st.just("Point")),
    perhaps(number),
)
participant = st.builds(
    Participant,
    text,
    st.just("idd:demo.example:ce"),
    perhaps(text),
    perhaps(st.sampled_from(DEA_REGISTRATIONS)),
    st.sampled_from(PROFESSIONS),
    perhaps(st.sampled_from(PRACTICE_AREAS)),
    perhaps(st.booleans()),
    perhaps(st.sampled_from(TIMES_IN_PRACTICE)),
)
regulation = st.builds(Regulation, perhaps(text), st.just("https://example.org/opioid-rems.pdf"))

SHARED: dict[str, SearchStrategy[Any]] = {
    "organization": text,
    "provider_organization": text,
    "activity_name": text,
    "activity_id": st.from_regex("[0-9]{9}", fullmatch=True),
    "module_name": text,
    "status": st.just("Completed"),
    "completed_on": day,
    "credits": some(credit),
}
SINCE: dict[str, SearchStrategy[Any]] = {"regulations": some(regulation)}

named = st.builds(Completion, learner=learner, **SHARED)
"""What a sender of 1.0 can say."""

counted = st.builds(
    Completion, participants=st.lists(participant, min_size=1, max_size=3).map(tuple), **SHARED | SINCE
)
"""Participants without names, which only 2.0 can say."""

present = st.one_of(st.builds(Completion, learner=learner, **SHARED | SINCE), counted)
"""What a sender of 2.0 can say."""
