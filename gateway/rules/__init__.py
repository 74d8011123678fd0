"""What a record must satisfy beyond its shape: one function a rule, one code a rule.

`A1` identity and description, `A2` dates, `A3` place, `A4` credit and providership, `A5` support,
`A6` results, `A7` MOC, `A9` what an operation finds. A code is never reused; a new rule is one
function in this package and nothing else.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Collection, Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import islice
from typing import Any

from gateway.errors import GatewayError
from gateway.records import Activity, Finding, Place, Severity
from gateway.rules import accreditation, activity, moc  # noqa: F401  importing declares their rules
from gateway.rules.declaration import RULES, Changes, Context, Notice, Rule, Version, quoted, rule
from gateway.rules.operation import NOTICES, finding

__all__ = [
    "NOTICES",
    "RULES",
    "Context",
    "Notice",
    "Rule",
    "breaks",
    "catalogue",
    "finding",
    "judge",
    "quoted",
    "rule",
]

MOST_FINDINGS = 20
"""The most findings a record is answered with."""

_COLUMNS = ("code", "severity", "field", "since", "until", "text", "remedy", "source", "good", "bad")


def judge(record: Activity, context: Context, place: Callable[[str], Place]) -> tuple[Finding, ...]:
    """Hold a record, as it would be stored, to every rule of its version, so that all is said at once.

    `place` tells where a field stands in what was sent. At most 20 findings, errors before warnings,
    so that no flood of warnings hides what blocks.
    """
    findings = sorted(_findings(record, context, place), key=lambda found: (not found.blocks, found.code))
    return tuple(findings[:MOST_FINDINGS])


def _findings(record: Activity, context: Context, place: Callable[[str], Place]) -> Iterator[Finding]:
    for law in _laws(context.version):
        for value in islice(law.offending(record, context), MOST_FINDINGS):
            yield law.finding(place(law.field), f"Found: {quoted(value)}.")


@cache
def _laws(version: Version) -> tuple[Rule, ...]:
    return tuple(law for law in RULES.values() if law.applies(version))


def breaks(version: Version, holds: Collection[str]) -> tuple[tuple[str, Changes], ...]:
    """The errors a payload of `version` with the fields `holds` can carry: code and changes, for samples."""
    return tuple(
        (law.code, law.bad)
        for law in _laws(version)
        if law.severity is Severity.ERROR and _said(law.bad) <= set(holds)
    )


def _said(changes: Changes) -> set[str]:
    return {field for field, value in changes.items() if value not in (None, ())}


def catalogue() -> list[dict[str, Any]]:
    """Every code the gateway answers with, for people and tools: a list of JSON-able rows by code."""
    entries = [*RULES.values(), *NOTICES.values(), *_refusals(GatewayError)]
    return [_row(entry) for entry in sorted(entries, key=lambda entry: entry.code)]


def _refusals(base: type[GatewayError]) -> Iterator[Notice]:
    for kind in base.__subclasses__():
        if "code" in vars(kind) and kind.__module__ == base.__module__:
            text = " ".join((kind.__doc__ or "").split())
            yield Notice(code=kind.code, text=text, remedy=kind.remedy, source="docs/wire.md")
        yield from _refusals(kind)


def _row(entry: Notice) -> dict[str, Any]:
    row = {column: getattr(entry, column, None) for column in _COLUMNS}
    bounds = {bound: _dotted(row[bound]) for bound in ("since", "until")}
    plain: dict[str, Any] = json.loads(json.dumps(row | bounds, default=_plain))
    return plain


def _dotted(version: Version | None) -> str | None:
    return version and "{}.{}".format(*version)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, date | Decimal) else dataclasses.asdict(value)
