"""What is found about a record, and where it stands in what was sent."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass


class Severity(enum.StrEnum):
    """Whether a finding stops its record."""

    ERROR = "Error"
    WARNING = "Warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found about one record: a value, never raised; an Error blocks, a Warning informs."""

    code: str
    severity: Severity
    text: str
    remedy: str
    field: str = ""
    path: str = ""
    line: int | None = None
    column: int | None = None

    @property
    def blocks(self) -> bool:
        """Whether the record is refused because of this."""
        return self.severity is Severity.ERROR


@dataclass(frozen=True, slots=True)
class Place:
    """Where a field stands, or would have to stand, in what was sent (XPath, or sheet cell), and by
    which name its sender knows it."""

    path: str = ""
    line: int | None = None
    column: int | None = None
    field: str = ""


NOWHERE = Place()
PlaceOf = Callable[[str], Place]
"""Where a field stands, by its name."""
