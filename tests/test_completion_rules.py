"""The rules of completions at their edges: dates, numbers, whose a credit is, and what stays private."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import reported
from hypothesis import given
from hypothesis import strategies as st
from reported import COMPLETION, CONTEXT, COURSE, codes, found

from gateway.boards import BOARDS
from gateway.records import (
    Activity,
    Board,
    ClaimedCredit,
    Completion,
    Credit,
    Identifier,
    Learner,
    LearnerAction,
    MocRegistration,
    Participant,
    Place,
    Status,
    replace,
)
from gateway.rules import (
    NOTICES,
    RULES,
    Rule,
    certified,
    finding,
    is_cme,
    judge,
    judging,
)
from gateway.rules.declaration import LEARNER
from gateway.rules.examples import ABIM, NPI, NURSE, cme, credit, known_by, learner, took_part
from gateway.vocabulary import CME_CREDIT, REMS_TYPES

LEARNER_RULES = {code: law for code, law in RULES.items() if law.subject.payload == LEARNER}
every_rule = pytest.mark.parametrize("law", LEARNER_RULES.values(), ids=LEARNER_RULES.keys())
KNOWLEDGE = "Medical Knowledge"


def _registered(*pairs: tuple[str, str], **fields: Any) -> Activity:
    """An activity registered with these boards, each for one credit type, for ten points."""
    registrations = tuple(MocRegistration(board, Decimal(10), (type,)) for board, type in pairs)
    return replace(COURSE, moc_registrations=registrations, **fields)


def _claimed(type: str | None, *numbers: tuple[str, str], amount: str = "1") -> Completion:
    return replace(COMPLETION, learner=learner(NPI, *numbers), credits=(credit(type, amount),))


def _board(record: Completion, activity: Activity | None, boards: Mapping[str, Board]) -> str | None:
    """The board of a completion's first credit."""
    board = certified(record.credits[0], record, activity, boards).board
    return board.acronym if board else None


# --- what stays private ------------------------------------------------------------------------------


def _personal(record: Completion) -> Iterator[str]:
    """Every value of a completion that tells of a person, of more than two letters."""
    people: list[Participant | Learner] = [*record.participants]
    people += [record.learner] if record.learner else []
    for person in people:
        told = dataclasses.asdict(person)
        identifiers = told.pop("identifiers", ())
        for value in (*told.values(), *(one["value"] for one in identifiers)):
            listed = value if isinstance(value, tuple | list) else (value,)
            yield from (text for text in listed if isinstance(text, str) and len(text.strip()) > 2)


@every_rule
def test_no_finding_tells_of_a_person(law: Rule) -> None:
    """Whichever rule is broken, no finding has a name, a birthday or a number of the learner in it."""
    record, _ = reported.changed(law.bad)
    told = [f"{one.text} {one.remedy} {one.field}" for one in found(law.bad, law.until or (2, 0))]
    assert told
    shown = [text.replace("such as Nurse", "") for text in told]
    assert [] == [value for value in _personal(record) if any(value in text for text in shown)]


def test_no_personal_field_is_ever_shown() -> None:
    """With nonsense in every field that tells of a person, all is found and none of it shown."""
    texts: dict[str, Any] = {field.name: f"~{field.name}~" for field in dataclasses.fields(Participant)}
    nonsense = learner(("ABIM", "~abim~"), ("NPI", "~npi~"), ("~domain~", "~value~"), birthday="~birthday~")
    changes = {
        "learner": replace(nonsense, given_names=("~given~",), family_names=("~family~",), suffix="~suffix~"),
        "participants": (Participant(**texts | {"profession": None, "local_id": None}),),
    }
    findings = found(changes)
    assert {"L104", "L204", "L205", "L207", "L301", "L302", "L304", "C302", "C304"} == set(codes(findings))
    assert [] == [one for one in findings if "~" in one.text + one.remedy + one.field]


