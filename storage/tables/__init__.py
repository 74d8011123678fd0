"""The tables, as the newest migration leaves them; every row but a counter's belongs to a provider."""

from storage.tables.accounts import attempts, nonces, providers, secrets, users
from storage.tables.activity import (
    ENDLESS,
    LONG,
    MOST_YEARS,
    REPEATING,
    SEARCHED_ACTIVITIES,
    UNCLOSED,
    activities,
    counters,
)
from storage.tables.calls import HOLDING, audit, audit_anchors, payloads, receipts
from storage.tables.columns import living, metadata
from storage.tables.learners import (
    CREDITED,
    OPEN,
    SEARCHED,
    WAITS,
    credits,
    held,
    may_be_held,
    participants,
    questions,
    workers,
)
from storage.tables.people import match_counts, register
from storage.tables.years import counts, due_days, program_steps, reopenings

__all__ = [
    "CREDITED",
    "ENDLESS",
    "HOLDING",
    "LONG",
    "MOST_YEARS",
    "OPEN",
    "REPEATING",
    "SEARCHED",
    "SEARCHED_ACTIVITIES",
    "UNCLOSED",
    "WAITS",
    "activities",
    "attempts",
    "audit",
    "audit_anchors",
    "counters",
    "counts",
    "credits",
    "due_days",
    "held",
    "living",
    "match_counts",
    "may_be_held",
    "metadata",
    "nonces",
    "participants",
    "payloads",
    "program_steps",
    "providers",
    "questions",
    "receipts",
    "register",
    "reopenings",
    "secrets",
    "users",
    "workers",
]
