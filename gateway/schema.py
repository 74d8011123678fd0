"""What a schema version is: found in a document, judged, read into records, written from them.

A `PayloadVersion` is a small table of differences (`gateway/schemas/`); everything that is the same
for all of them stands here.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any, cast

from lxml import etree

from gateway.errors import Malformed, UnknownSchema
from gateway.fields import Field, Gathered, Table
from gateway.intake import Limits
from gateway.records import Activity, ActivityEntry, Finding, Place, RecordAction, replace
from gateway.shape import LONGEST_VALUE, MOST_PER_RECORD, Judge, finding, line_of

Element = etree._Element

MOST_PER_DOCUMENT = 100
OWN = frozenset({"derived", "closed", "born"})  # the gateway's own fields of an activity
DIRECTIVES = ("action", "close", "provider_id")  # what a record says of itself and is not stored
IDENTITY = ("activity_id", "provider_activity_id")
ACTIVITY_FIELDS = frozenset(field.name for field in dataclasses.fields(Activity)) - OWN

NAMESPACES = {
    "m": "http://ns.medbiq.org/metrics/v1/",
    "lom": "http://ltsc.ieee.org/xsd/LOM",
    "hx": "http://ns.medbiq.org/lom/extend/v1/",
    "a": "http://ns.medbiq.org/address/v1/",
    "ar": "http://ns.medbiq.org/activityreport/v1/",
}
METRICS_2 = "http://ns.medbiq.org/metrics/v2/"


@dataclass(frozen=True, slots=True)
class Lifespan:
    """When a payload version was introduced, is deprecated, and is no longer taken (xsd/versions.toml)."""

    introduced: date | None = None
    deprecated: date | None = None
    sunset: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadVersion:
    """One version of a payload.

    `complete` adds to a record what this version could not say and names those fields in `derived`,
    of which `also_holds` are only other words for what it did say. `prepare` turns a record into what
    this version writes. `carry` saves, from the stored record, what this version cannot hold inside a
    field it can hold. `recognise` tells from the content of a document without namespace or version
    whether it is of this version.
    """

    payload: str
    number: tuple[int, int]
    wrapper: str
    record: str
    table: Table
    judge: Judge
    recognise: Callable[[Element], bool]
    complete: Callable[[Activity], Activity] = lambda activity: activity
    prepare: Callable[[Activity], Activity] = lambda activity: activity
    carry: Callable[[Activity, Activity], Activity] = lambda stored, merged: merged
    also_holds: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The version as it is written: 2.0."""
        return "{}.{}".format(*self.number)

    @property
    def namespace(self) -> str:
        """The namespace of the wrapper and of the extension elements."""
        return self.table.namespaces["act"]

    @property
    def prefixes(self) -> dict[str, str]:
        """The prefixes a document of this version declares; its own namespace goes without one."""
        others = {k: v for k, v in self.table.namespaces.items() if v != self.namespace}
        return cast(dict[str, str], {None: self.namespace, **others})  # lxml's types know no None

    @property
    def holds(self) -> frozenset[str]:
        """The fields of a record that this version can express."""
        return frozenset(self.table.fields) & ACTIVITY_FIELDS | self.also_holds

    def update(self, stored: Activity, incoming: Activity) -> Activity:
        """Lay a record of this version over the stored one (contract, section 5).

        The fields this version holds are replaced, but an identity that is not given stays; what was
        merely derived fills gaps and replaces what was itself derived, and nothing else.
        """
        given = self.holds - (incoming.derived - self.also_holds)
        filled = {
            name for name in incoming.derived - given if name in stored.derived or not getattr(stored, name)
        }
        changes = {name: getattr(incoming, name) for name in given | filled}
        for name in IDENTITY:
            changes[name] = (name == "provider_activity_id" and changes.get(name)) or getattr(stored, name)
        derived = stored.derived - given | filled | (incoming.derived & self.also_holds)
        return self.carry(stored, replace(stored, **changes, derived=derived))

    def place_of(self, element: Element) -> Place:
        """Where an element stands, as an XPath from the wrapper with this version's prefixes."""
        return Place(_path(element, self), line_of(element))


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read from a payload: its version, its records in order, and what is to be told once."""

    version: PayloadVersion
    entries: tuple[ActivityEntry, ...]
    notices: tuple[Finding, ...] = ()


class Reader:
    """Reads payloads of every supported version.

    `aliases` maps foreign namespaces (empty for no namespace) to a version, as `activity:2.0`.
    """

    def __init__(
        self, versions: Iterable[PayloadVersion], limits: Limits, aliases: Mapping[str, str] | None = None
    ) -> None:
        self.versions = tuple(versions)
        self.lifespans = lifespans()
        self._limits = limits
        fields = [field for version in self.versions for field in version.table.fields.values()]
        self._fields = {part.name: part for field in fields for part in field.parts}
        self._fields |= {field.name: field for field in fields}
        self._by_namespace = {version.namespace: version for version in self.versions}
        self._aliases = {
            namespace: self.named(*alias.split(":")) for namespace, alias in (aliases or {}).items()
        }

    def named(self, payload: str, name: str) -> PayloadVersion:
        """Find a version by payload and number; raises UnknownSchema, naming those there are."""
        for version in self.versions:
            if (version.payload, version.name) == (payload, name.strip()):
                return version
        known = ", ".join(version.name for version in self.versions if version.payload == payload)
        raise UnknownSchema(
            f"There is no version {name.strip()[:20]!r} of the payload {payload}.",
            remedy=f"Use one of: {known}.",
        )

    def label(self, field: str) -> str:
        """The name on the wire of a record's field, as the newest version has it."""
        return self._fields[field].label if field in self._fields else field

    def is_payload(self, element: Element) -> bool:
        """Whether an element is a payload, by its namespace or its name."""
        name = etree.QName(element)
        return name.namespace in self._by_namespace or any(
            name.localname in {version.wrapper, etree.QName(version.record).localname}
            for version in self.versions
        )

    def read(self, payload: Element, today: date) -> Reading:
        """Read a payload: find its version, judge each record alone, build the records.

        The payload may be rewritten on the way. Raises UnknownSchema for a version that is not
        known or past its sunset, Malformed when the wrapper itself is wrong or holds too much.
        """
        payload = self._wrapped(payload)
        version, notices = self._find(payload)
        notices += self._age(version, today)
        records = list(self._records(payload, version))
        if len(records) > self._limits.max_records:
            raise Malformed(
                f"The payload has {len(records):,} records; a call may have {self._limits.max_records:,}.",
                remedy="Send them in several calls, or as a file.",
            )
        return Reading(version, tuple(self._entries(records, version)), tuple(notices))

    def write(
        self, activities: Iterable[Activity], version: PayloadVersion
    ) -> tuple[Element, tuple[Finding, ...]]:
        """Write activities in a version; the findings name what that version has no place for."""
        wrapper = etree.Element(f"{{{version.namespace}}}{version.wrapper}", nsmap=version.prefixes)
        wrapper.set("schemaVersion", version.name)
        lost: list[Finding] = []
        for activity in activities:
            record = etree.SubElement(wrapper, version.record)
            prepared = version.prepare(activity)
            version.table.write(record, _values(prepared))
            lost += [
                finding("X040", name=self.label(name), version=f"{version.payload} {version.name}")
                for name in _losses(prepared, _activity(version.table.read(record), version))
            ]
        return wrapper, tuple(lost)

    # --- finding the version ---

    def _wrapped(self, payload: Element) -> Element:
        """A record that comes without its wrapper is put into one."""
        record = next((v for v in self.versions if v.record == payload.tag), None)
        if record is None:
            return payload
        wrapper = etree.Element(record.wrapper)
        parent = payload.getparent()
        if parent is not None:
            parent.replace(payload, wrapper)
        wrapper.append(payload)
        return wrapper

    def _find(self, payload: Element) -> tuple[PayloadVersion, list[Finding]]:
        name = etree.QName(payload)
        said = payload.get("schemaVersion")
        found = self._by_namespace.get(name.namespace or "")
        if found is not None:
            contradicts = said is not None and said.strip() != found.name
            if contradicts:
                del payload.attrib["schemaVersion"]
            return found, [finding("X042", found.place_of(payload), name=found.name)] if contradicts else []
        candidates = [version for version in self.versions if version.wrapper == name.localname]
        if not candidates:
            raise UnknownSchema(f"{name.localname[:60]} is no payload that is known here.")
        alias = self._aliases.get(name.namespace or "")
        if alias is not None:
            found = alias
        elif said is not None:
            found = self.named(candidates[0].payload, said)
        else:
            newest_first = sorted(candidates, key=lambda version: version.number, reverse=True)
            found = next((v for v in newest_first if v.recognise(payload)), newest_first[-1])
        _rename(payload, name.namespace, found.namespace)
        return found, [] if alias else [
            finding("X041", found.place_of(payload), name=name.localname, version=found.name)
        ]

    def _age(self, version: PayloadVersion, today: date) -> list[Finding]:
        span = self.lifespans.get((version.payload, version.name), Lifespan())
        later = [v for v in self.versions if v.payload == version.payload and v.number > version.number]
        successor = f"Use {later[-1].payload} {later[-1].name}." if later else "Ask the operator."
        if span.sunset is not None and today >= span.sunset:
            raise UnknownSchema(
                f"{version.payload} {version.name} is no longer taken since {span.sunset}.", remedy=successor
            )
        if span.deprecated is None or today < span.deprecated:
            return []
        until = f" and is taken until {span.sunset}" if span.sunset else ""
        what = f"{version.payload} {version.name}"
        return [finding("X043", name=what, since=span.deprecated, until=until, successor=successor)]

    # --- reading the records ---

    def _records(self, payload: Element, version: PayloadVersion) -> Iterator[Element]:
        local = etree.QName(version.record).localname
        for child in payload:
            name = etree.QName(child)
            if name.namespace == METRICS_2:
                raise UnknownSchema(
                    "The records are of MedBiquitous Medical Education Metrics version 2.",
                    remedy=f"Send them in version 1, {etree.QName(version.record).namespace}, as PARS does.",
                )
            if name.localname != local:
                place = version.place_of(child)
                raise Malformed(
                    findings=[finding("X020", place, name=name.localname, known=f"Only {local} may stand.")]
                )
            yield child
        if not len(payload):
            place = version.place_of(payload)
            raise Malformed(findings=[finding("X021", place, name=local, parent=version.wrapper)])

    def _entries(self, records: list[Element], version: PayloadVersion) -> Iterator[ActivityEntry]:
        told = 0
        for number, record in enumerate(records, 1):
            findings = self._judge(record, version, told)
            told += len(findings)
            yield _entry(number, record, version, findings, self._fields)

    def _judge(self, record: Element, version: PayloadVersion, told: int) -> list[Finding]:
        place = version.place_of(record)
        if record.tag != version.record:
            record.tag = version.record
        if _larger(record, self._limits.max_record_elements):
            return [finding("X044", place, name=f"{self._limits.max_record_elements:,}")]
        if told < MOST_PER_DOCUMENT:
            return version.judge.judge(record, version.place_of)
        return [] if version.judge.accepts(record) else [finding("X045", place, name=str(MOST_PER_DOCUMENT))]