def test_flag_keeps_the_value_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: without its flag a rule does show what it found."""
    wrong = known_by(NPI, birthday="02-30")
    assert ["L104"] == [one.code for one in found(wrong) if "02-30" not in one.text]
    monkeypatch.setitem(RULES, "L104", replace(RULES["L104"], personal=False))
    judging._laws.cache_clear()
    try:
        assert ["L104"] == [one.code for one in found(wrong) if '"02-30"' in one.text]
    finally:
        judging._laws.cache_clear()


@pytest.mark.parametrize("code", sorted(code for code in NOTICES if code[0] == "L"))
def test_personal_notice_leaves_out_what_is_quoted(code: str) -> None:
    """What an operation finds of a person names fields in its detail, and never a value."""
    assert NOTICES[code].personal
    assert "Quimby" not in finding(code, Place(), 'Found: "Quimby".').text
    assert finding(code, Place(), "Disagreeing: LastName.").text.endswith("Disagreeing: LastName.")


def test_other_notice_shows_what_is_quoted() -> None:
    """The control: a notice that is not personal does show the value it is given."""
    assert '"ccid:demo:1"' in finding("C904", Place(), 'Found: "ccid:demo:1".').text


# --- where and how much ------------------------------------------------------------------------------


def test_finding_stands_at_the_credit() -> None:
    """What is found of a credit, an identifier or a participant stands at that very one."""
    second = replace(COMPLETION.credits[1], amount=Decimal("0.1"))
    numbers = learner(ABIM, ("ME", ""))
    findings = found({"learner": numbers, "credits": (COMPLETION.credits[0], second)})
    assert ["/credits[1].amount", "/identifiers[1]"] == [one.path for one in findings]
    assert ["amount", "identifiers"] == [one.field for one in findings]


def test_finding_stops_at_twenty() -> None:
    """A record of ten thousand wrong credits is answered with twenty findings."""
    wrong = tuple(credit(amount="0.1", credit_id=f"ccid:demo:{number}") for number in range(10_000))
    assert 20 == len(found({"credits": wrong}))


# --- deleting ----------------------------------------------------------------------------------------


def _deleted(**changes: Any) -> list[str]:
    return codes(found(changes | {"context.action": LearnerAction.DELETE}))


def test_deletion_is_held_to_little() -> None:
    """A deletion names activity and credits; that these break every other rule does not matter."""
    ids = tuple(ClaimedCredit(credit_id) for credit_id in ("ccid:demo:1", "1"))
    draft = replace(COURSE, delivery_methods=())
    rest: dict[str, Any] = {
        "learner": None,
        "completed_on": None,
        "status": None,
        "provider_organization": None,
    }
    assert [] == _deleted(credits=ids, **rest, **{"context.activity": draft, "context.status": Status.DRAFT})
    assert [] == _deleted(credits=(), participants=(Participant("P-0001"),), learner=None)


def test_deletion_says_what() -> None:
    """A deletion without its activity, or of nothing, is refused."""
    assert ["C102"] == _deleted(activity_id="12345")
    assert ["C305"] == _deleted(credits=(), learner=None)


# --- dates -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("today", "day", "expected"),
    [
        ("2026-03-31", "2024-01-01", []),
        ("2026-03-31", "2023-12-31", ["C203"]),
        ("2026-04-01", "2024-12-31", ["C203"]),
        ("2026-04-01", "2025-01-01", []),
        ("2026-12-31", "2025-01-01", []),
        ("2027-03-31", "2025-12-31", []),
        ("2027-04-01", "2025-12-31", ["C203"]),
        ("2028-02-29", "2026-01-01", []),
        ("2026-03-31", "2026-03-31", []),
        ("2026-03-31", "2026-04-01", ["C202"]),
    ],
)
def test_window_is_two_years_and_a_quarter(today: str, day: str, expected: list[str]) -> None:
    """Completions are taken of this year and the last, and until 31 March of the one before that."""
    dates = {"completed_on": date.fromisoformat(day), "context.today": date.fromisoformat(today)}
    assert expected == codes(found(cme() | dates | {"context.activity": None}))


@pytest.mark.parametrize(
    ("day", "claim_date", "expected"),
    [
        (date(2026, 11, 8), None, ["C204"]),
        (date(2026, 11, 9), None, []),
        (date(2026, 11, 10), None, []),
        (date(2026, 11, 11), None, ["C205", "C205"]),
        (date(2026, 11, 20), date(2026, 11, 20), []),
        (date(2026, 11, 21), date(2026, 11, 20), ["C205", "C407"]),
        (date(2026, 11, 10), date(2026, 11, 9), ["C407"]),
    ],
)
def test_completion_lies_within_the_activity(day: date, claim_date: date | None, expected: list[str]) -> None:
    """From the first day to the last; the board credit may follow until it can no longer be claimed, and so
    may the CME beside it, and each is told once."""
    registration = MocRegistration("ABIM", Decimal(10), (KNOWLEDGE,), claim_date)
    activity = replace(COURSE, moc_registrations=(registration,))
    assert expected == codes(found({"completed_on": day, "context.activity": activity}))


def test_cme_alone_ends_with_the_activity() -> None:
    """The claim date of a board does not make CME credit wait that stands without credit of that board."""
    registration = MocRegistration("ABIM", Decimal(10), (KNOWLEDGE,), date(2026, 11, 20))
    activity = replace(COURSE, moc_registrations=(registration,))
    late = {"completed_on": date(2026, 11, 11), "context.activity": activity}
    assert ["C205"] == codes(found(cme() | late))
    beside, alone = COMPLETION.credits
    assert [] == codes(found(late | {"credits": (alone,)}))
    assert [] == codes(found(late))
    of_another = replace(alone, credit_type="Lifelong Learning and Self-Assessment")
    assert ("C205", "/credits[0]") in [
        (one.code, one.path) for one in found(late | {"credits": (beside, of_another)})
    ]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (COURSE.end_date, []),
        (date(2026, 11, 11), ["C208"]),
        (reported.CONTEXT.today + timedelta(days=1), ["C202"]),
    ],
)
def test_an_end_that_was_derived_refuses_nothing(day: date, expected: list[str]) -> None:
    """What 1.0 could not say is no fact: a later completion is taken, and told how to say the end."""
    activity = replace(COURSE, derived=frozenset({"end_date"}))
    later = {"completed_on": day, "context.activity": activity}
    assert expected == codes(found(cme() | later))
    of_rems = took_part(NURSE) | {"completed_on": day}
    assert expected == codes(
        found(of_rems | {"context.activity": replace(activity, rems_type=REMS_TYPES[0])})
    )


def test_each_board_credit_is_bound_by_its_own_board() -> None:
    """The claim date of one board gives no time to the credit of another."""
    lifelong = "Lifelong Learning and Self-Assessment"
    registrations = (
        MocRegistration("ABIM", Decimal(10), (KNOWLEDGE,), date(2026, 11, 20)),
        MocRegistration("ABP", Decimal(10), (lifelong,)),
    )
    late = {
        "completed_on": date(2026, 11, 11),
        "context.activity": replace(COURSE, moc_registrations=registrations),
        "learner": learner(ABIM, ("ABP", "700001")),
        "credits": (COMPLETION.credits[1], credit(lifelong, "10")),
    }
    assert [("C205", "/credits[1]")] == [(one.code, one.path) for one in found(late)]


@pytest.mark.parametrize(
    ("day", "today", "expected"),
    [
        (date(2025, 12, 1), date(2025, 12, 1), []),
        (date(2025, 12, 1), date(2025, 12, 2), ["C408"]),
        (date(2025, 12, 1), date(2026, 1, 2), ["C206", "C408"]),
        (date(2025, 12, 2), date(2025, 12, 2), []),
        (date(2025, 12, 31), date(2026, 1, 2), []),
        (date(2026, 1, 1), date(2026, 1, 2), []),
    ],
)
def test_credit_of_abp_is_due_by_1_december(day: date, today: date, expected: list[str]) -> None:
    """What was earned by then; for which year counts what is earned later is not known, so nobody is told."""
    said = {"completed_on": day, "context.today": today}
    assert expected == codes(found({**RULES["C408"].good, **said}))


# --- numbers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("birthday", ["01-01", "02-29", "12-31", "04-30"])
def test_birthday_is_taken(birthday: str) -> None:
    """Every day of a leap year is a birthday."""
    assert [] == codes(found(known_by(NPI, birthday=birthday)))


@pytest.mark.parametrize(
    "birthday", ["02-30", "13-01", "00-10", "4-30", "04/30", "1904-04-30", "W01-1", "٠٤-٣٠"]
)
def test_birthday_is_turned_down(birthday: str) -> None:
    """What is no month and day of the calendar, in MM-DD, is none."""
    assert ["L104"] == codes(found(known_by(NPI, birthday=birthday)))


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("1234567893", []),
        ("1000000004", []),
        ("1245319599", []),
        ("1234567890", ["L206"]),
        ("1243567893", ["L206"]),
        ("123456789", ["L205"]),
        ("12345678931", ["L205"]),
        ("123-456-7893", ["L205"]),
        ("١٢٣٤٥٦٧٨٩٣", ["L205"]),
    ],
)
def test_npi_is_checked(number: str, expected: list[str]) -> None:
    """Ten digits of which the last checks the others; a slip in one, or two swapped, is warned of."""
    assert expected == codes(found(known_by(("NPI", number))))


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((("ABIM", "12345"),), ["L207"]),
        ((("ABIM", "1234567"),), ["L207"]),
        ((("ABIM", "12345x"),), ["L207"]),
        ((("ABS", "whatever 7"),), []),
        ((("ABS", " "),), ["L203"]),
        ((NPI, ("ABP", "-")), ["L203"]),
        ((("PA", "..."),), ["L203"]),
        ((("NPI", "-"), ("ABIM", "/")), ["L203", "L203"]),
        ((("PA", "７"),), []),  # noqa: RUF001  a digit is one in every width
        ((("ABXX", "1"),), ["L204"]),
        (((None, "1"),), ["L204"]),
        ((("DC", "1"), ("VI", "1")), []),
        ((("DC", "1"), ("DC", "1")), []),
        ((("DC", "1"), ("DC", "2")), ["L202"]),
        ((NPI, ("NPI", "1000000004")), ["L202"]),
    ],
)
def test_identifiers_are_checked(numbers: tuple[tuple[str | None, str], ...], expected: list[str]) -> None:
    """Each kind by its own shape, as far as it is known, and one of a kind."""
    assert expected == codes(found(known_by(*numbers)))


def test_the_number_that_is_one_too_many_is_pointed_at() -> None:
    """Of each kind the first stands, and what differs from it is told where it stands."""
    several = known_by(("DC", "1"), NPI, ("DC", "1"), ("DC", "2"), ("NPI", "1000000004"), ("DC", "3"))
    assert [f"/identifiers[{n}]" for n in (3, 4, 5)] == [one.path for one in found(several)]


def test_the_shape_of_a_boards_number_is_told() -> None:
    """Whose it is and how it looks, and nothing of what was sent."""
    (told,) = found(known_by(("ABIM", "12345")))
    assert r"\d{6} for ABIM" in told.remedy
    assert "12345" not in told.text + told.remedy


@pytest.mark.parametrize("amount", ["0", "-1", "0.3", "NaN", "sNaN", "Infinity", "9" * 40, "1E+20"])
@pytest.mark.parametrize("type", [CME_CREDIT, KNOWLEDGE, "Lifelong Learning and Self-Assessment"])
def test_amount_is_judged_whatever_it_is(amount: str, type: str) -> None:
    """An impossible amount is one finding, with whatever board and points it would be compared."""
    activity = _registered(("ABIM", KNOWLEDGE), ("ABP", "Lifelong Learning and Self-Assessment"))
    record = _claimed(type, ABIM, ("ABP", "700001"), amount=amount)
    changes = {"learner": record.learner, "credits": record.credits, "context.activity": activity}
    assert ["C502"] == codes(found(changes))


@pytest.mark.parametrize("points", ["NaN", "sNaN", "Infinity"])
@pytest.mark.parametrize("board", [("ABIM", KNOWLEDGE), ("ABP", "Lifelong Learning and Self-Assessment")])
def test_impossible_points_are_compared_with_nothing(board: tuple[str, str], points: str) -> None:
    """What no registration can have fails no rule of a credit."""
    registration = MocRegistration(board[0], Decimal(points), (board[1],))
    record = _claimed(board[1], ABIM, ("ABP", "700001"), amount="2")
    changes = {"learner": record.learner, "credits": record.credits}
    activity = replace(COURSE, moc_registrations=(registration,))
    assert [] == codes(found(changes | {"context.activity": activity}))


def test_cme_is_bound_by_cme_credit_alone() -> None:
    """What the activity is certified for with other professions is none of a physician's."""
    certified = (Credit(CME_CREDIT, Decimal(2)), Credit("Nursing", Decimal(6)))
    earned = (replace(COMPLETION.credits[0], amount=Decimal(5)),)
    changes = {"credits": earned, "context.activity": replace(COURSE, credits=certified)}
    assert ["C503"] == codes(found(changes))


