"""What is told of a copy of the database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gateway.records.audit import AuditLink


class Copied(NamedTuple):
    """What a database held at the moment of its copy: its revision (None: none was noted), the rows of each
    table, and the end of its audit log."""

    revision: str | None
    counts: Mapping[str, int]
    end: AuditLink


class Migrated(NamedTuple):
    """The revision a database had before it was migrated (None: it was empty), and the one it has now."""

    before: str | None
    after: str
