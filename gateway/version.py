"""What a payload version is: a small table of differences (`gateway/schemas/`) with this face."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import cast

from lxml import etree

from gateway.fields import Table
from gateway.findings import shown
from gateway.records import Activity, replace
from gateway.shape import Judge

Element = etree._Element

OWN = frozenset({"derived", "closed", "born"})  # the gateway's own fields of an activity
IDENTITY = ("activity_id", "provider_activity_id")
EMPTY = (None, ())
ACTIVITY_FIELDS = frozenset(field.name for field in dataclasses.fields(Activity)) - OWN

NAMESPACES = {
    "m": "http://ns.medbiq.org/metrics/v1/",
    "lom": "http://ltsc.ieee.org/xsd/LOM",
    "hx": "http://ns.medbiq.org/lom/extend/v1/",
    "a": "http://ns.medbiq.org/address/v1/",
    "ar": "http://ns.medbiq.org/activityreport/v1/",
}


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

    @property
    def local(self) -> str:
        """The name of a record's element, without its namespace."""
        return etree.QName(self.record).localname

    def step(self, element: Element) -> str:
        """An element's name as a step of a path, with this version's prefixes."""
        namespace, _, local = element.tag.rpartition("}")
        return f"{self.table.prefixes.get(namespace[1:], '*')}:{shown(local)}"

    def update(self, stored: Activity, incoming: Activity) -> Activity:
        """Lay a record of this version over the stored one (docs/wire.md).

        The fields this version holds are replaced, but an identity that is not given stays; what was
        merely derived fills gaps and replaces what was itself derived, and nothing else.
        """
        given = self.holds - (incoming.derived - self.also_holds)
        filled = {
            name
            for name in incoming.derived - given
            if name in stored.derived or getattr(stored, name) in EMPTY
        }
        changes = {name: getattr(incoming, name) for name in given | filled}
        for name in IDENTITY:
            changes[name] = (name == "provider_activity_id" and changes.get(name)) or getattr(stored, name)
        renamed = {
            name
            for name in incoming.derived & self.also_holds
            if name in stored.derived or getattr(stored, name) != getattr(incoming, name)
        }
        derived = stored.derived - given | filled | renamed
        return self.carry(stored, replace(stored, **changes, derived=derived))


def lifespans() -> dict[tuple[str, str], Lifespan]:
    """The dates of all payload versions, by payload and version."""
    table = tomllib.loads((files("xsd") / "versions.toml").read_text("utf-8"))
    return {
        (payload, version): Lifespan(**dates)
        for payload, spans in table.items()
        for version, dates in spans.items()
    }