def test_amounts_are_bound_by_board_and_activity() -> None:
    """CME up to the activity's credit, points up to the registered; the types are not added up."""
    assert [] == codes(found())
    cme_credit, points = COMPLETION.credits
    above = (replace(cme_credit, amount=Decimal("20.25")), replace(points, amount=Decimal("10.25")))
    findings = found({"credits": above})
    assert ["C503", "C504"] == codes(findings)
    shown = [one.text.partition("Found: ")[2] for one in findings]
    assert ['"20.25, certified 20".', '"10.25, registered 10".'] == shown
    unsaid = replace(COURSE, credits=(), moc_registrations=(MocRegistration("ABIM", None, (KNOWLEDGE,)),))
    assert [] == codes(found({"credits": above, "context.activity": unsaid}))


# --- whose credit ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "type",
    [
        "AMA PRA Category 1",
        "ama pra category 1",
        " AMA  PRA Category 1 ",
        "AMA PRA Category 1 Credit",
        "AMA PRA Category 1 Credits™",
        "AMA PRA Category 1 Credit(s)™",
        "AMA PRA Category 1™",
    ],
)
def test_cme_is_known_by_its_spellings(type: str) -> None:
    """AMA's own ways to write it are CME credit, kept under one name, and no board's."""
    assert is_cme(type)
    assert CME_CREDIT == certified(credit(type), COMPLETION, COURSE, BOARDS).credit_type
    assert [] == codes(found(cme(type=type)))


