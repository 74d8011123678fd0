"""The benchmark of searches runs, small, and asks what it says it asks."""

from __future__ import annotations

import pytest

from bench import search
from bench.templates import SQLITE
from gateway.lifecycle import status
from gateway.records import Status


@pytest.mark.slow
def test_the_benchmark_tells_both_sizes() -> None:
    """Each search stands with both, and all of them together at the end."""
    found = search.measure(SQLITE, 60, 120, 2)
    lines = list(found.lines())
    assert [*search.SEARCHES, "all of them, p95"] == [line[:24].strip() for line in lines]
    assert (60, 120) == (found.few.count, found.many.count)
    assert found.ratio > 0


def test_what_is_invented_stands_in_every_status() -> None:
    """Or a search by status would find nothing, quickly; and the rare word is of one title."""
    some = list(search.invented(2_000))
    assert {*Status} == {status(one, search.TODAY) for one in some}
    assert 1 == sum(search.RARE in (one.title or "") for one in some)
    assert len(some) == len({one.activity_id for one in some})
