"""Records that break every rule of activities, one each, as every version writes them, and what is found.

`python tests/broken.py` writes the files anew. From release 1.0 on nothing here is edited; before that,
the commit says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from golden import spelled
from lxml import etree
from payloads import ACTIVITIES, READER, parse

from gateway.records import Activity, ActivityEntry, Credit, Finding, Location, replace
from gateway.rules import ACTIVITY, RULES, Context, Rule, judge
from gateway.schemas.activity import ActivityVersion

FOLDER = Path(__file__).parent / "broken"
TODAY = date(2026, 11, 21)
LAWS = {code: law for code, law in sorted(RULES.items()) if law.payload == ACTIVITY}
SOUND = Activity(
    title="Asthma in Schools",
    description="Two days on asthma in schools.",
    format="Live Course",
    legacy_type="C",
    start_date=date(2026, 3, 9),
    end_date=date(2026, 3, 10),
    reporting_start=date(2026, 3, 9),
    reporting_end=date(2026, 3, 10),
    credits=(Credit("AMA PRA Category 1", Decimal(2)),),
    location=Location("Duluth", "MN", "USA"),
    delivery_methods=("In-Person",),
    providership="direct",
)

Findings = dict[str, list[dict[str, Any]]]


def message_of(version: ActivityVersion) -> Path:
    """Where the records of a version lie."""
    return FOLDER / f"activity_v{version.name.replace('.', '_')}.xml"


def untold(law: Rule, version: ActivityVersion) -> str | None:
    """Why no record of a version breaks a rule, by what the rule and the version say of themselves."""
    if not law.applies(version.number):
        return "its versions"
    said = {name for name, value in law.bad.items() if value not in (None, ())}
    missing = ", ".join(sorted(said - version.holds))
    return f"fields the version lacks: {missing}" if missing else _shapeless(law, version)


def _shapeless(law: Rule, version: ActivityVersion) -> str | None:
    root, _ = READER.write([_broken(law, version)], version)
    (entry,) = cast(Sequence[ActivityEntry], READER.read(root, TODAY).entries)
    return None if law.code in {one.code for one in _told(entry, version)} else "the shape"


def _broken(law: Rule, version: ActivityVersion) -> Activity:
    known = {name: getattr(SOUND, name) for name in version.holds if name in version.fields}
    return replace(Activity(**known | {"provider_activity_id": f"BROKEN-{law.code}"}), **law.bad)


def document(version: ActivityVersion) -> str:
    """A record for each rule that a version can break, under a comment that names the rule."""
    laws = [law for law in LAWS.values() if untold(law, version) is None]
    root, _ = READER.write([_broken(law, version) for law in laws], version)
    for element, law in zip(list(root.iter(version.record)), laws, strict=True):
        element.addprevious(etree.Comment(f" {law.code} {law.text} "))
    prefixes = [prefix for prefix in root.nsmap if prefix]
    etree.cleanup_namespaces(root, keep_ns_prefixes=prefixes)
    etree.indent(root)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True).decode() + "\n"


def found(version: ActivityVersion) -> Findings:
    """What is found of each record of a message, by the rule that it is to break."""
    root = parse(message_of(version).read_bytes())
    entries = cast(Sequence[ActivityEntry], READER.read(root, TODAY).entries)
    return {
        code: [_plain(one) for one in _told(entry, version)]
        for code, entry in zip(_named(version), entries, strict=True)
    }


def _named(version: ActivityVersion) -> list[str]:
    """The rules that the comments of a message name; the rim drops comments."""
    comments = etree.parse(str(message_of(version))).getroot().iter(etree.Comment)
    return [str(one.text).split()[0] for one in comments]


def _told(entry: ActivityEntry, version: ActivityVersion) -> tuple[Finding, ...]:
    if entry.activity is None:
        return entry.findings
    judged = judge(entry.activity, Context(TODAY, None, version.number), entry.place)
    return (*entry.findings, *judged)


def _plain(finding: Finding) -> dict[str, Any]:
    told = ("code", "severity", "field", "path", "text", "remedy")
    return {name: getattr(finding, name) for name in told}


def outcome(version: ActivityVersion) -> str:
    """What follows from a version's message, as it is kept."""
    unbroken = {code: why for code, law in LAWS.items() if (why := untold(law, version))}
    return spelled({"found": found(version), "unbroken": unbroken})


if __name__ == "__main__":
    for one in ACTIVITIES:
        message_of(one).write_text(document(one), "utf-8")
        message_of(one).with_suffix(".findings.json").write_text(outcome(one), "utf-8")