@pytest.mark.parametrize("type", ["", "CME", "AMA PRA Category 2", "AMA PRA Category 1 Creditors", "Nursing"])
def test_other_credit_is_no_cme(type: str) -> None:
    """What is not surely CME credit is not taken for it."""
    assert not is_cme(type)
    assert ["C402"] == codes(found(cme(type=type)))


@pytest.mark.parametrize(
    ("type", "registered", "numbers", "board"),
    [
        (CME_CREDIT, [("ABIM", KNOWLEDGE)], ["ABIM"], None),
        (KNOWLEDGE, [("ABIM", KNOWLEDGE)], ["ABIM"], "ABIM"),
        (KNOWLEDGE, [("ABIM", KNOWLEDGE)], [], "ABIM"),
        (KNOWLEDGE, [("ABIM", f"{KNOWLEDGE} (Part II)")], ["ABIM"], "ABIM"),
        (f"{KNOWLEDGE} (Part II)", [("ABIM", KNOWLEDGE)], ["ABIM"], "ABIM"),
        ("medical knowledge", [("ABIM", KNOWLEDGE)], ["ABIM"], "ABIM"),
        ("Patient Safety", [("ABIM", KNOWLEDGE), ("ABA", "Patient Safety")], ["ABIM", "ABA"], "ABA"),
        ("Patient Safety", [("ABIM", "Patient Safety"), ("ABA", "Patient Safety")], ["ABA"], "ABA"),
        ("Patient Safety", [("ABIM", "Patient Safety"), ("ABA", "Patient Safety")], [], None),
        ("Patient Safety", [("ABIM", "Patient Safety"), ("ABA", "Patient Safety")], ["ABA", "ABIM"], None),
        ("Patient Safety", [("ABIM", KNOWLEDGE)], ["ABTS"], "ABIM"),
        ("Patient Safety", [], ["ABTS"], "ABTS"),
        ("Brain Surgery", [("ABIM", KNOWLEDGE)], ["ABIM"], None),
        ("Brain Surgery", [("ABIM", "Brain Surgery")], ["ABIM"], "ABIM"),
    ],
)
def test_board_follows(
    type: str, registered: list[tuple[str, str]], numbers: list[str], board: str | None
) -> None:
    """The board of a credit follows from type, then registrations, then identifiers; or none does."""
    record = _claimed(type, *((acronym, "900001") for acronym in numbers))
    assert board == _board(record, _registered(*registered), BOARDS)


