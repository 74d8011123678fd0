"""How a rule is declared, what it is judged by, and what it finds."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar

from gateway.quoting import shown
from gateway.records import Activity, Board, Finding, LearnerAction, Place, Severity, Status, Version

Changes = Mapping[str, Any]

QUOTE = '"'

ACTIVITY, LEARNER = "activity", "learner"
"""The kinds of payload, by the names of their versions."""


class Subject(enum.StrEnum):
    """What a rule looks at: a whole record, or each of the things a completion lists."""

    ACTIVITY = "activity"
    COMPLETION = "completion"
    PERSON = "learner"
    IDENTIFIER = "identifier"
    CREDITS = "credits"
    CREDIT = "credit"
    PARTICIPANT = "participant"

    @property
    def payload(self) -> str:
        """The kind of payload it stands in."""
        return ACTIVITY if self is Subject.ACTIVITY else LEARNER


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule may know besides the record; rules do no I/O, so it is loaded beforehand.

    `version` is the payload version the record came in, `stored` the record as it was before, `deleting`
    whether it asks to be deleted: then nothing has to be known.
    """

    payload: ClassVar[str] = ACTIVITY

    today: date
    provider_id: str | None
    version: Version
    stored: Activity | None = None
    deleting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionContext:
    """What a rule may know besides a completion; the same for all that do the same to one activity.

    `provider_id` is the caller's, None where nobody calls. `activity` is the one that is named, None
    where it is not known: then what leans on it is not judged. `status` is its status today, `boards`
    the boards by acronym, `action` what the record asks for, None where it does not say.
    """

    payload: ClassVar[str] = LEARNER

    today: date
    version: Version
    boards: Mapping[str, Board]
    provider_id: str | None = None
    activity: Activity | None = None
    status: Status | None = None
    action: LearnerAction | None = LearnerAction.ADD

    @property
    def deleting(self) -> bool:
        """Whether the record deletes: then little has to be known."""
        return self.action is LearnerAction.DELETE


# It takes the subject, of a credit its certificate, and the context of the payload; each rule names its own.
Check = Callable[[Any, Any], bool | Iterable[object]]


def quoted(value: object) -> str:
    """Show a sender's value without letting it flood or break the answer: in quotes, printable, cut."""
    text = "" if value is None or value == () else shown(value)
    return f"{QUOTE}{text}{QUOTE}" if text else "nothing"


def detail(value: object) -> str:
    """What a finding says of the value that it found."""
    return f"Found: {quoted(value)}."


def moment(at: datetime) -> str:
    """What a finding says of when something came: in UTC and saying so, in whatever zone days are counted."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a code stands for: the sentence that must hold or what happened, and what to do about it.

    `personal`: it speaks of what identifies a person, so a detail that quotes a value is left out.
    """

    code: str
    subject: Subject | None = None
    field: str = ""
    severity: Severity = Severity.ERROR
    text: str
    remedy: str
    source: str
    personal: bool = False

    @property
    def payload(self) -> str | None:
        """The kind of payload it is found in, None where it may be any."""
        return self.subject.payload if self.subject else None

    def finding(self, place: Place, detail: str = "") -> Finding:
        """Tell it of one record, by the sender's name of the field; `detail` says what was found there."""
        told = "" if self.personal and QUOTE in detail else detail
        text = f"{self.text} {told}".rstrip()
        field = place.field or self.field
        return Finding(
            self.code, self.severity, text, self.remedy, field, place.path, place.line, place.column
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Notice):
    """What every record must satisfy; `since` and `until` bound the payload versions, both included.

    `good` and `bad` are changes to any record that breaks no rule: after `good` it still breaks
    none, after `bad` exactly this one. A key `context.<name>` changes what is known besides it.
    `deletes`: a record that deletes is held to it too.
    """

    subject: Subject
    check: Check
    good: Changes
    bad: Changes
    since: Version | None = None
    until: Version | None = None
    deletes: bool = False

    def applies(self, version: Version, payload: str = ACTIVITY, *, deleting: bool = False) -> bool:
        """Whether records of this payload and version are held to it."""
        if payload != self.subject.payload or (deleting and not self.deletes):
            return False
        return (self.since or version) <= version <= (self.until or version)

    def offending(self, part: Any, context: Any) -> Iterable[object]:
        """The values that break it: what the check names, or the field's own value."""
        verdict = self.check(part, context)
        if isinstance(verdict, bool):
            return () if verdict else (getattr(part, self.field, None),)
        return verdict


@dataclass(frozen=True, slots=True)
class At:
    """A value that breaks a rule and stands elsewhere than in the rule's field: at an entry of it, as
    `credits[1]`, or in another field."""

    field: str
    value: object


def unless(holds: bool, value: object) -> tuple[object, ...]:
    """What a check answers where it names the one value that breaks it itself."""
    return () if holds else (value,)


RULES: dict[str, Rule] = {}


def rule(
    code: str,
    field: str,
    *,
    remedy: str,
    source: str,
    good: Changes,
    bad: Changes,
    subject: Subject = Subject.ACTIVITY,
    severity: Severity = Severity.ERROR,
    since: Version | None = None,
    until: Version | None = None,
    deletes: bool = False,
) -> Callable[[Check], Check]:
    """Put a check into the rulebook; its name is the sentence, its docstring what the sender reads.

    The check answers True where the rule holds, False where the field's value breaks it, or the
    values that break it: of a list, each `At` its entry. What an L rule finds is personal. A code
    declared twice is a ValueError.
    """

    def declare(check: Check) -> Check:
        if code in RULES:
            raise ValueError(f"rule {code} is declared twice")
        RULES[code] = Rule(
            code=code,
            subject=subject,
            field=field,
            severity=severity,
            text=" ".join((check.__doc__ or "").split()),
            remedy=remedy,
            source=source,
            personal=code.startswith("L"),
            check=check,
            good=good,
            bad=bad,
            since=since,
            until=until,
            deletes=deletes,
        )
        return check

    return declare
