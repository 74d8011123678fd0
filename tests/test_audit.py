"""The audit log's parts by themselves: heads in a file, failed attempts, the thread that seals."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from audited import FORGED, HOUR, NOW, PROVIDER, heads, sealer
from fakes import USER
from messages import envelope, payload, request
from test_soap import Door

from gateway.audit import Refusals, attempting
from gateway.errors import Busy, Failed, GuessingSuspected, NotAuthenticated, StoreUnavailable, TooLarge
from gateway.records import AuditAnchor, AuditLink, AuditRow, FailedAttempt

FIRST, SECOND, THIRD = (AuditLink(position, bytes([position]) * 32) for position in (10, 20, 30))

# --- heads -------------------------------------------------------------------------------------------


def lines(folder: Path) -> list[str]:
    """The lines of the head file."""
    return (folder / "gateway.heads").read_text().splitlines()


def places(folder: Path) -> list[int]:
    """The positions that heads know."""
    return sorted(heads(folder).read().places)


@pytest.fixture
def noted(tmp_path: Path) -> Path:
    """A folder with three lines in its head file, an hour apart."""
    for number, place in enumerate((FIRST, SECOND, THIRD)):
        heads(tmp_path).note(place, NOW + number * HOUR)
    return tmp_path


def test_a_line_is_added_every_hour(tmp_path: Path) -> None:
    """The first at once, the next when it is due; in between, the newest head knows the end."""
    for minutes, place in ((0, FIRST), (59, SECOND)):
        heads(tmp_path).note(place, NOW + timedelta(minutes=minutes))
    assert (1, [10, 20]) == (len(lines(tmp_path)), places(tmp_path))
    heads(tmp_path).note(THIRD, NOW + HOUR)
    assert (2, [10, 30]) == (len(lines(tmp_path)), places(tmp_path))


def test_a_line_is_added_at_the_end(tmp_path: Path) -> None:
    """Whoever stops notes where the chain ends, once: several processes stop one after the other."""
    heads(tmp_path).note(FIRST, NOW)
    for _ in range(2):
        heads(tmp_path).note(SECOND, NOW, ending=True)
    assert 2 == len(lines(tmp_path))


def test_a_clock_that_was_set_back_is_no_reason_to_wait(tmp_path: Path) -> None:
    """A line from the future does not keep all others out until then."""
    heads(tmp_path).note(FIRST, NOW + 1000 * HOUR)
    heads(tmp_path).note(SECOND, NOW)
    assert 2 == len(lines(tmp_path))


def test_nothing_is_noted_of_nothing(tmp_path: Path) -> None:
    """A log without sealed rows has no head."""
    heads(tmp_path).note(AuditLink(0, bytes(32)), NOW, ending=True)
    assert [] == list(tmp_path.iterdir())


def test_what_is_noted_is_never_taken_back(noted: Path) -> None:
    """A chain that became shorter changes no head: that it did is to be seen."""
    before = lines(noted)
    heads(noted).note(SECOND, NOW + 5 * HOUR, ending=True)
    assert (before, [10, 20, 30]) == (lines(noted), places(noted))


def test_a_restored_database_starts_anew(noted: Path) -> None:
    """What lay behind the place restored to counts no more, and the rest does."""
    heads(noted).restore(AuditLink(20, b"2" * 32), NOW)
    heads(noted).note(AuditLink(25, b"x" * 32), NOW, ending=True)
    read = heads(noted).read()
    assert ([10, 20, 25], b"2" * 32) == (sorted(read.places), read.places[20].place.hash)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_line_that_was_changed_is_forged(noted: Path, number: int) -> None:
    """Position, hash, time: nothing of a line can be changed without the key."""
    changed = lines(noted)
    changed[number] = changed[number].replace("-11-21", "-11-20")
    (noted / "gateway.heads").write_text("\n".join(changed) + "\n")
    assert number + 1 == heads(noted).read().forged


@pytest.mark.parametrize("number", [0, 1])
def test_a_line_that_was_taken_out_is_missed(noted: Path, number: int) -> None:
    """The next one was made behind it."""
    rest = lines(noted)
    del rest[number]
    (noted / "gateway.heads").write_text("\n".join(rest) + "\n")
    assert number + 1 == heads(noted).read().forged


def test_a_line_of_another_key_is_forged(tmp_path: Path) -> None:
    """Whoever has the files but not the key can make no head."""
    heads(tmp_path).note(FIRST, NOW)
    heads(tmp_path, FORGED).note(SECOND, NOW, ending=True)
    read = heads(tmp_path).read()
    assert (2, [10]) == (read.forged, sorted(read.places))


def test_without_its_last_lines_the_newest_head_is_left(noted: Path) -> None:
    """Whoever cuts the file off must cut the other one too."""
    (noted / "gateway.heads").write_text(lines(noted)[0] + "\n")
    assert [10, 30] == places(noted)


def test_a_line_that_was_half_written_does_no_harm(noted: Path) -> None:
    """The power may fail at any byte; what comes later is added behind it."""
    file = noted / "gateway.heads"
    file.write_bytes(file.read_bytes()[:-30])
    heads(noted).note(AuditLink(40, b"4" * 32), NOW + 9 * HOUR)
    read = heads(noted).read()
    assert (None, [10, 20, 40]) == (read.forged, sorted(read.places))


def test_garbage_is_no_head(tmp_path: Path) -> None:
    """A file of something else says nothing, and is added to."""
    (tmp_path / "gateway.heads").write_bytes(b"\xff\x00 one two\ncme-gateway-head-1 ended now 1 00 00\n")
    (tmp_path / "gateway.heads.newest").write_bytes(b"\xff")
    heads(tmp_path).note(FIRST, NOW)
    assert (None, [10]) == (heads(tmp_path).read().forged, places(tmp_path))


def test_a_line_goes_to_the_log_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """So that a log on another machine is a third witness."""
    with caplog.at_level(logging.INFO, "gateway.audit"):
        heads(tmp_path).note(FIRST, NOW)
    assert lines(tmp_path) == caplog.messages


# --- failed attempts ---------------------------------------------------------------------------------


def attempt(refusals: Refusals, source: str = "192.0.2.7", trace_id: str = "t", **named: Any) -> None:
    """Note a wrong password."""
    error = NotAuthenticated()
    for name, value in named.items():
        setattr(error, name, value)
    refusals.note(error, NOW, source, trace_id)


def test_attempts_alike_are_one_row() -> None:
    """With the time and the trace of the first, and a count."""
    refusals = Refusals()
    for trace in ("a", "b", "c"):
        attempt(refusals, trace_id=trace, provider_id=PROVIDER, user=USER, operation="SaveActivity")
    attempt(refusals, source="192.0.2.8")
    first, second = refusals.take()
    assert ("a", 3, "192.0.2.7", USER) == (first.trace_id, first.times, first.source, first.user)
    assert (1, "192.0.2.8", None) == (second.times, second.source, second.user)
    assert [] == refusals.take()


def test_a_flood_is_few_rows() -> None:
    """Beyond so many kinds of attempts only their codes are counted; none is lost."""
    refusals = Refusals(most=5)
    for number in range(1000):
        attempt(refusals, source=f"198.51.100.{number}", user=f"user {number}")
    refusals.note(TooLarge(), NOW, "192.0.2.7", "t")
    taken = refusals.take()
    assert (7, 1001) == (len(taken), sum(one.times for one in taken))
    assert {(None, None, "S001"), (None, None, "X002")} == {
        (one.source, one.user, one.code) for one in taken[5:]
    }


def test_an_alarm_names_its_account_in_any_flood() -> None:
    """It is told of when a flood is at its height."""
    refusals, alarm = Refusals(most=1), GuessingSuspected()
    attempt(refusals)
    alarm.provider_id, alarm.user = PROVIDER, USER
    refusals.note(alarm, NOW, None, "")
    assert [None, USER] == [one.user for one in refusals.take()]


def test_what_is_no_name_is_not_kept() -> None:
    """A megabyte sent as a user's name is not kept in memory either."""
    refusals = Refusals()
    attempt(refusals, user="x" * 101, provider_id="0" * 101)
    assert [(None, None)] == [(one.user, one.provider_id) for one in refusals.take()]


