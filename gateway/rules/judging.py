"""Holding a record to the rules of its payload and version."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any

from gateway.records import (
    NOWHERE,
    Activity,
    Completion,
    Finding,
    Place,
    PlaceOf,
    Severity,
    Version,
)
from gateway.rules.certificate import Certificate, certified
from gateway.rules.declaration import (
    ACTIVITY,
    RULES,
    At,
    Changes,
    Check,
    CompletionContext,
    Context,
    Rule,
    Subject,
    detail,
)
from gateway.rules.operation import finding

MOST_FINDINGS = 20
"""The most findings a record is answered with."""

MOST_COUNTED = 40
"""The most that is found of a record that nothing blocks, to be counted where it is not listed."""

FURTHER = "A931"

Laws = Mapping[Subject, tuple[tuple[Check, Rule], ...]]
Part = tuple[Subject, str, Any]
"""What of a record is judged on its own, and how it is called from the record."""

# In Python 3.11 it takes longer to name a member of an enum than to ask most rules.
_ACTIVITY, _COMPLETION, _PERSON, _IDENTIFIER, _CREDITS, _CREDIT, _PARTICIPANT = Subject


def judge(
    record: Activity | Completion,
    context: Context | CompletionContext,
    place: PlaceOf,
    certificates: Sequence[Certificate] | None = None,
) -> tuple[Finding, ...]:
    """Hold a record, as it would be stored, to every rule of its version, so that all is said at once.

    `place` tells where a field stands in what was sent; `certificates` are those of the credits, where
    they are at hand. The findings come by code, errors first.
    """
    parts = _activity(record) if isinstance(record, Activity) else _completion(record, context, certificates)
    found = _blocking_first(sorted(_findings(parts, context, place), key=lambda found: found.code))
    return found[: MOST_FINDINGS if found and found[0].blocks else MOST_COUNTED]


def besides(
    wrong: Iterable[Finding],
    record: Activity | Completion | None,
    context: Context | CompletionContext,
    place: PlaceOf,
) -> tuple[Finding, ...]:
    """What else is wrong with a record whose shape is, so that it is not sent twice to be told.

    `record` is what could be read of it. Only errors are told, and none of what stands at, in or around
    anything of wrong shape: a rule would speak of what the record only seems to say. What asks for
    nothing that can be read is not judged, for much that must be added need not be deleted.
    """
    spoilt = [found.path for found in wrong if found.blocks]
    if record is None or _meets(place("action").path, spoilt):
        return ()
    found = (found for found in judge(record, context, place) if found.blocks)
    return tuple(one for one in found if not _meets(one.path, spoilt))


def _meets(path: str, others: Iterable[str]) -> bool:
    """Whether a path leads through the end of another, or that one through its own."""
    pairs = (sorted((path, other), key=len) for other in others)
    return any(long.startswith(short) and long[len(short) :][:1] in {"", "/", "["} for short, long in pairs)


def told(findings: Iterable[Finding], place: Place = NOWHERE) -> tuple[Finding, ...]:
    """The most a record is answered with, errors first, so that no flood of warnings hides what blocks.

    Of a record that stands as it is nobody sends the rest another time: it says that there is more.
    """
    found = _blocking_first(findings)
    if len(found) <= MOST_FINDINGS or found[0].blocks:
        return found[:MOST_FINDINGS]
    listed = found[: MOST_FINDINGS - 1]
    if found[-1].code == FURTHER:
        return (*listed, found[-1])
    return (*listed, finding(FURTHER, place, f"Further: {len(found) - len(listed)} at least."))


def _blocking_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda found: not found.blocks))


def _findings(
    parts: Iterable[Part], context: Context | CompletionContext, place: PlaceOf
) -> Iterator[Finding]:
    laws = _laws(context.payload, context.version, context.deleting)
    room = dict[str, int]()  # what is left out of a flood here could not be among the first anyway
    for subject, stem, part in parts:
        for check, law in laws[subject]:
            verdict = check(part, context)
            if verdict is True or (verdict is not False and not verdict):
                continue  # nearly always: what follows need not be quick
            left = room.get(law.code, MOST_COUNTED)
            values = list(islice(law.offending(part, context), left)) if left else []
            room[law.code] = left - len(values)
            for value in values:
                field, found = (value.field, value.value) if isinstance(value, At) else (law.field, value)
                said = "" if law.personal else detail(found)
                yield law.finding(place(_within(stem, field)), said)


def _within(stem: str, field: str) -> str:
    """A field of a part as the record calls it; what has the name of its list is the part itself."""
    return stem if stem.startswith(f"{field}[") else f"{stem}.{field}" if stem else field


@cache
def _laws(payload: str, version: Version, deleting: bool) -> Laws:
    held = [law for law in RULES.values() if law.applies(version, payload, deleting=deleting)]
    return {subject: tuple((law.check, law) for law in held if law.subject is subject) for subject in Subject}


def _activity(activity: Activity) -> tuple[Part, ...]:
    return ((_ACTIVITY, "", activity),)


def _completion(
    record: Completion, context: Context | CompletionContext, certificates: Sequence[Certificate] | None
) -> Iterator[Part]:
    assert isinstance(context, CompletionContext)
    yield _COMPLETION, "", record
    if record.learner is not None:
        yield _PERSON, "", record.learner
        for n, identifier in enumerate(record.learner.identifiers):
            yield _IDENTIFIER, f"identifiers[{n}]", identifier
    for n, participant in enumerate(record.participants):
        yield _PARTICIPANT, f"participants[{n}]", participant
    if certificates is None:
        certificates = [certified(one, record, context.activity, context.boards) for one in record.credits]
    yield _CREDITS, "", certificates
    for n, certificate in enumerate(certificates):
        yield _CREDIT, f"credits[{n}]", certificate


def breaks(
    version: Version, holds: Collection[str], payload: str = ACTIVITY
) -> tuple[tuple[str, Changes], ...]:
    """The errors a payload of `version` with the fields `holds` can carry: code and changes, for samples.

    Those that take more than the record itself (a key `context.…`) are left out.
    """
    return tuple(
        (law.code, law.bad)
        for law in RULES.values()
        if law.applies(version, payload)
        if law.severity is Severity.ERROR and _said(law.bad) <= set(holds)
    )


def _said(changes: Changes) -> set[str]:
    return {field for field, value in changes.items() if value not in (None, ())}
