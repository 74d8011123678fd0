"""Activity 2.1: what PARS and its sister for Joint Accreditation ask for since 2025 (JS-ACT).

Beside 2.0 came content outlines, REMS identifiers, subjects of the states, professions, learners by
category, pharmacy, what boards are told of a registration, and further dates and places in one record.
MOCPracticeArea, MOCAttestation and RepeatInstances are names of ours.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from gateway import vocabulary as words
from gateway.fields import BOOLEAN, DATE, WHOLE, Field, Table
from gateway.records import (
    Activity,
    CategoryCount,
    ContentOutline,
    MocRegistration,
    OutlineKey,
    Repeat,
    StateContent,
    replace,
)
from gateway.schemas import activity_v1_0, activity_v2_0
from gateway.schemas.activity import NAMESPACES, ActivityVersion
from gateway.schemas.activity_v1_0 import COUNTS, EDUCATION, EXTENSION, GENERAL, STATE, UPPER
from gateway.shape import Judge

NAMESPACE = "urn:cme-gateway:pars:activity:2.1"

KEYWORDS = {f"keywords_{number}": source for number, source in enumerate(words.OUTLINE_SOURCES, 1)}
"""The selections whose entries may also stand as keywords of the lom, by the name they are gathered under."""

OUTLINE_BY_KEYWORD = tuple(
    Field(
        name,
        f"{GENERAL}/lom:keyword[@source='{source}']",
        many=True,
        record=OutlineKey,
        parts=(Field("keyword", "@id", needed=True), Field("value", "lom:string", needed=True)),
    )
    for name, source in KEYWORDS.items()
)
PROFESSIONS = Field("professions", f"{EDUCATION}/hx:targetAudience/hx:profession*/lom:string", many=True)
CATEGORIES = Field(
    "participants",
    COUNTS,
    many=True,
    record=CategoryCount,
    parts=(Field("category", "@category", needed=True), Field("count", ".", WHOLE)),
)
MOC = replace(
    activity_v2_0.MOC,
    record=MocRegistration,
    parts=(
        *activity_v2_0.MOC.parts,
        Field("practice_areas", "act:MOCPracticeArea", many=True),
        Field("attested", "act:MOCAttestation", BOOLEAN),
    ),
)
OUTLINES = Field(
    "content_outlines",
    f"{EXTENSION}/act:ContentOutlines/act:ContentOutlineSelections",
    many=True,
    record=ContentOutline,
    parts=(
        Field("source", "act:ContentOutlineSource", needed=True),
        Field(
            "keys",
            "act:ContentOutlineKeys",
            many=True,
            record=OutlineKey,
            parts=(
                Field("keyword", "act:ContentKeyword", needed=True),
                Field("value", "act:ContentKeywordValue", needed=True),
            ),
        ),
    ),
)
STATES = (
    Field("has_state_content", f"{EXTENSION}/act:HasStateContentTags", BOOLEAN),
    Field(
        "state_content",
        f"{EXTENSION}/act:StateContentTags/act:StateContent",
        many=True,
        record=StateContent,
        parts=(
            Field("domain", "act:StateContentDomain", needed=True),
            Field("topic", "act:StateContentTopic"),
        ),
    ),
)
PHARMACY = (
    Field("pharmacy_type", f"{EXTENSION}/act:PharmacyActivityType"),
    Field("pharmacy_topic", f"{EXTENSION}/act:PharmacyActivityTopic"),
    Field("pharmacy_live_date", f"{EXTENSION}/act:PharmacyLiveDate", DATE),
    Field("pharmacy_sequence", f"{EXTENSION}/act:PharmacySequenceNumber", WHOLE),
    Field("uan_pharmacy", f"{EXTENSION}/act:UANPharmacy"),
    Field("uan_pharmacy_tech", f"{EXTENSION}/act:UANPharmacyTech"),
    Field("pharmacy_recertifications", f"{EXTENSION}/act:HasPharmacyRecertifications"),
    Field("pharmacy_content_tags", f"{EXTENSION}/act:HasPharmacyContentTags"),
)
REPEATS = Field(
    "repeats",
    f"{EXTENSION}/act:RepeatInstances/act:RepeatInstance",
    many=True,
    record=Repeat,
    parts=(
        Field("start_date", "act:StartDate", DATE),
        Field("end_date", "act:EndDate", DATE),
        Field("city", "act:City"),
        Field("state", "act:StateOrProvince", STATE),
        Field("country", "act:Country", UPPER),
    ),
)

TABLE = Table(
    (
        *activity_v1_0.REPORT,
        *activity_v1_0.DESCRIPTION,
        *OUTLINE_BY_KEYWORD,
        activity_v1_0.CREDITS,
        PROFESSIONS,
        activity_v1_0.SPECIALTIES,
        *activity_v2_0.PLACE_AND_TIME,
        *activity_v1_0.PARTICIPANTS,
        CATEGORIES,
        *activity_v2_0.OFFER,
        MOC,
        *activity_v2_0.PROGRAMMES,
        Field("rems_identifiers", f"{EXTENSION}/act:REMS/act:REMSRelatedIdentifier", many=True),
        OUTLINES,
        *STATES,
        Field("interprofessional", f"{EXTENSION}/act:isInterprofessional", BOOLEAN),
        *PHARMACY,
        REPEATS,
    ),
    NAMESPACES | {"act": NAMESPACE},
    activity_v1_0.ALWAYS,
)


DETAILS = frozenset({"PharmacyContentTags", "PharmacyRecertifications"})
"""Blocks that PARS has and whose content is not publicly known: they are set aside."""

UNUSED = replace(activity_v2_0.UNUSED, removed=activity_v2_0.UNUSED.removed | DETAILS)


def _names(table: Table) -> set[str]:
    return {name for field in table.fields.values() for name in re.findall(r"act:(\w+)", field.path)}


_own = _names(TABLE) - _names(activity_v2_0.TABLE) | DETAILS


def recognise(payload: etree._Element) -> bool:
    """Whether a document's content is of 2.1: what 2.0 did not have in the extension. What is official and
    was not used before may stand in a document of 1.0 all the same, where there is anything old in it."""
    if any(etree.QName(element).localname in _own for element in payload.iter("{*}*")):
        return True
    return _is_used_since(payload) and (activity_v2_0.is_new(payload) or not activity_v1_0.recognise(payload))


def _is_used_since(payload: etree._Element) -> bool:
    return any(
        etree.QName(element).localname == "profession"
        or element.get("source") in words.OUTLINE_SOURCES
        or element.get("category", "").strip().casefold() in words.PARTICIPANT_CATEGORIES
        for element in payload.iter("{*}*")
    )


def join(values: dict[str, Any]) -> dict[str, Any]:
    """Make one selection of each source, whether its entries stand as keywords, in their own block or in
    both."""
    entries: dict[str | None, dict[OutlineKey, None]] = {}
    for name, source in KEYWORDS.items():
        if keys := values.pop(name, ()):
            entries[source] = dict.fromkeys(keys)
    for outline in values.get("content_outlines", ()):
        entries.setdefault(outline.source, {}).update(dict.fromkeys(outline.keys))
    if entries:
        outlines = (ContentOutline(source, tuple(keys)) for source, keys in entries.items())
        values["content_outlines"] = tuple(outlines)
    return values


def complete(activity: Activity) -> Activity:
    """The other learners are those of all categories together, unless they are counted as well."""
    activity = activity_v2_0.complete(activity)
    if activity.other_learners is not None or not activity.participants:
        return activity
    return replace(activity, other_learners=activity.others_by_category)


def prepare(activity: Activity) -> Activity:
    """Say an activity as 2.1 does: of the categories, the sum need not be said as well."""
    prepared = activity_v2_0.prepare(activity)
    if prepared.participants and prepared.other_learners == prepared.others_by_category:
        return replace(prepared, other_learners=None)
    return prepared


VERSION = ActivityVersion(
    number=(2, 1),
    table=TABLE,
    judge=Judge("activity/v2_1/activity.xsd", UNUSED),
    recognise=recognise,
    join=join,
    complete=complete,
    prepare=prepare,
    carry=activity_v2_0.carry_legacy,
    instead={"content_outlines": tuple(KEYWORDS)},
)
