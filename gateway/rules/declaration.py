"""How a rule is declared, what it is judged by, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from gateway.records import Activity, Finding, Place, Severity

Version = tuple[int, int]
Changes = Mapping[str, Any]

SHOWN = 60
"""The most characters of a sender's value that a finding shows."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule may know besides the record; rules do no I/O, so it is loaded beforehand.

    `version` is the payload version the record came in, `stored` the record as it was before.
    """

    today: date
    provider_id: str | None
    version: Version
    stored: Activity | None = None


Check = Callable[[Activity, Context], bool | Iterable[object]]


def quoted(value: object) -> str:
    """Show a sender's value without letting it flood or break the answer: in quotes, printable, cut."""
    text = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in _start(value))
    return f'"{text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"}"' if text else "nothing"


def _start(value: object) -> str:
    return "" if value is None or value == () else str(value)[: SHOWN + 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a code stands for: the sentence that must hold or what happened, and what to do about it."""

    code: str
    field: str = ""
    severity: Severity = Severity.ERROR
    text: str
    remedy: str
    source: str

    def finding(self, place: Place, detail: str = "") -> Finding:
        """Tell it of one record, by the sender's name of the field; `detail` says what was found there."""
        text = f"{self.text} {detail}".rstrip()
        field = place.field or self.field
        return Finding(
            self.code, self.severity, text, self.remedy, field, place.path, place.line, place.column
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Notice):
    """What every record must satisfy; `since` and `until` bound the payload versions, both included.

    `good` and `bad` are changes to any record that breaks no rule: after `good` it still breaks
    none, after `bad` exactly this one.
    """

    check: Check
    good: Changes
    bad: Changes
    since: Version | None = None
    until: Version | None = None

    def applies(self, version: Version) -> bool:
        """Whether records of this payload version are held to it."""
        return (self.since or version) <= version <= (self.until or version)

    def offending(self, activity: Activity, context: Context) -> Iterable[object]:
        """The values that break it: what the check names, or the field's own value."""
        verdict = self.check(activity, context)
        if isinstance(verdict, bool):
            return () if verdict else (getattr(activity, self.field),)
        return verdict


RULES: dict[str, Rule] = {}


def rule(
    code: str,
    field: str,
    *,
    remedy: str,
    source: str,
    good: Changes,
    bad: Changes,
    severity: Severity = Severity.ERROR,
    since: Version | None = None,
    until: Version | None = None,
) -> Callable[[Check], Check]:
    """Put a check into the rulebook; its name is the sentence, its docstring what the sender reads.

    The check answers True where the rule holds, False where the field's value breaks it, or the
    values that break it. A code declared twice is a ValueError.
    """

    def declare(check: Check) -> Check:
        if code in RULES:
            raise ValueError(f"rule {code} is declared twice")
        RULES[code] = Rule(
            code=code,
            field=field,
            severity=severity,
            text=" ".join((check.__doc__ or "").split()),
            remedy=remedy,
            source=source,
            check=check,
            good=good,
            bad=bad,
            since=since,
            until=until,
        )
        return check

    return declare
