"""A client process that calls at a fixed rate, whatever becomes of its calls.

    python -m trust.flood FOLDER NAME NUMBER RATE SECONDS

Calls go out on time, each on a connection of its own, up to so many at once; without a rate (0) each of a
few follows the one before. Every call reports completions and is in the journal before it is sent.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trust import messages
from trust.client import HEADERS, HELD, UNKNOWN, Answer, Journal, fate_of, receipt_of

CLIENTS = 4
AT_ONCE = 100
CALM = 2  # connections of each client that is not told a rate
RECORDS = 10
PATIENCE = 20.0
PHASES = ("calm", "flood", "after")


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one call."""

    fate: str
    begun: float
    ended: float
    status: int
    retry_after: str | None
    text: str

    @property
    def took(self) -> float:
        """Seconds until the answer."""
        return self.ended - self.begun


def tried(folder: Path, name: str) -> list[Tried]:
    """What all clients of a phase wrote down."""
    lines = (line for path in folder.glob(f"flood-{name}-*.jsonl") for line in path.read_text().splitlines())
    entries = (json.loads(line) for line in lines)
    return [
        Tried(e["fate"], e["span"][0], e["span"][1], e["status"], e["retry_after"], e["text"])
        for e in entries
        if "fate" in e
    ]


@dataclass
class Flood:
    """One client of a phase; its records are its own."""

    name: str
    number: int
    plan: dict[str, Any]
    journal: Journal
    lock: threading.Lock

    def call(self, count: int) -> None:
        """Report some completions that nobody else reports, and note what came of it."""
        course, people = self._records(count)
        key = f"{self.name}-{self.number}-{count}"
        wants = {f"credit {messages.credit_id(course, person)}": HELD for person in people}
        body = messages.save_completions(people, course, self.plan["day"], "add", key)
        with self.lock:
            self.journal.note(n=count, kind="add", key=key, wants=wants)
        begun = time.monotonic()
        status, answer, retry = self._exchange(body)
        fate = fate_of(status, answer) if status else UNKNOWN
        span = (begun, time.monotonic())
        told = {"fate": fate, "receipt": receipt_of(answer), "text": Answer(fate, answer).text, "span": span}
        with self.lock:
            self.journal.note(n=count, status=status, retry_after=retry, **told)

    def _records(self, count: int) -> tuple[str, range]:
        """Part of the people at one course: each phase, client and call has its own."""
        parts = messages.PEOPLE // RECORDS
        place = count * len(PHASES) * CLIENTS + PHASES.index(self.name) * CLIENTS + self.number
        course, part = divmod(place, parts)
        return self.plan["courses"][course], range(part * RECORDS, (part + 1) * RECORDS)

    def _exchange(self, body: bytes) -> tuple[int, bytes, str | None]:
        connection = http.client.HTTPConnection(self.plan["bind"], timeout=PATIENCE)
        try:
            connection.request("POST", "/soap/v2", body, {**HEADERS, "Connection": "close"})
            response = connection.getresponse()
            return response.status, response.read(), response.getheader("Retry-After")
        except (OSError, http.client.HTTPException):
            return 0, b"", None
        finally:
            connection.close()

    def at_rate(self, rate: float, seconds: float) -> None:
        """Call on time."""
        most = len(self.plan["courses"]) * messages.PEOPLE // RECORDS // (len(PHASES) * CLIENTS)
        begun = time.monotonic()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for count in range(min(most, int(rate * seconds))):
                time.sleep(max(0.0, begun + count / rate - time.monotonic()))
                pool.submit(self.call, count)

    def one_after_the_other(self, seconds: float) -> None:
        """Call as fast as is answered, on a few connections."""
        ends, counts = time.monotonic() + seconds, iter(range(10**6))

        def work() -> None:
            while time.monotonic() < ends:
                with self.lock:
                    count = next(counts)
                self.call(count)

        with ThreadPoolExecutor(CALM) as pool:
            for _ in range(CALM):
                pool.submit(work)


def main(folder: Path, name: str, number: int, rate: float, seconds: float) -> None:
    """Call for so long."""
    plan = json.loads((folder / "plan.json").read_text())
    with (folder / f"flood-{name}-{number}.jsonl").open("w") as file:
        flood = Flood(name, number, plan, Journal(file), threading.Lock())
        if rate:
            flood.at_rate(rate, seconds)
        else:
            flood.one_after_the_other(seconds)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), float(sys.argv[5]))
