"""What the service says of itself."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from gateway import __version__, vocabulary
from gateway.boards import BOARDS
from gateway.records import Board
from gateway.service.request import Request

Element = etree._Element

NOTICE = "An independent project, not affiliated with ACCME or any certifying board."


def get_service_info(request: Request) -> Element:
    """GetServiceInfo: versions with their dates, boards, formats and limits."""
    gateway, limits = request.gateway, request.gateway.limits
    return request.answered(
        {
            "Name": "cme-gateway",
            "Version": __version__,
            "ServiceVersion": request.version.name,
            "Zone": gateway.terms.zone.key,
            "Operation": list(request.version.operations),
            "PayloadVersion": [_capitalised(row) for row in gateway.reader.catalogue()],
            "Board": [_board(board) for board in BOARDS.values()],
            "Format": [format.name for format in vocabulary.FORMATS],
            "Limit": [
                {"Name": "CallBytes", "Value": limits.max_call_bytes},
                {"Name": "CallRecords", "Value": limits.max_records},
                {"Name": "CallElements", "Value": limits.max_elements},
                {"Name": "RecordElements", "Value": limits.max_record_elements},
            ],
            "Notice": NOTICE,
        }
    )


def _capitalised(row: Mapping[str, object]) -> dict[str, object]:
    return {name.capitalize(): value for name, value in row.items()}


def _board(board: Board) -> dict[str, object]:
    return {
        "Acronym": board.acronym,
        "Name": board.name,
        "Since": board.since,
        "Until": board.until,
        "IdShape": board.id_shape,
        "CreditType": [type.name for type in board.credit_types],
        "PracticeArea": [area.name for area in board.practice_areas],
    }
