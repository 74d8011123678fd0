"""Records that are sent many times at once, and the senders; for goal R5."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

from trust import messages
from trust.post import Poster
from trust.stage import Stage

NAMED = 1_900  # from here on activities have an id of their own
CONFLICT, BUSY = "S004", "S902"
TRIES = 40  # of a call that is told to come again

_TOLD = {name: re.compile(rf"<[\w:]*{name}>([^<]*)<".encode()) for name in ("Outcome", "Replayed", "Action")}


# --- what is sent ------------------------------------------------------------------------------------


class Kind(Protocol):
    """Records of one kind, each with a number, as calls under a key."""

    @property
    def name(self) -> str:
        """How it is called."""

    def body(self, stage: Stage, number: int, key: str) -> bytes:
        """A call that is taken."""

    def wrong(self, stage: Stage, number: int, key: str) -> bytes:
        """The same with a mistake for which it is refused as a whole."""

    def kept(self, stage: Stage, number: int) -> tuple[str, str]:
        """What the database then holds of it, as a dump tells it."""


@dataclass(frozen=True, slots=True)
class Activities:
    """Drafts, but for a few without an id of their own: the key alone keeps one from being stored twice."""

    name: str = "activities"

    def body(self, stage: Stage, number: int, key: str) -> bytes:
        """Add one."""
        return messages.save_activity(self._own_id(number), f"Title {number}", "Add", _year(stage), key)

    def wrong(self, stage: Stage, number: int, key: str) -> bytes:
        """Without a title."""
        return messages.save_activity("", "", "Add", _year(stage), key)

    def kept(self, stage: Stage, number: int) -> tuple[str, str]:
        """Its title."""
        return f"activity {self._own_id(number) or None}", f"Title {number}"

    @staticmethod
    def _own_id(number: int) -> str:
        return f"OWN-{number}" if number >= NAMED else ""


@dataclass(frozen=True, slots=True)
class Completions:
    """Completions of one course, by turns for CME and for a board."""

    name: str = "completions"

    def body(self, stage: Stage, number: int, key: str) -> bytes:
        """Add one."""
        return messages.save_completions([number], _course(stage), str(stage.plan["day"]), "add", key)

    def wrong(self, stage: Stage, number: int, key: str) -> bytes:
        """Of a course that is not there."""
        return messages.save_completions([number], "199999999", str(stage.plan["day"]), "add", key)

    def kept(self, stage: Stage, number: int) -> tuple[str, str]:
        """Its credit."""
        return f"credit {messages.credit_id(_course(stage), number)}", "held"


def _year(stage: Stage) -> int:
    return int(str(stage.plan["year"]))


def _course(stage: Stage) -> str:
    courses = stage.plan["courses"]
    assert isinstance(courses, list)
    return str(courses[0])


KINDS: tuple[Kind, ...] = (Activities(), Completions())


# --- how it is sent ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, at last: `code` says why it was refused, or that it is no answer of ours, and is
    empty else; `tries` were told to come again before."""

    body: bytes
    code: str
    tries: int

    def told(self, name: str) -> str:
        """What it says under a name; of a fault the code."""
        found = _TOLD[name].search(self.body)
        return found[1].decode() if found and not self.code else self.code

    @property
    def actions(self) -> list[str]:
        """What became of each record."""
        return [found.decode() for found in _TOLD["Action"].findall(self.body)]


@dataclass
class Crowd:
    """Senders who begin at the same time, each on a connection of its own, new for every round."""

    bind: str
    busy: int = 0
    calls: int = 0

    def send(self, bodies: Sequence[bytes]) -> list[Answer]:
        """Send these at the same time."""
        start = threading.Barrier(len(bodies))

        def one(body: bytes) -> Answer:
            with closing(Poster(self.bind)) as poster:
                start.wait()
                return self._answered(poster, body)

        with ThreadPoolExecutor(len(bodies)) as pool:
            answers = list(pool.map(one, bodies))
        self.busy += sum(answer.tries for answer in answers)
        self.calls += len(answers)
        return answers

    @staticmethod
    def _answered(poster: Poster, body: bytes) -> Answer:
        """Whoever is told that the gateway is busy sends the same again, as the fault says."""
        for tries in range(TRIES):
            reply = poster.post(body)
            try:
                answer = Answer(reply.body, reply.told().ours or "", tries)
            except ValueError as strange:
                answer = Answer(b"", str(strange), tries)
            if answer.code != BUSY:
                break
        return answer
