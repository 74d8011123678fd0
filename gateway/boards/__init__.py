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
from gateway.records import Board

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


def takes_part(acronym: str | None, day: date | None) -> bool:
    """Whether a board takes part in the collaboration for activities that start on a day, if it is known."""
    board = BOARDS.get(acronym or "")
    return board is not None and (day is None or (board.since or day) <= day <= (board.until or day))


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
        "practice_areas": list(board.practice_areas),
        "one_report": board.one_report,
        "wsdl": f"wsdl/boards/{adapter.wsdl}",
    }