def lifespans() -> dict[tuple[str, str], Lifespan]:
    """The dates of all payload versions, by payload and version."""
    table = tomllib.loads((files("xsd") / "versions.toml").read_text("utf-8"))
    return {
        (payload, version): Lifespan(**dates)
        for payload, spans in table.items()
        for version, dates in spans.items()
    }


def _larger(record: Element, most: int) -> bool:
    return sum(1 for _ in zip(record.iter(), range(most + 1), strict=False)) > most


def _rename(payload: Element, foreign: str | None, ours: str) -> None:
    for element in payload.iter():
        name = etree.QName(element)
        if name.namespace == foreign:
            element.tag = f"{{{ours}}}{name.localname}"


# --- records from what was gathered, and back ---------------------------------------------------------


def _entry(
    number: int,
    record: Element,
    version: PayloadVersion,
    findings: list[Finding],
    fields: Mapping[str, Field],
) -> ActivityEntry:
    gathered = version.table.read(record)
    findings = [*findings, *_told(gathered, version)][:MOST_PER_RECORD]
    blocked = any(finding.blocks for finding in findings)
    activity = None if blocked else _activity(gathered, version)
    action = gathered.values.get("action")
    return ActivityEntry(
        number,
        activity,
        action=RecordAction(action) if action in set(RecordAction) else None,
        close=gathered.values.get("close"),
        provider_id=gathered.values.get("provider_id"),
        onto=lambda stored: version.update(stored, activity) if activity else stored,
        findings=(*findings, *_derived(activity, version, record, fields)) if activity else tuple(findings),
        place=lambda field: _place(field, gathered, version, record),
        activity_id=gathered.values.get("activity_id"),
        provider_activity_id=gathered.values.get("provider_activity_id"),
    )


