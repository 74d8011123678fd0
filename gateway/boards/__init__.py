"""The certifying boards: one file each with the same face, one line each here.

The lists are as they are publicly known (MOCLIST, MOCG, JS-ACT, NEWS in docs/sources.md). How the boards
are talked to is invented, since none of them publishes its service: see docs/decisions/0011.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from gateway.boards import aba, abim, abohns, abos, abp, abpath, abpmr, abs, abts
from gateway.boards.face import Adapter
from gateway.records import Board, CreditType, PracticeArea

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
AREAS = frozenset(area.name.casefold() for board in BOARDS.values() for area in board.practice_areas)
"""The practice areas of all boards together."""


def takes_part(acronym: str | None, day: date | None) -> bool:
    """Whether a board takes part in the collaboration for activities that start on a day, if it is known."""
    board = BOARDS.get(acronym or "")
    return board is not None and _current(board, day)


def types_of(board: Board, day: date | None) -> frozenset[str]:
    """The credit types that an activity of a day may be registered for, in all their spellings."""
    current = (type for type in board.credit_types if _current(type, day))
    return frozenset(word.casefold() for type in current for word in (type.name, *type.also))


def areas_of(board: Board, day: date | None) -> frozenset[str]:
    """The practice areas that an activity of a day may be registered for."""
    return frozenset(area.name.casefold() for area in board.practice_areas if _current(area, day))


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
