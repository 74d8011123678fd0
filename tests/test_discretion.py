"""The guard over what the suite says of people does bite."""

from __future__ import annotations

import logging
from collections.abc import Callable

import discretion
import pytest
from reports import ADA, ADA_ROW, BEN_ROW

from gateway.errors import Malformed
from gateway.records import Finding, Severity

LOG = logging.getLogger("gateway.somewhere")


def _finding(text: str) -> None:
    Finding("L101", Severity.ERROR, f"The name {text} is not right.", "Correct it.")


def _error(text: str) -> None:
    Malformed(f"The name {text} is not right.")


def _warning(text: str) -> None:
    LOG.warning("learner %s", text)


@pytest.mark.parametrize("say", [_finding, _error, _warning])
@pytest.mark.parametrize(
    "value", [ADA.family_names[0], BEN_ROW.family.upper(), ADA_ROW.licence, BEN_ROW.npi, ADA_ROW.npi]
)
def test_who_is_named_is_noticed(say: Callable[[str], None], value: str) -> None:
    """In a finding, an error or a warning: the test that says it would fail."""
    say("of nobody")
    assert [] == discretion.quoted
    say(value)
    assert 1 == len(discretion.quoted)
    discretion.quoted.clear()


def test_what_is_said_below_a_warning_is_not_looked_at() -> None:
    """Chatter that no installation writes costs nothing."""
    LOG.setLevel(logging.DEBUG)
    LOG.info("learner %s", ADA.family_names[0])
    assert [] == discretion.quoted