def _activity(gathered: Gathered, version: PayloadVersion) -> Activity:
    values = {name: value for name, value in gathered.values.items() if name not in DIRECTIVES}
    return version.complete(Activity(**values, born=version.name))


def _values(activity: Activity) -> dict[str, Any]:
    values = {name: getattr(activity, name) for name in ACTIVITY_FIELDS}
    return values | {"close": activity.closed}


def _told(gathered: Gathered, version: PayloadVersion) -> Iterator[Finding]:
    for field, element, reason in gathered.unreadable:
        yield finding("X032", version.place_of(element), name=field.label, reason=reason)
    for element in gathered.unused:
        yield finding("X031", version.place_of(element), name=etree.QName(element).localname)


def _derived(
    activity: Activity, version: PayloadVersion, record: Element, fields: Mapping[str, Field]
) -> Iterator[Finding]:
    if not activity.derived:
        return
    told = {}
    for name in sorted(activity.derived):
        value, field = getattr(activity, name), fields[name]
        spelled = ", ".join(map(field.kind.write, value if field.many else (value,)))
        told[field.label] = spelled.removesuffix("T00:00:00")[:LONGEST_VALUE]
    values = ", ".join(f"{label} “{value}”" for label, value in told.items())
    place = version.place_of(record)
    yield finding("X033", place, name=", ".join(told), version=version.name, values=values)


