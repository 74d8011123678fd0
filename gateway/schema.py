"""Payloads of every version: found out, judged, read into records, written from them.

What differs between versions stands in `gateway/schemas/`; what is the same for all stands here.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any

from lxml import etree

from gateway.errors import Malformed, UnknownSchema
from gateway.explaining import stray_text
from gateway.fields import Field, Gathered
from gateway.findings import MOST_PER_RECORD, finding, shown
from gateway.intake import Limits
from gateway.records import Activity, ActivityEntry, Finding, Place, RecordAction, replace
from gateway.shape import line_of
from gateway.version import ACTIVITY_FIELDS, EMPTY, Lifespan, PayloadVersion, lifespans

Element = etree._Element

MOST_PER_DOCUMENT = 100
DIRECTIVES = ("action", "close", "provider_id")  # what a record says of itself and is not stored
METRICS_2 = "http://ns.medbiq.org/metrics/v2/"
_count = etree.XPath("count(descendant-or-self::*)")


class Sent:
    """A record as it was sent: findings point into it, whatever tidying does to the record since."""

    def __init__(self, record: Element, path: str, version: PayloadVersion) -> None:
        self.path = path
        self._record = record
        self._step = version.step
        self._kept: dict[Element, tuple[Element, int | None]] = {}

    @property
    def top(self) -> Place:
        """Where the record itself stood."""
        return self.place(self._record)

    def keep(self) -> None:
        """Remember the record as it is now, since it is about to be tidied."""
        copies = copy.deepcopy(self._record).iter()
        self._kept = {
            one: (as_sent, line_of(one)) for one, as_sent in zip(self._record.iter(), copies, strict=True)
        }

    def place(self, element: Element) -> Place:
        """Where an element stood, as an XPath from the document's root."""
        steps = []
        as_sent, line = self._kept.get(element) or (element, line_of(element))
        root, _ = self._kept.get(self._record) or (self._record, None)
        for step in (as_sent, *as_sent.iterancestors()):
            if step is root:
                break
            steps.append(self._step(step) + _position(step))
        return Place("/".join((self.path, *reversed(steps))), line)


