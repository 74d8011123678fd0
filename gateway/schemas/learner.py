"""What all versions of the learner payload share: the person, the credits, and the head of a document."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from gateway.fields import BOOLEAN, DECIMAL, MIDNIGHT, MOMENT, TEXT, Field, Kind, builder
from gateway.model import Names
from gateway.records import (
    ClaimedCredit,
    Completion,
    CompletionEntry,
    Identifier,
    Learner,
    LearnerAction,
    Participant,
    Regulation,
)
from gateway.version import Draft, Element, PayloadVersion

DUMMY_YEAR = 1904
"""What stands for the year of birth, which is never kept: a leap year, so that it has a 29 February."""

_DAY_OF_BIRTH = re.compile(r"-?\d{4,}-(\d\d-\d\d)")


def _birthday(text: str) -> str:
    match = _DAY_OF_BIRTH.match(text)
    if match is None:
        raise ValueError("It is not a date.")
    return match[1]


def domain(text: str) -> str:
    """Whose number an identifier is: the kind after the last colon counts, whatever its case."""
    whole: str = TEXT.read(text)
    return (whole.rpartition(":")[2] or whole).upper()


BIRTHDAY = Kind(_birthday, lambda birthday: f"{DUMMY_YEAR}-{birthday}")
DOMAIN = Kind(domain)
ACTION = Kind(lambda text: TEXT.read(text).lower())

MODULE = "r:Activity/r:Module"

ORGANIZATION = Field("organization", "r:ReportingOrganization")
ACTIVITY = (
    Field("provider_organization", "r:Activity/r:ProviderOrganization"),
    Field("activity_name", "r:Activity/r:ActivityName"),
)
PARTICIPANTS = Field(
    "participants",
    "r:Participants/r:Participant",
    many=True,
    record=Participant,
    parts=(
        Field("local_id", "r:LocalIdentifier/."),
        Field("local_domain", "r:LocalIdentifier/@domain"),
        Field("state", "r:StateOfPrimaryPractice"),
        Field("dea_registration", "r:DEARegistration"),
        Field("profession", "r:Profession", needed=True),
        Field("practice_area", "r:PracticeArea"),
        Field("surgical", "r:SurgicalProcedures", BOOLEAN),
        Field("time_in_practice", "r:TimeInPractice"),
    ),
)
REGULATIONS = Field(
    "regulations",
    "r:Activity/r:RegulatoryInformation/r:CompliantToRegulation",
    many=True,
    record=Regulation,
    parts=(Field("label", "@label"), Field("url", ".")),
)
COMPLETED = (
    Field("activity_id", f"{MODULE}/r:ModuleName/@moduleID"),
    Field("module_name", f"{MODULE}/r:ModuleName/."),
    Field("status", f"{MODULE}/r:Status"),
    Field("completed_on", f"{MODULE}/r:CompletedDateTime", MIDNIGHT),
    Field(
        "credits",
        f"{MODULE}/r:CreditCertificate",
        many=True,
        record=ClaimedCredit,
        parts=(
            Field("credit_type", "r:CreditReceived/hx:activityCertification"),
            Field("unit", "r:CreditReceived/hx:creditUnit"),
            Field("amount", "r:CreditReceived/hx:numberOfCredits", DECIMAL),
            Field("credit_id", "r:CreditID"),
        ),
        always=("r:CreditReceived",),
    ),
)
DIRECTIVES = (
    Field("action", "r:XtensibleInfo/lrn:LearnerRecordAction", ACTION),
    Field("provider_id", "r:XtensibleInfo/lrn:ProviderID"),
)
CREATED = Field("created", "r:DateTimeCreated", MOMENT)


def member(whose: Kind) -> Field:
    """The learner, whose identifiers spell in a kind of its version whose numbers they are."""
    parts = (Field("domain", "@domain", whose), Field("value", ".", needed=True))
    return Field(
        "learner",
        "r:Member",
        record=Learner,
        parts=(
            Field("identifiers", "me:UniqueID", many=True, record=Identifier, parts=parts),
            Field("given_names", "me:Name/n:GivenName", many=True),
            Field("family_names", "me:Name/n:FamilyName", many=True),
            Field("suffix", "me:Name/n:GenerationIdentifier"),
            Field("birthday", "me:PersonalInfo/me:BirthDate", BIRTHDAY),
        ),
    )


def namespaces(official: str, own: str) -> dict[str, str]:
    """The namespaces of a version, by prefix: MedBiquitous' of `official` v1 or v2, and our `own`."""
    parts = {"r": "activityreport", "me": "member", "n": "name"}
    named = {prefix: f"http://ns.medbiq.org/{part}/{official}/" for prefix, part in parts.items()}
    return named | {"hx": "http://ns.medbiq.org/lom/extend/v1/", "lrn": own}


