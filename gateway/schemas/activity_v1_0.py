"""Activity 1.0: PARS before November 2021, on MedBiquitous Medical Education Metrics v1.

The first table is the trunk the later versions grow from. Sources: MBQ, SEED0, RUBY (docs/sources.md).
"""

from __future__ import annotations

from datetime import date, timedelta

from lxml import etree

from gateway import vocabulary
from gateway.fields import (
    BOOLEAN,
    DATE,
    DECIMAL,
    LONG_TEXT,
    MIDNIGHT,
    TEXT,
    WHOLE,
    YES_NO,
    Field,
    Kind,
    Table,
)
from gateway.model import Names
from gateway.records import (
    Activity,
    Credit,
    InKindSupport,
    Location,
    MeasuredOutcome,
    MonetarySupport,
    replace,
)
from gateway.schemas.activity import NAMESPACES, ActivityVersion
from gateway.shape import Judge

NAMESPACE = "urn:cme-gateway:pars:activity:1.0"

GENERAL = "m:ActivityDescription/lom:lom/lom:general"
EDUCATION = "m:ActivityDescription/lom:lom/hx:healthcareMetadata/hx:healthcareEducation"
IDENTIFIER = f"{GENERAL}/lom:identifier[lom:catalog="
COUNTS = "m:ParticipationMetrics/m:ParticipantsByCategory"
EXTENSION = "m:XtensibleInfo"

UPPER = Kind(lambda text: TEXT.read(text).upper())
LONGEST_CODE = 3
STATE = Kind(lambda text: (UPPER if len(text) <= LONGEST_CODE else TEXT).read(text))
"""A state or province: a code in capitals, a name as it is."""

LEGACY_TYPE = Kind(lambda text: old.code if (old := vocabulary.legacy_type_named(text)) else TEXT.read(text))

REPORT = (
    Field("reporting_start", "m:ReportDescription/m:ReportingStartDate", DATE),
    Field("reporting_end", "m:ReportDescription/m:ReportingEndDate", DATE),
)
DESCRIPTION = (
    Field("activity_id", f"{IDENTIFIER}'ACCME Activity ID']/lom:entry", sole=True),
    Field("provider_activity_id", f"{IDENTIFIER}'Provider Activity ID']/lom:entry", sole=True),
    Field("url", f"{GENERAL}/lom:identifier[lom:catalog='URL']/lom:entry"),
    Field("title", f"{GENERAL}/lom:title/lom:string"),
    Field("description", f"{GENERAL}/lom:description/lom:string", LONG_TEXT),
)
CREDITS = Field(
    "credits",
    f"{EDUCATION}/hx:credits",
    many=True,
    record=Credit,
    parts=(
        Field("certification", "hx:activityCertification"),
        Field("joint_providers", "hx:nonAccreditedProvider", many=True),
        Field("amount", "hx:numberOfCredits", DECIMAL),
    ),
)
SPECIALTIES = Field("specialties", f"{EDUCATION}/hx:targetAudience/hx:specialty*/lom:string", many=True)
LOCATION = Field(
    "location",
    f"{EDUCATION}/hx:activityLocation",
    record=Location,
    parts=(
        Field("city", "a:City"),
        Field("state", "a:StateOrProvince", STATE),
        Field("country", "a:Country/a:CountryCode", UPPER),
    ),
    always=("a:Country",),
)
DATES = (
    Field("start_date", f"{EDUCATION}/hx:startDateTime", MIDNIGHT),
    Field("end_date", f"{EDUCATION}/hx:endDateTime", MIDNIGHT),
)
PROVIDERSHIP = Field("providership", f"{EDUCATION}/hx:activitySponsorship")
SUPPORT = (
    Field("commercial_support", f"{EDUCATION}/hx:commercialSupport", YES_NO),
    Field(
        "monetary_supports",
        "m:ActivityDescription/m:CommercialSupportAmount",
        many=True,
        record=MonetarySupport,
        parts=(
            Field("amount", ".", WHOLE),
            Field("currency", "@currency", UPPER),
            Field("source", "@supportSource"),
        ),
    ),
)
INCOME = (
    Field("exhibit_income", "m:ActivityDescription/m:AdvertisingAndExhibitIncome", WHOLE),
    Field("other_income", "m:ActivityDescription/m:OtherIncome", WHOLE),
    Field("expenses", "m:ActivityDescription/m:Expenses", WHOLE),
)
FLAGS = tuple(
    Field(name, f"m:ActivityDescription/m:{element}", BOOLEAN)
    for name, element in (
        ("designed_competence", "DesignedToChangeCompetence"),
        ("designed_performance", "DesignedToChangePerformance"),
        ("designed_outcomes", "DesignedToChangePatientOutcomes"),
        ("measured_competence", "ChangesInCompetenceMeasured"),
        ("measured_performance", "ChangesInPerformanceMeasured"),
        ("measured_outcomes", "ChangesInPatientOutcomesMeasured"),
    )
)
PARTICIPANTS = (
    *(
        Field(name, f"{COUNTS}[@category='{word}']", WHOLE, sole=True, also=vocabulary.OTHER_WORDS[word])
        for name, word in (("physicians", vocabulary.PHYSICIAN), ("other_learners", vocabulary.OTHERS))
    ),
)
DIRECTIVES = (
    Field("provider_id", f"{EXTENSION}/act:ProviderID"),
    Field("action", f"{EXTENSION}/act:activityRecordAction"),
)
IN_KIND = f"{EXTENSION}/act:InKindSupports/act:InKindSupport"