def _position(element: Element) -> str:
    before = sum(1 for _ in element.itersiblings(element.tag, preceding=True))
    alone = not before and next(element.itersiblings(element.tag), None) is None
    return "" if alone else f"[{before + 1}]"


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

    def catalogue(self) -> list[dict[str, str | None]]:
        """The payload versions and their dates, for people and tools."""
        rows = []
        for version in self.versions:
            span = self.lifespans.get((version.payload, version.name), Lifespan())
            dates = {name: str(day) if day else None for name, day in dataclasses.asdict(span).items()}
            named = {"payload": version.payload, "version": version.name, "namespace": version.namespace}
            rows.append({**named, **dates})
        return rows

    def is_payload(self, element: Element) -> bool:
        """Whether an element is a payload, by its namespace or its name."""
        name = etree.QName(element)
        return name.namespace in self._by_namespace or any(
            name.localname in {version.wrapper, version.local} for version in self.versions
        )

    def read(self, payload: Element, today: date) -> Reading:
        """Read a payload: find its version, judge each record alone, build the records.

        The payload may be rewritten on the way. Raises UnknownSchema for a version that is not
        known or past its sunset, Malformed when the wrapper itself is wrong or holds too much.
        """
        version, notices = self._find(payload)
        notices += self._age(version, today)
        records = self._records(payload, version)
        if len(records) > self._limits.max_records:
            raise Malformed(
                f"The payload has {len(records):,} records; a call may have {self._limits.max_records:,}.",
                remedy="Send them in several calls, or as a file.",
            )
        return Reading(version, tuple(self._entries(payload, records, version)), tuple(notices))

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

    def _find(self, payload: Element) -> tuple[PayloadVersion, list[Finding]]:
        """The version of a payload, whose foreign namespaces are then rewritten to that version's."""
        namespace, said = _namespace(payload), payload.get("schemaVersion", "").strip()
        told = self._by_namespace.get(namespace) or self._aliases.get(namespace)
        found = told or self._guessed(payload, said)
        place = Place(f"/{found.step(payload)}", line_of(payload))
        if told is None or self._aliases:
            self._rewrite(payload, found)
        if told is None:
            return found, [finding("X041", place, name=_local(payload), version=found.name)]
        if said not in ("", found.name):
            return found, [finding("X042", place, name="schemaVersion", version=found.name)]
        return found, []

    def _guessed(self, payload: Element, said: str) -> PayloadVersion:
        """The version of a payload whose namespace does not tell it."""
        local = _local(payload)
        candidates = [version for version in self.versions if local in (version.wrapper, version.local)]
        if not candidates:
            known = " or ".join(f"{v.wrapper} in version {v.name}" for v in self.versions)
            raise UnknownSchema(f"{shown(local)} is no payload that is known here.", remedy=f"Send {known}.")
        stem, _, number = _namespace(payload).rpartition(":")
        if stem == candidates[0].namespace.rpartition(":")[0]:
            return self.named(candidates[0].payload, number)
        if said:
            return self.named(candidates[0].payload, said)
        newest_first = sorted(candidates, key=lambda version: version.number, reverse=True)
        return next((v for v in newest_first if v.recognise(payload)), newest_first[-1])

    def _rewrite(self, payload: Element, version: PayloadVersion) -> None:
        """Rewrite the foreign namespaces of a payload; those that are official stay what they are."""
        foreign = {namespace for namespace, alias in self._aliases.items() if alias is version}
        foreign |= {_namespace(payload)}
        foreign -= {*version.table.namespaces.values(), METRICS_2}
        if foreign:
            known = version.judge.names_known | {version.wrapper, version.local}
            for element in payload.iter():
                if _namespace(element) in foreign and _local(element) in known:
                    element.tag = f"{{{version.namespace}}}{_local(element)}"

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
        return [finding("X043", what=what, since=span.deprecated, until=until, successor=successor)]

    # --- reading the records ---

    def _records(self, payload: Element, version: PayloadVersion) -> list[Element]:
        """The records of a payload, which may be a single one without its wrapper."""
        bare = _local(payload) == version.local
        for child in (payload,) if bare else payload:
            if _namespace(child) == METRICS_2:
                raise UnknownSchema(
                    "The records are of MedBiquitous Medical Education Metrics version 2.",
                    remedy=f"Send them in version 1, {version.table.namespaces['m']}, as PARS does.",
                )
            if _local(child) != version.local:
                place = Place(f"/{version.step(payload)}/{version.step(child)}", line_of(child))
                known = f"Only {version.local} may stand."
                raise Malformed(findings=[finding("X020", place, name=shown(_local(child)), known=known)])
        if not bare:
            self._check_wrapper(payload, version)
        return [payload] if bare else list(payload)

    def _check_wrapper(self, payload: Element, version: PayloadVersion) -> None:
        """The wrapper has its name, holds a record at least, and no text."""
        name, place = _local(payload), Place(f"/{version.step(payload)}", line_of(payload))
        stray = stray_text(payload)
        if name != version.wrapper:
            known = f"Did you mean {version.wrapper}?"
            raise Malformed(findings=[finding("X020", place, name=shown(name), known=known)])
        if not len(payload):
            raise Malformed(findings=[finding("X021", place, name=version.local, parent=name)])
        if stray:
            raise Malformed(findings=[finding("X046", place, name=name, value=shown(stray))])

    def _entries(
        self, payload: Element, records: list[Element], version: PayloadVersion
    ) -> Iterator[ActivityEntry]:
        wrapper = "" if records[0] is payload else f"/{version.step(payload)}"
        told, most = 0, self._limits.max_record_elements
        for number, record in enumerate(records, 1):
            position = f"[{number}]" if len(records) > 1 else ""
            sent = Sent(record, f"{wrapper}/{version.step(record)}{position}", version)
            if _count(record) > most:  # type: ignore[operator]
                gathered, findings = Gathered(), [finding("X044", sent.top, most=f"{most:,}")]
            else:
                findings = self._judge(record, version, sent, explain=told < MOST_PER_DOCUMENT)
                gathered = version.table.read(record)
            told += sum(found.blocks for found in findings)
            yield _entry(number, gathered, version, findings, sent, self._fields)

    def _judge(self, record: Element, version: PayloadVersion, sent: Sent, *, explain: bool) -> list[Finding]:
        if version.judge.accepts(record):
            return []
        sent.keep()
        record.attrib.pop("schemaVersion", "")  # of a record without its wrapper
        found = version.judge.tidy(record, version.record, sent.place)
        if version.judge.accepts(record):
            return found
        if not explain:
            return [finding("X045", sent.top, most=MOST_PER_DOCUMENT), *found]
        return (version.judge.explain(record, sent.place) + found)[:MOST_PER_RECORD]


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _namespace(element: Element) -> str:
    return element.tag.rpartition("}")[0][1:]


