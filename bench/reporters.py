"""Who reports completions in `bench.road`: an invented crowd, and clients that keep a journal."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from gateway import samples
from gateway.boards import BOARDS
from gateway.matching import Keys
from gateway.records import Activity, Enrolment, MocRegistration, RegisterRow
from gateway.registry import CHUNK
from gateway.vocabulary import CME_CREDIT

RECORDS = 100  # in a call
MOST_PEOPLE = 20_000
TRIES, PAUSE = 50, 0.2  # of a call that the gateway could not take, and seconds between two
CREDIT_ID = "ccid:road:{kind}-{number}"
POINTS = Decimal("2.25")

_CREDIT = """<r:CreditCertificate><r:CreditReceived>
<hx:activityCertification>{type}</hx:activityCertification>
<hx:creditUnit>Point</hx:creditUnit><hx:numberOfCredits>{points}</hx:numberOfCredits></r:CreditReceived>
<r:CreditID>{credit_id}</r:CreditID></r:CreditCertificate>"""
_RECORD = """<r:ActivityReport><r:ReportingOrganization>Demo Medical Society</r:ReportingOrganization>
<r:Member><me:UniqueID domain="{row.board}">{row.board_id}</me:UniqueID>
<me:UniqueID domain="{row.state}">{row.licence}</me:UniqueID>
<me:Name><n:GivenName>{row.given}</n:GivenName><n:FamilyName>{row.family}</n:FamilyName></me:Name>
<me:PersonalInfo><me:BirthDate>1904-{row.birthday}</me:BirthDate></me:PersonalInfo></r:Member>
<r:Activity><r:ProviderOrganization>{provider}</r:ProviderOrganization>
<r:ActivityName>{course.title}</r:ActivityName>
<r:Module><r:ModuleName moduleID="{course.activity_id}">{course.title}</r:ModuleName>
<r:Status>Completed</r:Status><r:CompletedDateTime>{course.end_date}T00:00:00</r:CompletedDateTime>
{credits}</r:Module></r:Activity>
<r:XtensibleInfo><LearnerRecordAction xmlns="urn:cme-gateway:pars:learner:1.0">add</LearnerRecordAction>
</r:XtensibleInfo></r:ActivityReport>"""
_CALL = """<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
<SaveLearnerActivity xmlns="urn:cme-gateway:service:v1"><ProviderId>{ProviderId}</ProviderId>
<User>{User}</User><Password>{Password}</Password><SubmissionKey>{key}</SubmissionKey>
<ACCMELearnerReports xmlns="urn:cme-gateway:pars:learner:1.0" schemaVersion="1.0"
xmlns:r="http://ns.medbiq.org/activityreport/v1/" xmlns:me="http://ns.medbiq.org/member/v1/"
xmlns:n="http://ns.medbiq.org/name/v1/" xmlns:hx="http://ns.medbiq.org/lom/extend/v1/">
<r:ActivityReports><r:DateTimeCreated>{created}</r:DateTimeCreated>
{records}</r:ActivityReports></ACCMELearnerReports></SaveLearnerActivity></s:Body></s:Envelope>"""


@dataclass
class Crowd:
    """So many completions by invented people, each certified by one of two boards."""

    count: int
    boards: tuple[str, ...]
    account: dict[str, str] = field(
        default_factory=lambda: {"ProviderId": "0001234", "User": "bench", "Password": "bench-password"}
    )

    def __post_init__(self) -> None:
        self.today = datetime.now(ZoneInfo("America/Chicago")).date()
        self.people = min(self.count, MOST_PEOPLE)
        self.courses = [self._course(number) for number in range(-(-self.count // self.people))]
        self._types = {board: BOARDS[board].credit_types[0].name for board in self.boards}

    def person(self, number: int) -> RegisterRow:
        """The person of a number, whom the register knows by a licence."""
        board = self.boards[number % len(self.boards)]
        ids = (f"B{number:07}", f"{number:010}", board, f"{100_000 + number}")
        return RegisterRow(f"B{number:07}", "ME", *ids, "Ada", "Benchworth", "", "02-29")

    def register(self, digest: Callable[[str], bytes]) -> Iterator[list[Enrolment]]:
        """All people as the register keeps them, in chunks."""
        keys = Keys(digest)
        rows = (keys.enrol(self.person(number)) for number in range(self.people))
        while part := list(islice(rows, CHUNK)):
            yield part

    def kinds(self, number: int) -> tuple[str, ...]:
        """What a completion claims: each other person CME alone."""
        return ("cme", "moc") if number // len(self.boards) % 2 else ("cme",)

    def call(self, start: int) -> bytes:
        """The call with the completions from `start` on."""
        records = "".join(self._record(number) for number in self.numbers(start))
        created = f"{self.today}T00:00:00"
        return _CALL.format(records=records, key=f"ROAD-{start}", created=created, **self.account).encode()

    def numbers(self, start: int) -> range:
        """The completions of a call."""
        return range(start, min(start + RECORDS, self.count))

    def _record(self, number: int) -> str:
        row, course = self.person(number % self.people), self.courses[number // self.people]
        types = {"cme": CME_CREDIT, "moc": self._types[row.board]}
        credits = "".join(
            _CREDIT.format(
                type=types[kind], points=POINTS, credit_id=CREDIT_ID.format(kind=kind, number=number)
            )
            for kind in self.kinds(number)
        )
        return _RECORD.format(row=row, course=course, credits=credits, provider=self.account["ProviderId"])

    def _course(self, number: int) -> Activity:
        day: date = self.today - timedelta(days=7)
        sample = samples.demo_activities(self.today)[4]
        registered = tuple(
            MocRegistration(board, POINTS, (BOARDS[board].credit_types[0].name,), day + timedelta(days=99))
            for board in self.boards
        )
        return replace(
            sample,
            activity_id=f"2026{number:05}",
            provider_activity_id=f"ROAD-{number}",
            credits=(replace(sample.credits[0], amount=POINTS),),
            moc_registrations=registered,
            start_date=day,
            end_date=day,
            reporting_start=day,
            reporting_end=day,
            closed=False,
            born="2.0",
        )


@dataclass
class Call:
    """One call: how long it took in the end, and what was acknowledged, as kind and number."""

    records: int
    seconds: float = 0.0
    retries: int = 0
    acknowledged: list[tuple[str, int]] = field(default_factory=list)


@dataclass
class Journal:
    """What clients know when all has been said."""

    calls: list[Call] = field(default_factory=list)


def post_all(address: str, crowd: Crowd, starts: list[int], clients: int) -> Journal:
    """Send the calls that begin with these completions, by so many clients at a time."""
    local = threading.local()

    def post(start: int) -> Call:
        if not hasattr(local, "connection"):
            local.connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=120)
        return _posted(local.connection, crowd, start)

    with ThreadPoolExecutor(clients) as pool:
        return Journal(list(pool.map(post, starts)))


def _posted(connection: http.client.HTTPConnection, crowd: Crowd, start: int) -> Call:
    body, call = crowd.call(start), Call(len(crowd.numbers(start)))
    for call.retries in range(TRIES):
        begun = time.perf_counter()
        answer = _exchanged(connection, body)
        call.seconds = time.perf_counter() - begun
        if b"Outcome>" in answer:
            break
        time.sleep(PAUSE)
    if answer.count(b"Action>Added</") == call.records:
        numbers = crowd.numbers(start)
        call.acknowledged = [(kind, number) for number in numbers for kind in crowd.kinds(number)]
    return call


def _exchanged(connection: http.client.HTTPConnection, body: bytes) -> bytes:
    """The answer to a call, empty where none came."""
    try:
        connection.request("POST", "/soap/v1", body, {"Content-Type": "text/xml; charset=utf-8"})
        return connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return b""
