"""What is told of a call: one record, filled on its way from the door to the answer, read at its end.

It holds counts, codes and words of our own, and no value a sender gave but the provider they proved to
be: whoever reads it may write all of it down.
"""

from __future__ import annotations

import re
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from gateway.errors import GatewayError
from gateway.records import Receipt

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Door = Callable[[Environ, StartResponse], Iterable[bytes]]

ANSWERED = "Answered"
"""The outcome of calls that read; those that write have that of their receipt, all others that of their
error."""

TRACE = "gateway.trace_id"
PARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")
LONGEST_PARENT = 512
"""A traceparent as W3C Trace Context has it; only version 00 says that nothing follows."""


@dataclass(slots=True)
class Call:
    """One call. `operation` and `provider_id` are empty until they are known to be ours, `code` is that
    of a refusal of all of it, `actions` and `findings` count records and findings of a receipt."""

    endpoint: str
    trace_id: str
    operation: str = ""
    provider_id: str = ""
    outcome: str = ANSWERED
    code: str = ""
    receipt_id: str = ""
    replayed: bool = False
    actions: Counter[str] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)
    status: int = 0
    seconds: float = 0.0


_current: ContextVar[Call | None] = ContextVar("call", default=None)


def current() -> Call | None:
    """The call that this thread answers, if any."""
    return _current.get()


def trace_id(environ: Environ) -> str:
    """The trace id of a request, the same whoever asks: the caller's (W3C `traceparent`), or a new one."""
    known: str | None = environ.get(TRACE)
    if known is None:
        parent = str(environ.get("HTTP_TRACEPARENT", ""))[:LONGEST_PARENT]
        found = PARENT.fullmatch(parent)
        taken = found is not None and not (parent.startswith("00") and found[2])
        known = environ[TRACE] = found[1] if found and taken else secrets.token_hex(8)
    return known


def asked(operation: str, provider_id: str = "") -> None:
    """Note an operation there is, and the provider the caller proved to be; empty until one is."""
    call = _current.get()
    if call is not None:
        call.operation, call.provider_id = operation, provider_id


def acknowledged(receipt: Receipt) -> None:
    """Note what became of the records of a call."""
    call = _current.get()
    if call is None:
        return
    call.outcome, call.replayed = str(receipt.outcome), receipt.replayed
    call.receipt_id = receipt.id or ""
    for result in receipt.results:
        call.actions[str(result.action)] += 1
        for finding in result.findings:
            call.findings[finding.code] += 1


def refused(error: GatewayError) -> None:
    """Note that a call was refused or failed as a whole."""
    call = _current.get()
    if call is not None:
        call.outcome, call.code = error.outcome, error.code
        for finding in error.findings:
            call.findings[finding.code] += 1


class Observed:
    """A door whose calls are told to others: to the log, to the metrics."""

    def __init__(self, door: Door, endpoint: str, tellers: Sequence[Callable[[Call], None]]) -> None:
        self._door = door
        self._endpoint = endpoint
        self._tellers = tellers

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request as the door does."""
        call = Call(self._endpoint, trace_id(environ))
        token, begun = _current.set(call), time.perf_counter()

        def started(status: str, *rest: Any) -> Any:
            call.status = int(status[:3])
            return start_response(status, *rest)

        try:
            return self._door(environ, started)
        finally:
            call.seconds = time.perf_counter() - begun
            for tell in self._tellers:
                tell(call)
            _current.reset(token)
