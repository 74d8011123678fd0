"""What can be found of a shape: severity, text and remedy of each `X` code a record is answered with."""

from __future__ import annotations

from lxml import etree

from gateway import quoting
from gateway.records import NOWHERE, Finding, Place, Severity

Element = etree._Element

MOST_PER_DOCUMENT = 100
HIDDEN = "what it is"  # what a finding says in place of a value that is personal

COMPARE = "Compare it with the schema."
SHAPE = {  # code: (severity, text, remedy); {names} are filled in
    "X020": (Severity.ERROR, "There is no {name} at this place.", "{known}"),
    "X021": (Severity.ERROR, "{name} is missing in {parent}.", "Add {name}."),
    "X022": (Severity.ERROR, "{name} stands more than {most} time(s) in {parent}.", "Keep one."),
    "X023": (Severity.ERROR, "{name} cannot be {value}.", "Write {wanted}."),
    "X024": (Severity.ERROR, "{name} has an xsi:type, which is not taken here.", "Leave xsi:type out."),
    "X025": (Severity.ERROR, "{name} holds elements where a text is asked for.", "Write a text only."),
    "X026": (Severity.ERROR, "{name} has an unknown attribute {attribute}.", "Leave it out."),
    "X027": (Severity.ERROR, "The attribute {attribute} of {name} cannot be {value}.", "Write {wanted}."),
    "X028": (Severity.ERROR, "{name} does not fit its schema{detail}", COMPARE),
    "X029": (Severity.ERROR, "The attribute {attribute} of {name} is missing.", "Add it."),
    "X030": (
        Severity.WARNING,
        "{name} is not in the namespace its schema names; it and its like were read all the same.",
        "Write it in the namespace {namespace}.",
    ),
    "X031": (
        Severity.WARNING,
        "{name} is not used here; it is kept with the raw message only.",
        "Leave it out, or do not expect to read it back.",
    ),
    "X032": (Severity.ERROR, "{name} cannot be read. {reason}", "Correct it."),
    "X033": (
        Severity.WARNING,
        "What was not said in version {version} was derived: {values}.",
        "If that is right, do nothing; else say it, in a newer version where this one cannot.",
    ),
    "X034": (
        Severity.WARNING,
        "{name} is not used here for {value}; it is kept with the raw message only.",
        "Write {wanted}, or leave it out.",
    ),
    "X035": (
        Severity.ERROR,
        "{name} says by xsi:nil that it has no value, and has one.",
        "Leave out xsi:nil, or the content.",
    ),
    "X040": (
        Severity.WARNING,
        "{name} has a value that {version} has no place for; it is kept, and left out of this answer.",
        "Read the record in another version to see it.",
    ),
    "X041": (
        Severity.WARNING,
        "The namespace of {name} does not tell its version; it was read as version {version}.",
        "Use the namespace of the version, or ask the operator for an alias.",
    ),
    "X042": (
        Severity.WARNING,
        "schemaVersion contradicts the namespace; the namespace, version {version}, was believed.",
        "Make the two agree.",
    ),
    "X043": (Severity.WARNING, "{what} is deprecated since {since}{until}.", "{successor}"),
    "X044": (Severity.ERROR, "The record has more than {most} elements.", "Make it smaller."),
    "X045": (
        Severity.ERROR,
        "The record does not fit its schema; after {most} errors the reasons are no longer listed.",
        "Correct those first and send it again.",
    ),
    "X046": (Severity.ERROR, "{name} cannot hold {value}.", "Leave the text out."),
    "X047": (
        Severity.WARNING,
        "{name} is missing, without which nothing can be written in {version}; the record is left out.",
        "Read the record in another version to see it.",
    ),
}


IN_NEWER = {  # the remedies where a newer version reads what this one does not
    "X031": "Send the record in {version}, which reads it, or leave it out.",
    "X034": "Write {wanted}, send the record in {version}, which reads it, or leave it out.",
}


def finding(code: str, place: Place = NOWHERE, **parts: object) -> Finding:
    """Say one thing of the table SHAPE, its parts filled in; of an element a newer `version` if that reads
    it."""
    severity, text, remedy = SHAPE[code]
    if parts.get("version") is not None:
        remedy = IN_NEWER.get(code, remedy)
    return Finding(
        code,
        severity,
        text.format(**parts),
        remedy.format(**parts),
        field=str(parts.get("name", "")),
        path=place.path,
        line=place.line,
        column=place.column,
    )


def shown(text: str | None) -> str:
    """A sender's text as a finding may show it: on one line, and cut as everywhere."""
    return quoting.shown(" ".join((text or "")[: 4 * quoting.LONGEST_SHOWN].split()))
