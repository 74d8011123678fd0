"""The American Board of Anesthesiology: a chunk a call, of which only the rejected are listed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.boards.face import (
    Adapter,
    Answer,
    Line,
    areas,
    born,
    family,
    given,
    kind,
    one_by_one,
    references,
    said,
    settled,
    trimmed,
    verdict,
)
from gateway.records import Board, Claim, CreditType, Reply, Verdict

BOARD = Board(
    acronym="ABA",
    name="American Board of Anesthesiology",
    credit_types=(
        CreditType("Lifelong Learning", also=("Lifelong Learning (CME)",)),
        CreditType("Patient Safety"),
    ),
    practice_areas=areas(
        "Ambulatory/Outpatient",
        "Cardiac Anesthesia",
        "Critical Care Medicine",
        "General Operative Anesthesia",
        "Hospice and Palliative Medicine",
        "Neuro Anesthesia",
        "Neurocritical Care",
        "Obstetric Anesthesia",
        "Pain Medicine",
        "Pediatric Anesthesia",
        "Regional Anesthesia/Acute Pain",
        "Sleep Medicine",
        "Thoracic Anesthesia",
        "Trauma",
    ),
    outlined=True,
)
# False is no refusal: there was nothing to revoke, so nothing counts.
REVOKED = {"true": True, "1": True, "false": True, "0": True}


def report(line: Line, claims: Sequence[Claim]) -> Reply:
    """Submit points; who is not among the rejected is credited, if the counts bear it out."""
    answer = line.call("SubmitPoints", Entry=[_entry(claim) for claim in claims])
    return Reply(settled(claims, _told(answer, references(claims))))


def withdraw(line: Line, claims: Sequence[Claim]) -> Reply:
    """Revoke points, one reference a call."""

    def revoke(claim: Claim) -> Verdict | None:
        answer = line.call("RevokePoints", Reference=claim.reference)
        return verdict(said(answer, "Reference"), said(answer, "Revoked"), REVOKED)

    return one_by_one(claims, revoke)


def _told(answer: Answer, asked: list[str]) -> Iterator[Verdict]:
    """Nothing at all where the sums are wrong or a stranger is rejected: silence means credit here, so
    one slip could credit the wrong learner."""
    rejected = {trimmed(one.get("reference")): one.text for one in answer.iterfind("Rejection")}
    listed = sum(1 for _ in answer.iterfind("Rejection"))
    received, credited = int(said(answer, "Received")), int(said(answer, "Credited"))
    whole = received == len(asked) == credited + len(rejected) and listed == len(rejected)
    if whole and rejected.keys() <= set(asked):
        for reference in asked:
            refused = reference in rejected
            yield Verdict(reference, not refused, rejected[reference] if refused else None)


def _entry(claim: Claim) -> dict[str, object]:
    return {
        "@reference": claim.reference,
        "Physician": {
            "AbaId": claim.board_id,
            "Surname": family(claim),
            "Forenames": given(claim),
            "MonthOfBirth": int(born(claim, "{month}")),
            "DayOfBirth": int(born(claim, "{day}")),
        },
        "Course": {
            "CourseId": claim.activity_id,
            "CourseName": claim.activity_title,
            "OfferedBy": claim.provider_id,
        },
        "PointType": kind(BOARD, claim),
        "PointCount": claim.amount,
        "EarnedOn": claim.completed_on,
    }


ADAPTER = Adapter(board=BOARD, wsdl="aba.wsdl", most=100, report=report, withdraw=withdraw)
