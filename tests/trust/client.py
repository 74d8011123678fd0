"""A client process: mixes calls, writes down what it intends before it sends, and the receipt after.

    python -m trust.client FOLDER NUMBER SEED

FOLDER holds `plan.json` and takes `journal-NUMBER.jsonl`. Ends when told to, after its current call.
Imports nothing of the gateway, so that eight of them start at once and leave it the processor.

A line of the journal is an intent (`n`, `kind`, `key`, `wants`: what each record is to be in the end,
None where it is to be gone), or what came of a try (`n`, `fate`, `receipt`, `text`). What no answer came
to is sent again under its key in half the cases, and else its records are never touched again: so each
record has one history, whatever was lost on the way.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from trust import messages

ACKED, REFUSED, FAILED, UNKNOWN, UNSENT = "acked", "refused", "failed", "unknown", "unsent"
RECORDS = 50
CLIENTS = 8
PATIENCE = 30.0  # seconds for an answer
PAUSE = 0.02  # seconds before a call is tried again
HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
HELD = "held"

_RECEIPT = re.compile(rb"ReceiptId>([^<]+)<")
_OUTCOME = re.compile(rb"Outcome>([^<]+)<")
_FAULT = re.compile(rb"faultstring>([^<]{0,200})")


@dataclass(slots=True)
class Answer:
    """What came of one try to call."""

    fate: str
    body: bytes = b""
    status: int = 0
    seconds: float = 0.0

    @property
    def receipt(self) -> str | None:
        """The number of the receipt, if there is one."""
        return receipt_of(self.body)

    @property
    def text(self) -> str:
        """Why it was not taken."""
        found = _FAULT.search(self.body) or re.search(rb"Text>([^<]{0,200})", self.body)
        return found[1].decode() if found and self.fate != ACKED else ""


@dataclass(slots=True)
class Line:
    """One connection to the gateway, opened anew whenever it broke."""

    bind: str
    patience: float = PATIENCE
    _connection: http.client.HTTPConnection | None = None

    def send(self, body: bytes) -> Answer:
        """Send one call and say what is known of it."""
        begun = time.monotonic()
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection(self.bind, timeout=self.patience)
                self._connection.connect()
        except OSError:
            self.close()
            return Answer(UNSENT)
        try:
            self._connection.request("POST", "/soap/v2", body, HEADERS)
            response = self._connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException):
            self.close()
            return Answer(UNKNOWN, seconds=time.monotonic() - begun)
        if response.will_close:
            self.close()
        return Answer(fate_of(response.status, answer), answer, response.status, time.monotonic() - begun)

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def receipt_of(body: bytes) -> str | None:
    """The number of the receipt in an answer, if there is one."""
    found = _RECEIPT.search(body)
    return found[1].decode() if found else None


def fate_of(status: int, body: bytes) -> str:
    """What an answer says became of the call."""
    if status == 200:
        outcome = _OUTCOME.search(body)
        return ACKED if outcome is None or outcome[1] == b"Success" else REFUSED
    return REFUSED if b"Client<" in body else FAILED


@dataclass
class Journal:
    """What a client knows, on disk before it goes on."""

    file: TextIO

    def note(self, **line: Any) -> None:
        """Write a line, and be sure of it."""
        self.file.write(json.dumps(line) + "\n")
        self.file.flush()
        os.fdatasync(self.file.fileno())


@dataclass
class Client:
    """One sender, who alone touches its records, one call after the other."""

    number: int
    plan: dict[str, Any]
    journal: Journal
    chance: random.Random
    line: Line
    calls: int = 0
    titles: dict[str, str] = field(default_factory=dict)
    batches: set[int] = field(default_factory=set)
    spoilt: set[int] = field(default_factory=set)
    last: Answer = field(default_factory=lambda: Answer(UNSENT))

    def step(self, told: Callable[[], bool] = lambda: False) -> None:
        """Make one call, drawn by chance, and see it through; `told`: to end."""
        draw = self.chance.random()
        if draw < 0.15:
            self.line.send(messages.find_learners())
        elif draw < 0.40 or not self.titles:
            self.save(f"T{self.number}-{self.calls}", "Add", told)
        elif draw < 0.65:
            self.save(self.chance.choice(sorted(self.titles)), "Update", told)
        elif draw < 0.75:
            self.save(self.chance.choice(sorted(self.titles)), "Delete", told)
        elif draw < 0.85 and self.batches:
            self._report(self.chance.choice(sorted(self.batches)), "delete", told)
        else:
            self._report(self._free_batch(), "add", told)

    def save(self, own_id: str, action: str, told: Callable[[], bool]) -> None:
        """Add, Update or Delete an activity, and see it through."""
        title = None if action == "Delete" else f"Title {self.number}-{self.calls}"
        body = messages.save_activity(own_id, title or "Gone", action, self.plan["year"], self._key)
        if self._see_through(action, {f"activity {own_id}": title}, body, told) != ACKED or title is None:
            self.titles.pop(own_id, None)
        else:
            self.titles[own_id] = title

    def _report(self, batch: int, action: str, told: Callable[[], bool]) -> None:
        """Add or delete a batch: one part of the people, at one course."""
        course, part = self._batch(batch)
        people = range(part * RECORDS, (part + 1) * RECORDS)
        body = messages.save_completions(people, course, self.plan["day"], action, self._key)
        value = HELD if action == "add" else None
        wants = {f"credit {messages.credit_id(course, number)}": value for number in people}
        self.batches.discard(batch)
        fate = self._see_through(f"{action} {RECORDS}", wants, body, told)
        if fate == ACKED and action == "add":
            self.batches.add(batch)
        elif fate != ACKED:
            self.spoilt.add(batch)

    def _free_batch(self) -> int:
        """One of this client's batches that is not reported now."""
        parts = messages.PEOPLE // RECORDS * len(self.plan["courses"])
        mine = range(self.number, parts, CLIENTS)
        return next(one for one in mine if one not in self.batches | self.spoilt)

    def _batch(self, batch: int) -> tuple[str, int]:
        course, part = divmod(batch, messages.PEOPLE // RECORDS)
        return self.plan["courses"][course], part

    @property
    def _key(self) -> str:
        return f"K{self.number}-{self.calls}"

    def _see_through(
        self, kind: str, wants: dict[str, str | None], body: bytes, told: Callable[[], bool]
    ) -> str:
        number = self.calls
        self.journal.note(n=number, kind=kind, key=self._key, wants=wants)
        again = self.chance.random() < 0.5
        self.calls += 1
        while True:
            answer = self.last = self.line.send(body)
            self.journal.note(n=number, fate=answer.fate, receipt=answer.receipt, text=answer.text)
            settled = answer.fate in (ACKED, REFUSED) or (answer.fate == UNKNOWN and not again)
            if settled or told():
                return answer.fate
            time.sleep(PAUSE)


def main(folder: Path, number: int, seed: int) -> None:
    """Call until told to end."""
    ending: list[int] = []
    signal.signal(signal.SIGTERM, lambda *_: ending.append(1))
    plan = json.loads((folder / "plan.json").read_text())
    with (folder / f"journal-{number}.jsonl").open("a") as file:
        line = Line(plan["bind"])
        client = Client(number, plan, Journal(file), random.Random(f"{seed}-{number}"), line)
        while not ending:
            client.step(lambda: bool(ending))
        line.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
