"""Is the gateway ready to take calls, and how do the things stand that it leans on.

Looking takes a thread of its own and is waited for only so long: a database that does not answer holds
no probe. What was seen counts for a moment, so a flood of probes costs as much as one.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from gateway.errors import Busy, GatewayError
from gateway.records import Backlog

FRESH = 1.0
"""Seconds for which what was seen counts."""
DEADLINE = 1.0
"""Seconds a look is waited for."""

START = "Start the database, or free it from what holds it; calls are taken again by themselves."
ROOM = "Make room on its disk, or let it be written to; calls are taken again by themselves."
ASK = "Start one by cme-gateway worker, or see why it ended; what waits is asked then."
KEY = "Put the key file back as it was: nothing can be started without it."


class Pulse(Protocol):
    """How a database is."""

    def write(self) -> None:
        """Write and commit something that changes nothing. Raises StoreUnavailable, Busy, Failed."""

    def size(self) -> int:
        """Bytes the database takes. Raises Failed."""

    def free(self) -> int | None:
        """Bytes that are free where it is, None where that is not known. Raises StoreUnavailable."""

    def unsealed(self) -> int:
        """Rows of the audit log that are not in the chain yet. Raises Failed."""


class Store(Protocol):
    """What is looked at."""

    @property
    def pulse(self) -> Pulse:
        """How its database is."""

    def check(self) -> None:
        """Raises Failed where this program cannot work with the database."""

    def backlogs(self) -> list[Backlog]:
        """What waits for an answer, by board. Raises Failed."""

    def resting(self) -> list[frozenset[str]]:
        """Of each worker there is, the boards it leaves alone for now. Raises Failed."""


@dataclass(frozen=True, slots=True)
class Part:
    """How one thing stands, and what to do about it where it is not well."""

    ok: bool
    state: str
    remedy: str = ""

    def shown(self) -> dict[str, object]:
        """The part as JSON; a remedy only where there is one."""
        return {"ok": self.ok, "state": self.state, **({"remedy": self.remedy} if self.remedy else {})}


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look has shown: `parts` that have to be well, `backlogs` of the boards, `bytes` of the
    database and `free` beside it, `unsealed` rows, and of each worker the boards it leaves alone; None
    where it could not be seen."""

    parts: Mapping[str, Part]
    backlogs: tuple[Backlog, ...] | None = None
    bytes: int | None = None
    free: int | None = None
    unsealed: int | None = None
    resting: tuple[frozenset[str], ...] | None = None

    @property
    def ready(self) -> bool:
        """Whether calls can be taken."""
        return all(part.ok for part in self.parts.values())


SILENT = Seen({"database": Part(False, f"has not answered within {DEADLINE:g} s", START)})


WELL = Part(True, "can be read and written")


class Look:
    """Looks at everything once; `room` is how many bytes have to be free beside the database."""

    def __init__(self, store: Store, key_file: Path, room: int) -> None:
        self._store = store
        self._key_file = key_file
        self._room = room
        self._key = _digest(key_file)
        self._written = WELL

    def __call__(self) -> Seen:
        """What can be seen now. Raises nothing that is to be expected."""
        free = _tried(self._store.pulse.free)
        backlogs, resting = _tried(self._store.backlogs), _tried(self._store.resting)
        return Seen(
            {"database": self._database(), "disk": self._disk(free), "key": self._kept()},
            None if backlogs is None else tuple(backlogs),
            _tried(self._store.pulse.size),
            free,
            _tried(self._store.pulse.unsealed),
            None if resting is None else tuple(resting),
        )

    def _database(self) -> Part:
        try:
            self._store.check()
        except Busy:
            return Part(False, "is held by somebody", START)
        except GatewayError as error:
            return Part(False, "cannot be read", error.remedy)
        self._written = self._writing()
        return self._written

    def _writing(self) -> Part:
        """Whether it can be written; while others write, as it was before: they may be about to fail."""
        try:
            self._store.pulse.write()
        except Busy:
            return self._written
        except GatewayError:
            return Part(False, "cannot be written", ROOM)
        return WELL

    def _disk(self, free: int | None) -> Part:
        if free is None:
            return Part(True, "is not on this machine")
        if free < self._room:
            least = f"CME_GATEWAY_DISK_FREE_BYTES asks for {self._room}"
            return Part(False, f"has {free} bytes left; {least}", ROOM)
        return Part(True, f"has {free} bytes left")

    def _kept(self) -> Part:
        now = _digest(self._key_file)
        if now is None:
            return Part(False, "the key file cannot be read", KEY)
        if now != self._key:
            return Part(False, "the key file is another one than at the start", KEY)
        return Part(True, "is in its place")


