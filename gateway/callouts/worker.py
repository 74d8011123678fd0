"""A worker: takes attempts from the durable queue, shows that it lives, and takes over from the dead."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.callouts.asking import Asking
from gateway.errors import Failed, TakenForDead
from gateway.store import Callouts, Queue, Workers

AHEAD = 16  # attempts taken per seat: those that wait here need not wait for the queue to be looked at
ROUND = 3  # looks at the others within the silence that makes one dead
SWEEP = 60.0  # seconds between two rounds of housekeeping

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Seconds between heartbeats, of silence that make a worker dead, between looks at the queue, and
    to wait at the end for what is being asked; hours that ended attempts are kept; attempts at one
    board at a time, and started in a second by all workers together (0: no limit)."""

    beat: float
    silence: float
    look: float
    stop: float
    keep: float
    at_once: int
    rate: int


class Watch:
    """Who has been silent, by a clock of our own: those of other machines may be wrong."""

    def __init__(self, silence: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._silence = silence
        self._clock = clock
        self._heard: dict[str, tuple[datetime, float]] = {}

    def silent(self, beats: Mapping[str, datetime]) -> dict[str, datetime]:
        """Those whose last beat has been the same for too long, with that beat."""
        now = self._clock()
        heard = {who: self._heard.get(who, (beat, now)) for who, beat in beats.items()}
        self._heard = {
            who: heard[who] if heard[who][0] == beat else (beat, now) for who, beat in beats.items()
        }
        return {who: beat for who, (beat, since) in self._heard.items() if now - since > self._silence}


class Worker:
    """Runs until it is told to stop, or finds that it was taken for dead."""

    def __init__(
        self,
        asking: Asking,
        callouts: Callouts,
        workers: Workers,
        queue: Queue,
        rhythm: Rhythm,
        clock: Callable[[], datetime],
    ) -> None:
        self._asking = asking
        self._callouts = callouts
        self._workers = workers
        self._queue = queue
        self._rhythm = rhythm
        self._clock = clock
        self._watch = Watch(rhythm.silence)
        self._swept = time.monotonic()
        self._gone = threading.Event()

    def stop(self) -> None:
        """Take no more work; what is being asked is finished. May be called by a signal."""
        self._asking.ending.set()

    def run(self) -> bool:
        """Work until told to stop; says whether nothing is left that still runs.

        Raises TakenForDead, and StoreUnavailable where the store cannot be reached at the start.
        """
        self._workers.enter()
        heart = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        heart.start()
        try:
            self._queue.start(
                self._asking.boards,
                self._asking,
                at_once=self._rhythm.at_once * AHEAD,
                rate=self._rhythm.rate,
                pause=self._rhythm.look,
            )
            while not self._asking.ending.wait(self._rhythm.silence / ROUND):
                self._look_after_the_others()
            return self._wind_up()
        finally:
            self._gone.set()
            heart.join()
            self._workers.leave()

    def _wind_up(self) -> bool:
        _log.info("ending: attempts=%d", self._asking.active)
        self._queue.stop(self._rhythm.stop)
        if self._workers.me not in self._workers.beats():
            raise TakenForDead
        return not self._asking.active

    def _beat(self) -> None:
        """Beat until the very end, also while the last answers are waited for."""
        while not self._gone.wait(self._rhythm.beat):
            try:
                self._workers.beat(self._asking.resting)
            except TakenForDead as dead:
                _log.error("%s", dead.text)
                return self._asking.ending.set()
            except Failed as trouble:
                _log.warning("no heartbeat: %s", trouble.text)
        return None

    def _look_after_the_others(self) -> None:
        try:
            self.recover()
            if time.monotonic() - self._swept > SWEEP:
                self._swept = time.monotonic()
                self._sweep()
        except TakenForDead:
            self._asking.ending.set()
        except Failed as trouble:
            _log.warning("the others are not looked after: %s", trouble.text)

    def recover(self) -> None:
        """Bury who is silent, and put their attempts, and those that failed, on their way again.

        The attempts are looked at before the workers: who has one was a worker before. Of itself nobody
        says so: where a machine is so busy that no beat is kept, its only worker would end for nothing.
        """
        runs = self._queue.unfinished()
        beats = self._workers.beats()
        silent = self._watch.silent({who: at for who, at in beats.items() if who != self._workers.me})
        for executor, beat in silent.items():
            self._workers.bury(executor, beat)
        living = self._workers.beats() if silent else beats
        lost = [run for run in runs if run.executor not in living]
        for run in lost:
            self._callouts.put_off(run.question_id, run.attempt, 0.0)
        if lost:
            self._queue.forget(lost)
            _log.warning("taken over: attempts=%d buried=%d", len(lost), len(silent))

    def _sweep(self) -> None:
        before = self._clock() - timedelta(hours=self._rhythm.keep)
        while self._queue.sweep(before) and not self._asking.ending.is_set():
            pass
