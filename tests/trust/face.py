"""What a goal is told, and what it answers with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

T = TypeVar("T")


class NotRun(Exception):
    """Something this goal needs is missing on this machine; the text says what."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a goal is to be run: the short form of every submission, or the full one.

    `folder` is empty and the goal's own. `corpus` is a folder of further messages, where there is one.
    """

    folder: Path
    full: bool = False
    postgresql: bool = False
    corpus: Path | None = None
    seed: int = 1

    def pick(self, short: T, full: T) -> T:
        """A size for this form."""
        return full if self.full else short


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a goal, with each breach of its bound: green when there is none.

    What is `late`, or less in its time than it should be, may be so for what else the machine did just then,
    and is tried again; what is `wrong` is wrong.
    """

    did: str
    figure: str
    bound: str
    wrong: tuple[str, ...] = ()
    not_run: tuple[str, ...] = ()
    late: tuple[str, ...] = ()

    @property
    def green(self) -> bool:
        """Whether the bound was kept."""
        return not self.wrong and not self.late


Run = Callable[[Form], Outcome]


class Goal(Protocol):
    """A module in `goals/`."""

    GOAL: str
    CONTROLS: Mapping[str, Run]

    def run(self, form: Form) -> Outcome:
        """Look whether the gateway keeps the goal."""
