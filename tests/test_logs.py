"""The log: lines of JSON of bounded length, in which no library quotes what it met."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from gateway import logs
from gateway.calls import Call, Observed

SECRET = "Zebrawood 12-08"
LINE_BYTES = 1024


class Log:
    """What was logged."""

    def __init__(self, stream: io.StringIO) -> None:
        self._stream = stream

    @property
    def text(self) -> str:
        """As it was written."""
        return self._stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        """As it is read."""
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def log() -> Iterator[Log]:
    """The pipe into a string; everything is as before at the end."""
    stream = io.StringIO()
    loggers = [logging.getLogger(name) for name in ("", *sorted(logs.OURS))]
    kept = [(one, one.level, one.handlers[:]) for one in loggers]
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in (
            (sys, "excepthook"),
            (sys, "unraisablehook"),
            (threading, "excepthook"),
            (logging, "raiseExceptions"),
        ):
            patch.setattr(owner, name, getattr(owner, name))
        logs.begin("json", "info", stream)
        yield Log(stream)
    for one, level, handlers in kept:
        one.setLevel(level)
        one.handlers[:] = handlers


def a_call(**told: Any) -> Call:
    """A call with everything that can be told of one."""
    full: dict[str, Any] = {
        "operation": "SaveLearnerActivity",
        "provider_id": "0001234",
        "outcome": "Partial success",
        "receipt_id": "20260101-000000000001",
        "actions": Counter(dict.fromkeys(("Added", "Updated", "Deleted", "Unchanged", "Refused"), 2000)),
        "findings": Counter({f"C{number:03}": 2000 for number in range(300)}),
        "status": 200,
        "seconds": 1.2345678,
    }
    return Call("/soap/v2", "0af7651916cd43dd8448eb211c80319c", **full | told)


def test_a_call_is_one_line_that_says_all_of_it(log: Log) -> None:
    """Trace, endpoint, operation, provider, outcome, counts, codes and milliseconds."""
    logs.tell(a_call(findings=Counter(A001=3)))
    [line] = log.lines
    assert ("call", "info", "0001234", "SaveLearnerActivity") == (
        line["event"],
        line["level"],
        line["provider"],
        line["operation"],
    )
    assert ("Partial success", 2000, {"A001": 3}, 1234.57) == (
        line["outcome"],
        line["records"]["Refused"],
        line["findings"],
        line["ms"],
    )
    assert ("/soap/v2", "0af7651916cd43dd8448eb211c80319c") == (line["endpoint"], line["trace"])


def test_the_longest_line_of_a_call_is_bounded(log: Log) -> None:
    """A kilobyte for each call, however many kinds of findings it has."""
    logs.tell(a_call())
    assert LINE_BYTES >= len(log.text.encode())
    assert 1 == log.text.count("\n")


@pytest.mark.parametrize(("outcome", "level"), [("Refused", "info"), ("Failed", "warning")])
def test_what_we_failed_at_stands_out(log: Log, outcome: str, level: str) -> None:
    """What a sender did wrong does not."""
    logs.tell(a_call(outcome=outcome))
    assert [level] == [line["level"] for line in log.lines]


@pytest.mark.parametrize(
    "name", ["gunicorn.error", "_granian", "sqlalchemy.engine", "zeep.transports", "dbos", "x"]
)
def test_foreign_words_come_without_their_values(log: Log, name: str) -> None:
    """The words of the program are told, what stands in them is not; ready-made ones are left out."""
    foreign = logging.getLogger(name)
    foreign.error("cannot take %s from %s", SECRET, SECRET)
    foreign.error(f"cannot take {SECRET}")
    foreign.error(ValueError(SECRET))
    assert SECRET not in log.text
    assert "cannot take %s from %s (test_logs:" in log.lines[0]["event"]
    assert "test_logs:" in log.lines[1]["event"]


def test_a_process_that_a_signal_ended_is_named(log: Log) -> None:
    """By its number and the signal; of what else a server or a library says no value is told."""
    gunicorn, ended = logging.getLogger("gunicorn.error"), "Worker (pid:%s) was sent %s!"
    gunicorn.error(ended, 1502, "SIGKILL")
    gunicorn.error(ended, 1502, SECRET)
    gunicorn.error("Request from %(ip)s", {"ip": SECRET})
    gunicorn.error("cannot take %s", [1502])
    logging.getLogger("zeep.transports").error("born in %s", 1971)
    told = [line["event"].partition(" (test_logs:")[0] for line in log.lines]
    assert [
        "Worker (pid:1502) was sent SIGKILL!",
        ended,
        "Request from %(ip)s",
        "cannot take %s",
        "born in %s",
    ] == told


def test_without_the_pipe_the_same_words_quote(caplog: pytest.LogCaptureFixture) -> None:
    """Negative control: the libraries' own logging would show it."""
    logging.getLogger("dbos").error("cannot take %s", SECRET)
    assert SECRET in caplog.text


