"""A claim as the boards are asked about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from gateway.records import Claim


def a_claim(**other: Any) -> Claim:
    """A credit of a learner, of whom other things may be said."""
    return replace(_CLAIM, **other)


_CLAIM = Claim(
    reference="r1",
    board_id="900001",
    given_names=("Zarathustra",),
    family_names=("Quux",),
    birthday="02-29",
    provider_id="0001234",
    activity_id="202600001",
    activity_title="Sleep",
    credit_type="Medical Knowledge",
    amount=Decimal("1.25"),
    completed_on=date(2026, 3, 9),
)