# Whether they were measured objectively or subjectively nobody was asked (JS-ACT's words; the gateway's
# own reading of which question is which outcome).
EVALUATED = {
    "measured_competence": "Learner Competence",
    "measured_performance": "Learner Performance",
    "measured_outcomes": "Patient Health",
}

ALWAYS = (
    "m:ReportDescription",
    "m:ActivityDescription",
    "m:ActivityDescription/lom:lom",
    "m:ParticipationMetrics",
)
"""What the official schema wants to stand, in document order, even where it holds nothing."""

TABLE = Table(
    (
        *REPORT,
        *DESCRIPTION,
        CREDITS,
        SPECIALTIES,
        LOCATION,
        *DATES,
        PROVIDERSHIP,
        Field("legacy_type", f"{EDUCATION}/hx:activityFormat/lom:string", LEGACY_TYPE),
        *SUPPORT,
        *INCOME,
        *FLAGS,
        *PARTICIPANTS,
        *DIRECTIVES,
        Field("hours_of_instruction", f"{EXTENSION}/act:HoursOfInstruction", DECIMAL),
        Field("competencies", f"{EXTENSION}/act:Competencies/act:Competency", many=True),
        Field(
            "in_kind_supports",
            IN_KIND,
            many=True,
            record=InKindSupport,
            parts=(Field("source", "act:source", needed=True), Field("kinds", "act:inKindType", many=True)),
        ),
    ),
    NAMESPACES | {"act": NAMESPACE},
    ALWAYS,
)

UNUSED = Names(
    unused=frozenset(
        f"{{{NAMESPACES[prefix]}}}{name}"
        for prefix, names in (
            ("m", "ParticipantActivityEvaluation KnowledgeAssessment"),
            ("lom", "language coverage structure aggregationLevel lifeCycle metaMetadata technical"),
            ("lom", "educational rights relation annotation classification"),
            ("hx", "healthcareAsset"),
        )
        for name in names.split()
    ),
    removed=frozenset({"ReportingYear"}),  # PARS had it beside the reporting dates until April 2025
    open_parents=frozenset(
        {
            f"{{{NAMESPACES['m']}}}XtensibleInfo",
            f"{{{NAMESPACES['lom']}}}lom",
            f"{{{NAMESPACES['lom']}}}general",
        }
    ),
    repeated=frozenset({f"{{{NAMESPACES['lom']}}}string", f"{{{NAMESPACES['lom']}}}description"}),
)
"""Elements that our schemas leave out; where a sender fills them they are set aside."""

