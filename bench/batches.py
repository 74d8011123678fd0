"""Calls with a hundred completions, half of them with board credit, as SOAP a sender would write.

Of whom they are is told by people of the register, so that all are matched. No completion is made twice:
a person, an activity and a type of credit meet once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice, product

from gateway.records import Activity, Credit, MocRegistration, RegisterRow, replace
from gateway.samples import demo_activities
from gateway.vocabulary import CME_CREDIT

BATCH = 100
ACTIVITIES = 10
PROVIDER, USER, PASSWORD = "0001234", "bench", "bench-password"
BOARD, BOARD_TYPE, POINTS = "ABIM", "Medical Knowledge", Decimal("11.25")
ENVELOPE = '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
CLOSED = "</soap:Body></soap:Envelope>"


@dataclass(frozen=True, slots=True)
class Claim:
    """One completion with one credit: whose, for which activity, of a board or CME, under which id."""

    person: RegisterRow
    activity: Activity
    board: bool
    number: int

    @property
    def credit_type(self) -> str:
        """The type as its granter spells it."""
        return BOARD_TYPE if self.board else CME_CREDIT


def activities(today: date) -> list[Activity]:
    """Courses that ended last week, certified for CME and registered with a board."""
    course, ended = demo_activities(today)[4], today - timedelta(days=7)
    days = {"start_date": ended, "end_date": ended, "reporting_start": ended, "reporting_end": ended}
    offered = {
        "credits": (Credit(CME_CREDIT, POINTS),),
        "moc_registrations": (MocRegistration(BOARD, POINTS, (BOARD_TYPE,), today + timedelta(days=90)),),
    }
    return [
        replace(
            course,
            **days,
            **offered,
            activity_id=str(first + number),
            provider_activity_id=f"B-{number}",
            born="2.0",
            closed=False,
        )
        for first in (today.year * 100_000 + 1,)
        for number in range(ACTIVITIES)
    ]


def all_of(people: Sequence[RegisterRow]) -> Iterator[tuple[Claim, ...]]:
    """Batches of claims, by turns of the board and of CME, until all people have been to all activities."""
    known = [person for person in people if person.board == BOARD]
    others = [person for person in people if person.board != BOARD]
    courses = activities(date.today())  # noqa: DTZ011  only the week counts
    pairs = product(courses, zip(known, others, strict=False))
    claims = (
        Claim(person, course, person.board == BOARD, 2 * number + place)
        for number, (course, pair) in enumerate(pairs)
        for place, person in enumerate(pair)
    )
    while len(batch := tuple(islice(claims, BATCH))) == BATCH:
        yield batch


def call(batch: Sequence[Claim]) -> bytes:
    """SaveLearnerActivity of payload version 2.0."""
    day = batch[0].activity.end_date
    head = (
        '<SaveLearnerActivity xmlns="urn:cme-gateway:service:v2">'
        f"<ProviderId>{PROVIDER}</ProviderId><User>{USER}</User><Password>{PASSWORD}</Password>"
        '<lrn:ACCMELearnerReports xmlns:lrn="urn:cme-gateway:pars:learner:2.0"'
        ' xmlns:r="http://ns.medbiq.org/activityreport/v2/" xmlns:me="http://ns.medbiq.org/member/v2/"'
        ' xmlns:n="http://ns.medbiq.org/name/v2/" xmlns:hx="http://ns.medbiq.org/lom/extend/v1/">'
        f"<r:ActivityReports><r:DateTimeCreated>{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}</r:DateTimeCreated>"
        f"<r:ReportingStartDate>{day}</r:ReportingStartDate><r:ReportingEndDate>{day}</r:ReportingEndDate>"
    )
    tail = "</r:ActivityReports></lrn:ACCMELearnerReports></SaveLearnerActivity>"
    return f"{ENVELOPE}{head}{''.join(map(_record, batch))}{tail}{CLOSED}".encode()


def _record(claim: Claim) -> str:
    person, course = claim.person, claim.activity
    known = f'{BOARD}">{person.board_id}' if claim.board else f'{person.state}">{person.licence}'
    return (
        "<r:ActivityReport><r:ReportingOrganization>Demo Medical Society</r:ReportingOrganization>"
        f'<r:Member><me:UniqueID domain="idd:bench.example:{known}</me:UniqueID><me:Name>'
        f"<n:GivenName>{person.given}</n:GivenName><n:FamilyName>{person.family}</n:FamilyName></me:Name>"
        f"<me:PersonalInfo><me:BirthDate>1904-{person.birthday}</me:BirthDate></me:PersonalInfo></r:Member>"
        f"<r:Activity><r:ProviderOrganization>{PROVIDER}</r:ProviderOrganization>"
        f"<r:ActivityName>{course.title}</r:ActivityName><r:Module>"
        f'<r:ModuleName moduleID="{course.activity_id}">{course.title}</r:ModuleName>'
        f"<r:Status>Completed</r:Status>"
        f"<r:CompletedDateTime>{course.end_date}T00:00:00</r:CompletedDateTime><r:CreditCertificate>"
        f"<r:CreditReceived><hx:activityCertification>{claim.credit_type}</hx:activityCertification>"
        f"<hx:creditUnit>Point</hx:creditUnit><hx:numberOfCredits>{POINTS}</hx:numberOfCredits>"
        f"</r:CreditReceived><r:CreditID>ccid:bench:{claim.number}</r:CreditID></r:CreditCertificate>"
        "</r:Module></r:Activity><r:XtensibleInfo>"
        "<lrn:LearnerRecordAction>add</lrn:LearnerRecordAction></r:XtensibleInfo></r:ActivityReport>"
    )
