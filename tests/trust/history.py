"""Judges a history of overlapping writes and reads: could one machine, doing one thing at a time, have
answered so?

Each value is written once, so a register decides it by intervals (Gibbons and Korach, Testing Shared
Memories, 1997). All that was done with one value, its write and its reads, makes a zone between the first
of these to end and the last to begin. Where that first end comes before that last begin, the value was
certainly there in between: two such zones may not overlap, and none may hold another value's zone whole.
What was written and not answered may have happened at any time after, or never.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

NOTHING, GONE = "nothing", "gone"
"""What a record is before it is first written, and once it is deleted; both are read as not there."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One write or read of one record; in seconds of the machine's clock, `ended` infinite without answer.

    A read of a record that is not there has the value None.
    """

    record: str
    write: bool
    value: str | None
    begun: float
    ended: float


@dataclass(frozen=True, slots=True)
class Zone:
    """All that was done with one value of one record."""

    value: str
    first_end: float
    last_begin: float

    @property
    def certain(self) -> bool:
        """Whether the value was certainly there from the one to the other."""
        return self.first_end < self.last_begin


def check(deeds: Iterable[Deed]) -> list[str]:
    """Every breach, in words."""
    records = defaultdict[str, list[Deed]](list)
    for deed in deeds:
        records[deed.record].append(deed)
    return [f"{name}: {breach}" for name, done in sorted(records.items()) for breach in _check(done)]


def _check(done: Sequence[Deed]) -> Iterator[str]:
    writes = {str(deed.value): deed for deed in done if deed.write}
    writes[NOTHING] = Deed("", True, NOTHING, -math.inf, -math.inf)
    read = [(value, deed) for deed in done if not deed.write and (value := _value(deed, writes))]
    for value, deed in read:
        if value not in writes:
            yield f"{value} was read, and nobody wrote it"
        elif deed.ended < writes[value].begun:
            yield f"{value} was read before it was written"
    zones = [zone for value, write in writes.items() if (zone := _zone(value, write, read))]
    yield from _overlaps(zones)


def _value(deed: Deed, writes: dict[str, Deed]) -> str | None:
    """What a read tells; None where not being there may mean either not yet or no more."""
    if deed.value is not None:
        return deed.value
    deletion = writes.get(GONE)
    if deletion is None or deed.ended < deletion.begun:
        return NOTHING
    added = min(write.ended for value, write in writes.items() if value not in (GONE, NOTHING))
    return GONE if deed.begun > added else None


def _zone(value: str, write: Deed, read: Sequence[tuple[str, Deed]]) -> Zone | None:
    done = [write, *(deed for told, deed in read if told == value)]
    if len(done) == 1 and math.isinf(write.ended) and write.ended > 0:
        return None  # without an answer and never seen: it may not have happened
    return Zone(value, min(deed.ended for deed in done), max(deed.begun for deed in done))


def _overlaps(zones: Sequence[Zone]) -> Iterator[str]:
    certain = sorted((zone for zone in zones if zone.certain), key=lambda zone: zone.first_end)
    for one, next_one in pairwise(certain):
        if next_one.first_end < one.last_begin:
            yield f"{one.value} was read again after {next_one.value} had taken its place"
    for zone in zones:
        for around in certain:
            inside = around.first_end < zone.last_begin and zone.first_end < around.last_begin
            if not zone.certain and inside:
                yield f"{zone.value} came in between, and {around.value} was read before and after"
