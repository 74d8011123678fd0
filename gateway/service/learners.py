"""The operations on learners, as elements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from lxml import etree

from gateway import answers, operations
from gateway.errors import TooLarge
from gateway.operations import LearnerQuery, Search
from gateway.records import Identifier, Learner, Match, StoredCredit
from gateway.service.request import Request
from gateway.vocabulary import US_STATES

Element = etree._Element

IDENTIFIERS = (("LicenseId", "StateOfLicensure"), ("BoardId", "Board"), ("NPI", ""))
"""An identifier of a learner to match, and the element that says whose number it is."""


def save_learner_activity(request: Request) -> Element:
    """SaveLearnerActivity: one or many completions, in any supported payload version."""
    reading, gateway = request.read("learner"), request.gateway
    receipt = operations.save_learner_activity(
        request.call(reading.version), reading.entries, reading.notices, gateway.store, gateway.terms
    )
    return request.answered(answers.receipt(receipt, gateway.reader.label))


def get_status_by_credit_id(request: Request) -> Element:
    """GetLearnerStatusByCreditId: how one credit stands."""
    store = request.gateway.store
    credit = operations.get_status_by_credit_id(request.proven(), request.get("CreditId"), store)
    return request.answered({"LearnerCredit": [_credit(credit)]})


def get_status_by_learner(request: Request) -> Element:
    """GetLearnerStatusByLearner: how the credits of a learner for an activity stand."""
    query = LearnerQuery(
        activity_id=request.get("ActivityId"),
        learner_id=request.get("LearnerId"),
        domain=request.get("LearnerIdDomain"),
        birthday=request.get("BirthDate"),
        completed_on=_day(request.get("CompletionDate")),
    )
    gateway = request.gateway
    credits = operations.get_status_by_learner(request.proven(), query, gateway.store, gateway.terms)
    return request.answered({"LearnerCredit": [_credit(credit) for credit in credits]})


def get_learner_match(request: Request) -> Element:
    """GetLearnerMatch: whether the register knows each learner as one person."""
    learners = [_learner(row) for name, row in request.rows if name == "Learner"]
    gateway = request.gateway
    if len(learners) > gateway.limits.max_records:
        raise TooLarge(f"A call may ask for {gateway.limits.max_records:,} learners.")
    matches = operations.get_learner_match(request.proven(), learners, gateway.store, gateway.terms)
    return request.answered({"Match": [_match(number, one) for number, one in enumerate(matches, 1)]})


def find_learners(request: Request) -> Element:
    """FindLearners: the provider's learners' credits, in pages."""
    search = Search(
        last_name=request.get("LastName"),
        submitted_from=_day(request.get("SubmittedFrom")),
        submitted_until=_day(request.get("SubmittedUntil")),
        activity_title=request.get("ActivityTitle"),
        activity_id=request.get("ActivityId"),
        status=request.get("Status"),
        size=int(request.get("PageSize") or operations.USUAL_PAGE),
        page=request.get("PageToken"),
    )
    gateway = request.gateway
    page = operations.find_learners(request.proven(), search, gateway.store, gateway.terms)
    return request.answered(
        {"Learner": [_found(credit) for credit in page.credits], "NextPageToken": page.next}
    )


# --- what was asked ------------------------------------------------------------------------------------


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text[:10]) if text else None  # the schema let only dates pass


def _learner(row: Mapping[str, str]) -> Learner:
    birthday = operations.BIRTHDAY.match(row.get("BirthDate", ""))
    return Learner(
        given_names=_said(row.get("FirstName")),
        family_names=_said(row.get("LastName")),
        suffix=row.get("Suffix") or None,
        birthday=birthday[1] if birthday else None,
        identifiers=tuple(_identifiers(row)),
    )


def _identifiers(row: Mapping[str, str]) -> Iterator[Identifier]:
    for number, whose in IDENTIFIERS:
        domain = row.get(whose) if whose else number
        if row.get(number) or (domain and whose == "StateOfLicensure"):
            yield Identifier(domain or None, row.get(number) or None)


def _said(text: str | None) -> tuple[str, ...]:
    return (text,) if text else ()


# --- what is told --------------------------------------------------------------------------------------


def _match(number: int, match: Match) -> answers.Told:
    return {"RecordNumber": number, "Outcome": match.kind, "DisagreeingField": list(match.fields)}


def _credit(credit: StoredCredit) -> answers.Told:
    return {
        "ActivityId": credit.activity_id,
        "ActivityTitle": credit.activity_title,
        "CreditId": credit.credit_id,
        "Board": credit.board,
        "CreditType": credit.credit_type,
        "Amount": f"{credit.amount:f}",
        "CompletionDate": credit.completed_on,
        "Status": credit.status,
        "Reason": credit.reason,
        "SubmittedAt": credit.submitted_at,
        "DecidedAt": credit.decided_at,
        "MatchedFrom": credit.yielded_by,
    }


def _found(credit: StoredCredit) -> answers.Told:
    """A credit with its learner, in the columns of PARS's learner search (docs/sources.md, XLSX-L)."""
    learner = credit.learner or Learner()
    shown = _shown(learner.identifiers, credit.board)
    told = _credit(credit)
    told.pop("Board")
    return {
        "Board": credit.board,
        "State": shown.domain if credit.board is None and shown.domain in US_STATES else None,
        "FirstName": " ".join(learner.given_names) or None,
        "LastName": " ".join(learner.family_names) or None,
        "BirthDate": learner.birthday,
        "LearnerId": shown.value,
        "LearnerIdDomain": shown.domain,
        **told,
    }


def _shown(identifiers: Sequence[Identifier], board: str | None) -> Identifier:
    """The number by which the one who granted the credit knows the learner: the board, else a state."""
    wanted = {board} if board else US_STATES
    fitting = (one for one in identifiers if one.domain in wanted)
    return next(fitting, next(iter(identifiers), Identifier()))
