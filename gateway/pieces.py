"""Cuts a file of records into payloads that fit a call each, so that a file has no limit of records.

A record is sent as it is written in the file, to the letter: what the gateway says of a line of a
piece can then be said of a line of the file.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import BinaryIO
from xml.parsers import expat

from gateway.errors import Unreadable
from gateway.intake import ENCODINGS
from gateway.records import Finding, replace

HOLDER = "ActivityReports"  # stands between the wrapper and its records, after fields of its own
RECORDS = {"MedicalEducationMetrics": "activity", "ActivityReport": "learner"}
"""The names of records, and of which payload they are."""

MOST_BYTES = 6 << 20
"""What a piece may hold, so that it fits a call of 8 MB with its envelope."""

CHUNK = 1 << 16
TAG = re.compile(rb"""<(?:[^"'>]|"[^"]*"|'[^']*')*>""")
DECLARED = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([\w.-]+)""")
MARKS = {
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    b"<\0": "utf-16-le",
    b"\0<": "utf-16-be",
}


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it is written, and the line of the file it starts on."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a file that goes in one call: `first` records stand before it in the file.

    `head` is all that stands above the records, from the wrapper's start tag, which is on `line`; empty
    where a record has no wrapper. `tail` ends what `head` began.
    """

    head: str
    line: int
    records: tuple[Record, ...]
    first: int
    tail: str = ""
    payload: str = "activity"

    @property
    def text(self) -> str:
        """The payload: the records stand as far from one another as in the file."""
        text, line = self.head, self._opening
        for record in self.records:
            gap = max(0, record.line - line)
            text += "\n" * gap + record.text
            line += gap + record.text.count("\n")
        return text + self.tail

    def placed(self, finding: Finding) -> Finding:
        """A finding about the payload as one about the file."""
        if finding.line is None:
            return finding
        into = self.head.count("\n")
        start, skipped = (self.line, 1) if finding.line <= into else (self._opening, into + 1)
        return replace(finding, line=start + finding.line - skipped)

    @property
    def _opening(self) -> int:
        return self.records[0].line if self.records else self.line + self.head.count("\n")


def pieces(file: BinaryIO, most: int) -> Iterator[Piece]:
    """Cut an XML file into payloads of at most so many records and 6 MB, reading it as a stream.

    An empty file of records is one piece without any. Raises Unreadable where it is no well-formed XML
    or has a DOCTYPE; what came before has been given out.
    """
    cutter, held, size, first = _Cutter(), list[Record](), 0, 0
    for record in cutter.records(file):
        length = len(record.text.encode())
        if held and (len(held) == most or size + length > MOST_BYTES):
            yield cutter.piece(held, first)
            first, size, held = first + len(held), 0, []
        held.append(record)
        size += length
    yield cutter.piece(held, first)


class _Cutter:
    """Follows a file with expat, which alone tells at which byte an element begins and ends."""

    def __init__(self) -> None:
        self._head, self._line, self._payload = "", 1, "activity"
        self._above = list[str]()  # the names of the elements that hold the records
        self._raw, self._dropped = bytearray(), 0  # what was read since the last element, what before that
        self._depth, self._level = 0, 2  # records stand on the second level, or on one beside it
        self._is_headed = False  # whether fields may stand above the records
        self._start, self._found = 0, list[Record]()
        self._parser = expat.ParserCreate("utf-8")
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._refuse

    def piece(self, records: Sequence[Record], first: int) -> Piece:
        """Records of the file as a payload of their own."""
        tail = "".join(f"</{name}>" for name in reversed(self._above))
        return Piece(self._head, self._line, tuple(records), first, tail, self._payload)

    def records(self, file: BinaryIO) -> Iterator[Record]:
        """Give out the records, each once its end was read."""
        try:
            for text in chain(_decoded(file), [""]):
                self._raw += text.encode()
                self._parser.Parse(text.encode(), not text)
                yield from self._found
                self._found.clear()
        except expat.ExpatError as error:
            raise Unreadable(f"It is not well-formed XML, line {error.lineno}.") from None
        except (UnicodeError, LookupError):
            raise Unreadable("It is not in the encoding it declares.") from None

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        local = name.rpartition(":")[2]
        if self._depth == 1 and local in RECORDS:
            self._level = 1
        elif self._depth == 1 or (self._depth == self._level == 2 and local == HOLDER):
            self._open(name, local)
        if self._depth == self._level and (local in RECORDS or not self._is_headed):
            self._begin_record(local)

    def _open(self, name: str, local: str) -> None:
        """Begin an element that holds the records: the wrapper, or what stands in it."""
        self._above.append(name)
        if self._depth == 1:
            self._forget()
            self._line = self._parser.CurrentLineNumber
        self._head += re.sub("/>$", ">", self._tag())
        if local == HOLDER:
            self._level, self._is_headed = self._depth + 1, True

    def _begin_record(self, local: str) -> None:
        if self._is_headed:
            self._head = self._raw[: self._here()].decode().rstrip() + "\n"
            self._is_headed = False
        self._payload = RECORDS.get(local, self._payload)
        self._forget()
        self._start = self._parser.CurrentLineNumber

    def _end(self, name: str) -> None:
        if self._depth == self._level and not self._is_headed:
            # Of an empty tag expat tells the end, of all others where the end tag begins.
            closing = re.compile(rf"</{re.escape(name)}\s*>".encode()).match(self._raw, self._here())
            end = closing.end() if closing else self._here()
            self._found.append(Record(self._start, self._raw[:end].decode()))
        self._depth -= 1

    def _refuse(self, *doctype: object) -> None:
        raise Unreadable("It has a DOCTYPE, which is not taken here.")

    def _here(self) -> int:
        return self._parser.CurrentByteIndex - self._dropped

    def _tag(self) -> str:
        tag = TAG.match(self._raw, self._here())
        return tag[0].decode() if tag else ""

    def _forget(self) -> None:
        gone = self._here()
        del self._raw[:gone]
        self._dropped += gone


def _decoded(file: BinaryIO) -> Iterator[str]:
    start = file.read(CHUNK)
    declared = DECLARED.match(start.removeprefix(codecs.BOM_UTF8))
    encoding = MARKS.get(start[:2]) or (declared[1].decode() if declared else "utf-8")
    if encoding.lower() not in ENCODINGS:
        raise Unreadable("It is in an encoding that is not taken here.")
    chunks = chain([start], iter(partial(file.read, CHUNK), b""))
    return (text for text in codecs.iterdecode(chunks, encoding) if text)
