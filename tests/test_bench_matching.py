"""The benchmark of matching runs, small, and what it loads is always the same."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from bench import matching
from tools.register import cells, people


@pytest.mark.slow
def test_benchmark_prints_its_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each figure stands beside its aim, and all but the wrongly written learners are matched."""
    monkeypatch.setattr(matching, "LEARNERS", 50)
    monkeypatch.setattr(matching, "CHUNKS", 2)
    loaded, bulk, call = matching.measure(f"sqlite:///{tmp_path / 'bench.db'}", 300)
    assert "300 people" in loaded
    assert "aim 20,000/s" in bulk
    assert "aim 5 ms" in call
    assert 85 <= int(bulk.partition("(")[2].partition("%")[0]) <= 100


def test_invented_people_are_always_the_same() -> None:
    """A seed makes the same people whatever the count; another seed makes others."""
    first, more, other = ([cells(row) for row in people(*asked)] for asked in ((20, 1), (40, 1), (20, 2)))
    assert first == [*islice(more, len(first))]
    assert first != other
    assert 20 == len({row[0] for row in first})