def _breaker(board: str, resting: Collection[frozenset[str]] | None) -> str:
    """Whether any worker leaves a board alone: each has a breaker of its own."""
    if not resting:
        return "no worker"
    return "open" if any(board in boards for boards in resting) else "closed"


def _workers(seen: Seen) -> dict[str, object] | None:
    """How many workers live; where none does and something waits for one, that it does."""
    if seen.resting is None or seen.backlogs is None:
        return None
    living, waiting = len(seen.resting), sum(one.open for one in seen.backlogs)
    if living or not waiting:
        return {"living": living}
    return {"living": 0, "state": f"none lives, and {waiting} question(s) wait for one", "remedy": ASK}


def _tried(look: Callable[[], Any]) -> Any:
    """What cannot be seen is not known; whether that matters, others say."""
    try:
        return look()
    except GatewayError:
        return None


def _digest(file: Path) -> bytes | None:
    try:
        return hashlib.sha256(file.read_bytes()).digest()
    except OSError:
        return None


@dataclass(slots=True)
class _Round:
    """One look on its way."""

    done: threading.Event = field(default_factory=threading.Event)
    seen: Seen | None = None


class Health:
    """What was seen lately, for all probes of a process; one look at a time is on its way."""

    def __init__(
        self,
        look: Callable[[], Seen],
        clock: Callable[[], datetime],
        boards: Collection[str] = (),
        deadline: float = DEADLINE,
    ) -> None:
        self._look = look
        self._clock = clock
        self._boards = boards
        self._deadline = deadline
        self._lock = threading.Lock()
        self._round: _Round | None = None
        self._last = SILENT
        self._until = 0.0

    def seen(self) -> Seen:
        """What the last look has shown, or the next one does, if it is back in time."""
        with self._lock:
            if time.monotonic() < self._until:
                return self._last
            round_ = self._round or self._begin()
        round_.done.wait(self._deadline)
        with self._lock:
            self._last, self._until = round_.seen or SILENT, time.monotonic() + FRESH
            return self._last

    def ready(self) -> tuple[bool, dict[str, object]]:
        """Whether calls can be taken, and how everything stands, as JSON.

        Boards and workers are told of and never count: what waits for them waits safely.
        """
        seen = self.seen()
        parts = {name: part.shown() for name, part in seen.parts.items()}
        shown = {
            "ready": seen.ready,
            "parts": parts,
            "workers": _workers(seen),
            "boards": self._waiting(seen),
        }
        return seen.ready, shown

    def _waiting(self, seen: Seen) -> dict[str, object] | None:
        if seen.backlogs is None:
            return None
        told: dict[str, dict[str, object]] = {board: {"open": 0} for board in sorted(self._boards)}
        now = self._clock()
        for one in seen.backlogs:
            oldest = round(max(0.0, (now - one.since).total_seconds()), 1)
            told[one.board] = {"open": one.open, "oldest_seconds": oldest, "unanswered": one.unanswered}
        return {board: row | {"breaker": _breaker(board, seen.resting)} for board, row in told.items()}

    def _begin(self) -> _Round:
        """Look, in a thread: it may be held up for as long as it likes, and no other is begun meanwhile."""
        self._round = begun = _Round()
        threading.Thread(target=self._run, args=(begun,), name="health", daemon=True).start()
        return begun

    def _run(self, begun: _Round) -> None:
        try:
            begun.seen = self._look()
        finally:
            with self._lock:
                self._round = None
            begun.done.set()