# --- records from what was gathered, and back ---------------------------------------------------------


def _entry(
    number: int,
    gathered: Gathered,
    version: PayloadVersion,
    findings: list[Finding],
    sent: Sent,
    fields: Mapping[str, Field],
) -> ActivityEntry:
    findings += islice(_told(gathered, findings, sent), MOST_PER_RECORD - len(findings))
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
        derived=lambda kept: tuple(_derived(activity, kept, version, sent.top, fields)),
        findings=tuple(findings),
        place=lambda field: _place(field, gathered, version, sent),
        activity_id=gathered.values.get("activity_id"),
        provider_activity_id=gathered.values.get("provider_activity_id"),
    )


def _activity(gathered: Gathered, version: PayloadVersion) -> Activity:
    values = {name: value for name, value in gathered.values.items() if name not in DIRECTIVES}
    return version.complete(Activity(**values, born=version.name))


def _values(activity: Activity) -> dict[str, Any]:
    values = {name: getattr(activity, name) for name in ACTIVITY_FIELDS}
    return values | {"close": activity.closed}


def _told(gathered: Gathered, findings: list[Finding], sent: Sent) -> Iterator[Finding]:
    """What reading found, but for the elements that were found wrong before."""
    wrong = {found.path for found in findings if found.blocks}
    for field, element, reason in gathered.unreadable:
        if (place := sent.place(element)).path not in wrong:
            yield finding("X032", place, name=field.label, reason=reason)
    for element in () if wrong else gathered.unused:
        yield finding("X031", sent.place(element), name=shown(_local(element)))


def _derived(
    activity: Activity | None,
    kept: Activity,
    version: PayloadVersion,
    place: Place,
    fields: Mapping[str, Field],
) -> Iterator[Finding]:
    """What was derived and is so in the end: what somebody said before an update stays, and is not told."""
    told = {}
    for name in sorted(activity.derived & kept.derived if activity else ()):
        value, field = getattr(kept, name), fields[name]
        spelled = ", ".join(map(field.kind.write, value if field.many else (value,)))
        told[field.label] = shown(spelled.removesuffix("T00:00:00"))
    if told:
        values = ", ".join(f"{label} “{value}”" for label, value in told.items())
        yield finding("X033", place, name=", ".join(told), version=version.name, values=values)


def _losses(activity: Activity, back: Activity) -> list[str]:
    """What was lost is what does not come back when the written record is read again."""
    return [
        name
        for name in sorted(ACTIVITY_FIELDS)
        if getattr(activity, name) not in EMPTY and getattr(activity, name) != getattr(back, name)
    ]


def _place(field: str, gathered: Gathered, version: PayloadVersion, sent: Sent) -> Place:
    element = gathered.elements.get(field)
    known = version.table.fields.get(field)
    label = known.label if known else field
    if element is not None:
        return replace(sent.place(element), field=label)
    return replace(sent.top, path=f"{sent.path}/{known.path}" if known else sent.path, field=label)
