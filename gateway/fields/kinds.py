"""Kinds of values: how dates, numbers and words are spelled on the wire."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

LONGEST_TEXT = 4_096  # characters of one field
LONGEST_DESCRIPTION = 65_536
MOST_DIGITS = 18
MOST_REMEMBERED = 2_048
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_WHOLE = re.compile(r"[+-]?[0-9]+")


@dataclass(frozen=True, slots=True)
class Kind:
    """How a value is spelled on the wire; `read` raises ValueError with a sentence for the sender."""

    read: Callable[[str], Any]
    write: Callable[[Any], str] = str


def _text(longest: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if len(text) > longest:
            raise ValueError(f"It is longer than {longest:,} characters.")
        return text

    return read


def _spelled(text: str, shape: re.Pattern[str], what: str) -> str:
    """Let pass only what looks like it: `1E999999999` must not even be tried."""
    if not shape.fullmatch(text):
        raise ValueError(f"It is not a {what}.")
    if len(text) > MOST_DIGITS and sum(map(str.isdigit, text)) > MOST_DIGITS:
        raise ValueError(f"It has more than {MOST_DIGITS} digits.")
    return text


# Days and numbers are the same in most records, and are short: they are remembered by their text. Nothing
# else is, least of all what says something of a person.


@functools.lru_cache(MOST_REMEMBERED)
def _calendar_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("It is not a date of the calendar.") from None


def _day(text: str) -> date:
    return _calendar_day(text[:10])  # the date as written counts, whatever its time and zone


@functools.lru_cache(MOST_REMEMBERED)
def _number(text: str) -> Decimal:
    return Decimal(_spelled(text, _NUMBER, "number"))


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("It is not a moment of the calendar.") from None


TEXT = Kind(_text(LONGEST_TEXT))
LONG_TEXT = Kind(_text(LONGEST_DESCRIPTION))
DATE = Kind(_day, date.isoformat)
MIDNIGHT = Kind(_day, lambda day: f"{day}T00:00:00")
MOMENT = Kind(_moment, lambda moment: str(moment.isoformat(timespec="seconds")))
DECIMAL = Kind(_number, lambda number: f"{number:f}")
WHOLE = Kind(lambda text: int(_spelled(text, _WHOLE, "whole number")))
BOOLEAN = Kind(lambda text: text in {"true", "1"}, lambda value: "true" if value else "false")
YES_NO = Kind(lambda text: text == "yes", lambda value: "yes" if value else "no")