@pytest.mark.parametrize(
    ("type", "registered", "numbers", "expected"),
    [
        (KNOWLEDGE, [("ABIM", KNOWLEDGE)], ["ABIM"], []),
        (KNOWLEDGE, [("ABIM", KNOWLEDGE)], [], ["C405"]),
        (KNOWLEDGE, [("ABIM", KNOWLEDGE)], ["ABA"], ["C405"]),
        (KNOWLEDGE, [("ABIM", "Patient Safety")], ["ABIM"], ["C404"]),
        (KNOWLEDGE, [("ABA", "Patient Safety")], ["ABIM"], ["C403"]),
        (KNOWLEDGE, [], ["ABIM"], ["C403"]),
        ("Patient Safety", [("ABIM", "Patient Safety"), ("ABA", "Patient Safety")], [], ["C405"]),
        (
            "Patient Safety",
            [("ABIM", "Patient Safety"), ("ABA", "Patient Safety")],
            ["ABA", "ABIM"],
            ["C406"],
        ),
        ("Brain Surgery", [("ABIM", KNOWLEDGE)], ["ABIM"], ["C402"]),
    ],
)
def test_doubt_about_the_board_is_one_finding(
    type: str, registered: list[tuple[str, str]], numbers: list[str], expected: list[str]
) -> None:
    """Whatever keeps the board from being known is told once, by the nearest cause."""
    record = _claimed(type, *((acronym, "900001") for acronym in numbers))
    activity = _registered(*registered)
    context = replace(CONTEXT, activity=activity)
    assert expected == codes(judge(record, context, lambda field: Place()))


