"""What is sent to the baseline: the same completions as to the gateway, and one activity of 4 KB."""

from __future__ import annotations

from collections.abc import Sequence

from bench.batches import BOARD, CLOSED, ENVELOPE, POINTS, Claim

SPACE = "urn:example:baseline"
CREDIT = "<Credit><Certification>AMA PRA Category 1</Certification><Amount>2.5</Amount></Credit>"
SUPPORT = (
    "<Support><Source>Harbor Pharma LLC</Source><Amount>25000</Amount><Currency>USD</Currency></Support>"
)
MOC = "<Points><Board>ABIM</Board><CreditType>Medical Knowledge</CreditType><Points>2.5</Points></Points>"
ABOUT = "Two days on choosing, starting and changing therapy, with cases in small groups. " * 32


def completions(batch: Sequence[Claim]) -> bytes:
    """SaveCompletions with a batch."""
    records = "".join(map(_completion, batch))
    return _call("SaveCompletions", f"<completions>{records}</completions>")


def _completion(claim: Claim) -> str:
    person, course = claim.person, claim.activity
    board = f"<Board>{BOARD}</Board><BoardId>{person.board_id}</BoardId>" if claim.board else ""
    return (
        f"<Completion><ActivityId>{course.activity_id}</ActivityId>"
        f"<CreditId>ccid:bench:{claim.number}</CreditId>"
        f"<FirstName>{person.given}</FirstName><LastName>{person.family}</LastName>"
        f"<BirthDate>1904-{person.birthday}</BirthDate><State>{person.state}</State>"
        f"<Licence>{person.licence}</Licence><Npi>{person.npi}</Npi>{board}"
        f"<CreditType>{claim.credit_type}</CreditType><Unit>Point</Unit><Amount>{POINTS}</Amount>"
        f"<CompletedOn>{course.end_date}</CompletedOn></Completion>"
    )


def echo() -> bytes:
    """EchoActivity with an activity of 45 elements."""
    return _call("EchoActivity", _activity("B-1"))


def activity(own_id: str) -> bytes:
    """SaveActivity with such an activity."""
    return _call("SaveActivity", _activity(own_id))


def _activity(own_id: str) -> str:
    return (
        f"<activity><ProviderActivityId>{own_id}</ProviderActivityId><Title>Diabetes in the Clinic</Title>"
        f"<Description>{ABOUT}</Description><Url>https://learn.example.org/diabetes</Url>"
        "<Format>Live Course</Format><StartDate>2026-09-03</StartDate><EndDate>2026-09-04</EndDate>"
        "<City>Portland</City><State>ME</State><Country>USA</Country><Providership>joint</Providership>"
        "<CommercialSupport>true</CommercialSupport><Physicians>96</Physicians>"
        "<OtherLearners>22</OtherLearners><Fee>Yes</Fee><Registration>Open to all</Registration>"
        f"<Passport>true</Passport><Credits>{CREDIT * 2}</Credits><Supports>{SUPPORT * 2}</Supports>"
        f"<Registrations>{MOC}</Registrations>"
        "<Specialty>Internal Medicine</Specialty><Specialty>Family Medicine</Specialty>"
        "<Specialty>Endocrinology</Specialty></activity>"
    )


def _call(operation: str, content: str) -> bytes:
    return f'{ENVELOPE}<{operation} xmlns="{SPACE}">{content}</{operation}>{CLOSED}'.encode()