_UNUSED = {
    "r": "Metadata PointOfCareLearningData",
    "me": "Address EducationInfo TrainingInfo CertificationInfo LicenseInfo DisciplinaryInfo ClinicalStatus"
    " AcademicAppointmentInfo OccupationInfo MembershipInfo Attachment ModifiedDate XtensibleInfo"
    " PhysicalStatus DeceasedDate Language Citizenship CountryOfResidence CountryOfBirth Gender Race"
    " Ethnicity ContactNumber EmailAddress URL TaxNumber NationalID FamilyMember PreferredMethodOfContact",
}


def names(spaces: Mapping[str, str]) -> Names:
    """What is set aside, and what says something of a person: none of it is ever shown."""
    unused = ((prefix, name) for prefix, several in _UNUSED.items() for name in several.split())
    return Names(
        unused=frozenset(f"{{{spaces[prefix]}}}{name}" for prefix, name in unused),
        open_parents=frozenset({f"{{{spaces['r']}}}XtensibleInfo"}),
        personal=frozenset(f"{{{spaces['r']}}}{name}" for name in ("Member", "Participants")),
    )


def without_records(schema: Element) -> None:
    """Leave the records out of a schema of their document: each is judged by itself."""
    for record in list(schema.iter("{*}element")):
        if record.get("ref", "").endswith(":ActivityReport"):
            record.getparent().remove(record)  # type: ignore[union-attr]  # a reference stands in a sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnerVersion(PayloadVersion):
    """A version of the learner payload."""

    payload: ClassVar[str] = "learner"
    wrapper: ClassVar[str] = "ACCMELearnerReports"
    own_prefix: ClassVar[str] = "lrn"
    noun: ClassVar[type] = Completion
    directives: ClassVar[frozenset[str]] = frozenset({"action", "provider_id"})
    fields: ClassVar[frozenset[str]] = frozenset(field.name for field in dataclasses.fields(Completion))

    def entry(self, draft: Draft) -> CompletionEntry:
        """The entry of a completion that was read."""
        values = draft.values
        entry: CompletionEntry = _entry(
            number=draft.number,
            completion=draft.record,
            legible=draft.legible,
            activity_id=values.get("activity_id"),
            action=_ACTIONS.get(values.get("action")),
            provider_id=values.get("provider_id"),
            findings=draft.findings,
            place=draft.place,
        )
        return entry

    def values(self, record: Completion) -> dict[str, Any]:
        """The values of a completion, which is reported by being added."""
        return {name: getattr(record, name) for name in self.fields} | {"action": LearnerAction.ADD}

    def heading(self, records: Sequence[Completion], **given: Any) -> dict[str, Any]:
        """What stands above completions: the moment `created`, which must be given, and the first and last
        day that is `reported` about, those of the completions if not given."""
        created: datetime = given["created"]
        days = [record.completed_on for record in records if record.completed_on] or [created.date()]
        first, last = given.get("reported") or (min(days), max(days))
        return {"created": created, "reporting_start": first, "reporting_end": last}


_ACTIONS: Mapping[str | None, LearnerAction] = {action.value: action for action in LearnerAction}
_entry = builder(CompletionEntry)
