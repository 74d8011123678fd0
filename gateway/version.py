"""What a payload version is: a small table of differences (`gateway/schemas/`) with this face."""

from __future__ import annotations

import tomllib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Any, ClassVar, cast

from lxml import etree

from gateway.fields import Field, Table, builder
from gateway.findings import shown
from gateway.model import local_name
from gateway.records import ActivityEntry, CompletionEntry, Finding, PlaceOf, Version, dotted
from gateway.shape import Judge

Element = etree._Element
Entry = ActivityEntry | CompletionEntry

EMPTY = (None, ())
_shown = lru_cache(maxsize=1024)(shown)  # names of elements: few, and each stands in many paths


@dataclass(frozen=True, slots=True)
class Lifespan:
    """When a payload version was introduced, is deprecated, and is no longer taken (xsd/versions.toml)."""

    introduced: date | None = None
    deprecated: date | None = None
    sunset: date | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """What stands above the records of a payload: the element `tag` that holds both, between wrapper and
    records, and the table of its own fields. `judge` judges it without its records."""

    tag: str
    table: Table
    judge: Judge

    @property
    def local(self) -> str:
        """The name of its element, without the namespace."""
        return local_name(self.tag)


@dataclass(slots=True)
class Draft:
    """A record that was judged and read, on its way to an entry.

    `record` is None where it cannot be one; then `legible` is what could be read of it, unless that is too
    much to look at, and `values` are what could be made out in any case. `newest` are the fields of the
    newest version, by whose names things are told; `place("")` is the record.
    """

    number: int
    record: Any
    legible: Any
    values: Mapping[str, Any]
    findings: tuple[Finding, ...]
    place: PlaceOf
    newest: Mapping[str, Field]


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadVersion(ABC):
    """One version of a payload; what all versions of a payload share stands in a class of theirs.

    `recognise` tells from the content of a document without namespace or version whether it is of this
    version. `complete` adds to a record what this version could not say, `prepare` turns a record into
    what this version writes; without one of the fields it `needs` it cannot write a record. `instead`
    names, of a field that may be spelled in several ways, what it stands in otherwise. `unread` names the
    namespaces whose records are known and not taken.
    """

    payload: ClassVar[str]
    wrapper: ClassVar[str]
    own_prefix: ClassVar[str]
    noun: ClassVar[type]
    directives: ClassVar[frozenset[str]]
    """What a record says of itself and is not stored."""
    fields: ClassVar[frozenset[str]]
    """The fields of a record that somebody says, of whatever version."""
    unread: ClassVar[Mapping[str, str]] = {}

    number: Version
    record: str
    table: Table
    judge: Judge
    recognise: Callable[[Element], bool]
    complete: Callable[[Any], Any] = lambda record: record
    prepare: Callable[[Any], Any] = lambda record: record
    head: Head | None = None
    needs: tuple[str, ...] = ()
    instead: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)

    @property
    def name(self) -> str:
        """The version as it is written: 2.0."""
        return dotted(self.number)

    @property
    def title(self) -> str:
        """The payload and its version, as people say it: activity 2.0."""
        return f"{self.payload} {self.name}"

    @property
    def namespace(self) -> str:
        """The namespace of the wrapper and of the extension elements."""
        return self.table.namespaces[self.own_prefix]

    @property
    def prefixes(self) -> dict[str, str]:
        """The prefixes a document of this version declares; its own namespace goes without one."""
        others = {k: v for k, v in self.table.namespaces.items() if v != self.namespace}
        return cast(dict[str, str], {None: self.namespace, **others})  # lxml's types know no None

    @property
    def holds(self) -> frozenset[str]:
        """The fields of a record that this version can express."""
        return frozenset(self.table.fields) & self.fields

    @property
    def local(self) -> str:
        """The name of a record's element, without its namespace."""
        return local_name(self.record)

    @property
    def levels(self) -> tuple[str, ...]:
        """The names of the elements a payload is made of, from the wrapper to the record."""
        return (self.wrapper, *([self.head.local] if self.head else ()), self.local)

    @property
    def judges(self) -> tuple[Judge, ...]:
        """All that judge a payload of this version."""
        return (self.judge, *([self.head.judge] if self.head else ()))

    def step(self, element: Element) -> str:
        """An element's name as a step of a path, with this version's prefixes."""
        namespace, _, local = element.tag.rpartition("}")
        return f"{self.table.prefixes.get(namespace[1:], '*')}:{_shown(local)}"

    def read(self, values: Mapping[str, Any]) -> Any:
        """The record that values are of."""
        return self.complete(builder(self.noun)(**self.said(values)))

    def said(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values that are of the record, and not what it says of itself."""
        said = dict(values)
        for name in self.directives:
            said.pop(name, None)
        return said

    def values(self, record: Any) -> dict[str, Any]:
        """The values of a record, as the table takes them."""
        return {name: getattr(record, name) for name in self.fields}

    def heading(self, records: Sequence[Any], **given: Any) -> dict[str, Any]:
        """The values of what stands above records."""
        return {}

    @abstractmethod
    def entry(self, draft: Draft) -> Entry:
        """The entry of a record that was read."""


def lifespans() -> dict[tuple[str, str], Lifespan]:
    """The dates of all payload versions, by payload and version."""
    table = tomllib.loads((files("xsd") / "versions.toml").read_text("utf-8"))
    return {
        (payload, version): Lifespan(**dates)
        for payload, spans in table.items()
        for version, dates in spans.items()
    }
