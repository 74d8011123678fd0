"""A client process that writes and reads records that other clients write and read at the same time.

    python -m trust.historian FOLDER NUMBER SEED

What it did stands in FOLDER/`history-NUMBER.jsonl`. Registers are activities whose title changes, by
anyone; the set is of activities that are added once, read by anyone, and deleted once.
"""

from __future__ import annotations

import json
import random
import re
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from trust import messages
from trust.client import ACKED, REFUSED, UNSENT, Line
from trust.history import GONE

REGISTERS = 4
HISTORIANS = 4
FRESH = 12  # elements of the set that are still looked at, of each client
_TITLE = re.compile(rb"title>\s*<(?:\w+:)?string[^>]*>([^<]*)<")
_NOT_FOUND = b"Code>S003<"


def register(number: int) -> str:
    """The own id of a register."""
    return f"REG-{number}"


@dataclass
class Historian:
    """One client: what it does is drawn by chance."""

    number: int
    year: int
    line: Line
    file: TextIO
    chance: random.Random
    deeds: int = 0
    mine: list[str] = field(default_factory=list)

    def step(self) -> None:
        """Write or read a register or an element of the set."""
        draw = self.chance.random()
        if draw < 0.3:
            self.write(register(self.chance.randrange(REGISTERS)), "Update", f"v{self.number}-{self.deeds}")
        elif draw < 0.55:
            self.read(register(self.chance.randrange(REGISTERS)))
        elif draw < 0.7:
            self.mine.append(f"SET-{self.number}-{self.deeds}")
            self.write(self.mine[-1], "Add", f"v{self.number}-{self.deeds}")
        elif draw < 0.8 and self.mine:
            self.write(self.mine.pop(self.chance.randrange(len(self.mine))), "Delete", GONE)
        else:
            self.read(self._element())

    def write(self, record: str, action: str, value: str) -> bool:
        """Write a value that nobody else writes."""
        body = messages.save_activity(record, value, action, self.year)
        begun, answer = time.monotonic(), self.line.send(body)
        self.deeds += 1
        if answer.fate == UNSENT:
            self._forget(record, action)
            time.sleep(0.02)
            return False
        if answer.fate == REFUSED:
            self._note(record, write=True, value=f"refused: {answer.text}", begun=begun, refused=True)
        elif answer.fate == ACKED:
            self._note(record, write=True, value=value, begun=begun)
        else:
            self._note(record, write=True, value=value, begun=begun, ended=None)
            self._forget(record, action)
        return answer.fate == ACKED

    def read(self, record: str) -> None:
        """Read what a record is now."""
        begun, answer = time.monotonic(), self.line.send(messages.get_activity(record))
        title = _TITLE.search(answer.body)
        if title and answer.fate == ACKED:
            self._note(record, write=False, value=title[1].decode(), begun=begun)
        elif _NOT_FOUND in answer.body:
            self._note(record, write=False, value=None, begun=begun)

    def _element(self) -> str:
        """An element of the set that a client, any, may have touched of late."""
        number = self.chance.randrange(HISTORIANS)
        if number == self.number and self.mine:
            return self.chance.choice(self.mine)
        return f"SET-{number}-{self.chance.randrange(max(0, self.deeds - FRESH), self.deeds + 1)}"

    def _forget(self, record: str, action: str) -> None:
        """An element whose fate is open is neither deleted nor added again."""
        if action == "Add":
            self.mine.remove(record)

    def _note(
        self,
        record: str,
        *,
        write: bool,
        value: str | None,
        begun: float,
        ended: Any = 0,
        refused: bool = False,
    ) -> None:
        end = time.monotonic() if ended == 0 else None
        told = {"record": record, "write": write, "value": value, "begun": begun, "ended": end}
        self.file.write(json.dumps(told | {"refused": refused}) + "\n")


def written(folder: Path) -> Iterator[dict[str, Any]]:
    """What all clients did."""
    for path in sorted(folder.glob("history-*.jsonl")):
        yield from map(json.loads, path.read_text().splitlines())


def main(folder: Path, number: int, seed: int) -> None:
    """Write and read until told to end."""
    ending: list[int] = []
    signal.signal(signal.SIGTERM, lambda *_: ending.append(1))
    plan = json.loads((folder / "plan.json").read_text())
    with (folder / f"history-{number}.jsonl").open("w") as file:
        line = Line(plan["bind"], patience=5.0)
        historian = Historian(number, plan["year"], line, file, random.Random(f"{seed}-{number}"))
        while not ending:
            historian.step()
        line.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
