"""The face all boards have, and how an answer becomes verdicts that nobody has to doubt.

An answer that does not fit the question never decides anything: what the board says of a reference it
was not asked about is dropped, and a credit about which it says two things, something unknown or
nothing at all stays open and is asked about again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.boards.reasons import discreet
from gateway.errors import BoardRefused, BoardUnavailable
from gateway.records import Board, Claim, PracticeArea, Reply, Verdict

FAILURES_IN_A_ROW = 3
CALLS_TO_NARROW = 20  # enough to find one record among 100


class Answer(Protocol):
    """An element of an answer that fits its contract, all names without their namespace."""

    @property
    def text(self) -> str | None:
        """The text it begins with."""

    def get(self, name: str, /) -> str | None:
        """The value of an attribute."""

    def findtext(self, path: str, /) -> str | None:
        """The text of the first element of that name below it."""

    def iterfind(self, path: str, /) -> Iterator[Answer]:
        """All elements of that name below it."""


class Line(Protocol):
    """The way to one board."""

    def call(self, operation: str, /, **values: object) -> Answer:
        """Call an operation with its children by name, in the contract's order: a text, number or date,
        a dictionary for an element with children (`@name` is an attribute, `#text` its own text), a list
        for one that repeats. Raises BoardUnavailable."""


def no_tickets(line: Line, ticket: str, claims: Sequence[Claim]) -> Reply:
    """What collecting brings of a board that gives no tickets: nothing."""
    return Reply()


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """One board: what is known of it, its contract's file, and how it is talked to.

    `most` is how many claims one question may hold: for a board that takes one record a call as many
    as are asked about one after the other. A verdict on a withdrawal is `accepted` where the credit
    does not count any more, be it that it never did. All three raise BoardUnavailable.
    """

    board: Board
    wsdl: str
    most: int
    report: Callable[[Line, Sequence[Claim]], Reply]
    withdraw: Callable[[Line, Sequence[Claim]], Reply]
    collect: Callable[[Line, str, Sequence[Claim]], Reply] = no_tickets


def areas(*names: str) -> tuple[PracticeArea, ...]:
    """Practice areas that a board has had as long as is publicly known."""
    return tuple(map(PracticeArea, names))


# --- from claims ------------------------------------------------------------------------------------


def given(claim: Claim) -> str:
    """The given names as one text."""
    return " ".join(claim.given_names)


def family(claim: Claim) -> str:
    """The family names as one text."""
    return " ".join(claim.family_names)


def born(claim: Claim, form: str) -> str:
    """The birthday in a board's own form, such as `{day}/{month}`."""
    month, _, day = claim.birthday.partition("-")
    return form.format(month=month, day=day)


def references(claims: Sequence[Claim]) -> list[str]:
    """The references, in the order of the claims."""
    return [claim.reference for claim in claims]


def kind(board: Board, claim: Claim) -> str:
    """The board's own name of the type of credit, whichever of its spellings the claim has."""
    asked = claim.credit_type.casefold()
    named = (type.name for type in board.credit_types if asked in map(str.casefold, (type.name, *type.also)))
    return next(named, claim.credit_type)


# --- to verdicts ------------------------------------------------------------------------------------


def trimmed(text: str | None) -> str:
    """A text without space round it, empty where there is none."""
    return (text or "").strip()


def said(answer: Answer, name: str) -> str:
    """The text of a child without space round it, empty where there is none."""
    return trimmed(answer.findtext(name))


def verdict(
    reference: str | None, word: str | None, words: Mapping[str, bool], reason: str | None = None
) -> Verdict | None:
    """The verdict that a word stands for, or none where the word is not one of these."""
    accepted = words.get(trimmed(word))
    if accepted is None:
        return None
    return Verdict(trimmed(reference), accepted, None if accepted else reason)


def settled(claims: Sequence[Claim], told: Iterable[Verdict | None]) -> tuple[Verdict, ...]:
    """The verdicts that answer these claims; what was told of others is dropped, and what contradicts
    itself is none."""
    asked = {claim.reference: claim for claim in claims}
    first: dict[str, Verdict] = {}
    for one in filter(None, told):
        if one.reference in asked and first.setdefault(one.reference, one).accepted is not one.accepted:
            del asked[one.reference]
    return tuple(
        Verdict(reference, one.accepted, discreet(one.reason, asked[reference]))
        for reference, one in first.items()
        if reference in asked
    )


def one_by_one(claims: Sequence[Claim], ask: Callable[[Claim], Verdict | None]) -> Reply:
    """Ask about one claim after the other, of a board that takes one a call.

    One call that fails does not keep the others from being answered, three in a row end the round; only
    if nothing was answered at all is the failure raised.
    """
    verdicts: list[Verdict] = []
    answered, failures = 0, 0
    for claim in claims:
        try:
            verdicts += settled((claim,), (ask(claim),))
            answered, failures = answered + 1, 0
        except BoardUnavailable:
            failures += 1
            if failures == min(FAILURES_IN_A_ROW, len(claims)) and not answered:
                raise
            if failures == FAILURES_IN_A_ROW:
                break
    return Reply(tuple(verdicts))


def narrowed(claims: Sequence[Claim], ask: Callable[[Sequence[Claim]], Reply]) -> Reply:
    """Ask about all claims at once; where the board refuses the call itself, about its halves and theirs.

    So one record that a board cannot read keeps only itself from being answered. What is left after
    so many calls, or behind a ticket, stays open; only if nothing was answered is the failure raised.
    """
    waiting, heard = [claims], list[Reply]()
    trouble: BoardUnavailable | None = None
    for _ in range(CALLS_TO_NARROW):
        if not waiting or (heard and heard[-1].ticket):
            break
        part = waiting.pop(0)
        try:
            heard.append(ask(part))
        except BoardRefused as error:
            trouble, half = error, len(part) // 2
            waiting += [part[:half], part[half:]] if half else []
        except BoardUnavailable as error:
            trouble, waiting = error, []
    if trouble and not heard:
        raise trouble
    return Reply(tuple(verdict for reply in heard for verdict in reply.verdicts), heard[-1].ticket)
