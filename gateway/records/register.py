"""The register of learners: as it is loaded, as it is kept, and what matching finds in it.

What identifies a person has no repr.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, repr=False)
class RegisterRow:
    """One licence of one person, as the register of learners is loaded (docs/wire.md)."""

    person: str
    state: str
    licence: str
    npi: str
    board: str
    board_id: str
    given: str
    family: str
    suffix: str
    birthday: str


class KeyKind(enum.IntEnum):
    """What a key of the register is made of; the key's first byte."""

    LICENCE = 1
    NPI = 2
    BOARD = 3
    FORM = 4


@dataclass(frozen=True, slots=True, repr=False)
class Enrolment:
    """A row of the register on its way to the store: all that is kept of a RegisterRow, by the names
    of the store's columns; `id` is the same whenever the same licence of the same person is loaded."""

    id: bytes
    person: str
    licence_key: bytes | None
    npi_key: bytes | None
    board_key: bytes | None
    form_key: bytes
    family: bytes
    given: bytes
    first: bytes
    birthday: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Registered:
    """A row of the register as it is kept: keyed hashes, from which nobody reads a value."""

    person: str
    family: bytes
    given: bytes
    first: bytes
    birthday: bytes


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of rows of the register that were loaded."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0


class MatchKind(enum.StrEnum):
    """Whether a learner is one known person."""

    MATCH = "match"
    NONE = "none"
    SEVERAL = "several"


@dataclass(frozen=True, slots=True)
class Match:
    """What matching found: the register's own key of the person, and which fields disagreed, by the
    names of the wire; never what the register holds."""

    kind: MatchKind
    person: str | None = field(default=None, repr=False)
    fields: tuple[str, ...] = ()
