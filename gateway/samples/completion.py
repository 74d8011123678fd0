"""Invented learners, and their completions of an activity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from gateway.records import (
    Activity,
    ClaimedCredit,
    Completion,
    Identifier,
    Learner,
    MocRegistration,
    Participant,
    RegisterRow,
    Regulation,
    Version,
    replace,
)
from gateway.samples.breaking import Breaks, maybe_broken
from gateway.samples.demo import demo_activities, demo_legacy_activities
from gateway.vocabulary import CME_CREDIT

KNOWN = 2_000
"""How many people the samples are of, unless more are asked for at once."""

QUARTER = Decimal("0.25")
ORGANIZATION = "Demo Medical Society"
_RECENT = timedelta(days=28)  # boards expect their credit within 30 days
_NPI_PREFIX = "80840"
_GIVEN = ("Ada", "Bruno", "Chidi", "Dana", "Emre", "Freya", "Goran", "Hana", "Imani", "Jonas", "Keiko")
_MIDDLE = ((), (), (), ("Mae",), ("R.",))
_FAMILY = ("Quimby", "Torres", "Abernathy", "Brandvold", "Castellane", "Drumm", "Eriksdottir", "Fennimore")
_SECOND = ("", "", "-Oyelaran", " de Vries", "-Winterbourne", "", "son", "feld")
_SUFFIXES = ("", "", "", "Jr", "", "III")
_STATES = ("ME", "VT", "MN", "NC", "TN", "PR", "ND")
_REGULATION = Regulation("Opioid REMS", "https://rems.example.org/blueprint.pdf")
_PROFESSIONS = ("Physician", "Nurse", "Pharmacist", "Dentist", "Advanced practice nurse")
_TIMES = ("Trainee", "0-5 years post training", "6-10 years", "21+ years")


@dataclass(frozen=True, slots=True)
class SampleCompletion:
    """An invented completion; `breaks` is the code of the one rule it breaks, None when it breaks none."""

    completion: Completion
    breaks: str | None = None


# --- the people --------------------------------------------------------------------------------------


def people(count: int = KNOWN) -> Iterator[RegisterRow]:
    """The people whose completions the samples are, as a register of learners has them.

    Each has one licence, and the ids of ABIM and of no other board.
    """
    return map(_person, range(1, count + 1))


def _person(number: int) -> RegisterRow:
    chance = Random(number)  # noqa: S311  invented on purpose the same each time, no secret
    family = f"{chance.choice(_FAMILY)}{chance.choice(_SECOND)}"
    return RegisterRow(
        person=f"SAMPLE-{number:06}",
        state=chance.choice(_STATES),
        licence=f"MD{number:06}",
        npi=_npi(number),
        board="ABIM",
        board_id=f"{100_000 + number % 800_000}",
        given=" ".join((chance.choice(_GIVEN), *chance.choice(_MIDDLE))),
        family=family,
        suffix=chance.choice(_SUFFIXES),
        birthday=f"{date(1904, 1, 1) + timedelta(days=chance.randrange(366)):%m-%d}",
    )


def _npi(number: int) -> str:
    """An NPI whose check digit is right: Luhn's, over the prefix of the United States and nine digits."""
    digits = f"1{number:08}"
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(_NPI_PREFIX + digits))]
    return f"{digits}{-sum(sum(divmod(digit, 10)) for digit in doubled) % 10}"


def _learner(row: RegisterRow, chance: Random, boards: tuple[str, ...]) -> Learner:
    known = Identifier("NPI", row.npi) if chance.random() < 0.5 else Identifier(row.state, row.licence)
    ids = tuple(Identifier(board, row.board_id) for board in boards)
    given = tuple(row.given.split())
    return Learner(given, (row.family,), row.suffix or None, row.birthday, (*ids, known))


# --- what they completed -----------------------------------------------------------------------------