def _losses(activity: Activity, back: Activity) -> list[str]:
    """What was lost is what does not come back when the written record is read again."""
    return [
        name
        for name in sorted(ACTIVITY_FIELDS)
        if getattr(activity, name) not in (None, ()) and getattr(activity, name) != getattr(back, name)
    ]


def _place(field: str, gathered: Gathered, version: PayloadVersion, record: Element) -> Place:
    element = gathered.elements.get(field)
    known = version.table.fields.get(field)
    label = known.label if known else field
    if element is not None:
        return replace(version.place_of(element), field=label)
    place = version.place_of(record)
    return replace(place, path=f"{place.path}/{known.path}" if known else place.path, field=label)


def _path(element: Element, version: PayloadVersion) -> str:
    prefixes = {namespace: prefix for prefix, namespace in version.table.namespaces.items()}
    steps: list[str] = []
    step: Element | None = element
    while step is not None:
        name = etree.QName(step)
        prefix = prefixes.get(name.namespace or "")
        twins = 1 + sum(1 for _ in step.itersiblings(step.tag, preceding=True))
        more = twins > 1 or next(step.itersiblings(step.tag), None) is not None
        steps.append((f"{prefix}:" if prefix else "*:") + name.localname + (f"[{twins}]" if more else ""))
        if name.localname == version.wrapper:
            break
        step = step.getparent()
    return "/" + "/".join(reversed(steps))
