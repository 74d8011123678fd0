"""Prints how many microseconds the baseline takes to echo an activity, and how many its floor does.

    python -m bench.baseline.floor

The floor is to parse the same activity and hold it to the schema that spyne makes of the models. Both
take turns call by call, without HTTP, in seconds the processor gave: so neighbours do not count.
"""

from __future__ import annotations

import io
import statistics
import sys
import time
from collections.abc import Callable

from lxml import etree

from bench.baseline.calls import echo

TIMES = 300


def main() -> None:
    """Measure and print: the middle of all echoes, and of all floors."""
    from bench.baseline.service import application

    body, schema = echo(), application.app.in_protocol.validation_schema
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "CONTENT_TYPE": "text/xml; charset=utf-8",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "QUERY_STRING": "",
    }

    def answer() -> None:
        told = application({**environ, "wsgi.input": io.BytesIO(body)}, lambda *_: None)
        assert b"EchoActivityResult" in b"".join(told)

    def floor() -> None:
        assert schema.validate(etree.fromstring(body)[0][0])

    answer()  # the first has to build what the others use
    both = [(_seconds(answer), _seconds(floor)) for _ in range(TIMES)]
    sys.stdout.write(" ".join(f"{statistics.median(one) * 1e6:.1f}" for one in zip(*both, strict=True)))


def _seconds(work: Callable[[], None]) -> float:
    begun = time.thread_time()
    work()
    return time.thread_time() - begun


if __name__ == "__main__":
    main()
