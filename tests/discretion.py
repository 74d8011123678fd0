"""A guard over the whole suite: no warning, no finding and no error names one of the tests' people.

The people are invented (reports.py, asked.py); what a finding or an error says of them would be said of
real ones too. `quoted` collects what was said; a test that says something fails at its end.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from gateway.errors import GatewayError
from gateway.records import Finding

NAMED = re.compile(r"(?i)quimby|okonjo|\bnemo\b|MD-?012345|(?<![\d.])(?:1234567893|1999999984)(?!\d)")
"""Names, licence number and NPIs of the tests' people; their other values are too much like any other."""

quoted: list[str] = []


def look(what: str, *texts: object) -> None:
    """Take down what names somebody."""
    quoted.extend(f"{what}: {text}" for text in texts if NAMED.search(str(text)))


def _finding_made(plain: Callable[..., None]) -> Callable[..., None]:
    def made(self: Finding, *args: Any, **parts: Any) -> None:
        plain(self, *args, **parts)
        look("finding", self.text, self.remedy, self.path, self.field)

    return made


def _error_made(plain: Callable[..., None]) -> Callable[..., None]:
    def made(self: GatewayError, *args: Any, **parts: Any) -> None:
        plain(self, *args, **parts)
        look("error", self.text, self.remedy)

    return made


def _record_made(plain: Callable[..., logging.LogRecord]) -> Callable[..., logging.LogRecord]:
    def made(*args: Any, **parts: Any) -> logging.LogRecord:
        record = plain(*args, **parts)
        if (record.levelno or 0) >= logging.WARNING:  # a copy (logging.makeLogRecord) is filled afterwards
            look("log", record.getMessage())
        return record

    return made


@contextmanager
def watching() -> Iterator[None]:
    """Look at every finding, error and log record that is made meanwhile."""
    factory = logging.getLogRecordFactory()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Finding, "__init__", _finding_made(Finding.__init__))
        patch.setattr(GatewayError, "__init__", _error_made(GatewayError.__init__))
        logging.setLogRecordFactory(_record_made(factory))
        try:
            yield
        finally:
            logging.setLogRecordFactory(factory)


@pytest.fixture(scope="session", autouse=True)
def _watched() -> Iterator[None]:
    with watching():
        yield


@pytest.fixture(autouse=True)
def nobody_is_named(_watched: None) -> Iterator[None]:
    """Fail a test in which a warning, a finding or an error named somebody."""
    quoted.clear()
    yield
    assert not quoted, f"names a person: {quoted[:5]}"
