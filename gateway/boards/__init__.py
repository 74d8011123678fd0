"""The certifying boards: one file each with the same face, one line each here.

The lists are as they are publicly known (MOCLIST, MOCG, JS-ACT, NEWS in docs/sources.md). How the boards
are talked to is invented, since none of them publishes its service: see docs/decisions/0011.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from gateway.boards import aba, abim, abohns, abos, abp, abpath, abpmr, abs, abts
from gateway.boards.face import Adapter
from gateway.records import Board, CreditType, PracticeArea
from gateway.vocabulary import folded

ADAPTERS: Mapping[str, Adapter] = {
    adapter.board.acronym: adapter
    for adapter in (
        aba.ADAPTER,
        abim.ADAPTER,
        abohns.ADAPTER,
        abos.ADAPTER,
        abp.ADAPTER,
        abpath.ADAPTER,
        abpmr.ADAPTER,
        abs.ADAPTER,
        abts.ADAPTER,
    )
}
BOARDS: Mapping[str, Board] = {acronym: adapter.board for acronym, adapter in ADAPTERS.items()}


AREAS = frozenset(folded(area.name) for board in BOARDS.values() for area in board.practice_areas)
"""The practice areas of all boards together, as they are compared."""


def takes_part(acronym: str | None, first: date | None, last: date | None = None) -> bool:
    """Whether a board takes part in the collaboration for activities of these days, if it is known: those
    that start within its dates or, with some, still run when it has joined."""
    board = BOARDS.get(acronym or "")
    if board is None:
        return False
    if board.running and first and board.since and (last is None or last >= board.since):
        first = max(first, board.since)
    return _current(board, first)


def types_of(board: Board, day: date | None) -> frozenset[str]:
    """The credit types that an activity of a day may be registered for, in all their spellings."""
    current = (type for type in board.credit_types if _current(type, day))
    return frozenset(word.casefold() for type in current for word in (type.name, *type.also))


def said_again(acronym: str | None, types: Sequence[str]) -> tuple[int, ...]:
    """Which of some credit types of a board an earlier one says too, in this or another spelling."""
    board = BOARDS.get(acronym or "")
    known = (
        {word.casefold(): type.name for type in board.credit_types for word in (type.name, *type.also)}
        if board
        else {}
    )
    names = [known.get(word.casefold(), word).casefold() for word in types]
    return tuple(n for n, name in enumerate(names) if name in names[:n])


def areas_of(board: Board, day: date | None) -> frozenset[str]:
    """The practice areas that an activity of a day may be registered for, as they are compared."""
    return frozenset(folded(area.name) for area in board.practice_areas if _current(area, day))


def _current(entry: Board | CreditType | PracticeArea, day: date | None) -> bool:
    return day is None or (entry.since or day) <= day <= (entry.until or day)


def catalogue() -> list[dict[str, Any]]:
    """List the boards for `cme-gateway boards`: plain data, dates as ISO texts."""
    return [_row(adapter) for adapter in ADAPTERS.values()]


def _row(adapter: Adapter) -> dict[str, Any]:
    board = adapter.board
    return {
        "acronym": board.acronym,
        "name": board.name,
        "since": board.since and str(board.since),
        "until": board.until and str(board.until),
        "id_shape": board.id_shape,
        "credit_types": [type.name for type in board.credit_types],
        "practice_areas": [area.name for area in board.practice_areas],
        "one_report": board.one_report,
        "wsdl": f"wsdl/boards/{adapter.wsdl}",
    }
