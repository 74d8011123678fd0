"""What a record must satisfy beyond its shape: one function a rule, one code a rule.

Of activities: `A1` identity and description, `A2` dates, `A3` place, `A4` credit and providership,
`A5` support, `A6` results, `A7` MOC, `A8` REMS, states and pharmacy. Of completions: `C1` what it is
of, `C2` dates, `C3` what it reports, `C4` types of credit, `C5` amounts, `C6` credit ids; `L1` the
learner, `L2` identifiers, `L3` REMS participants. `A9`, `C9`, `L9`: what an operation finds, `P9` of a
provider's year. A code is never reused; a new rule is one function in this package and nothing else.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from gateway.errors import GatewayError
from gateway.records import dotted
from gateway.rules import (  # noqa: F401  importing declares their rules
    accreditation,
    activity,
    completion,
    counting,
    credit,
    granting,
    holding,
    learner,
    moc,
    programmes,
    timing,
)
from gateway.rules.certificate import Certificate, certified, is_cme, spelled
from gateway.rules.declaration import (
    ACTIVITY,
    LEARNER,
    RULES,
    CompletionContext,
    Context,
    Notice,
    Rule,
    Subject,
    detail,
    moment,
    quoted,
    rule,
)
from gateway.rules.grounds import WHY, grounds, lost
from gateway.rules.judging import MOST_COUNTED, MOST_FINDINGS, besides, breaks, judge, told
from gateway.rules.moc import disturbed
from gateway.rules.operation import NOTICES, finding

__all__ = [
    "ACTIVITY",
    "LEARNER",
    "MOST_COUNTED",
    "MOST_FINDINGS",
    "NOTICES",
    "RULES",
    "WHY",
    "Certificate",
    "CompletionContext",
    "Context",
    "Notice",
    "Rule",
    "Subject",
    "besides",
    "breaks",
    "catalogue",
    "certified",
    "detail",
    "disturbed",
    "finding",
    "grounds",
    "is_cme",
    "judge",
    "lost",
    "moment",
    "quoted",
    "rule",
    "spelled",
    "told",
]

_COLUMNS = (
    "code",
    "payload",
    "severity",
    "field",
    "since",
    "until",
    "text",
    "remedy",
    "source",
    "good",
    "bad",
)


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
    bounds = {bound: dotted(said) if (said := row[bound]) else None for bound in ("since", "until")}
    plain: dict[str, Any] = json.loads(json.dumps(row | bounds, default=_plain))
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    return str(value) if isinstance(value, date | Decimal) else _told(value)


def _told(record: Any) -> dict[str, Any]:
    """What is said in an example's record."""
    said = {field.name: (getattr(record, field.name), field.default) for field in dataclasses.fields(record)}
    return {name: value for name, (value, default) in said.items() if value != default}
