"""Whose credit it is: CME credit, or that of the one board which grants it.

A credit names its type and never its board. The board follows from the type, from what the activity
is registered for and, where that leaves several, from whose identifier the learner has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache

from gateway.records import Activity, Board, ClaimedCredit, Completion, Kind, MocRegistration
from gateway.vocabulary import CME_CREDIT

# What AMA itself writes behind the name, and nothing else (the gateway's own reading).
_CME = re.compile(re.escape(CME_CREDIT) + r"( credits?| credit\(s\))? ?(™|\(tm\)|®)?", re.IGNORECASE)
_SPELLINGS = 1024


@dataclass(frozen=True, slots=True)
class Certificate:
    """A credit of a completion, with what was found out about it.

    `credit_type` is the one spelling under which it is kept, `boards` who may be meant (none: it is
    CME, or of no known board). `registered`: the activity is registered with them, and `named`: for
    this very type; `registration` is that with the only one of them.
    """

    credit: ClaimedCredit
    completion: Completion = field(repr=False)
    credit_type: str | None
    cme: bool = False
    boards: tuple[Board, ...] = ()
    registered: bool = False
    named: bool = False
    registration: MocRegistration | None = None

    @property
    def board(self) -> Board | None:
        """The board that grants it, if just one may be meant."""
        return self.boards[0] if len(self.boards) == 1 else None

    @property
    def kind(self) -> Kind:
        """Whose credit of which type it is, as it is kept."""
        return self.board.acronym if self.board else None, self.credit_type or ""

    @property
    def points(self) -> Decimal | None:
        """The points the activity is registered for with its board, if they are said."""
        return self.registration.points if self.registration else None

    @property
    def last_day(self) -> date | None:
        """The last day on which it may be claimed, if that is said."""
        return self.registration.claim_date if self.registration else None


def is_cme(credit_type: str | None) -> bool:
    """Whether a credit type is CME credit, whatever the case and with or without AMA's trade mark."""
    return credit_type == CME_CREDIT or (credit_type is not None and _spelled_as_cme(credit_type))


@lru_cache(_SPELLINGS)
def _spelled_as_cme(credit_type: str) -> bool:
    return _CME.fullmatch(_folded(credit_type)) is not None


@lru_cache(_SPELLINGS)
def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def certified(
    credit: ClaimedCredit, completion: Completion, activity: Activity | None, boards: Mapping[str, Board]
) -> Certificate:
    """Find out whose a credit is.

    Those boards come first for whose type the activity is registered, then those it is registered
    with, then any that grants it; among several, those whose identifier the learner has.
    """
    wanted = credit.credit_type
    if wanted is None or is_cme(wanted):
        return Certificate(credit, completion, wanted and CME_CREDIT, cme=wanted is not None)
    registrations = _registrations(activity, boards)
    named = [board for board, one in registrations if names_type(one, board, wanted)]
    near = named or [board for board, _ in registrations if _may_grant(board, wanted)]
    fitting = _identified(near or _granting(boards, completion, wanted), completion)
    board = fitting[0] if len(fitting) == 1 else None
    return Certificate(
        credit,
        completion,
        spelled(wanted, board),
        boards=fitting,
        registered=bool(near),
        named=bool(named),
        registration=next((one for other, one in registrations if other is board), None),
    )


def spelled(credit_type: str, board: Board | None) -> str:
    """The one spelling under which a type of credit of a board, or of none, is kept."""
    if is_cme(credit_type):
        return CME_CREDIT
    return (_granted(board, credit_type) if board else None) or credit_type


Registrations = list[tuple[Board, MocRegistration]]


def _registrations(activity: Activity | None, boards: Mapping[str, Board]) -> Registrations:
    listed = activity.moc_registrations if activity is not None else ()
    return [(board, one) for one in listed if (board := boards.get(one.board or "")) is not None]


def names_type(registration: MocRegistration, board: Board, wanted: str) -> bool:
    """Whether a registration is for that type, in any of the board's spellings of it."""
    if wanted in registration.credit_types:  # nearly always
        return True
    name = _granted(board, wanted) or wanted
    return any(_alike(_granted(board, listed) or listed, name) for listed in registration.credit_types)


def _granted(board: Board, wanted: str) -> str | None:
    """The board's own name of a type that it is known to grant."""
    for type in board.credit_types:
        if _alike(type.name, wanted) or any(_alike(other, wanted) for other in type.also):
            return type.name
    return None


def _may_grant(board: Board, wanted: str) -> bool:
    """Whether a board grants a type, as far as is known: its empty list means no check."""
    return not board.credit_types or _granted(board, wanted) is not None


def _granting(boards: Mapping[str, Board], completion: Completion, wanted: str) -> list[Board]:
    """Those of all boards that grant a type; failing that, the learner's own of unknown types."""
    listed = [board for board in boards.values() if _granted(board, wanted)]
    return listed or [one for one in boards.values() if not one.credit_types and is_known_to(one, completion)]


def _alike(one: str, other: str) -> bool:
    return one == other or _folded(one) == _folded(other)


def _identified(boards: Iterable[Board], completion: Completion) -> tuple[Board, ...]:
    candidates = tuple(boards)
    if len(candidates) < 2:
        return candidates
    return tuple(board for board in candidates if is_known_to(board, completion)) or candidates


def is_known_to(board: Board, completion: Completion) -> bool:
    """Whether the learner has a number of that board's own."""
    known = completion.learner.identifiers if completion.learner else ()
    return board.acronym in [identifier.domain for identifier in known]