def test_board_of_unknown_types_grants_what_is_registered() -> None:
    """Of a board whose credit types are not publicly known, a registration may name any."""
    secretive = {"ABXX": Board(acronym="ABXX", name="An invented board")}
    record = _claimed("Whatever", ("ABXX", "1"))
    context = replace(CONTEXT, boards=secretive, activity=_registered(("ABXX", "Whatever")))
    assert [] == codes(judge(record, context, lambda field: Place()))
    assert "ABXX" == _board(record, context.activity, secretive)
    assert "ABXX" == _board(record, None, secretive)
    other = replace(context, activity=_registered(("ABXX", "Something")))
    assert ["C404"] == codes(judge(record, other, lambda field: Place()))


def test_certificate_has_one_spelling() -> None:
    """A credit type is kept under the board's own name of it, whatever was sent."""
    record = _claimed(f"{KNOWLEDGE}  (part ii)", ABIM)
    certificate = certified(record.credits[0], record, COURSE, BOARDS)
    assert KNOWLEDGE == certificate.credit_type
    assert (Decimal(10), True, True) == (certificate.points, certificate.registered, certificate.named)


def test_types_of_one_name_are_one_type() -> None:
    """A credit type that stands twice in a record under two spellings is found."""
    twice = (credit(KNOWLEDGE), credit(f"{KNOWLEDGE} (Part II)", credit_id="ccid:demo:2"))
    assert ["C605"] == codes(found({"credits": twice}))


