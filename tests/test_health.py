"""Readiness: what turns it red, what is only shown, and that no probe waits for anybody."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from fakes import NOW
from waiting import until

from gateway.errors import Busy, Failed, StoreUnavailable
from gateway.health import ASK, Health, Look, Seen
from gateway.records import Backlog

ROOM = 1000


class Database:
    """A database with whatever troubles a test gives it; its own pulse."""

    def __init__(self) -> None:
        self.reading: Exception | None = None
        self.writing: Exception | None = None
        self.room: int | None = ROOM
        self.waiting = [Backlog("ABIM", 3, NOW - timedelta(seconds=90), 1)]
        self.left_alone = [frozenset[str](), frozenset({"ABIM"})]
        self.pulse = self

    def check(self) -> None:
        """As the store does."""
        if self.reading is not None:
            raise self.reading

    def write(self) -> None:
        """As the pulse does, like all below."""
        if self.writing is not None:
            raise self.writing

    def size(self) -> int:
        """Four kilobytes."""
        self.check()
        return 4096

    def free(self) -> int | None:
        """As a test says."""
        return self.room

    def unsealed(self) -> int:
        """Seven."""
        self.check()
        return 7

    def resting(self) -> list[frozenset[str]]:
        """As a test says."""
        self.check()
        return self.left_alone

    def backlogs(self) -> list[Backlog]:
        """As a test says."""
        self.check()
        return self.waiting


class Room:
    """A database, a key file, and the look at both."""

    def __init__(self, folder: Path) -> None:
        self.database = Database()
        self.key = folder / "gateway.key"
        self.key.write_text("cme-gateway-key-1 of the tests")
        self.look = Look(self.database, self.key, ROOM)

    def ill(self) -> dict[str, tuple[str, str]]:
        """What is not well: state and remedy."""
        parts = self.look().parts
        return {name: (part.state, part.remedy) for name, part in parts.items() if not part.ok}


@pytest.fixture
def room(tmp_path: Path) -> Room:
    """Everything is well."""
    return Room(tmp_path)


def _unread(room: Room) -> None:
    room.database.reading = StoreUnavailable(
        "The database at /secret/place cannot be reached.", remedy="Start it."
    )


def _held(room: Room) -> None:
    room.database.reading = Busy()


def _unwritten(room: Room) -> None:
    room.database.writing = StoreUnavailable()


def _standby(room: Room) -> None:
    room.database.writing = Failed("The database takes no writing.")


def _full(room: Room) -> None:
    room.database.room = ROOM - 1


def _keyless(room: Room) -> None:
    room.key.unlink()


def _wrong_key(room: Room) -> None:
    room.key.write_text("cme-gateway-key-1 of somebody else")


def test_all_is_well(room: Room) -> None:
    """The control: nothing is red."""
    assert {} == room.ill()
    assert room.look().ready


@pytest.mark.parametrize(
    ("trouble", "part", "state"),
    [
        (_unread, "database", "cannot be read"),
        (_held, "database", "is held by somebody"),
        (_unwritten, "database", "cannot be written"),
        (_standby, "database", "cannot be written"),
        (_full, "disk", "has 999 bytes left; CME_GATEWAY_DISK_FREE_BYTES asks for 1000"),
        (_keyless, "key", "the key file cannot be read"),
        (_wrong_key, "key", "the key file is another one than at the start"),
    ],
)
def test_each_trouble_turns_its_part_red(
    room: Room, trouble: Callable[[Room], None], part: str, state: str
) -> None:
    """With its state and a remedy; where the database is, is nobody's business."""
    trouble(room)
    [(name, (told, remedy))] = room.ill().items()
    assert (part, state) == (name, told)
    assert remedy.endswith(".") and "/secret" not in remedy
    assert not room.look().ready


def test_it_heals_by_itself(room: Room) -> None:
    """What is over is not told any more."""
    _unwritten(room)
    assert room.ill()
    room.database.writing = None
    assert not room.ill()


def test_a_database_that_others_write_to_is_well(room: Room) -> None:
    """Whoever holds it writes."""
    room.database.writing = Busy()
    assert {} == room.ill()


