"""The heads: where the chain ended, noted in a file of its own, so that a tail that was cut is missed.

Lines are only ever added, one an hour while there is something to note, and one whenever a gateway stops.
A second file, which is written over after each sealing, knows the end of the last seconds.

A line has a form, what it notes, a time, a position, the hash there, and a proof, which covers the proof
of the line before it: without the key no line can be made, changed, or taken out from between others.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.audit.chain import Chain
from gateway.errors import Failed
from gateway.records import AuditLink

SETTING = "CME_GATEWAY_AUDIT_HEADS"
FORM = "cme-gateway-head-1"
KINDS = ENDED, RESTORED = "ended", "restored"
TIME = "%Y-%m-%dT%H:%M:%SZ"
PARTS = 6
PROOF = 64  # characters
TAIL_BYTES = 4096  # has some lines in it, whatever was written last

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Head:
    """A line: at `at` the chain ended at `place`, or was restored to it."""

    kind: str
    at: datetime
    place: AuditLink
    proof: str

    @property
    def said(self) -> str:
        """The line without its proof."""
        position, hash = self.place
        return f"{FORM} {self.kind} {self.at:{TIME}} {position} {hash.hex()}"

    def __str__(self) -> str:
        return f"{self.said} {self.proof}"


@dataclass(slots=True)
class Noted:
    """What heads say: which hash the rows at these positions must have, and which line was forged first."""

    places: dict[int, Head] = field(default_factory=dict)
    forged: int | None = None

    def take(self, head: Head) -> None:
        """One more head."""
        if head.kind == RESTORED:
            self.places = {at: one for at, one in self.places.items() if at <= head.place.position}
        self.places[head.place.position] = head


class Heads:
    """The head file of one machine; any number of processes may share it.

    Nothing is noted that lies behind what was noted before: that would hide that the log was cut.
    Reading and writing raise OSError.
    """

    def __init__(self, path: Path, chain: Chain, every: timedelta) -> None:
        self.path = path
        self._newest = path.with_name(f"{path.name}.newest")
        self._chain = chain
        self._every = every

    def check(self) -> None:
        """Make sure that heads can be noted, and leave nothing behind. Raises Failed."""
        why = self._barred()
        if why is not None:
            raise Failed(
                f"The head file of the audit log, {self.path}, cannot be written: {why}.",
                remedy=f"Let it be written, or name another file by {SETTING}.",
            )

    def _barred(self) -> str | None:
        folder = self.path.parent
        if not folder.is_dir():
            return f"there is no folder {folder}"
        if not os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
            return f"there is no right to write in {folder}"  # where the newest head lies beside
        if self.path.is_dir():
            return "it is a folder"
        allowed = not self.path.exists() or os.access(self.path, os.R_OK | os.W_OK, effective_ids=True)
        return None if allowed else "there is no right to read and write it"

    def note(self, place: AuditLink, now: datetime, *, ending: bool = False) -> None:
        """Note the end of the chain: in the newest head, and as a line if one is due or all is ending."""
        if not place.position:
            return
        with self._locked():
            last, newest = self._last(), self._replaced()
            if newest is None or newest.place.position < place.position:
                self._replace(self._made(ENDED, place, now, ""))
            ahead = last is None or last.place.position < place.position
            if ahead and (ending or last is None or abs(now - last.at) >= self._every):
                self._append(ENDED, place, now, last)

    def restore(self, place: AuditLink, now: datetime) -> None:
        """Note that the database was restored from a backup that ends there: what was noted of later
        places is of rows that are no more."""
        with self._locked():
            self._append(RESTORED, place, now, self._last())
            self._replace(self._made(ENDED, place, now, ""))

    def read(self) -> Noted:
        """What is noted, up to the first forged line; nothing where there is no file."""
        noted = Noted()
        proof = ""
        for number, text in enumerate(self._lines(), 1):
            head = _parsed(text)
            if head is None:
                continue  # the power failed while it was written; the next line covers the one before
            if head.proof != self._chain.head(head.said, proof):
                noted.forged = number
                return noted
            noted.take(head)
            proof = head.proof
        newest = self._replaced()
        if newest is not None:
            noted.take(newest)
        return noted

    # --- lines -----------------------------------------------------------------------------------------

    def _made(self, kind: str, place: AuditLink, now: datetime, previous: str) -> Head:
        bare = Head(kind, now, place, "")
        return Head(kind, now, place, self._chain.head(bare.said, previous))

    def _append(self, kind: str, place: AuditLink, now: datetime, last: Head | None) -> None:
        head = self._made(kind, place, now, last.proof if last else "")
        with open(self.path, "ab") as file:
            file.write(f"{self._begun()}{head}\n".encode())
            file.flush()
            os.fsync(file.fileno())
        _log.info("%s", head)

    def _begun(self) -> str:
        """What ends a line that was not written to its end."""
        return "\n" if self._tail()[-1:] not in (b"", b"\n") else ""

    def _lines(self) -> list[str]:
        with contextlib.suppress(FileNotFoundError):
            return self.path.read_text("ascii", "replace").splitlines()
        return []

    def _last(self) -> Head | None:
        lines = self._tail().decode("ascii", "replace").splitlines()
        return next((head for line in reversed(lines) if (head := _parsed(line))), None)

    def _tail(self) -> bytes:
        with contextlib.suppress(FileNotFoundError), open(self.path, "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
            return file.read()
        return b""

    def _replace(self, head: Head) -> None:
        draft = self._newest.with_name(f"{self._newest.name}.draft")
        draft.write_text(f"{head}\n", "ascii")
        draft.replace(self._newest)

    def _replaced(self) -> Head | None:
        """The newest head, if it is one: who cannot make proofs can only take it away."""
        with contextlib.suppress(FileNotFoundError):
            head = _parsed(self._newest.read_text("ascii", "replace").rstrip("\n"))
            return head if head and head.proof == self._chain.head(head.said, "") else None
        return None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One process at a time, by a lock that ends with it."""
        with open(self.path, "ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _parsed(text: str) -> Head | None:
    """A line that is whole, or nothing."""
    parts = text.split(" ")
    if len(parts) != PARTS or parts[1] not in KINDS or len(parts[5]) != PROOF:
        return None
    try:
        at = datetime.strptime(parts[2], TIME).replace(tzinfo=UTC)
        head = Head(parts[1], at, AuditLink(int(parts[3]), bytes.fromhex(parts[4])), parts[5])
    except ValueError:
        return None
    return head if str(head) == text else None
