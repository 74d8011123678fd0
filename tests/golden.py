"""Golden messages: what comes in, the record it is, and what goes out of it, as files.

`python tests/golden.py` writes everything but the messages anew. From release 1.0 on nothing here is
edited; before that, the commit says why.
"""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from lxml import etree
from payloads import ACTIVITIES, LEARNERS, READER, read, told

from gateway.records import Activity, ActivityEntry, Completion, CompletionEntry, Finding
from gateway.version import PayloadVersion

FOLDER = Path(__file__).parent / "golden"
MESSAGES = sorted(path for path in FOLDER.glob("*/*.xml") if "." not in path.stem)
ENTRY = (
    *("number", "action", "close", "provider_id", "activity_id", "provider_activity_id", "activity"),
    *("repeats", "completion"),
)
VERSIONS = {f"{v.payload}_v{v.name.replace('.', '_')}": v for v in (*ACTIVITIES, *LEARNERS)}
CREATED = datetime(2026, 6, 1, 8, 15, tzinfo=UTC)


def outcomes(message: Path) -> dict[Path, str]:
    """All that follows from a message, by the file it is kept in."""
    reading = read(message.read_bytes())
    records = [one for entry in reading.entries if (one := noun(entry)) is not None]
    versions = others(reading.version)
    written = {version.name: READER.write(records, version, created=CREATED) for version in versions}
    findings = {
        "version": reading.version.name,
        "notices": reading.notices,
        "records": [found(entry) for entry in reading.entries],
        "lost": {name: [one.field for one in lost] for name, (_, lost) in written.items()},
    }
    kept = {
        ".record.json": spelled([record(entry) for entry in reading.entries]),
        ".findings.json": spelled(findings),
        **{f".as_{name.replace('.', '_')}.xml": pretty(root) for name, (root, _) in written.items()},
    }
    return {message.with_suffix(suffix): text for suffix, text in kept.items()}


def noun(entry: ActivityEntry | CompletionEntry) -> Activity | Completion | None:
    """The activity or completion of an entry."""
    return entry.activity if isinstance(entry, ActivityEntry) else entry.completion


def others(version: PayloadVersion) -> list[PayloadVersion]:
    """All versions of the same payload."""
    return [one for one in VERSIONS.values() if one.payload == version.payload]


def found(entry: ActivityEntry | CompletionEntry) -> tuple[Finding, ...]:
    """What was found in a record."""
    return told(entry) if isinstance(entry, ActivityEntry) else entry.findings


def record(entry: ActivityEntry | CompletionEntry) -> dict[str, Any]:
    """A record as it was read, without what is empty."""
    known = {name: getattr(entry, name, None) for name in ENTRY}
    return {name: said(value) for name, value in known.items() if value not in (None, ())}


def said(value: Any) -> Any:
    """A record as a mapping of the fields that say something; anything else as it is."""
    if not isinstance(value, Activity | Completion):
        return value
    fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return {name: field for name, field in fields.items() if field not in (None, (), frozenset())}


def spelled(value: Any) -> str:
    """JSON in one spelling: sorted and indented."""
    return msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=2).decode() + "\n"


def pretty(root: etree._Element) -> str:
    """XML in one spelling: indented, in UTF-8."""
    etree.indent(root)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True).decode() + "\n"


def version_of(message: Path) -> PayloadVersion:
    """The version whose folder a message lies in."""
    return VERSIONS[message.parent.name]


if __name__ == "__main__":
    for message in MESSAGES:
        for path, text in outcomes(message).items():
            path.write_text(text, "utf-8")
