"""Holds what clients wrote down against what the database holds.

A call without an answer may have been taken or not, but not by half and never twice. A record is touched
by one client alone, one call after the other, and never again after a call that stayed without an answer:
so for each record there is at most one such call, and it is the last.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from trust.client import ACKED, FAILED, REFUSED, UNKNOWN, UNSENT
from trust.dump import Dump

Wants = Mapping[str, str | None]
_RANK = (UNSENT, REFUSED, FAILED, UNKNOWN, ACKED)
SHOWN = 3  # of each kind of breach


@dataclass
class Call:
    """One call in all its tries: what it wanted of which records, and what is known of it."""

    kind: str
    key: str
    wants: Wants
    fate: str = UNKNOWN
    receipts: set[str] = field(default_factory=set)
    text: str = ""


def calls(journal: Iterable[str]) -> list[Call]:
    """The calls of one client, in their order; the last line may be half written."""
    told: dict[int, Call] = {}
    fates: dict[int, list[str]] = {}
    for line in journal:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if "wants" in entry:
            told[entry["n"]] = Call(entry["kind"], entry["key"], entry["wants"])
        else:
            call = told[entry["n"]]
            fates.setdefault(entry["n"], []).append(entry["fate"])
            call.text = entry["text"] or call.text
            call.receipts |= {entry["receipt"]} - {None} if entry["fate"] == ACKED else set()
    for number, tries in fates.items():
        told[number].fate = max(tries, key=_RANK.index)
    return list(told.values())


@dataclass
class Judgement:
    """What was found: how many calls had which fate, and each breach with its kind."""

    fates: Counter[str] = field(default_factory=Counter)
    breaches: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)

    def find(self, kind: str, what: str) -> None:
        """Note a breach."""
        self.breaches[kind] += 1
        if self.breaches[kind] <= SHOWN:
            self.told.append(f"{kind}: {what}")

    @property
    def acked(self) -> int:
        """How many calls were acknowledged."""
        return self.fates[ACKED]

    @property
    def figure(self) -> str:
        """All of it in a few words."""
        kinds = ("lost", "doubled", "half", "risen", "unsound")
        rest = {kind: count for kind, count in self.breaches.items() if kind not in kinds}
        told = ", ".join(f"{self.breaches[kind]} {kind}" for kind in kinds) + f" {rest or ''}".rstrip()
        return f"{told}; {self.acked} acked, {self.fates[UNKNOWN] + self.fates[FAILED]} open"


def judge(journals: Sequence[Iterable[str]], held: Dump) -> Judgement:
    """Everything that is wrong."""
    found = Judgement()
    wanted: dict[str, str | None] = {}
    for journal in journals:
        _judge_client(calls(journal), held, found, wanted)
    for name in held.records.keys() - wanted.keys():
        if not name.startswith(("activity ROAD-", "credit ccid:match")):
            found.find("risen", f"{name} lies there, and nobody sent it")
    for name, values in held.records.items():
        if len(values) > 1:
            found.find("doubled", f"{name} lies there {len(values)} times")
    for what in held.taken_twice:
        found.find("doubled", f"SubmissionKey {what}")
    for what in held.unsound:
        found.find("unsound", what)
    if held.unasked:
        found.find("unasked", f"{held.unasked} credits of boards that no board will be asked about")
    return found


def _judge_client(made: Sequence[Call], held: Dump, found: Judgement, wanted: dict[str, str | None]) -> None:
    before: dict[str, str | None] = {}
    open_calls = []
    for call in made:
        found.fates[call.fate] += 1
        wanted.update(dict.fromkeys(call.wants))
        if call.fate == ACKED:
            before.update(call.wants)
            _judge_receipts(call, held, found)
        elif call.fate in (UNKNOWN, FAILED):
            open_calls.append(call)
        elif call.fate == REFUSED:
            found.find("refused", f"{call.kind} {call.key}: {call.text}")
    undecided = {name for call in open_calls for name in call.wants}
    for name, value in before.items():
        if name not in undecided:
            _judge_record(name, value, held, found)
    for call in open_calls:
        _judge_open(call, before, held, found)


def _judge_receipts(call: Call, held: Dump, found: Judgement) -> None:
    if len(call.receipts) > 1:
        found.find("doubled", f"{call.key} was given {len(call.receipts)} receipts")
    for receipt in call.receipts - held.receipts.keys():
        found.find("lost", f"receipt {receipt} of {call.kind} {call.key}")
    for receipt in (call.receipts & held.receipts.keys()) - held.proven:
        found.find("unaudited", f"receipt {receipt} of {call.kind} {call.key}")


def _judge_record(name: str, value: str | None, held: Dump, found: Judgement) -> None:
    lies = _lies(name, held)
    if lies != value:
        kind = "risen" if value is None else "lost"
        found.find(kind, f"{name} was acknowledged as {value or 'deleted'}, and is {lies or 'not there'}")


def _judge_open(call: Call, before: Wants, held: Dump, found: Judgement) -> None:
    """Taken or not, and all its records alike; what is as it is to be and as it was says nothing."""
    states = set(_states(call.wants, before, held))
    if "neither" in states:
        found.find("lost", f"{call.kind} {call.key}, left open, holds a record that is neither old nor new")
    elif len(states) > 1:
        found.find("half", f"{call.kind} {call.key} was left open, and is stored in part")


def _states(wants: Wants, before: Wants, held: Dump) -> Iterator[str]:
    for name, value in wants.items():
        was, lies = before.get(name), _lies(name, held)
        if value != was:
            yield "taken" if lies == value else "not taken" if lies == was else "neither"


def _lies(name: str, held: Dump) -> str | None:
    values = held.records.get(name)
    return values[0] if values else None