def test_a_failure_of_ours_is_told_apart() -> None:
    """Whether the caller or we were wrong stands in the outcome."""
    refusals = Refusals()
    for error in (StoreUnavailable(), NotAuthenticated()):
        refusals.note(error, NOW, None, "t")
    assert ["Failed", "Refused"] == [one.outcome for one in refusals.take()]


def test_what_is_refused_says_whose_call_it_was() -> None:
    """The error carries it to the door, and its text does not."""
    with pytest.raises(Busy) as refused, attempting("SaveActivity", PROVIDER, USER):
        raise Busy
    error = refused.value
    assert ("SaveActivity", PROVIDER, USER) == (error.operation, error.provider_id, error.user)
    assert USER not in f"{error} {error!r}"


# --- at the door ---------------------------------------------------------------------------------------


def refused(door: Door) -> list[tuple[object, ...]]:
    """What the audit log will say of refused calls."""
    taken = door.gateway.refusals.take()
    return [(one.code, one.operation, one.provider_id, one.user, one.source, one.times) for one in taken]


def test_a_wrong_password_is_noted() -> None:
    """With the account that was tried, and from where."""
    door = Door()
    wrong = envelope(request("SaveActivity", payload())).replace(b"pass-word-of-the-tests", b"guess")
    for _ in range(3):
        door.post(wrong, **{"REMOTE_ADDR": "192.0.2.7", "wsgi.url_scheme": "https"})
    assert [("S001", "SaveActivity", PROVIDER, USER, "192.0.2.7", 3)] == refused(door)


