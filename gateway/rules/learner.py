"""What must be known of a learner (L): L1 the person, L2 what they are known by, L3 REMS participants.

What these rules find is personal: a finding says which field and what to do, never the value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial

from gateway.boards import BOARDS
from gateway.records import Completion, Identifier, Learner, Participant, Severity, replace
from gateway.rules.accreditation import repeated
from gateway.rules.declaration import At, CompletionContext, Subject, rule
from gateway.rules.examples import ABIM, LICENCE, NPI, NURSE, known_by, took_part
from gateway.vocabulary import BIRTHDAYS, US_STATES, state_named

_NPI, _TEN_DIGITS = "NPI", re.compile("[0-9]{10}")
# The issuer's prefix 80840, as it counts before an NPI's own digits (CMS).
_PREFIX_SUM = 24
_SHAPES = ", ".join(f"{one.id_shape} for {one.acronym}" for one in BOARDS.values() if one.id_shape)

person = partial(rule, subject=Subject.PERSON)
identifier = partial(rule, subject=Subject.IDENTIFIER)
participant = partial(rule, subject=Subject.PARTICIPANT, since=(2, 0))


# --- L1: the person ----------------------------------------------------------------------------------


@person(
    "L101",
    "given_names",
    remedy="Give the first name as the licence has it.",
    source="JS-LRN, CHK",
    good=known_by(NPI, given_names=("Ada", "Maria")),
    bad=known_by(NPI, given_names=()),
)
def first_name_is_given(learner: Learner, context: CompletionContext) -> bool:
    """A learner has a first name."""
    return _said(learner.given_names)


@person(
    "L102",
    "family_names",
    remedy="Give the last name as the licence has it.",
    source="JS-LRN, CHK",
    good=known_by(NPI, family_names=("Quimby", "Torres")),
    bad=known_by(NPI, family_names=(" ",)),
)
def last_name_is_given(learner: Learner, context: CompletionContext) -> bool:
    """A learner has a last name."""
    return _said(learner.family_names)


def _said(names: tuple[str, ...]) -> bool:
    return bool("".join(names).strip())


@person(
    "L103",
    "birthday",
    remedy="Give month and day of birth; of a full date the year is not kept.",
    source="CHK, SEED2, FAQ-10501",
    good=known_by(NPI, birthday="12-31"),
    bad=known_by(NPI, birthday=None),
)
def birthday_is_given(learner: Learner, context: CompletionContext) -> bool:
    """A learner has a birthday, month and day."""
    return bool(learner.birthday)


@person(
    "L104",
    "birthday",
    remedy="Write it as MM-DD; 02-29 is one.",
    source="CHK, API-LRN",
    good=known_by(NPI, birthday="02-29"),
    bad=known_by(NPI, birthday="02-30"),
)
def birthday_is_in_the_calendar(learner: Learner, context: CompletionContext) -> bool:
    """A birthday is a month and a day of the calendar."""
    return not learner.birthday or learner.birthday in BIRTHDAYS


# --- L2: what they are known by ----------------------------------------------------------------------


@person(
    "L201",
    "identifiers",
    remedy="Give a state licence, the NPI or, for board credit, the board's own number.",
    source="CHK, WS2025, STATE",
    good=known_by(LICENCE),
    bad=known_by(),
)
def learner_has_an_identifier(learner: Learner, context: CompletionContext) -> bool:
    """A learner is known by at least one number: of a state licence, NPI or a board's own."""
    return bool(learner.identifiers)


@person(
    "L202",
    "identifiers",
    remedy="Give one number of each kind: the one in force.",
    source="the gateway's own reading: two would say that it is two people",
    good=known_by(LICENCE, ("VT", "MD012345"), LICENCE),
    bad=known_by(LICENCE, ("ME", "MD543210")),
)
def number_of_a_kind_is_one(learner: Learner, context: CompletionContext) -> Iterable[object]:
    """A learner has one number of a kind: one NPI, one of a board, one licence of a state."""
    known, first = learner.identifiers, dict[str, str | None]()
    if len({one.domain for one in known}) == len(known):  # nearly always
        return ()
    return [
        At(f"identifiers[{n}]", None)
        for n, one in enumerate(known)
        if one.domain is not None and first.setdefault(one.domain, one.value) != one.value
    ]


@identifier(
    "L203",
    "identifiers",
    remedy="Give the number, or leave the identifier out.",
    source="JS-LRN, CHK",
    good=known_by(("VT", "0420001")),
    bad=known_by(("VT", "-")),
)
def identifier_has_its_number(identifier: Identifier, context: CompletionContext) -> bool:
    """An identifier has its number, with at least one letter or digit."""
    return _is_number(identifier.value)


