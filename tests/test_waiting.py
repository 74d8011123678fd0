"""Waiting ends when something holds, and fails when it never does."""

from __future__ import annotations

import pytest
from waiting import until


def test_waiting_ends_when_it_holds() -> None:
    """It is asked again until it holds."""
    answers = iter([0, 0, 1])
    until(lambda: next(answers), "it is one")
    assert [] == list(answers)


def test_waiting_in_vain_fails() -> None:
    """At the deadline it is red, and says what was hoped for."""
    with pytest.raises(AssertionError, match=r"not so after 0\.01 s: pigs fly"):
        until(lambda: False, lambda: "pigs fly", 0.01)
