"""What the simulated boards do by magic values: one table that drives them and is printed in docs/boards.md.

A board id is magic when it ends in six digits of which the first is 9: the last two say what happens.
Every other id is that of a learner the board knows, by whatever name and birthday are sent.
"""

from __future__ import annotations

import enum
import functools
import re
import unicodedata
from dataclasses import dataclass

MAGIC = re.compile(r"(?<!\d)9\d{3}(\d\d)\Z", re.ASCII)


class Mishap(enum.StrEnum):
    """What befalls a whole call."""

    RESET = "reset"
    DRIP = "drip"
    SILENCE = "silence"
    ERROR = "500"
    BUSY = "503"
    FAULT = "fault"
    MALFORMED = "malformed"
    CUT = "cut"
    WRONG_REFERENCE = "wrong-reference"
    HUGE = "huge"
    EMPTY = "empty"
    HTML = "html"
    REDIRECT = "redirect"


UNDONE = {Mishap.ERROR, Mishap.BUSY, Mishap.FAULT, Mishap.REDIRECT, Mishap.SILENCE}
"""The mishaps before which the board has decided nothing; with all others it has, and fails to say so."""


class Oddity(enum.StrEnum):
    """What is odd about the answer for one record, while those beside it are answered well."""

    LEFT_OUT = "left out"
    CONTRADICTED = "contradicted"
    UNHEARD_OF = "unheard of"
    MISNAMED = "misnamed"


class Reason(enum.StrEnum):
    """Why a board rejects a record, in words that every board uses here."""

    NOT_FOUND = "No diplomate with this board ID"
    OTHER_NAME = "The name does not agree with the board's record"
    OTHER_BIRTHDAY = "The birth month and day do not agree with the board's record"
    NOT_ENROLLED = "The diplomate does not take part in the program"
    OTHER_TYPE = "The activity is not registered for this credit type"
    OTHER_ACTIVITY = "The activity is not registered with this board"
    TOO_MANY_POINTS = "More points than the activity is registered for"
    DUPLICATE = "Credit for this activity has been received before"
    TOO_LATE = "The completion was reported too late"
    WITHDRAWN = "The record was withdrawn"


@dataclass(frozen=True, slots=True)
class Magic:
    """A row of the table: the last two digits of a board id, and what happens.

    `reason`: rejected so. `mishap`: befalls the first `times` calls with the record in it. `oddity`:
    befalls the record alone in the first `times` answers. `seconds`: the board takes so long over the
    first call with it; one that gives tickets is at once there, and decides so much later. In the end a
    record is accepted where it has no reason.
    """

    ending: str
    does: str
    reason: Reason | None = None
    mishap: Mishap | None = None
    oddity: Oddity | None = None
    times: int = 1
    seconds: float = 0


TABLE = (
    Magic("01", "accepted"),
    Magic("11", "rejected: not found", Reason.NOT_FOUND),
    Magic("12", "rejected: the name disagrees", Reason.OTHER_NAME),
    Magic("13", "rejected: the birth date disagrees", Reason.OTHER_BIRTHDAY),
    Magic("14", "rejected: not in the program", Reason.NOT_ENROLLED),
    Magic("15", "rejected: credit type not registered", Reason.OTHER_TYPE),
    Magic("16", "rejected: activity not registered", Reason.OTHER_ACTIVITY),
    Magic("17", "rejected: too many points", Reason.TOO_MANY_POINTS),
    Magic("18", "rejected: duplicate", Reason.DUPLICATE),
    Magic("19", "rejected: too late", Reason.TOO_LATE),
    Magic("21", "the first call takes 1 second", seconds=1),
    Magic("22", "the first call takes 5 seconds", seconds=5),
    Magic("23", "the first call takes 60 seconds", seconds=60),
    Magic("31", "decided, then the connection is reset", mishap=Mishap.RESET),
    Magic("32", "decided, then the answer comes in drips", mishap=Mishap.DRIP),
    Magic("33", "no answer: the connection stays open and silent", mishap=Mishap.SILENCE),
    Magic("34", "HTTP 500 with a page of HTML", mishap=Mishap.ERROR),
    Magic("35", "HTTP 503", mishap=Mishap.BUSY),
    Magic("36", "a SOAP fault", mishap=Mishap.FAULT),
    Magic("37", "decided, then the answer is malformed XML", mishap=Mishap.MALFORMED),
    Magic("38", "decided, then the answer ends in the middle", mishap=Mishap.CUT),
    Magic("39", "decided, then the answer is 64 MB long", mishap=Mishap.HUGE),
    Magic("40", "decided, then the answer is empty", mishap=Mishap.EMPTY),
    Magic("41", "decided, then HTTP 200 with a page of HTML", mishap=Mishap.HTML),
    Magic("42", "HTTP 307 to another address, which counts who follows", mishap=Mishap.REDIRECT),
    Magic("43", "down for a while: HTTP 503 three times", mishap=Mishap.BUSY, times=3),
    Magic("51", "decided, but left out of the answer", oddity=Oddity.LEFT_OUT),
    Magic("52", "decided, then accepted and rejected in one answer", oddity=Oddity.CONTRADICTED),
    Magic("53", "decided, then answered with a word nobody has heard of", oddity=Oddity.UNHEARD_OF),
    Magic("54", "decided, then answered under another reference", oddity=Oddity.MISNAMED),
)

_BY_ENDING = {row.ending: row for row in TABLE}
NOTHING = Magic("", "accepted")


@dataclass(frozen=True, slots=True)
class Known:
    """A diplomate of whom the board knows more than the id. Invented, as everybody here."""

    name: str
    birthday: str


ROSTER = {
    "990001": Known("Ada Quimby-Torres", "02-29"),
    "990002": Known("Börje Ōnishi", "12-31"),
}
"""Ids, as the last six digits, whose name and birthday are really compared."""


@dataclass(frozen=True, slots=True, repr=False)
class Record:
    """One credit of one learner, as a board reads it from a call: given names before family names,
    the birthday as MM-DD."""

    reference: str
    board_id: str
    name: str
    birthday: str
    activity_id: str
    credit_type: str


@functools.lru_cache(4096)
def magic(board_id: str) -> Magic:
    """The row of a board id; for all that are not magic the one by which nothing happens."""
    match = MAGIC.search(board_id)
    return _BY_ENDING.get(match[1], NOTHING) if match and board_id[-6:] not in ROSTER else NOTHING


def reason(record: Record) -> Reason | None:
    """Why the board rejects a record, looked at for itself; None where it accepts it."""
    known = ROSTER.get(record.board_id[-6:])
    if known is None:
        return magic(record.board_id).reason
    if _plain(record.name) != _plain(known.name):
        return Reason.OTHER_NAME
    return None if record.birthday == known.birthday else Reason.OTHER_BIRTHDAY


def _plain(name: str) -> str:
    """A name without accents, whatever the case."""
    letters = unicodedata.normalize("NFKD", name)
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(bare.casefold().split())
