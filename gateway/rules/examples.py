"""What the examples of the rules of completions are made of; all of it is invented."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from gateway.records import (
    Activity,
    ClaimedCredit,
    Identifier,
    Learner,
    MocRegistration,
    Participant,
    replace,
)
from gateway.vocabulary import CME_CREDIT, REMS_TYPES

Changed = dict[str, Any]

NPI, LICENCE = ("NPI", "1234567893"), ("ME", "MD012345")
ABIM, ABP = ("ABIM", "900001"), ("ABP", "700001")
KNOWLEDGE, LIFELONG = "Medical Knowledge", "Lifelong Learning and Self-Assessment"
CREDIT_ID = "ccid:demo:2026-000001"
NURSE = Participant("P-0001", "idd:demo.example:ce", profession="Nurse")


def learner(*numbers: tuple[str | None, str | None], **changes: Any) -> Learner:
    """A learner, known by these numbers."""
    known = tuple(Identifier(*number) for number in numbers)
    return replace(Learner(("Ada",), ("Quimby-Torres",), None, "02-29", known), **changes)


def credit(type: str | None = CME_CREDIT, amount: str = "0.25", **changes: Any) -> ClaimedCredit:
    """A credit."""
    return replace(ClaimedCredit(CREDIT_ID, type, "Point", Decimal(amount)), **changes)


def cme(**changes: Any) -> Changed:
    """A learner with CME credit, which no board is asked about."""
    return {"learner": learner(NPI), "credits": (credit(**changes),), "participants": ()}


def known_by(*numbers: tuple[str | None, str | None], **changes: Any) -> Changed:
    """A learner known by these numbers, with CME credit."""
    return cme() | {"learner": learner(*numbers, **changes)}


def moc(board: str, type: str, points: str = "10", claim_date: date | None = None) -> MocRegistration:
    """A registration with a board."""
    return MocRegistration(board, Decimal(points), (type,), claim_date)


def amid(*registrations: MocRegistration, **fields: Any) -> Changed:
    """The activity that is named, and nothing known of it but this."""
    return {"context.activity": Activity(moc_registrations=registrations, **fields)}


def board_credit(
    *numbers: tuple[str, str], type: str = KNOWLEDGE, amount: str = "1", **changes: Any
) -> Changed:
    """A learner, known by the NPI and these numbers, with credit of a board."""
    earned = (credit(type, amount, **changes),)
    return {"learner": learner(NPI, *numbers), "credits": earned, "participants": ()}


def took_part(*participants: Participant) -> Changed:
    """Participants of a REMS activity."""
    told: Changed = {"learner": None, "credits": (), "participants": participants}
    return told | amid(rems_type=REMS_TYPES[0])