def test_a_participant_who_stands_again_is_told_at_that_place() -> None:
    """At the number that repeats another, not at the first of the list; one of another domain does not."""
    numbers = (("P-3", "a"), ("P-4", "a"), ("P-3", "a"), ("P-4", "b"), (None, "a"), (None, "a"))
    people = tuple(replace(NURSE, local_id=number, local_domain=domain) for number, domain in numbers)
    places = [
        one.path
        for one in found({"learner": None, "credits": (), "participants": people})
        if one.code == "L303"
    ]
    assert ["/participants[2].local_id"] == places


def test_unknown_activity_is_judged_without_it() -> None:
    """Where no store is at hand, what leans on the activity is left open, the rest is judged."""
    offline = {"context.activity": None, "context.status": None, "context.provider_id": None}
    assert [] == codes(found(offline))
    assert ["C405"] == codes(found(offline | {"learner": learner(NPI)}))
    assert [] == codes(found(offline | {"learner": learner(ABIM, ("ABA", "1"))}))


def test_repeated_identifier_is_no_repr() -> None:
    """What identifies a person is not in the repr of a certificate, nor of what it was made from."""
    certificate = certified(COMPLETION.credits[1], COMPLETION, COURSE, BOARDS)
    assert "900001" not in repr((certificate, COMPLETION, Identifier("ABIM", "900001")))


# --- whatever it is ----------------------------------------------------------------------------------

_SECRET = "\U0001f511\U0001f512"
_text = st.none() | st.text(st.characters(exclude_characters=_SECRET), max_size=8)
_word = st.sampled_from(
    ("", CME_CREDIT, KNOWLEDGE, "Patient Safety", "NPI", "ABIM", "ABP", "ABPMR", "ME", "Point")
)
_amount = st.none() | st.decimals() | st.sampled_from([Decimal("0.25"), Decimal("sNaN"), Decimal("1E+999")])
_day = st.none() | st.dates()
_secret = st.none() | st.text(_SECRET, min_size=3, max_size=5)
_identifier = st.builds(Identifier, _word | _secret, _secret)
_names = st.lists(st.text(_SECRET, min_size=1, max_size=5), max_size=2).map(tuple)
_learner = st.builds(Learner, _names, _names, _secret, _secret, st.lists(_identifier, max_size=4).map(tuple))
_credit = st.builds(ClaimedCredit, _text, _word | _text, _word | _text, _amount)
_participant = st.builds(Participant, _secret, _secret, _secret, _secret, _secret, _secret)
_registration = st.builds(
    MocRegistration, _word | _text, _amount, st.lists(_word, max_size=3).map(tuple), _day
)
_completion = st.builds(
    Completion,
    learner=st.none() | _learner,
    participants=st.lists(_participant, max_size=2).map(tuple),
    provider_organization=_text,
    activity_id=_text,
    status=_text,
    completed_on=_day,
    credits=st.lists(_credit, max_size=4).map(tuple),
)
_activity = st.builds(
    Activity,
    start_date=_day,
    end_date=_day,
    closed=st.booleans(),
    rems_type=_text,
    credits=st.lists(st.builds(Credit, _text, _amount), max_size=2).map(tuple),
    moc_registrations=st.lists(_registration, max_size=3).map(tuple),
)


@given(
    _completion,
    st.none() | _activity,
    st.none() | st.sampled_from(Status),
    st.none() | st.sampled_from(LearnerAction),
)
def test_whatever_is_sent_is_judged_in_private(
    record: Completion, activity: Activity | None, status: Status | None, action: LearnerAction | None
) -> None:
    """No completion and no activity makes a rule fail, and nothing personal is ever told."""
    context = replace(CONTEXT, activity=activity, status=status, action=action, version=(2, 0))
    told = "".join(one.text for one in judge(record, context, lambda field: Place()))
    assert not {*_SECRET} & {*told}
