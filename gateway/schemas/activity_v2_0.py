"""Activity 2.0: PARS from November 2021, on the same MedBiquitous metrics.

What 1.0 knew and PARS dropped is gone; formats, outcomes, CME Passport, MOC and the close switch
came (SEED2, JS-ACT). It is the trunk of what came later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TypeVar

from lxml import etree

from gateway import vocabulary
from gateway.fields import BOOLEAN, DATE, DECIMAL, Field, Kind, Table
from gateway.records import Activity, InKindSupport, MeasuredOutcome, MocRegistration, replace
from gateway.schemas import activity_v1_0 as trunk
from gateway.schemas.activity import NAMESPACES, ActivityVersion
from gateway.schemas.activity_v1_0 import EDUCATION, EXTENSION
from gateway.shape import Judge

NAMESPACE = "urn:cme-gateway:pars:activity:2.0"

Part = TypeVar("Part", MocRegistration, InKindSupport)
FEE = Kind(lambda text: vocabulary.FREE if text == "No, it's free" else text)

PLACE_AND_TIME = (
    trunk.LOCATION,
    *trunk.DATES,
    trunk.PROVIDERSHIP,
    Field("format", f"{EDUCATION}/hx:activityFormat/lom:string"),
    *trunk.SUPPORT,
)
OFFER = (
    *trunk.DIRECTIVES,
    Field("close", f"{EXTENSION}/act:closeActivityRecord", BOOLEAN),
    Field("delivery_methods", f"{EXTENSION}/act:DeliveryMethods/act:DeliveryMethod", many=True),
    Field("passport", f"{EXTENSION}/act:ForPublicList", BOOLEAN),
    Field("fee", f"{EXTENSION}/act:FeeForParticipation", FEE),
    Field("registration", f"{EXTENSION}/act:ActivityRegistration"),
    Field(
        "in_kind_supports",
        trunk.IN_KIND,
        many=True,
        record=InKindSupport,
        parts=(Field("source", "act:source", needed=True),),
    ),
    Field(
        "outcomes",
        f"{EXTENSION}/act:MeasuredOutcomes/act:MeasuredOutcome",
        many=True,
        record=MeasuredOutcome,
        parts=(
            Field("outcome", "act:Outcome"),
            Field("measurement_types", "act:MeasurementType", many=True),
        ),
    ),
    Field("commendation_tags", f"{EXTENSION}/act:CommendationTags/act:CommendationTag", many=True),
)
MOC = Field(
    "moc_registrations",
    f"{EXTENSION}/act:MOCRegistrations/act:MOCRegistration",
    many=True,
    record=partial(MocRegistration, attested=True),  # who registers attests: there is no other word for it
    parts=(
        Field("board", "act:boardName", trunk.UPPER, needed=True),
        Field("points", "act:mocPoints", DECIMAL),
        Field("credit_types", "act:MOCCreditType", many=True),
        Field("claim_date", "act:CreditClaimDate", DATE),
    ),
)
PROGRAMMES = (
    Field("mips", f"{EXTENSION}/act:IsMeritBasedIncentivePaymentSystem", BOOLEAN),
    Field("rems_type", f"{EXTENSION}/act:REMS/act:REMSType"),
)

TABLE = Table(
    (
        *trunk.REPORT,
        *trunk.DESCRIPTION,
        trunk.CREDITS,
        trunk.SPECIALTIES,
        *PLACE_AND_TIME,
        *trunk.PARTICIPANTS,
        *OFFER,
        MOC,
        *PROGRAMMES,
    ),
    NAMESPACES | {"act": NAMESPACE},
    trunk.ALWAYS,
)

UNUSED = replace(trunk.UNUSED, removed=trunk.UNUSED.removed | trunk.OWN)
"""What 1.0 left out, and what it alone asked for: senders fill it in their documents to this day."""

_own = frozenset(field.label for field in TABLE.fields.values()) - {
    field.label for field in trunk.TABLE.fields.values()
}


def recognise(payload: etree._Element) -> bool:
    """Whether a document's content is of 2.0: what 1.0 did not have, or an end date and nothing old."""
    return is_new(payload) or (payload.find(".//{*}endDateTime") is not None and not trunk.recognise(payload))


def is_new(payload: etree._Element) -> bool:
    """Whether a document holds what 1.0 did not have; what is old in it then says nothing."""
    return any(etree.QName(element).localname in _own for element in payload.iter("{*}*"))


def complete(activity: Activity) -> Activity:
    """Call the format as it is called today; an old type that stands for it may say how it is delivered."""
    known = vocabulary.format_named(activity.format)
    if known is None or known.name == activity.format:
        return activity
    old = vocabulary.legacy_type_named(activity.format)
    named = replace(activity, format=known.name)
    if (
        old is None
        or old.delivery is None
        or activity.delivery_methods
        or vocabulary.is_format(activity.format)
    ):
        return named
    return replace(named, delivery_methods=(old.delivery,), derived=activity.derived | {"delivery_methods"})


def prepare(activity: Activity) -> Activity:
    """Say an activity as 2.0 does: an old type that its format and delivery tell is not missed."""
    told = vocabulary.legacy_type_of(activity.format, activity.delivery_methods)
    redundant = told is not None and told.code == activity.legacy_type
    return replace(trunk.reporting(activity), legacy_type=None if redundant else activity.legacy_type)


def carry(stored: Activity, merged: Activity) -> Activity:
    """Keep what other versions say inside the fields of this one."""
    return carry_registrations(stored, carry_legacy(stored, merged))


def carry_registrations(stored: Activity, merged: Activity) -> Activity:
    """Keep what only 2.1 can say of the boards that stay: practice areas, and an attestation refused."""
    pairs = _twins(merged.moc_registrations, stored.moc_registrations, lambda one: one.board)
    kept = (
        replace(
            one,
            practice_areas=known.practice_areas,
            attested=one.attested if known.attested is None else known.attested,
        )
        for one, known in pairs
    )
    return replace(merged, moc_registrations=tuple(kept))


def carry_legacy(stored: Activity, merged: Activity) -> Activity:
    """Keep what only 1.0 could say: the old type while it fits the format, and the kinds of in-kind
    support at the sources that stay."""
    old = vocabulary.legacy_type_named(stored.legacy_type)
    fits = old is not None and old.format == merged.format
    if old and old.delivery and merged.delivery_methods:
        fits = fits and old.delivery in merged.delivery_methods
    pairs = _twins(merged.in_kind_supports, stored.in_kind_supports, lambda one: one.source)
    return replace(
        merged,
        legacy_type=stored.legacy_type if fits else None,
        in_kind_supports=tuple(replace(one, kinds=known.kinds) for one, known in pairs),
    )


def _twins(
    said: Iterable[Part], stored: Iterable[Part], named: Callable[[Part], str | None]
) -> Iterator[tuple[Part, Part]]:
    """Each part with the first of its name that was stored, which is then no longer there for the next; by
    itself where there is none."""
    left = list(stored)
    for one in said:
        known = next((before for before in left if named(before) == named(one)), one)
        if known in left:
            left.remove(known)
        yield one, known


VERSION = ActivityVersion(
    number=(2, 0),
    table=TABLE,
    judge=Judge("activity/v2_0/activity.xsd", UNUSED),
    recognise=recognise,
    complete=complete,
    prepare=prepare,
    carry=carry,
)