def test_a_full_disk_is_not_well_because_others_try_too(room: Room) -> None:
    """Whoever holds it may be about to fail: what was so before is so until one knows better."""
    _unwritten(room)
    assert ["database"] == [*room.ill()]
    room.database.writing = Busy()
    assert ["database"] == [*room.ill()]
    room.database.writing = None
    assert {} == room.ill()


def test_a_database_on_another_machine_has_no_disk_here(room: Room) -> None:
    """Its room is looked after there."""
    room.database.room = None
    assert {} == room.ill()


def _health(look: Callable[[], Seen], deadline: float = 30.0) -> Health:
    return Health(look, lambda: NOW, ["ABIM", "ABA"], deadline)


def test_boards_are_shown_and_never_count(room: Room) -> None:
    """However long a board is silent: what waits for it waits safely."""
    room.database.waiting = [Backlog("ABIM", 9000, NOW - timedelta(days=30), 9000)]
    ready, told = _health(room.look).ready()
    assert ready
    assert {
        "ABA": {"open": 0, "breaker": "closed"},
        "ABIM": {"open": 9000, "oldest_seconds": 2592000.0, "unanswered": 9000, "breaker": "open"},
    } == told["boards"]
    assert json.loads(json.dumps(told)) == told


def test_without_a_worker_no_breaker_is_known(room: Room) -> None:
    """Nobody asks, so nobody can say."""
    room.database.left_alone = []
    ready, told = _health(room.look).ready()
    assert ready
    assert "no worker" in json.dumps(told["boards"])


def test_that_nobody_asks_is_said_where_something_waits(room: Room) -> None:
    """What waits then waits for ever: it is said, with a remedy, and turns nothing red."""
    assert {"living": 2} == _health(room.look).ready()[1]["workers"]
    room.database.left_alone = []
    ready, told = _health(room.look).ready()
    assert ready
    state = "none lives, and 3 question(s) wait for one"
    assert {"living": 0, "state": state, "remedy": ASK} == told["workers"]
    room.database.waiting = []
    assert {"living": 0} == _health(room.look).ready()[1]["workers"]


def test_what_cannot_be_seen_is_not_made_up(room: Room) -> None:
    """Without a database nothing is known of boards, sizes and rows."""
    _unread(room)
    seen = room.look()
    assert (None, None, None) == (seen.backlogs, seen.bytes, seen.unsealed)
    ready, told = _health(room.look).ready()
    assert (False, None, None) == (ready, told["boards"], told["workers"])


class Stuck:
    """A look that comes back when it is let, and counts how often it was begun."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.let = threading.Event()
        self.begun = 0

    def __call__(self) -> Seen:
        """Look once it is let."""
        self.begun += 1
        assert self.let.wait(30)
        return self._room.look()


def test_a_database_that_does_not_answer_holds_no_probe(room: Room) -> None:
    """It is red within the deadline, no second look is begun meanwhile, and the first one ends well."""
    stuck = Stuck(room)
    health = _health(stuck, 0.01)
    for _ in range(3):
        ready, told = health.ready()
        assert not ready
        assert "has not answered" in json.dumps(told)
        health._until = 0.0  # what was seen is not fresh any more
    assert 1 == stuck.begun
    stuck.let.set()
    until(lambda: _again(health), "the database answers again")
    assert 2 >= stuck.begun


def _again(health: Health) -> bool:
    health._until = 0.0
    return health.ready()[0]


def test_a_flood_of_probes_costs_one_look(room: Room) -> None:
    """All of them see the same, whether they come together or within a moment."""
    stuck = Stuck(room)
    health = _health(stuck)
    seen: list[bool] = []
    probes = [threading.Thread(target=lambda: seen.append(health.ready()[0])) for _ in range(20)]
    for probe in probes:
        probe.start()
    stuck.let.set()
    for probe in probes:
        probe.join()
    assert [True] * 20 == seen
    # A slow machine may let what was seen grow old between the first and the last of them.
    assert 2 >= stuck.begun


def test_what_was_seen_grows_old(room: Room) -> None:
    """The control of the above: after a moment it is looked again."""
    stuck = Stuck(room)
    stuck.let.set()
    health = _health(stuck)
    health.ready()
    health._until = 0.0
    health.ready()
    assert 2 == stuck.begun