def demo_activity(activity_id: str, today: date) -> Activity:
    """The activity the sandbox gives this id to when it starts; any other is like the course of those
    for which learners can be reported."""
    demo = (*demo_legacy_activities(today), *demo_activities(today))
    number = int(activity_id) - _first_id(today) if activity_id.isdecimal() else -1
    activity = demo[number] if 0 <= number < len(demo) else demo[_REPORTABLE]
    return replace(activity, activity_id=activity_id)


_REPORTABLE = 5


def reportable_activity(today: date) -> str:
    """The id of the sandbox's activity for which learners can be reported, also to a board."""
    return str(_first_id(today) + _REPORTABLE)


def _first_id(today: date) -> int:
    return today.year * 100_000 + 1


def completions(
    version: Version,
    count: int,
    seed: int,
    today: date,
    activity: Activity,
    provider_id: str,
    error_percent: int = 0,
    breaks: Breaks = (),
) -> Iterator[SampleCompletion]:
    """Invent `count` completions of an activity as a sender of a payload version would report them.

    Each is by another of `people`. Where the activity is registered with ABIM, about half of them earn
    its credit too; where it is a REMS activity, (2, 0) also counts participants. About `error_percent`
    of a hundred have one of `breaks`, each a rule's code and the changes that break it, applied.
    """
    chance = Random(seed)  # noqa: S311  invented on purpose the same each time, no secret
    for number in range(count):
        person = _person((seed * 101 + number) % max(KNOWN, count) + 1)
        reported = Completion(
            organization=ORGANIZATION,
            provider_organization=provider_id,
            activity_name=activity.title,
            activity_id=activity.activity_id,
            module_name=activity.title,
            status="Completed",
            completed_on=_day(chance, activity, today),
        )
        code = f"ccid:dms:{seed:04}-{number + 1:06}"
        if version >= (2, 0) and activity.rems_type and chance.random() < 0.3:
            made = replace(reported, participants=_participants(chance, number), regulations=(_REGULATION,))
        else:
            made = _credited(chance, reported, activity, person, code)
        yield SampleCompletion(*maybe_broken(chance, made, breaks, error_percent))


def _day(chance: Random, activity: Activity, today: date) -> date:
    """A day within the activity and not to come, of the last weeks where it can be."""
    last = min(activity.end_date or today, today)
    first = min(activity.start_date or last, last)
    return last - timedelta(days=chance.randint(0, (last - max(first, last - _RECENT)).days))


def _credited(
    chance: Random, reported: Completion, activity: Activity, person: RegisterRow, code: str
) -> Completion:
    """A completion with CME credit, and where there can be any with the board's."""
    board = next((one for one in activity.moc_registrations if one.board == person.board), None)
    if board is None or chance.random() < 0.5:
        board = None
    credits = (_cme(chance, activity, code), *(_of_board(board, code) if board else ()))
    return replace(
        reported,
        learner=_learner(person, chance, (person.board,) if board else ()),
        credits=credits,
    )


def _cme(chance: Random, activity: Activity, code: str) -> ClaimedCredit:
    most = max(activity.credit_amounts, default=Decimal(1))
    amount = most if chance.random() < 0.7 else QUARTER * chance.randint(1, max(1, int(most / QUARTER)))
    return ClaimedCredit(f"{code}-1", CME_CREDIT, "Point", amount)


def _of_board(board: MocRegistration, code: str) -> Iterator[ClaimedCredit]:
    for number, credit_type in enumerate(board.credit_types[:1], 2):
        yield ClaimedCredit(f"{code}-{number}", credit_type, "Point", board.points or Decimal(1))


def _participants(chance: Random, number: int) -> tuple[Participant, ...]:
    return tuple(
        Participant(
            local_id=f"P-{number:05}-{one}",
            local_domain="idd:demo.example:ce",
            state=chance.choice(("Maine", "Vermont", "Minnesota")),
            dea_registration=chance.choice(("Individual", "Institutional", "None")),
            profession=chance.choice(_PROFESSIONS),
            surgical=chance.random() < 0.3,
            time_in_practice=chance.choice(_TIMES),
        )
        for one in range(1, chance.randint(2, 4))
    )
