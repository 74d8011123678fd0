"""Values as statements take them: lists that are not too long, and titles as they are searched by."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator
from typing import TypeVar

Value = TypeVar("Value", int, str, bytes)

CHUNK = 5_000  # values in one IN list: SQLite takes 32,766 parameters in a statement


def chunks(values: Collection[Value]) -> Iterator[list[Value]]:
    """All of them, in lists of `CHUNK` at most and in order: whoever locks, locks in the same order."""
    ordered = sorted(values)
    return (ordered[start : start + CHUNK] for start in range(0, len(ordered), CHUNK))


def title_key(title: str) -> str:
    """A title as it is compared: whatever the case, and however its letters are put together."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", title).casefold())
