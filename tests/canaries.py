"""Learners who can be told from everything else wherever they are written: all invented.

Each of their values is unlike any other text, so that a single one of them in a log, a fault, a row or a
file is found. The birthday is half a year from today, since most dates that are written are near it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import count

from gateway.records import Identifier, Learner, RegisterRow

MARK = "Zqxjvk"
"""Stands in every name, licence number and board id but those of six digits."""

SIX_DIGITS = "ABIM"
_AWAY = datetime.now() + timedelta(days=182)  # noqa: DTZ005  any clock will do
BIRTHDAY = f"{_AWAY:%m-%d}" if f"{_AWAY:%m-%d}" != "02-29" else "02-28"
_numbers = count(1)
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{16,}={0,2}")


def a_canary(ending: str = "01", board: str = "ABA", state: str = "VT") -> RegisterRow:
    """A person as the register has them, another one each time; a simulated board does what `ending` says."""
    number = next(_numbers)
    six = f"9{number:03}{ending}"
    return RegisterRow(
        person=f"person-{number}",
        state=state,
        licence=f"L{MARK}{number:03}",
        npi=npi(number),
        board=board,
        board_id=six if board == SIX_DIGITS else f"{MARK}-{six}",
        given=f"G{MARK}{number:03}",
        family=f"F{MARK}{number:03}",
        suffix=f"S{MARK}{number:03}",
        birthday=BIRTHDAY,
    )


def npi(number: int) -> str:
    """An invented NPI with the check digit it has to have."""
    digits = f"80840187{number:06}"
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(digits))]
    return digits[5:] + str(-sum(value // 10 + value % 10 for value in doubled) % 10)


def said(row: RegisterRow) -> Learner:
    """The learner whom a sender reports, with every number there is."""
    numbers = (
        Identifier(row.board, row.board_id),
        Identifier(row.state, row.licence),
        Identifier("NPI", row.npi),
    )
    return Learner((row.given,), (row.family,), row.suffix, row.birthday, numbers)


def tokens(rows: Iterable[RegisterRow]) -> re.Pattern[bytes]:
    """Matches any personal value of these people in what was written."""
    numbers = {row.npi for row in rows} | {row.board_id for row in rows if row.board == SIX_DIGITS}
    month, day = BIRTHDAY.split("-")
    dates = rf"{month}[-/]{day}|1904-?{month}-?{day}"
    alone = "|".join((*sorted(numbers), dates))  # a number within a longer one is another one
    return re.compile(rf"(?i:{MARK}[-\w]*)|(?<![\d.])(?:{alone})(?!\d)".encode())


def values_of(row: RegisterRow) -> re.Pattern[bytes]:
    """Matches what is of this person alone: the birthday is that of all."""
    alone = (row.given, row.family, row.suffix, row.licence, row.npi, row.board_id)
    return re.compile(rf"(?i)(?<![\d.])(?:{'|'.join(alone)})(?!\d)".encode())


def leaks(written: bytes, wanted: re.Pattern[bytes]) -> list[str]:
    """Where a personal value stands in bytes, as they are, as UTF-16, or behind base64."""
    forms = [written, *(form for form in _decoded(written))]
    if b"\0" in written:
        forms += [written.replace(b"\0", b"")]
    return [
        form[max(0, hit.start() - 40) : hit.end() + 20].decode("latin-1")
        for form in forms
        for hit in wanted.finditer(form)
    ]


def _decoded(written: bytes) -> Iterator[bytes]:
    for hit in _BASE64.finditer(written):
        try:
            yield base64.b64decode(hit[0] + b"=" * (-len(hit[0]) % 4))
        except binascii.Error:
            continue