def _is_number(text: str | None) -> bool:
    return text is not None and (text.isalnum() or any(map(str.isalnum, text)))


@identifier(
    "L204",
    "domain",
    remedy="Send NPI, the acronym of a board that GetServiceInfo lists, or the two letters of a state.",
    source="JS-LRN, STATE",
    good=known_by(("PR", "MD012345")),
    bad=known_by(("Vermont", "MD012345")),
)
def identifier_is_of_a_known_kind(identifier: Identifier, context: CompletionContext) -> bool:
    """An identifier is an NPI, a board's own, or a licence of a state of the USA."""
    domain = identifier.domain
    return domain == _NPI or domain in US_STATES or domain in context.boards


@identifier(
    "L205",
    "identifiers",
    remedy="Give the ten digits of the NPI, with nothing between them.",
    source="JS-TRN",
    good=known_by(NPI),
    bad=known_by(("NPI", "123456789")),
)
def npi_has_ten_digits(identifier: Identifier, context: CompletionContext) -> bool:
    """An NPI has ten digits."""
    number = identifier.value or ""
    return identifier.domain != _NPI or bool(_TEN_DIGITS.fullmatch(number)) or not _is_number(number)


@identifier(
    "L206",
    "identifiers",
    severity=Severity.WARNING,
    remedy="Check the NPI for a slip of the pen; the public NPI registry has it by name.",
    source="CMS",
    good=known_by(NPI),
    bad=known_by(("NPI", "1234567894")),
)
def npi_has_its_check_digit(identifier: Identifier, context: CompletionContext) -> bool:
    """The last digit of an NPI is the check digit of the others."""
    number = identifier.value or ""
    return identifier.domain != _NPI or not _TEN_DIGITS.fullmatch(number) or _checks(number)


def _checks(npi: str) -> bool:
    digits = [int(digit) for digit in npi]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return (_PREFIX_SUM + doubled + sum(digits[-1::-2])) % 10 == 0


@identifier(
    "L207",
    "identifiers",
    remedy=f"Give the number that the board itself has given the learner; its pattern is {_SHAPES}.",
    source="XLSX-L, ABIM",
    good=known_by(ABIM),
    bad=known_by(("ABIM", "90001")),
)
def board_number_has_the_boards_shape(identifier: Identifier, context: CompletionContext) -> bool:
    """A board's number of a learner looks as that board gives them out."""
    board = context.boards.get(identifier.domain or "")
    number = identifier.value or ""
    return board is None or not _is_number(number) or board.gives(number)


# --- L3: participants of REMS activities --------------------------------------------------------------


@participant(
    "L301",
    "profession",
    remedy="Give the profession in the words of the schema, such as Nurse.",
    source="JS-LRN",
    good=took_part(NURSE),
    bad=took_part(replace(NURSE, profession=None)),
)
def participant_has_a_profession(participant: Participant, context: CompletionContext) -> bool:
    """A participant of a REMS activity has a profession."""
    return bool(participant.profession)


@participant(
    "L302",
    "local_id",
    remedy="Give your own number of the participant; it keeps one from being counted twice.",
    source="MBQ",
    good=took_part(NURSE, replace(NURSE, local_id="P-0002")),
    bad=took_part(replace(NURSE, local_id=None)),
)
def participant_has_a_number(participant: Participant, context: CompletionContext) -> bool:
    """A participant of a REMS activity has a number of the provider's own."""
    return bool(participant.local_id and participant.local_id.strip())


@rule(
    "L303",
    "participants",
    subject=Subject.COMPLETION,
    since=(2, 0),
    remedy="Give each participant once, each under a number of their own.",
    source="MBQ",
    good=took_part(NURSE, replace(NURSE, local_id="P-0002", profession="Physician")),
    bad=took_part(NURSE, replace(NURSE, profession="Physician")),
)
def participants_have_different_numbers(
    completion: Completion, context: CompletionContext
) -> Iterable[object]:
    """A participant's number stands once in a record."""
    named = ((one.local_domain, one.local_id) if one.local_id else None for one in completion.participants)
    return [At(f"participants[{n}].local_id", None) for n, _ in repeated(named)]


@participant(
    "L304",
    "state",
    severity=Severity.WARNING,
    remedy="Write the state of the primary practice by its name, such as Maine, or by its two letters.",
    source="MBQ; to warn is the gateway's own reading",
    good=took_part(replace(NURSE, state="Washington, D.C.")),
    bad=took_part(replace(NURSE, state="Narnia")),
)
def state_of_practice_is_one(participant: Participant, context: CompletionContext) -> bool:
    """The state in which a participant practises is one of the USA."""
    return not participant.state or state_named(participant.state) is not None