def test_our_own_words_come_whole(log: Log) -> None:
    """Our modules say nothing they may not."""
    logging.getLogger("storage.engine").warning("database error: %s %s", "OperationalError", 5)
    logging.getLogger("gateway.answers").error("100 % ours")
    assert ["database error: OperationalError 5", "100 % ours"] == [line["event"] for line in log.lines]


@pytest.mark.parametrize("name", ["gateway.x", "dbos"])
def test_an_exception_comes_without_its_text(log: Log, name: str) -> None:
    """Its kind and the lines of code it came through."""
    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger(name).exception("mistake")
    [line] = log.lines
    assert "ValueError" == line["exception"]
    assert "tests/test_logs.py:" in line["frames"][-1]
    assert SECRET not in log.text


def _dig(depth: int) -> None:
    if not depth:
        raise ValueError(SECRET * 1000)
    _dig(depth - 1)


def test_no_line_is_long(log: Log) -> None:
    """However much there is to say, and however deep it broke."""
    try:
        _dig(500)
    except ValueError:
        logging.getLogger("gateway.x").exception("%s begins so, and ends thus", "a" * 100_000)
    [line] = log.lines
    assert line["event"].endswith("ends thus")
    assert 1.5 * LINE_BYTES > len(log.text.encode())


@pytest.mark.parametrize("hook", ["main", "thread"])
def test_what_nobody_caught_comes_without_its_text(log: Log, hook: str) -> None:
    """Python itself would print it to the same stream."""
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        if hook == "main":
            sys.excepthook(ValueError, error, error.__traceback__)
        else:
            met = (ValueError, error, error.__traceback__, None)
            threading.excepthook(threading.ExceptHookArgs(met))
    [line] = log.lines
    assert ("critical", "ValueError") == (line["level"], line["exception"])
    assert SECRET not in log.text


def test_lines_within_a_call_bear_its_trace(log: Log) -> None:
    """So what a call met is found by the trace id of its fault; outside there is none."""

    def door(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        logging.getLogger("storage.engine").warning("database error")
        start_response("500 Internal Server Error", [])
        return []

    Observed(door, "/soap/v2", [logs.tell])({}, lambda *_: None)
    logging.getLogger("storage.engine").warning("database error")
    first, second, third = log.lines
    assert first["trace"] == second["trace"]
    assert "trace" not in third


def test_the_level_decides_what_is_written(log: Log) -> None:
    """At `warning` the calls that went well cost and say nothing; foreign chatter is never written."""
    logging.getLogger("alembic").info("Context impl %s.", "SQLite")
    assert [] == log.lines
    stream = io.StringIO()
    logs.begin("json", "warning", stream)
    logs.tell(a_call())
    logs.tell(a_call(outcome="Failed"))
    assert ["warning"] == [line["level"] for line in Log(stream).lines]


def test_a_log_that_cannot_be_written_costs_no_call(log: Log) -> None:
    """A full disk under the log is no reason to fail, nor to print what could not be written."""
    broken = io.StringIO()
    logs.begin("json", "info", broken)
    broken.close()
    logs.tell(a_call())


@pytest.mark.parametrize(
    ("form", "terminal", "is_json"),
    [("auto", True, False), ("auto", False, True), ("json", True, True), ("console", False, False)],
)
def test_a_terminal_is_for_people(log: Log, form: str, terminal: bool, is_json: bool) -> None:
    """Lines of JSON for programs, unless told otherwise."""
    stream = io.StringIO()
    stream.isatty = lambda: terminal  # type: ignore[method-assign]
    logs.begin(form, "info", stream)
    logs.note("serving", address="127.0.0.1:8080")
    assert is_json == stream.getvalue().startswith("{")
    assert "127.0.0.1:8080" in stream.getvalue()
