"""Samples that are wrong on purpose, each in one named way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, TypeVar

from gateway.records import Activity, Completion, replace

R = TypeVar("R", Activity, Completion)
Breaks = Sequence[tuple[str, Mapping[str, Any]]]
"""Each the code of a rule, and the changes to a record's fields that break it."""


def maybe_broken(chance: Random, record: R, breaks: Breaks, percent: int) -> tuple[R, str | None]:
    """The record, and None; or, in about `percent` of a hundred, what one of the breaks makes of it, and
    the code of its rule."""
    if chance.randrange(100) >= percent or not breaks:
        return record, None
    code, changes = chance.choice(breaks)
    return replace(record, **changes), code
