"""A contest: calls sent to one after the other by turns, and only what was stored counts."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import create_engine, text

from bench.clients import Call, Clients


class NotStored(Exception):
    """What was acknowledged does not lie in the database, or not in the state it was said to have."""


@dataclass(slots=True)
class Contestant:
    """One of those who are measured: where it is, how a piece of work is sent to it, how many records an
    answer acknowledges, and what came of it."""

    name: str
    url: str
    body: Callable[[Any], bytes]
    told: Callable[[bytes], int]
    acknowledged: int = 0
    rates: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def run(self, group: Clients, work: Sequence[Any], *, counts: bool = True) -> None:
        """Send a round of work; a round to get warm does not count."""
        answered = group.send(self.url, [self.body(piece) for piece in work])
        if wrong := [call for call in answered if call.status != 200]:
            raise NotStored(f"{self.name} answered {wrong[0].status}: {wrong[0].answer[:1000]!r}")
        stored = sum(self.told(call.answer) for call in answered)
        self.acknowledged += stored
        if counts:
            self.rates.append(stored / _span(answered))
            self.seconds += [call.took for call in answered]

    @property
    def rate(self) -> float:
        """Records a second, of the round in the middle."""
        return statistics.median(self.rates)

    @property
    def p99(self) -> float:
        """Seconds in which 99 of a hundred calls were answered."""
        return statistics.quantiles(self.seconds, n=100)[-1]

    def times(self, other: Contestant) -> float:
        """How many times as fast as another, in the middle of the rounds, each against its neighbour."""
        return statistics.median(mine / theirs for mine, theirs in zip(self.rates, other.rates, strict=True))

    def check(self, url: str, what: str) -> None:
        """Make sure that as many rows lie there as were acknowledged. Raises NotStored."""
        stored = count(url, f"SELECT count(*) FROM {what}")  # noqa: S608  our own words
        if stored != self.acknowledged:
            raise NotStored(f"{self.name} acknowledged {self.acknowledged:,} records and stored {stored:,}.")


def _span(answered: Sequence[Call]) -> float:
    return max(call.ended for call in answered) - min(call.begun for call in answered)


def count(url: str, query: str) -> int:
    """A number a database tells."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        found = connection.execute(text(query)).scalar_one()
    engine.dispose()
    return int(found or 0)