OWN = frozenset({"HoursOfInstruction", "Competencies", "inKindType"})
_ASKED = OWN | {field.label for field in (*FLAGS, *INCOME)}


def recognise(payload: etree._Element) -> bool:
    """Whether a document's content is of 1.0: what only 1.0 has, or a type that is no present format."""
    if any(etree.QName(element).localname in _ASKED for element in payload.iter("{*}*")):
        return True
    texts = (element.text for element in payload.iterfind(".//{*}activityFormat/{*}string"))
    types = (vocabulary.legacy_type_named(text) for text in texts if not vocabulary.is_format(text))
    return any(old is not None and old.name != old.format for old in types)


def complete(activity: Activity) -> Activity:
    """Derive what 1.0 could not say (docs/wire.md; the mappings of RUBY, JA and SEED2)."""
    legacy = vocabulary.legacy_type_named(activity.legacy_type)
    present = vocabulary.format_named(activity.legacy_type)
    derived = {
        "description": activity.description or activity.title,
        "format": present.name if present else None,
        "delivery_methods": (legacy.delivery,) if legacy and legacy.delivery else (),
        "passport": False,
        "end_date": activity.end_date or _last_day(activity.start_date, present),
    }
    changed = {name: value for name, value in derived.items() if value != getattr(activity, name)}
    return replace(activity, **changed, derived=frozenset(changed))


def _last_day(start: date | None, format: vocabulary.Format | None) -> date | None:
    if start is None or format is None or format.name != vocabulary.ENDURING:
        return start
    if start.year + 3 > date.max.year:
        return start
    leap = (start.month, start.day) == (2, 29)
    return (date(start.year + 3, 3, 1) if leap else start.replace(year=start.year + 3)) - timedelta(days=1)


def evaluated(activity: Activity) -> tuple[MeasuredOutcome, ...]:
    """The outcomes that follow from what 1.0 asked for: the changes that were evaluated."""
    return tuple(MeasuredOutcome(name) for flag, name in EVALUATED.items() if getattr(activity, flag))


def prepare(activity: Activity) -> Activity:
    """Say an activity as 1.0 did: derived fields left out, the old type that says most of its format."""
    left_out = {name: None for name in ("description", "end_date") if name in activity.derived}
    return replace(reporting(activity), **left_out, legacy_type=_type_told(activity))


def _type_told(activity: Activity) -> str | None:
    stored = vocabulary.legacy_type_named(activity.legacy_type)
    if stored is None or stored.format != activity.format:
        stored = vocabulary.legacy_type_of(activity.format, activity.delivery_methods)
    return stored.code if stored else None


def reporting(activity: Activity) -> Activity:
    """Give an activity the reporting dates its record must have, from its own dates where it has none."""
    start = activity.reporting_start or activity.start_date
    return replace(
        activity, reporting_start=start, reporting_end=activity.reporting_end or activity.end_date or start
    )


def carry(stored: Activity, merged: Activity) -> Activity:
    """Keep the format where no type is given, since some formats of today had none; and the stored type, be
    it none, where the given one is just what reading tells. What was first reported in 1.0 needs one.
    Outcomes that were derived from what was evaluated follow it."""
    if "outcomes" in merged.derived:
        merged = replace(merged, outcomes=evaluated(merged))
    if merged.legacy_type is None:
        return replace(merged, format=stored.format, legacy_type=stored.legacy_type)
    if stored.born != "1.0" and merged.legacy_type == _type_told(stored):
        return replace(merged, legacy_type=stored.legacy_type)
    return merged


VERSION = ActivityVersion(
    number=(1, 0),
    table=TABLE,
    judge=Judge("activity/v1_0/activity.xsd", UNUSED),
    recognise=recognise,
    complete=complete,
    prepare=prepare,
    carry=carry,
    also_holds=frozenset({"format"}),
)