@pytest.mark.parametrize(("body", "code"), [(b"no XML", "X001"), (envelope(""), "X001")])
def test_what_is_refused_at_the_rim_is_noted(body: bytes, code: str) -> None:
    """Before anybody knows who calls, or what."""
    door = Door()
    door.post(body)
    assert [(code, None, None, None, None, 1)] == refused(door)


def test_a_call_that_is_answered_is_no_failed_attempt() -> None:
    """It has its own row, from its own transaction."""
    door = Door()
    door.post(envelope(request("SaveActivity", payload())))
    assert ([], 1) == (refused(door), len(door.store.tables.audit))


# --- the sealer --------------------------------------------------------------------------------------


@dataclass
class FakeTrail:
    """A log of which only the number of rows is known."""

    unsealed_rows: int = 0
    sealed: int = 0
    written: list[FailedAttempt] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    trouble: Exception | None = None
    round_made: threading.Event = field(default_factory=threading.Event)

    def note(self, failed: Sequence[FailedAttempt]) -> None:
        """Append failed attempts."""
        self._called("note")
        self.written += failed
        self.unsealed_rows += len(failed)

    def waiting(self) -> bool:
        """Whether any is unsealed."""
        self._called("waiting")
        return self.unsealed_rows > 0

    def seal(self, link: Callable[[bytes, tuple[object, ...]], bytes], most: int) -> tuple[AuditLink, int]:
        """Seal some."""
        self._called("seal")
        some = min(most, self.unsealed_rows)
        self.unsealed_rows, self.sealed = self.unsealed_rows - some, self.sealed + some
        return AuditLink(self.sealed, bytes(32)), some

    def _called(self, name: str) -> None:
        self.calls.append(name)
        self.round_made.set()
        if self.trouble is not None:
            raise self.trouble

    def end(self) -> AuditLink:
        """Where the chain ends."""
        raise NotImplementedError

    def anchor(self) -> AuditAnchor | None:
        """Where it begins."""
        raise NotImplementedError

    def rows(self, after: int, most: int) -> Sequence[AuditRow]:
        """Its rows."""
        raise NotImplementedError

    def unsealed(self) -> int:
        """How many wait."""
        raise NotImplementedError

    def prune(self, before: datetime, prove: Callable[[AuditLink], bytes], most: int) -> int:
        """Nobody prunes here."""
        raise NotImplementedError


def test_idling_writes_nothing(tmp_path: Path) -> None:
    """A round with nothing to do looks, and leaves database and files alone."""
    trail = FakeTrail()
    sealer(trail, tmp_path).round()
    assert (["waiting"], []) == (trail.calls, list(tmp_path.iterdir()))


def test_a_round_seals_all_there_is(tmp_path: Path) -> None:
    """Failed attempts included, so many in a transaction."""
    trail, refusals = FakeTrail(unsealed_rows=2_500), Refusals()
    attempt(refusals)
    sealer(trail, tmp_path, refusals).round()
    assert ["note", "waiting", "seal", "seal", "seal"] == trail.calls
    assert (0, [2_501]) == (trail.unsealed_rows, places(tmp_path))


def test_attempts_are_kept_while_the_store_is_away(tmp_path: Path) -> None:
    """They are counted on, and written when it is back."""
    trail, refusals = FakeTrail(trouble=StoreUnavailable()), Refusals()
    attempt(refusals)
    with pytest.raises(Failed):
        sealer(trail, tmp_path, refusals).round()
    trail.trouble = None
    attempt(refusals)
    sealer(trail, tmp_path, refusals).round()
    assert [2] == [one.times for one in trail.written]


def test_a_stopped_sealer_has_sealed_the_rest(tmp_path: Path) -> None:
    """And noted the end of the chain; one that never began does nothing."""
    trail = FakeTrail(unsealed_rows=3)
    one = sealer(trail, tmp_path)
    one.stop()
    assert [] == trail.calls
    one.start()
    one.stop()
    assert ([3], 1) == (places(tmp_path), len(lines(tmp_path)))


@pytest.mark.parametrize("trouble", [StoreUnavailable(), OSError(28, "No space left"), ValueError("x")])
def test_trouble_ends_no_sealer(
    tmp_path: Path, trouble: Exception, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told in one line, once, without what it was about, and the next round is made."""
    monkeypatch.setattr("gateway.audit.sealer.PAUSE", 0.01)
    trail = FakeTrail(unsealed_rows=3, trouble=trouble)
    one = sealer(trail, tmp_path)
    one.start()
    for _ in range(2):
        trail.round_made.clear()
        assert trail.round_made.wait(10)
    trail.trouble = None
    one.stop()
    (told,) = caplog.messages
    assert (3, True, False) == (trail.sealed, told.startswith("the "), "\n" in told)
    head_file = f"in {tmp_path / 'gateway.heads'} (CME_GATEWAY_AUDIT_HEADS)"
    assert isinstance(trouble, OSError) == (head_file in told)
