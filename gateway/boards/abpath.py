"""The American Board of Pathology: a chunk a call, answered by two lists, credited and not."""

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
    references,
    said,
    settled,
    trimmed,
)
from gateway.records import Board, Claim, CreditType, Reply, Verdict

BOARD = Board(
    acronym="ABPATH",
    name="American Board of Pathology",
    credit_types=(
        CreditType("Lifelong Learning", also=("Lifelong Learning (CME)",)),
        CreditType("Self-Assessment", also=("Self-Assessment (Part II)",)),
        CreditType("Improvement in Medical Practice", also=("Improvement in Medical Practice (Part IV)",)),
    ),
    practice_areas=areas(
        "All Practice Areas (e.g. ethics)",
        "Surgical Pathology",
        "Clinical Pathology",
        "Blood Bank Transfusion Medicine",
        "Breast",
        "Cardiovascular",
        "Chemical Pathology",
        "Clinical Informatics",
        "Cytopathology",
        "Dermatopathology",
        "Endocrine",
        "Female Reproductive",
        "Forensic Pathology",
        "GI (incl. liver, pancreas, biliary)",
        "Head & Neck/Oral",
        "Hematology (Blood, BM)",
        "Hematopathology (LN, Spleen)",
        "Hemostasis & Thrombosis/Coagulation",
        "Infectious Diseases/Medical Microbiology",
        "Lab Management",
        "Male Genital",
        "Medical Director",
        "Molecular Genetic Pathology",
        "Neuropathology (incl. neuromuscular)",
        "Patient Safety",
        "Pediatric Pathology",
        "Placenta",
        "Pulmonary, Mediastinum",
        "Renal/Medical Renal",
        "Soft Tissue & Bone",
        "Transplant Pathology",
        "Urinary Tract",
    ),
)


def report(line: Line, claims: Sequence[Claim]) -> Reply:
    """Report items; one that stands in both lists stays open."""
    answer = line.call("ReportItems", Item=[_item(claim) for claim in claims])
    return Reply(settled(claims, _told(answer)))


def withdraw(line: Line, claims: Sequence[Claim]) -> Reply:
    """Delete items; the answer lists those that do not count."""
    answer = line.call("DeleteItems", Key=references(claims))
    gone = (Verdict(trimmed(one.text), True) for one in answer.iterfind("Gone/Key"))
    return Reply(settled(claims, gone))


def _told(answer: Answer) -> Iterator[Verdict]:
    for one in answer.iterfind("Credited/Key"):
        yield Verdict(trimmed(one.text), True)
    for one in answer.iterfind("NotCredited/Refusal"):
        yield Verdict(said(one, "Key"), False, said(one, "Because"))


def _item(claim: Claim) -> dict[str, object]:
    return {
        "Key": claim.reference,
        "AbpathId": claim.board_id,
        "Name": f"{given(claim)} {family(claim)}".strip(),
        "BornOn": born(claim, "--{month}-{day}"),
        "Activity": claim.activity_id,
        "Title": claim.activity_title,
        "ProviderId": claim.provider_id,
        "Kind": kind(BOARD, claim),
        "Amount": claim.amount,
        "Date": claim.completed_on,
    }


ADAPTER = Adapter(board=BOARD, wsdl="abpath.wsdl", most=100, report=report, withdraw=withdraw)
