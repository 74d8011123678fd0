"""The log: one line for each call, and for whatever else an operator has to know of; nobody's data.

Everything that any library logs goes through one pipe. Of our own modules it passes what they say; of
foreign ones their words without the values in them, since those quote what was sent; of an exception
its kind and the lines of code, never its text. A line is JSON, and at most about a kilobyte long.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
import traceback
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

import msgspec

from gateway.calls import Call, current
from gateway.errors import FAILED

Line = MutableMapping[str, Any]

OURS = {"gateway", "storage"}
SERVERS = {"gunicorn", "_granian"}
SIGNALS = set(signal.Signals.__members__)
MOST_TEXT = 600  # characters of what is said
MOST_FRAMES = 8
MOST_CODES = 12
UNSAID = "its own words are left out, since they may quote data"

_log = logging.getLogger("gateway")
_calls = logging.getLogger("gateway.call")


def begin(form: str, level: str, stream: TextIO | None = None) -> None:
    """Send all logs of this process, and of those it forks, to `stream` (default: standard error).

    `form` is json, console, or auto: console on a terminal, else json.
    """
    from structlog.stdlib import ProcessorFormatter  # loads slowly, and most commands log nothing

    stream = stream or sys.stderr
    console = form == "console" or (form == "auto" and stream.isatty())
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[_line],
            processors=[ProcessorFormatter.remove_processors_meta, _renderer(console)],
            pass_foreign_args=True,
            use_get_message=False,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # Foreign words below a warning tell nothing without their values.
    root.setLevel(max(logging.WARNING, logging.getLevelName(level.upper())))
    for name in OURS:
        logging.getLogger(name).setLevel(level.upper())
    logging.raiseExceptions = False  # a log that cannot be written costs no call, and shows no values
    sys.excepthook = _uncaught
    threading.excepthook = lambda met: _uncaught(met.exc_type, met.exc_value, met.exc_traceback)
    sys.unraisablehook = lambda met: _uncaught(met.exc_type, met.exc_value, met.exc_traceback)


def _renderer(console: bool) -> Any:
    if console:
        from structlog.dev import ConsoleRenderer

        return ConsoleRenderer(timestamp_key="at", sort_keys=False)
    return lambda logger, name, line: msgspec.json.encode(line, enc_hook=str).decode()


def tell(call: Call) -> None:
    """Write the line of a call: as a warning what we failed at, whose cause has a line of its own."""
    level = logging.WARNING if call.outcome == FAILED else logging.INFO
    if _calls.isEnabledFor(level):
        _calls.log(level, "call", extra={"told": _told(call)})


def note(text: str, **told: object) -> None:
    """Write a line that things of our own are told with: addresses, versions, counts."""
    _log.info(text, extra={"told": told})


def _told(call: Call) -> dict[str, object]:
    told = {
        "trace": call.trace_id,
        "endpoint": call.endpoint,
        "operation": call.operation,
        "provider": call.provider_id,
        "outcome": call.outcome,
        "code": call.code,
        "receipt": call.receipt_id,
        "replayed": call.replayed,
        "records": dict(call.actions),
        "findings": dict(call.findings.most_common(MOST_CODES)),
        "status": call.status,
        "ms": round(call.seconds * 1000, 2),
    }
    return {name: value for name, value in told.items() if value}


# --- the pipe -------------------------------------------------------------------------------------------


def _line(_logger: Any, _name: str, line: Line) -> Line:
    """The line of a record of the standard library's logging."""
    record: logging.LogRecord = line["_record"]
    told = getattr(record, "told", {})
    call = current()
    made: Line = {
        "at": _moment(record),
        "level": record.levelname.lower(),
        "logger": record.name[:60],
        "pid": record.process,
        "event": _shortened(_words(record, line.pop("positional_args", ()))),
        **({"trace": call.trace_id} if call is not None and "trace" not in told else {}),
        **told,
        **_met(line.pop("exc_info", None)),
    }
    return {**made, "_record": record, "_from_structlog": False}


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _words(record: logging.LogRecord, given: Any) -> str:
    """What a record says: whole where it is ours, without its values where it is not, but those by which a
    server names its processes.

    Foreign words without values apart may have them inside, so only their place is told.
    """
    if record.name.partition(".")[0] in OURS:
        return str(record.msg) % given if given else str(record.msg)
    place = f"{record.module}:{record.lineno}"
    if not given or not isinstance(record.msg, str):
        return f"{place}: {UNSAID}"
    said = record.msg % given if _of_processes(record, given) else record.msg
    return f"{said} ({place})"


def _of_processes(record: logging.LogRecord, given: Any) -> bool:
    """Whether a server tells of its processes: in numbers and names of signals, which quote nobody."""
    ours = record.name.partition(".")[0] in SERVERS and isinstance(given, tuple)
    return ours and all(type(one) is int or (type(one) is str and one in SIGNALS) for one in given)


def _met(met: Any) -> Mapping[str, object]:
    """An exception without its text, and the last lines of code it came through."""
    if not isinstance(met, tuple) or met[0] is None:
        return {}
    frames = traceback.extract_tb(met[2])[-MOST_FRAMES:]
    lines = [f"{'/'.join(one.filename.split('/')[-2:])[-40:]}:{one.lineno}" for one in frames]
    return {"exception": met[0].__name__, "frames": lines}


def _shortened(text: str) -> str:
    """A text of bounded length; its end says more than its middle."""
    half = MOST_TEXT // 2
    return text if len(text) <= MOST_TEXT else f"{text[:half]} … {text[-half:]}"


def _uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    """Log what nobody caught; Python itself would print its text."""
    if not issubclass(kind, KeyboardInterrupt | SystemExit):
        _log.critical("nobody caught this", exc_info=(kind, error or kind(), trace))
