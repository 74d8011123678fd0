"""Payloads of every version: found out, judged, read into records, written from them.

What differs between versions stands in `gateway/schemas/`; what is the same for all stands here.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import islice
from typing import Any

from lxml import etree

from gateway.errors import Malformed, UnknownSchema
from gateway.fields import Field, Gathered
from gateway.findings import MOST_PER_DOCUMENT, finding, shown
from gateway.intake import Limits
from gateway.model import local_name
from gateway.records import Finding, Place
from gateway.rules import MOST_COUNTED, MOST_FINDINGS
from gateway.schema.layout import head_of, holder_of, namespace_of, records_of
from gateway.schema.sent import Sent, unread
from gateway.shape import LARGE, Judge, elements_in, line_of
from gateway.version import EMPTY, Draft, Entry, Lifespan, PayloadVersion, lifespans

Element = etree._Element

FEW = 100  # fields that may stand beside the records of a payload


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read from a payload: its version, its records in order, and what is to be told once.

    The entries are of activities or of completions, as `version.payload` says.
    """

    version: PayloadVersion
    entries: tuple[Any, ...]
    notices: tuple[Finding, ...] = ()


class Reader:
    """Reads payloads of every supported version, of activities and of completions.

    `aliases` maps foreign namespaces (empty for no namespace) to a version, as `activity:2.0`.
    """

    def __init__(
        self, versions: Iterable[PayloadVersion], limits: Limits, aliases: Mapping[str, str] | None = None
    ) -> None:
        self.versions = tuple(versions)
        self.lifespans = lifespans()
        self._limits = limits
        self._newest: dict[str, dict[str, Field]] = {}
        for version in self.versions:
            self._newest.setdefault(version.payload, {}).update(_by_name(version.table.fields.values()))
        self._by_namespace = {version.namespace: version for version in self.versions}
        self._aliases = {
            namespace: self.named(*alias.split(":")) for namespace, alias in (aliases or {}).items()
        }

    def named(self, payload: str, name: str) -> PayloadVersion:
        """Find a version by payload and number; raises UnknownSchema, naming those there are."""
        versions = self.versions_of(payload)
        for version in versions:
            if version.name == name.strip():
                return version
        known = ", ".join(version.name for version in versions)
        raise UnknownSchema(
            f'There is no version "{shown(name)}" of the payload {payload}.',
            remedy=f"Use one of: {known}.",
        )

    def versions_of(self, payload: str) -> tuple[PayloadVersion, ...]:
        """The versions of a payload, oldest first."""
        return tuple(version for version in self.versions if version.payload == payload)

    def newest(self, payload: str) -> PayloadVersion:
        """The newest version of a payload: by it is judged what is said in no version."""
        return self.versions_of(payload)[-1]

    def label(self, field: str, payload: str = "activity") -> str:
        """The name on the wire of a record's field, as the newest version has it: also of a part, as
        `credits[1].amount`, or by its own name."""
        known = self._newest[payload].get(re.sub(r"\[\d*\]$", "", field.rpartition(".")[2]))
        return known.label if known else field

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
            name.localname in version.levels for version in self.versions
        )

    def read(self, payload: Element, today: date) -> Reading:
        """Read a payload: find its version, judge each record alone, build the records.

        The payload may be rewritten on the way. Raises UnknownSchema for a version that is not
        known or past its sunset, Malformed when the wrapper itself is wrong or holds too much.
        """
        version, notices = self._find(payload)
        notices += self.age(version, today)
        holder, path = holder_of(payload, version)
        if holder is None:
            records = [payload]
        else:
            self._check_number(len(holder), beside=FEW)
            records = records_of(holder, path, version)
            notices += self._head(holder, path, version)
        self._check_number(len(records))
        return Reading(version, tuple(self._entries(records, path, version)), tuple(notices))

    def _check_number(self, records: int, beside: int = 0) -> None:
        most = self._limits.max_records
        if records > most + beside:
            raise Malformed(
                f"The payload has {records:,} records; a call may have {most:,}.",
                remedy="Send them in several calls, or as a file.",
            )

    def write(
        self, records: Iterable[Any], version: PayloadVersion, **head: Any
    ) -> tuple[Element, tuple[Finding, ...]]:
        """Write records in a version; the findings name what that version has no place for.

        `head` is what the version's `heading` asks for: completions need the moment `created`.
        """
        records = tuple(records)
        wrapper = etree.Element(f"{{{version.namespace}}}{version.wrapper}", nsmap=version.prefixes)
        wrapper.set("schemaVersion", version.name)
        holder = wrapper
        if version.head is not None:
            holder = etree.SubElement(wrapper, version.head.tag)
            version.head.table.write(holder, version.heading(records, **head))
        lost = [finding for record in records for finding in self._written(holder, record, version)]
        return wrapper, tuple(lost)

    def _written(self, holder: Element, record: Any, version: PayloadVersion) -> Iterator[Finding]:
        """Append a record to what holds it; tells what is lost, which is what does not come back when it is
        read again."""
        prepared = version.prepare(record)
        if version.needs and all(getattr(prepared, name) in EMPTY for name in version.needs):
            names = " or ".join(self.label(name, version.payload) for name in version.needs)
            yield finding("X047", name=names, version=version.title)
            return
        element = etree.SubElement(holder, version.record)
        version.table.write(element, version.values(prepared))
        back = version.read(version.table.read(element).values)
        for name in sorted(version.fields):
            said = getattr(prepared, name)
            if said not in EMPTY and said != getattr(back, name):
                yield finding("X040", name=self.label(name, version.payload), version=version.title)

    def age(self, version: PayloadVersion, today: date) -> list[Finding]:
        """What is told to who uses a version, be it sent or asked for: that it is deprecated.

        Raises UnknownSchema past its sunset, naming its successor.
        """
        span = self.lifespans.get((version.payload, version.name), Lifespan())
        later = [one for one in self.versions_of(version.payload) if one.number > version.number]
        successor = f"Use {later[-1].title}." if later else "Ask the operator."
        if span.sunset is not None and today >= span.sunset:
            raise UnknownSchema(f"{version.title} is no longer taken since {span.sunset}.", remedy=successor)
        if span.deprecated is None or today < span.deprecated:
            return []
        until = f" and is taken until {span.sunset}" if span.sunset else ""
        return [finding("X043", what=version.title, since=span.deprecated, until=until, successor=successor)]

    # --- finding the version ---

    def _find(self, payload: Element) -> tuple[PayloadVersion, list[Finding]]:
        """The version of a payload, whose foreign namespaces are then rewritten to that version's."""
        namespace, said = namespace_of(payload), payload.get("schemaVersion", "").strip()
        told = self._by_namespace.get(namespace) or self._aliases.get(namespace)
        found = told or self._guessed(payload, said)
        place = Place(f"/{found.step(payload)}", line_of(payload))
        if told is None or self._aliases:
            self._rewrite(payload, found)
        if told is None:
            return found, [finding("X041", place, name=local_name(payload.tag), version=found.name)]
        if said not in ("", found.name):
            return found, [finding("X042", place, name="schemaVersion", version=found.name)]
        return found, []

    def _guessed(self, payload: Element, said: str) -> PayloadVersion:
        """The version of a payload whose namespace does not tell it."""
        local = local_name(payload.tag)
        candidates = [version for version in self.versions if local in version.levels]
        if not candidates:
            known = " or ".join(f"{v.wrapper} in version {v.name}" for v in self.versions)
            raise UnknownSchema(f"{shown(local)} is no payload that is known here.", remedy=f"Send {known}.")
        stem, _, number = namespace_of(payload).rpartition(":")
        if stem == candidates[0].namespace.rpartition(":")[0]:
            return self.named(candidates[0].payload, number)
        if said:
            return self.named(candidates[0].payload, said)
        newest_first = sorted(candidates, key=lambda version: version.number, reverse=True)
        return next((v for v in newest_first if v.recognise(payload)), newest_first[-1])

    def _rewrite(self, payload: Element, version: PayloadVersion) -> None:
        """Rewrite the foreign namespaces of a payload; those that are official stay what they are."""
        foreign = {namespace for namespace, alias in self._aliases.items() if alias is version}
        foreign |= {namespace_of(payload)}
        foreign -= {*version.table.namespaces.values(), *version.unread}
        if foreign:
            known = version.judge.names_known | {*version.levels}
            for element in payload.iter():
                if namespace_of(element) in foreign and local_name(element.tag) in known:
                    element.tag = f"{{{version.namespace}}}{local_name(element.tag)}"

    # --- reading the records ---

    def _head(self, holder: Element, path: str, version: PayloadVersion) -> list[Finding]:
        """What is told of the fields above the records, which are judged by themselves."""
        if version.head is None:
            return []
        head, judge = head_of(holder, version.local), version.head.judge
        label = partial(self.label, payload=version.payload)
        sent = Sent(head, path.rpartition("/")[0], None, version, label)
        findings = [] if judge.accepts(head) else self._tidied(head, judge, version.head.tag, sent)
        if any(found.blocks for found in findings):
            raise Malformed(findings=findings)
        return findings

    def _entries(self, records: list[Element], path: str, version: PayloadVersion) -> Iterator[Entry]:
        told, newest, judge, table = 0, self._newest[version.payload], version.judge, version.table
        label = partial(self.label, payload=version.payload)
        newer = [one for one in self.versions_of(version.payload) if one.number > version.number][::-1]
        holder = records[0].getparent()
        unusual = judge.unusual(holder) if holder is not None else {*records}
        too_large = self._too_large(records, unusual)
        for number, record in enumerate(records, 1):
            sent = Sent(record, path, number if len(records) > 1 else None, version, label, newer)
            explain = told < MOST_PER_DOCUMENT
            if record in too_large:
                most, explain = f"{self._limits.max_record_elements:,}", False
                gathered, findings = Gathered(), [finding("X044", sent.top, most=most)]
            else:
                findings = []
                if not judge.accepts(record, usual=record not in unusual):
                    findings = self._tidied(record, judge, version.record, sent, explain=explain)
                gathered = table.read(record)
            told += _errors(findings)
            if gathered.unused or gathered.unreadable:
                findings += islice(unread(gathered, findings, sent), MOST_COUNTED)
                findings = sorted(findings, key=lambda found: not found.blocks)  # no flood hides an error
                findings = findings[: MOST_FINDINGS if _errors(findings) else MOST_COUNTED]
            wrong = bool(_errors(findings))
            read = version.read(gathered.values) if explain or not wrong else None
            made, legible = (None, read) if wrong else (read, None)
            draft = Draft(number, made, legible, gathered.values, tuple(findings), sent.field, newest)
            yield version.entry(draft)

    def _too_large(self, records: list[Element], unusual: set[Element]) -> set[Element]:
        """The records that have more elements than one may have: those that are large, if any."""
        most = self._limits.max_record_elements
        large = unusual if most >= LARGE else {*records}
        return {record for record in large if elements_in(record) > most}

    def _tidied(
        self, element: Element, judge: Judge, tag: str, sent: Sent, *, explain: bool = True
    ) -> list[Finding]:
        """What is told of an element that was not accepted as it was sent."""
        sent.keep()
        element.attrib.pop("schemaVersion", "")  # of a record or holder without its wrapper
        return judge.mend(element, tag, sent.place, over=None if explain else element)


def _errors(findings: list[Finding]) -> int:
    """How many of findings stop their record."""
    return sum(found.blocks for found in findings) if findings else 0


def _by_name(fields: Iterable[Field]) -> dict[str, Field]:
    """Fields by name, with their parts, whose names give way to those of whole fields and of parts before."""
    fields = tuple(fields)
    inner = {name: part for field in reversed(fields) for name, part in _by_name(field.parts).items()}
    return inner | {field.name: field for field in fields}
