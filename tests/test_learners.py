"""What becomes of completions: matched, judged, kept, put to the boards; and how they are asked about."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from desk import Desk
from entries import entry, only_ids
from fakes import NOW, OTHER_PROVIDER, PROVIDER, FakeCredits, FakeRegister
from reports import (
    ADA,
    ADA_ROW,
    BEN,
    BEN_ROW,
    BOARD_CREDIT,
    BOARD_TYPE,
    CME,
    CME_CREDIT,
    COURSE,
    NURSE,
    REMS_COURSE,
    STRANGER,
    TODAY,
    completion,
    deletion,
    report,
)

from gateway import operations
from gateway.errors import Conflict, Malformed, NotFound, TooManyLookups
from gateway.operations import LearnerQuery
from gateway.records import (
    Action,
    ClaimedCredit,
    Completion,
    Credit,
    CreditStatus,
    Errand,
    Identifier,
    Learner,
    MatchKind,
    MocRegistration,
    Outcome,
    Receipt,
    Registered,
)

BOTH = completion(ADA, CME_CREDIT, BOARD_CREDIT)


@pytest.fixture
def desk() -> Desk:
    """A gateway that knows two courses and two people."""
    desk = Desk()
    desk.store.write(PROVIDER, lambda unit: unit.activities.add([COURSE, REMS_COURSE]))
    desk.store.tables.enrol(ADA_ROW, BEN_ROW)
    return desk


def codes(receipt: Receipt) -> list[list[str]]:
    """The codes found, record by record."""
    return [[finding.code for finding in result.findings] for result in receipt.results]


def actions(receipt: Receipt) -> list[Action]:
    """What became of each record."""
    return [result.action for result in receipt.results]


def statuses(receipt: Receipt) -> list[list[CreditStatus]]:
    """How each credit stands, record by record."""
    return [[credit.status for credit in result.credits] for result in receipt.results]


# --- adding --------------------------------------------------------------------------------------------


def test_cme_is_decided_at_once_and_board_credit_is_put_to_its_board(desk: Desk) -> None:
    """Of a matched learner CME is accepted, board credit submitted, and the board asked, all at once."""
    receipt = desk.save(report(BOTH))
    assert [Action.ADDED] == actions(receipt)
    assert [[CreditStatus.ACCEPTED, CreditStatus.SUBMITTED]] == statuses(receipt)
    assert [None, "ABIM"] == [credit.board for credit in receipt.results[0].credits]
    cme, board = desk.credits()["ccid:demo:1"], desk.credits()["ccid:demo:2"]
    assert (NOW, None) == (cme.decided_at, board.decided_at)
    assert [("ABIM", Errand.REPORT, (board.row,))] == desk.store.tables.questions


@pytest.mark.parametrize(
    ("learner", "code", "told"),
    [
        (STRANGER, "L901", "LicenseId"),
        (replace(ADA, birthday="03-01"), "L901", "BirthDate"),
        (replace(ADA, family_names=("Else",)), "L901", "LastName"),
    ],
)
def test_who_is_not_known_is_rejected_with_the_reason(desk: Desk, learner: Any, code: str, told: str) -> None:
    """The record is kept, its credits are rejected, no board hears of it; which field, but no value."""
    receipt = desk.save(report(completion(learner, CME_CREDIT)))
    (credit,) = receipt.results[0].credits
    assert ([Action.ADDED], CreditStatus.REJECTED) == (actions(receipt), credit.status)
    assert [[code]] == codes(receipt)
    assert told in (credit.reason or "")
    assert "Quimby" not in repr(receipt) and "02-29" not in repr(receipt)
    assert [] == desk.store.tables.questions


def test_several_people_are_no_match(desk: Desk) -> None:
    """Two people who both agree are told as several."""
    desk.store.tables.enrol(replace(ADA_ROW, person="p9"))
    receipt = desk.save(report(completion(ADA, CME_CREDIT)))
    assert ([["L902"]], [[CreditStatus.REJECTED]]) == (codes(receipt), statuses(receipt))


def test_an_unknown_activity_refuses_its_record_alone(desk: Desk) -> None:
    """Other records of the call go on; another provider's activity is as unknown."""
    unknown = completion(ADA, CME_CREDIT, activity=replace(COURSE, activity_id="202699999"))
    receipt = desk.save(
        report(unknown), report(completion(BEN, replace(CME_CREDIT, credit_id="ccid:d:9")), number=2)
    )
    assert [Action.REFUSED, Action.ADDED] == actions(receipt)
    assert "C901" in codes(receipt)[0]
    assert Outcome.PARTIAL is receipt.outcome
    foreign = desk.of_other_provider().save(report(replace(BOTH, provider_organization=OTHER_PROVIDER)))
    assert "C901" in codes(foreign)[0]


def test_a_wrong_credit_refuses_the_record_and_tells_where(desk: Desk) -> None:
    """Nothing of the record is stored; the credit that is wrong tells it once more, the other does not."""
    wrong = replace(BOARD_CREDIT, amount=Decimal("0.1"))
    receipt = desk.save(report(completion(ADA, CME_CREDIT, wrong)))
    (result,) = receipt.results
    assert Action.REFUSED is result.action
    assert {} == desk.credits()
    assert () == result.credits[0].findings
    assert {finding.code for finding in result.findings} == {f.code for f in result.credits[1].findings}
    assert {CreditStatus.REJECTED} == {credit.status for credit in result.credits}


def test_the_provider_named_must_be_the_caller(desk: Desk) -> None:
    """By whichever of the two elements."""
    by_extension = desk.save(report(BOTH, provider_id=OTHER_PROVIDER))
    by_activity = desk.save(report(replace(BOTH, provider_organization=OTHER_PROVIDER)))
    assert ["C906", "C906"] == [codes(receipt)[0][0] for receipt in (by_extension, by_activity)]


def test_sending_the_same_again_changes_nothing(desk: Desk) -> None:
    """Unchanged, with the status of now; no second question to the board."""
    desk.save(report(BOTH))
    desk.decide("ccid:demo:2", CreditStatus.ACCEPTED)
    again = desk.save(report(BOTH), content="again")
    assert [Action.UNCHANGED] == actions(again)
    assert [[CreditStatus.ACCEPTED, CreditStatus.ACCEPTED]] == statuses(again)
    assert 1 == len(desk.store.tables.questions)


OUTGROWN: dict[str, dict[str, Any]] = {
    "C107": {"closed": True},
    "C106": {"delivery_methods": ()},
    "C403": {"moc_registrations": ()},
    "C404": {"moc_registrations": (replace(COURSE.moc_registrations[0], credit_types=("Other",)),)},
    "C503": {"credits": (replace(COURSE.credits[0], amount=Decimal(1)),)},
    "C504": {"moc_registrations": (replace(COURSE.moc_registrations[0], points=Decimal(1)),)},
    "C204": {"start_date": TODAY, "end_date": TODAY},
}


@pytest.mark.parametrize("code", OUTGROWN)
def test_what_was_taken_is_unchanged_though_it_would_be_refused_today(desk: Desk, code: str) -> None:
    """Whoever lost the answer sends again and learns how it stands; with a field that differs, or with a
    credit that is new, the record is refused as any other."""
    desk.save(report(BOTH))
    desk.decide("ccid:demo:2", CreditStatus.ACCEPTED)
    desk.change(COURSE, **OUTGROWN[code])
    again = desk.save(report(BOTH), content="again")
    assert ([Action.UNCHANGED], []) == (actions(again), [one for one in codes(again)[0] if one[0] == "C"])
    assert [[CreditStatus.ACCEPTED] * 2] == statuses(again)
    renamed = completion(ADA, CME_CREDIT, replace(BOARD_CREDIT, credit_id="ccid:demo:9"))
    for other in (
        completion(ADA, replace(CME_CREDIT, amount=Decimal(12)), BOARD_CREDIT),
        replace(BOTH, completed_on=COURSE.start_date),
        renamed,
    ):
        refused = desk.save(report(other), content=repr(other))
        assert ([Action.REFUSED], True) == (actions(refused), code in codes(refused)[0])


def test_what_was_taken_years_ago_is_unchanged(desk: Desk) -> None:
    """The same when too much time has passed to report it as new."""
    desk.save(report(BOTH))
    desk.clock.advance(days=1000)
    assert [Action.UNCHANGED] == actions(desk.save(report(BOTH), content="again"))
    new = replace(BOTH, credits=(replace(CME_CREDIT, credit_id="ccid:demo:9"),))
    assert "C203" in codes(desk.save(report(new)))[0]


@pytest.mark.parametrize("wrong", [{"status": "Registered"}, {"provider_organization": "12"}])
def test_what_is_wrong_of_a_record_as_such_is_refused_again(desk: Desk, wrong: dict[str, Any]) -> None:
    """It cannot be the record that was taken."""
    desk.save(report(BOTH))
    desk.change(COURSE, closed=True)
    assert [Action.REFUSED] == actions(receipt := desk.save(report(replace(BOTH, **wrong)), content="wrong"))
    assert "C107" not in codes(receipt)[0]


def test_points_that_were_raised_leave_what_was_reported(desk: Desk) -> None:
    """The ABP gives all learners the same points; who was reported before they changed stays as reported."""
    type = "Lifelong Learning and Self-Assessment"
    points = MocRegistration("ABP", Decimal(10), (type,), date(2027, 3, 1))
    desk.change(COURSE, moc_registrations=(points,))
    ada = replace(ADA, identifiers=(Identifier("ABP", "700001"), ADA.identifiers[1]))
    said = completion(ada, ClaimedCredit("ccid:demo:2", type, "Point", Decimal(10)))
    assert [Action.ADDED] == actions(desk.save(report(said)))
    desk.change(COURSE, moc_registrations=(replace(points, points=Decimal(12)),))
    assert [Action.UNCHANGED] == actions(desk.save(report(said), content="again"))
    new = replace(said, credits=(replace(said.credits[0], credit_id="ccid:demo:9"),))
    assert "C505" in codes(desk.save(report(new)))[0]


@pytest.mark.parametrize("board", ["ABP", "ABIM"])
def test_points_that_all_learners_get_stay_while_credit_of_them_stands(desk: Desk, board: str) -> None:
    """Neither changed nor left out, if the board gives all the same; afterwards both is taken."""
    type = "Lifelong Learning and Self-Assessment" if board == "ABP" else BOARD_TYPE
    points = MocRegistration(board, Decimal(10), (type,), date(2027, 3, 1))
    registered = replace(COURSE, moc_registrations=(points,))
    desk.change(COURSE, moc_registrations=(points,))
    ada = replace(ADA, identifiers=(Identifier(board, "700001"), ADA.identifiers[1]))
    said = completion(ada, ClaimedCredit("ccid:demo:2", type, "Point", Decimal(10)))
    desk.save(report(said))
    others = [replace(points, points=Decimal(11)), replace(points, points=None), replace(points, board="ABA")]
    changed = [entry(replace(registered, moc_registrations=(one,))) for one in others]
    for one in changed if board == "ABP" else ():
        (found,) = [one for one in desk.save(one).results[0].findings if one.blocks]
        assert "A921" == found.code
        assert found.path.startswith("/moc_registrations")
    titled = replace(registered, title="Another", moc_registrations=(replace(points, claim_date=None),))
    assert Action.UPDATED is desk.save(entry(titled)).results[0].action
    if board == "ABP":
        desk.decide("ccid:demo:2", CreditStatus.REJECTED)
    for one in changed:
        assert Action.UPDATED is desk.save(one, content=repr(one.activity)).results[0].action


def test_boards_of_learners_are_asked_for_only_where_it_matters(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ordinary save looks up no credit."""
    monkeypatch.setattr(FakeCredits, "boards", None)
    others = (replace(COURSE.moc_registrations[0], points=Decimal(1)),)
    changed = replace(COURSE, title="Another", moc_registrations=others)
    assert Action.UPDATED is desk.save(entry(changed)).results[0].action


def test_credit_is_looked_up_only_where_its_ground_changes(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not for what is new, unchanged, changed in what no credit stands on, or refused."""
    monkeypatch.setattr(FakeCredits, "alike", None)
    desk.store.write(PROVIDER, lambda unit: unit.activities.issue(2, 2026))  # those of the courses
    for one in (
        replace(COURSE, activity_id=None, provider_activity_id="NEW"),
        COURSE,
        replace(COURSE, title="Another", physicians=99),
        replace(COURSE, end_date=date(1995, 1, 1)),
    ):
        desk.save(entry(one), content=repr(one))


_REGISTRATION = COURSE.moc_registrations[0]
_LATER: dict[str, Any] = {"start_date": date(2027, 2, 1), "end_date": date(2027, 2, 2)}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"moc_registrations": ()}, ["A928 /moc_registrations ABIM"]),
        ({"moc_registrations": (replace(_REGISTRATION, board="ABA"),)}, ["A928 /moc_registrations ABIM"]),
        (
            {"moc_registrations": (replace(_REGISTRATION, points=Decimal(1)),)},
            ["A928 /moc_registrations[0].points ABIM"],
        ),
        (
            {"moc_registrations": (replace(_REGISTRATION, credit_types=("Patient Safety",)),)},
            ["A928 /moc_registrations[0].credit_types ABIM"],
        ),
        (
            {"moc_registrations": (replace(_REGISTRATION, claim_date=COURSE.start_date),)},
            ["A928 /moc_registrations[0].claim_date ABIM"],
        ),
        (_LATER, ["A928 /start_date ABIM", "A928 /start_date CME"]),
        ({"end_date": COURSE.start_date}, ["A928 /end_date CME"]),
        (
            {
                "credits": (Credit(CME, Decimal(1)),),
                "moc_registrations": (replace(_REGISTRATION, points=None),),
            },
            ["A928 /credits CME"],
        ),
        ({"description": None}, ["A929 /"]),
        ({"moc_registrations": (replace(_REGISTRATION, points=Decimal(12)),)}, []),
        ({"moc_registrations": (replace(_REGISTRATION, claim_date=None),)}, []),
        ({"title": "Another"}, []),
    ],
)
def test_an_activity_does_not_leave_its_learners_without_a_word(
    desk: Desk, changes: dict[str, Any], told: list[str]
) -> None:
    """It is updated; how many credits of whose no longer fit, in what and what to do, is a warning."""
    credits = replace(COURSE.credits[0], amount=Decimal(12))
    course = replace(COURSE, credits=(credits,))
    desk.change(COURSE, credits=(credits,))
    desk.save(report(BOTH))
    desk.decide("ccid:demo:2", CreditStatus.ACCEPTED)
    (result,) = desk.save(entry(replace(course, **changes))).results
    assert Action.UPDATED is result.action
    found = [one for one in result.findings if one.code in {"A928", "A929"}]
    assert told == sorted(
        f"{one.code} {one.path} {'ABIM' if 'ABIM' in one.text else 'CME' if CME in one.text else ''}".rstrip()
        for one in found
    )
    assert all("Delete " in one.remedy or "delete " in one.remedy for one in found)
    assert all(f"They are {2 if one.code == 'A929' else 1}" in one.text for one in found)
    (again,) = desk.save(entry(replace(course, **changes)), content="again").results
    assert not {"A928", "A929"} & {one.code for one in again.findings}


def test_an_end_that_is_said_is_held_against_what_was_reported(desk: Desk) -> None:
    """While it was merely derived it stood against nothing; what lies behind it is told once it is said."""
    desk.change(COURSE, end_date=COURSE.start_date, derived=frozenset({"end_date"}))
    assert ["C208"] == [
        one.code for one in desk.save(report(completion(ADA, CME_CREDIT))).results[0].findings
    ]
    (result,) = desk.save(entry(replace(COURSE, end_date=COURSE.start_date))).results
    assert [("A928", "/end_date")] == [(one.code, one.path) for one in result.findings]


@pytest.mark.parametrize("gone", ["rejected", "deleted"])
def test_credit_that_does_not_stand_loses_no_ground(desk: Desk, gone: str) -> None:
    """What is rejected, or was deleted, is not told of."""
    said = completion(ADA, BOARD_CREDIT)
    desk.save(report(said))
    if gone == "rejected":
        desk.decide("ccid:demo:2", CreditStatus.REJECTED)
    else:
        desk.save(deletion(said))
    (result,) = desk.save(entry(replace(COURSE, moc_registrations=(), **_LATER))).results
    assert not {"A928", "A929"} & {one.code for one in result.findings}


def test_a_rejected_credit_sent_again_stays_rejected(desk: Desk) -> None:
    """It is told that it has to be deleted first; deleted and added again it is asked about anew."""
    desk.save(report(BOTH))
    desk.decide("ccid:demo:2", CreditStatus.REJECTED, "Not in the programme.")
    again = desk.save(report(BOTH), content="again")
    assert ([Action.UNCHANGED], [["C911"]]) == (actions(again), codes(again))
    assert "Not in the programme." == again.results[0].credits[1].reason
    corrected = desk.save(deletion(BOTH), report(BOTH, number=2))
    assert [Action.DELETED, Action.ADDED] == actions(corrected)
    assert 2 == len(desk.store.tables.questions)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        (completion(ADA, replace(CME_CREDIT, amount=Decimal(5))), "credits[0].amount"),
        (completion(ADA, replace(CME_CREDIT, credit_type=BOARD_TYPE)), "credits[0].credit_type"),
        (completion(BEN, CME_CREDIT), "learner"),
        (completion(ADA, CME_CREDIT, completed_on=COURSE.start_date), "completed_on"),
        (completion(replace(ADA, identifiers=(ADA.identifiers[1],)), CME_CREDIT), "learner"),
        (completion(BEN, CME_CREDIT, activity=REMS_COURSE), "activity_id, learner"),
    ],
    ids=["amount", "type", "learner", "day", "number", "activity"],
)
def test_what_is_stored_is_not_changed(desk: Desk, changed: Any, named: str) -> None:
    """The same credit id with other content is refused, and told what differs and how it stands; there is
    no update."""
    desk.save(report(completion(ADA, CME_CREDIT)))
    receipt = desk.save(report(changed), content="changed")
    assert ([Action.REFUSED], "C902") == (actions(receipt), codes(receipt)[0][0])
    told = f"Different: {named}. It was submitted on 2026-11-21 15:04:05 UTC and is Accepted."
    assert receipt.results[0].findings[0].text.endswith(told)


def test_a_learner_has_a_credit_for_an_activity_once(desk: Desk) -> None:
    """Another credit id for the same learner, activity and credit is refused."""
    desk.save(report(completion(ADA, CME_CREDIT)))
    by_npi = replace(ADA, identifiers=(Identifier("NPI", "1234567893"),))
    receipt = desk.save(report(completion(by_npi, replace(CME_CREDIT, credit_id="ccid:demo:77"))))
    assert ([Action.REFUSED], ["C903"]) == (actions(receipt), codes(receipt)[0])
    told = 'It is "ccid:demo:1". It was submitted on 2026-11-21 15:04:05 UTC and is Accepted.'
    assert receipt.results[0].findings[0].text.endswith(told)


def test_a_rejected_credit_stands_in_the_way_until_it_is_deleted(desk: Desk) -> None:
    """Another credit id does not correct it; how it stands is told, and deleted by its id it is gone."""
    desk.save(report(completion(ADA, BOARD_CREDIT)))
    desk.decide("ccid:demo:2", CreditStatus.REJECTED, "Not in the programme.")
    anew = report(completion(ADA, replace(BOARD_CREDIT, credit_id="ccid:demo:77")), number=2)
    (found,) = desk.save(anew).results[0].findings
    assert ("C903", True) == (found.code, found.text.endswith("2026-11-21 15:04:05 UTC and is Rejected."))
    assert [Action.DELETED, Action.ADDED] == actions(desk.save(deletion(completion(ADA, BOARD_CREDIT)), anew))


SHARED = "Patient Safety"
OF_TWO_BOARDS = replace(
    COURSE,
    activity_id="202600003",
    provider_activity_id="TWO-26",
    moc_registrations=tuple(
        MocRegistration(board, Decimal("11.25"), (SHARED,), date(2027, 3, 1)) for board in ("ABA", "ABOHNS")
    ),
)


def of_board(board: str, credit_id: str) -> Completion:
    """Ada's completion with her number at that board alone, as C406 asks for."""
    ada = replace(ADA, identifiers=(Identifier(board, "70000001"), ADA.identifiers[1]))
    credit = replace(BOARD_CREDIT, credit_id=credit_id, credit_type=SHARED)
    return completion(ada, credit, activity=OF_TWO_BOARDS)


def test_each_board_has_its_credit_of_a_type_of_one_name(desk: Desk) -> None:
    """Two boards that call a type of credit alike are asked about one each, once; deleted, each is let go
    of alone, and the CME credit only with the last."""
    desk.store.write(PROVIDER, lambda unit: unit.activities.add([OF_TWO_BOARDS]))
    first, second = of_board("ABA", "ccid:demo:3"), of_board("ABOHNS", "ccid:demo:4")
    receipt = desk.save(report(first), report(second, number=2))
    assert ([Action.ADDED] * 2, [[], []]) == (actions(receipt), codes(receipt))
    assert ["ABA", "ABOHNS"] == [board for board, _, _ in desk.store.tables.questions]
    assert ["C903"] == codes(desk.save(report(of_board("ABOHNS", "ccid:demo:5"))))[0]
    desk.decide("ccid:demo:4", CreditStatus.ACCEPTED)
    desk.accept("ccid:demo:3")
    desk.save(deletion(first))
    (cme,) = [one for one in desk.credits().values() if one.board is None]
    assert ({"ccid:demo:4", cme.credit_id}, cme.matched_from) == (
        set(desk.credits()),
        desk.credits()["ccid:demo:4"].row,
    )
    desk.save(deletion(second))
    assert {} == desk.credits()


def test_a_record_twice_in_a_call_is_told(desk: Desk) -> None:
    """The second one changes nothing and names the first."""
    receipt = desk.save(report(completion(ADA, CME_CREDIT)), report(completion(ADA, CME_CREDIT), number=2))
    assert [Action.ADDED, Action.UNCHANGED] == actions(receipt)
    assert ["C907"] == codes(receipt)[1]
    assert "Record 1" in receipt.results[1].findings[0].text


def test_credit_that_a_board_credit_yielded_is_taken_over_by_the_senders_own(desk: Desk) -> None:
    """The sender may report the CME credit that was yielded by a board's: it is then one, under their id."""
    desk.save(report(completion(ADA, BOARD_CREDIT)))
    desk.accept("ccid:demo:2")
    receipt = desk.save(report(completion(ADA, CME_CREDIT)))
    assert [Action.ADDED] == actions(receipt)
    assert {"ccid:demo:1", "ccid:demo:2"} == set(desk.credits())


def test_validate_only_stores_nothing_and_says_the_same(desk: Desk) -> None:
    """The same results as the real run; no receipt, no credit, no question."""
    tried = desk.save(report(BOTH), validate_only=True)
    assert (None, {}, []) == (tried.id, desk.credits(), desk.store.tables.questions)
    assert tried.results == desk.save(report(BOTH)).results


def test_all_or_nothing_stores_nothing_when_one_is_refused(desk: Desk) -> None:
    """The good record says why it was not done."""
    bad = completion(BEN, replace(CME_CREDIT, credit_id="nonsense"))
    receipt = desk.save(report(BOTH), report(bad, number=2), all_or_nothing=True)
    assert [Action.REFUSED, Action.REFUSED] == actions(receipt)
    assert "A909" in codes(receipt)[0]
    assert ({}, []) == (desk.credits(), desk.store.tables.questions)


def test_a_call_that_stores_nothing_tells_nobody_who_is_known(desk: Desk) -> None:
    """A hundred guesses at a birthday beside one bad record tell nothing: right and wrong look alike."""
    bad = completion(BEN, replace(CME_CREDIT, credit_id="nonsense"))
    guess = completion(replace(ADA, birthday="03-01"), replace(CME_CREDIT, credit_id="ccid:demo:5"))
    right = completion(ADA, replace(CME_CREDIT, credit_id="ccid:demo:6"))
    receipt = desk.save(report(bad), report(guess, number=2), report(right, number=3), all_or_nothing=True)
    _, wrong, good = receipt.results
    assert replace(wrong.credits[0], credit_id=None) == replace(good.credits[0], credit_id=None)
    assert [one.code for one in wrong.findings] == [one.code for one in good.findings]


def test_who_is_who_is_asked_before_others_have_to_wait(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the register is asked nobody keeps other calls from writing; it is asked once a call."""
    locked, find = [], FakeRegister.find

    def watched(register: FakeRegister, keys: Collection[bytes]) -> dict[bytes, list[Registered]]:
        locked.append(desk.store.is_locked)
        return find(register, keys)

    monkeypatch.setattr(FakeRegister, "find", watched)
    assert [Action.ADDED] == actions(desk.save(report(BOTH)))
    desk.store.write(PROVIDER, lambda unit: unit.register.find(()))
    assert [False, True] == locked


AS_IT_WAS = "The record was refused; this credit stands as it was."
NOT_STORED = "The record was refused; nothing of it was stored."


def told(receipt: Receipt, number: int = 1) -> dict[str | None, tuple[CreditStatus, str | None]]:
    """Status and reason of each credit of a record, by its id."""
    return {one.credit_id: (one.status, one.reason) for one in receipt.results[number - 1].credits}


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (replace(BOARD_CREDIT, credit_id="ccid:demo:7"), "C903"),
        (replace(BOARD_CREDIT, amount=Decimal(1)), "C902"),
        (replace(BOARD_CREDIT, credit_id="nonsense"), "C602"),
    ],
)
def test_a_refused_record_leaves_what_is_stored_of_it(desk: Desk, second: ClaimedCredit, code: str) -> None:
    """What was accepted before and is sent again as it was is told so, and what is refused is Rejected."""
    desk.save(report(BOTH))
    desk.decide("ccid:demo:2", CreditStatus.REJECTED, "Not in the programme.")
    receipt = desk.save(report(completion(ADA, CME_CREDIT, second)))
    assert ([Action.REFUSED], True) == (actions(receipt), code in codes(receipt)[0])
    assert {
        "ccid:demo:1": (CreditStatus.ACCEPTED, AS_IT_WAS),
        second.credit_id: (CreditStatus.REJECTED, NOT_STORED),
    } == told(receipt)
    spoiled = replace(BOTH, provider_organization=OTHER_PROVIDER)
    assert (CreditStatus.REJECTED, f"{AS_IT_WAS} Not in the programme.") == told(desk.save(report(spoiled)))[
        "ccid:demo:2"
    ]


def test_a_refused_deletion_leaves_what_is_stored(desk: Desk) -> None:
    """What it names of its learner stands as it was; what is another's or nobody's is Rejected."""
    other = replace(CME_CREDIT, credit_id="ccid:demo:3")
    desk.save(report(BOTH), report(completion(BEN, other), number=2))
    unknown = replace(CME_CREDIT, credit_id="ccid:demo:9")
    receipt = desk.save(deletion(completion(ADA, CME_CREDIT, BOARD_CREDIT, other, unknown)))
    assert {
        "ccid:demo:1": (CreditStatus.ACCEPTED, AS_IT_WAS),
        "ccid:demo:2": (CreditStatus.SUBMITTED, AS_IT_WAS),
        "ccid:demo:3": (CreditStatus.REJECTED, NOT_STORED),
        "ccid:demo:9": (CreditStatus.REJECTED, NOT_STORED),
    } == told(receipt)


def test_what_all_or_nothing_leaves_undone_stands_as_it_was(desk: Desk) -> None:
    """Sent again or to be deleted, for the sake of another record it is not; what is made here is not
    there."""
    desk.save(report(BOTH))
    new = replace(CME_CREDIT, credit_id="ccid:demo:4")
    bad = report(completion(BEN, replace(new, credit_id="nonsense"), new), number=4)
    receipt = desk.save(
        report(BOTH),
        deletion(completion(ADA, BOARD_CREDIT), number=2),
        report(completion(BEN, new), number=3),
        bad,
        all_or_nothing=True,
    )
    assert [Action.REFUSED] * 4 == actions(receipt)
    assert [
        {
            "ccid:demo:1": (CreditStatus.ACCEPTED, AS_IT_WAS),
            "ccid:demo:2": (CreditStatus.SUBMITTED, AS_IT_WAS),
        },
        {"ccid:demo:2": (CreditStatus.SUBMITTED, AS_IT_WAS)},
        {"ccid:demo:4": (CreditStatus.REJECTED, NOT_STORED)},
        {"nonsense": (CreditStatus.REJECTED, NOT_STORED), "ccid:demo:4": (CreditStatus.REJECTED, NOT_STORED)},
    ] == [told(receipt, number) for number in range(1, 5)]


def test_a_submission_key_answers_again(desk: Desk) -> None:
    """The same key and content give the same receipt and do nothing twice; other content is refused."""
    first = desk.save(report(BOTH), submission_key="k1")
    again = desk.save(report(BOTH), submission_key="k1")
    assert replace(first, replayed=True) == again
    with pytest.raises(Conflict):
        desk.save(deletion(BOTH), submission_key="k1")


# --- participants --------------------------------------------------------------------------------------


def test_rems_participants_are_kept_once(desk: Desk) -> None:
    """Added, then Unchanged; deleted by their own number; then the activity may be deleted again."""
    said = completion(None, activity=REMS_COURSE, participants=(NURSE,))
    assert [Action.ADDED] == actions(desk.save(report(said)))
    desk.change(REMS_COURSE, closed=True)
    assert [Action.UNCHANGED] == actions(desk.save(report(said), content="again"))
    other = replace(said, participants=(NURSE, replace(NURSE, local_id="P-2")))
    assert ["C107"] == codes(desk.save(report(other), content="other"))[0]
    desk.change(REMS_COURSE, closed=False)
    later = replace(said, completed_on=COURSE.start_date)
    assert ["C902"] == codes(desk.save(report(later), content="later"))[0]
    changed = replace(said, participants=(replace(NURSE, profession="Physician"),))
    (found,) = desk.save(report(changed), content="changed").results[0].findings
    told = "Different: participants[0].profession. It was submitted on 2026-11-21 15:04:05 UTC."
    assert ("C902", True) == (found.code, found.text.endswith(told))
    assert [Action.DELETED] == actions(desk.save(deletion(said)))
    assert {} == desk.store.tables.participants


def test_what_is_told_of_participants_speaks_of_them(desk: Desk) -> None:
    """A participant who stands twice in a call, or is another than reported, is no credit."""
    said = completion(None, activity=REMS_COURSE, participants=(NURSE,))
    other = replace(said, participants=(replace(NURSE, profession="Physician"),))
    receipt = desk.save(report(said), report(said, number=2), report(other, number=3))
    assert [[], ["C907"], ["C902"]] == codes(receipt)
    assert all("participant" in result.findings[0].remedy for result in receipt.results[1:])


def test_a_deletion_that_names_nobody_is_told_at_the_learner(desk: Desk) -> None:
    """No participants were meant where none are named."""
    (result,) = desk.save(deletion(completion(None))).results
    assert ["/learner"] == [one.path for one in result.findings if one.code == "C904"]


def test_participants_are_deleted_all_or_none(desk: Desk) -> None:
    """Each that is unknown is told at its place, and those that are known stay."""
    said = completion(None, activity=REMS_COURSE, participants=(NURSE,))
    desk.save(report(said))
    strangers = tuple(replace(NURSE, local_id=number) for number in ("P-2", "P-3"))
    receipt = desk.save(deletion(replace(said, participants=(strangers[0], NURSE, strangers[1]))))
    assert ([Action.REFUSED], [["C904", "C904"]]) == (actions(receipt), codes(receipt))
    places = [found.path for found in receipt.results[0].findings]
    assert ["/participants[0]", "/participants[2]"] == places
    assert 1 == len(desk.store.tables.participants)
    twice = replace(said, participants=(NURSE, NURSE))
    assert [Action.DELETED] == actions(desk.save(deletion(twice)))
    assert {} == desk.store.tables.participants


# --- deleting ------------------------------------------------------------------------------------------


def test_deleting_an_accepted_board_credit_tells_the_board(desk: Desk) -> None:
    """It is withdrawn by the same way; the CME credit it yielded goes with it."""
    desk.save(report(completion(ADA, BOARD_CREDIT)))
    board = desk.accept("ccid:demo:2")
    receipt = desk.save(deletion(completion(ADA, BOARD_CREDIT)))
    assert [Action.DELETED] == actions(receipt)
    assert {} == desk.credits()
    assert ("ABIM", Errand.WITHDRAW, (board.row,)) == desk.store.tables.questions[-1]


def of_two_types(desk: Desk) -> tuple[Completion, ClaimedCredit, ClaimedCredit]:
    """Ada's two accepted board credits of 5 and 1, of which the first has yielded CME credit."""
    registered = MocRegistration("ABIM", Decimal("11.25"), (BOARD_TYPE, SHARED))
    desk.change(COURSE, moc_registrations=(registered,))
    large = replace(BOARD_CREDIT, amount=Decimal(5))
    small = replace(BOARD_CREDIT, credit_id="ccid:demo:3", credit_type=SHARED, amount=Decimal(1))
    both = completion(ADA, large, small)
    assert [Action.ADDED] == actions(desk.save(report(both)))
    desk.decide("ccid:demo:3", CreditStatus.ACCEPTED)
    desk.accept("ccid:demo:2")
    return both, large, small


def yielded(desk: Desk) -> list[tuple[int | None, Decimal]]:
    """From which credits there is CME credit, and how much."""
    return [(one.matched_from, one.amount) for one in desk.credits().values() if one.matched_from]


def test_what_is_yielded_follows_a_credit_that_is_there(desk: Desk) -> None:
    """A correction takes the wrong CME credit away, and the other board credit yields it anew."""
    _, large, small = of_two_types(desk)
    corrected = replace(large, amount=Decimal("0.5"))
    receipt = desk.save(
        deletion(completion(ADA, large)), report(completion(ADA, corrected), number=2), all_or_nothing=True
    )
    assert [Action.DELETED, Action.ADDED] == actions(receipt)
    assert [(desk.credits()["ccid:demo:3"].row, Decimal(1))] == yielded(desk)
    desk.save(deletion(completion(ADA, small)))
    assert [] == yielded(desk)


def test_what_is_yielded_stays_while_its_credit_does(desk: Desk) -> None:
    """Another board credit is deleted, and the CME credit is as it was, under its id."""
    *_, small = of_two_types(desk)
    desk.save(deletion(completion(ADA, small)))
    assert ([(desk.credits()["ccid:demo:2"].row, Decimal(5))], True) == (
        yielded(desk),
        "ccid:cme-gateway:99" in desk.credits(),
    )


def test_what_is_yielded_may_be_deleted_by_its_own_id(desk: Desk) -> None:
    """It is not given again for that, as long as the board credits are as they were."""
    of_two_types(desk)
    named = replace(CME_CREDIT, credit_id="ccid:cme-gateway:99")
    assert [Action.DELETED] == actions(desk.save(deletion(completion(ADA, named))))
    assert [] == yielded(desk)


def test_a_learners_own_cme_credit_stays_beside_a_deletion(desk: Desk) -> None:
    """What the sender adds in the call that deletes the source of a yield is the only CME credit."""
    both, large, _ = of_two_types(desk)
    own = report(completion(ADA, replace(CME_CREDIT, amount=Decimal(2))), number=2)
    assert [Action.DELETED, Action.ADDED] == actions(desk.save(deletion(completion(ADA, large)), own))
    assert ([], {"ccid:demo:1", "ccid:demo:3"}) == (yielded(desk), set(desk.credits()))
    assert [Action.DELETED] == actions(desk.save(deletion(replace(both, credits=()))))
    assert {} == desk.credits()


def test_a_verdict_that_overtakes_a_deletion_is_withdrawn(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A credit is looked at as Submitted and accepted before it is let go: the board hears of it, and what
    was yielded goes too."""
    desk.save(report(completion(ADA, BOARD_CREDIT)))
    board = desk.accept("ccid:demo:2")
    looked_at = replace(board, status=CreditStatus.SUBMITTED, learner=None)
    monkeypatch.setattr(FakeCredits, "find", lambda *_: [looked_at])
    desk.save(deletion(completion(ADA, BOARD_CREDIT)))
    assert {} == desk.credits()
    assert ("ABIM", Errand.WITHDRAW, (board.row,)) == desk.store.tables.questions[-1]


def test_a_deletion_without_credits_takes_all_of_the_learner(desk: Desk) -> None:
    """All credits of the learner for that activity, and no others."""
    other = completion(BEN, replace(CME_CREDIT, credit_id="ccid:demo:3"))
    desk.save(report(BOTH), report(other, number=2))
    assert [Action.DELETED] == actions(desk.save(deletion(completion(ADA))))
    assert {"ccid:demo:3"} == set(desk.credits())


def test_a_closed_activity_keeps_its_learners(desk: Desk) -> None:
    """A correction, deleted and added in one call, leaves what was accepted where adding is refused."""
    desk.save(report(BOTH))
    desk.change(COURSE, closed=True)
    corrected = completion(ADA, replace(CME_CREDIT, amount=Decimal(5)), BOARD_CREDIT)
    receipt = desk.save(deletion(BOTH), report(corrected, number=2))
    assert [Action.REFUSED, Action.REFUSED] == actions(receipt)
    assert all("C107" in found for found in codes(receipt))
    assert {"ccid:demo:1", "ccid:demo:2"} == set(desk.credits())


def test_what_is_not_there_is_not_deleted(desk: Desk) -> None:
    """An unknown credit, one of another activity, one of another person, one of another provider: refused."""
    desk.save(report(BOTH))
    unknown = completion(ADA, replace(CME_CREDIT, credit_id="ccid:demo:404"))
    elsewhere = completion(ADA, CME_CREDIT, activity=REMS_COURSE)
    of_ben = completion(BEN, CME_CREDIT)
    receipt = desk.save(*(deletion(one, number=n) for n, one in enumerate((unknown, elsewhere, of_ben), 1)))
    assert [["C904"], ["C905"], ["C905"]] == codes(receipt)
    foreign = desk.of_other_provider().save(deletion(replace(BOTH, provider_organization=OTHER_PROVIDER)))
    assert {"C901", "C904"} <= set(codes(foreign)[0])
    assert 2 == len(desk.credits())


STRANGER = Learner(("Nadia",), ("Farway",), None, "07-07", (Identifier("ABIM", "900099"),))


@pytest.mark.parametrize(
    ("learner", "refused"),
    [
        (STRANGER, ["C905"]),
        (replace(STRANGER, birthday=ADA.birthday), []),
        (replace(STRANGER, family_names=ADA.family_names), []),
        (replace(STRANGER, identifiers=ADA.identifiers[:1]), []),
    ],
)
def test_nothing_of_whom_it_is_reported_for_deletes_no_credit(
    desk: Desk, learner: Learner, refused: list[str]
) -> None:
    """A wrong CreditID would let go of somebody else's; one thing that agrees will do, since who corrects
    the others may send them right already."""
    desk.save(report(completion(ADA, CME_CREDIT)))
    desk.store.tables.register.clear()  # nobody is known, so nobody is told apart by the register
    assert [refused] == codes(desk.save(deletion(completion(learner, CME_CREDIT))))
    assert bool(refused) == bool(desk.credits())


def test_a_wrong_name_is_corrected_by_deleting_and_adding(desk: Desk) -> None:
    """Who was rejected for a wrong birthday is deleted under the right one and added again."""
    wrong = replace(ADA, birthday="03-01")
    desk.save(report(completion(wrong, CME_CREDIT)))
    right = completion(ADA, CME_CREDIT)
    receipt = desk.save(deletion(right), report(right, number=2))
    assert [Action.DELETED, Action.ADDED] == actions(receipt)
    assert CreditStatus.ACCEPTED is desk.credits()["ccid:demo:1"].status


def test_an_activity_with_learners_is_not_deleted(desk: Desk) -> None:
    """As long as a credit lives; afterwards it is."""
    desk.save(report(BOTH))
    refused = desk.save(entry(only_ids(COURSE.activity_id), "Delete"))
    assert ["A908"] == [finding.code for finding in refused.results[0].findings]
    desk.save(deletion(BOTH))
    deleted = desk.save(entry(only_ids(COURSE.activity_id), "Delete"))
    assert Action.DELETED is deleted.results[0].action


# --- how it stands -------------------------------------------------------------------------------------


def test_a_status_is_found_by_credit_id(desk: Desk) -> None:
    """One's own only."""
    desk.save(report(BOTH))
    credit = operations.get_status_by_credit_id(desk.caller, "ccid:demo:2", desk.store)
    assert ("ABIM", CreditStatus.SUBMITTED) == (credit.board, credit.status)
    for caller, credit_id in ((desk.of_other_provider().caller, "ccid:demo:2"), (desk.caller, "ccid:x:y")):
        with pytest.raises(NotFound):
            operations.get_status_by_credit_id(caller, credit_id, desk.store)
    with pytest.raises(Malformed):
        operations.get_status_by_credit_id(desk.caller, None, desk.store)


@pytest.mark.parametrize("birthday", ["1980-02-29", "02-29", "--02-29", "1980-02-29T00:00:00", "--02-29Z"])
@pytest.mark.parametrize(
    ("number", "domain"), [("900001", None), ("900001", "ABIM"), ("md 012345", "Maine"), ("MD012345", "ME")]
)
def test_a_status_is_found_by_learner(desk: Desk, number: str, domain: str | None, birthday: str) -> None:
    """By any of the identifiers as they were reported, with the birthday in any of its spellings."""
    desk.save(report(BOTH))
    query = LearnerQuery(
        activity_id=COURSE.activity_id, learner_id=number, domain=domain, birthday=birthday, completed_on=None
    )
    found = operations.get_status_by_learner(desk.caller, query, desk.store, desk.terms)
    assert {CME, BOARD_TYPE} == {credit.credit_type for credit in found}


@pytest.mark.parametrize(
    "changes",
    [
        {"learner_id": "900002"},
        {"domain": "ABP"},
        {"birthday": "03-01"},
        {"activity_id": "202600002"},
        {"completed_on": date(2020, 1, 1)},
    ],
)
def test_a_status_of_another_learner_is_not_found(desk: Desk, changes: dict[str, Any]) -> None:
    """Whatever of what was asked does not fit."""
    desk.save(report(BOTH))
    said: dict[str, Any] = {
        "activity_id": COURSE.activity_id,
        "learner_id": "900001",
        "domain": None,
        "birthday": "02-29",
    }
    with pytest.raises(NotFound):
        operations.get_status_by_learner(
            desk.caller, LearnerQuery(**{**said, **changes}), desk.store, desk.terms
        )


def test_a_status_by_learner_asks_for_all_three(desk: Desk) -> None:
    """Activity, identifier and birthday."""
    for missing in ({"activity_id": None}, {"learner_id": None}, {"birthday": None}):
        said: dict[str, Any] = {"activity_id": "1", "learner_id": "1", "domain": None, "birthday": "02-29"}
        with pytest.raises(Malformed, match="are asked for"):
            operations.get_status_by_learner(
                desk.caller, LearnerQuery(**{**said, **missing}), desk.store, desk.terms
            )


@pytest.mark.parametrize(
    "birthday",
    [
        "tomorrow",
        "07/23",
        "13-45",
        "1904-02-30",
        "2-29",
        "W01-1",
        "1904-02-30T00:00:00",
        "1904-07-04T",
        "1904-07-04 Z",
        "70-07-04",
    ],
)
def test_a_birthday_that_is_none_is_told(desk: Desk, birthday: str) -> None:
    """That nobody is found would be taken for that nothing was reported."""
    query = LearnerQuery(activity_id="1", learner_id="1", domain=None, birthday=birthday)
    with pytest.raises(Malformed, match="BirthDate is no day"):
        operations.get_status_by_learner(desk.caller, query, desk.store, desk.terms)


# --- who is who ----------------------------------------------------------------------------------------


def test_learners_are_matched_before_anything_is_sent(desk: Desk) -> None:
    """One clear answer each, in order, and which field disagrees."""
    learners = [ADA, STRANGER, replace(BEN, given_names=("Bob",))]
    matches = operations.get_learner_match(desk.caller, learners, desk.store, desk.terms)
    assert [MatchKind.MATCH, MatchKind.NONE, MatchKind.NONE] == [match.kind for match in matches]
    assert ("FirstName",) == matches[2].fields


def test_nobody_can_fish(desk: Desk) -> None:
    """Beyond the hour's misses or look-ups a match is refused, by either way that stores nothing."""
    ask = operations.get_learner_match
    ask(desk.caller, [STRANGER] * 10, desk.store, desk.terms)
    with pytest.raises(TooManyLookups):
        ask(desk.caller, [STRANGER], desk.store, desk.terms)
    with pytest.raises(TooManyLookups):
        desk.save(report(completion(STRANGER, CME_CREDIT)), validate_only=True)
    desk.store.tables.misses = 0
    ask(desk.caller, [ADA] * 80, desk.store, desk.terms)
    with pytest.raises(TooManyLookups):
        ask(desk.caller, [ADA] * 10, desk.store, desk.terms)


def test_beyond_the_measure_a_rejection_tells_no_field(desk: Desk) -> None:
    """A submission is still taken, but does not help to find out a birthday."""
    desk.store.tables.misses = 10
    receipt = desk.save(report(completion(replace(ADA, birthday="03-01"), CME_CREDIT)))
    assert [Action.ADDED] == actions(receipt)
    (told,) = receipt.results[0].findings
    assert (False, True) == ("BirthDate" in told.text, "S006" in told.text)
    assert told.text == receipt.results[0].credits[0].reason


def _guess(desk: Desk, *numbers: int) -> list[bool]:
    """Of a record for each of these numbers, each with a wrong birthday, whether the field was told."""
    birthdays = [f"{date(2026, 3, 1) + timedelta(days=number):%m-%d}" for number in numbers]
    some = [
        completion(replace(ADA, birthday=birthday), replace(CME_CREDIT, credit_id=f"ccid:demo:{birthday}"))
        for birthday in birthdays
    ]
    receipt = desk.save(*(report(one, number=n) for n, one in enumerate(some, 1)))
    texts = [result.findings[0].text for result in receipt.results]
    assert [("BirthDate" in text) for text in texts] == [("S006" not in text) for text in texts]
    return ["BirthDate" in text for text in texts]


def test_fields_are_told_of_as_many_misses_as_the_hour_has(desk: Desk) -> None:
    """Of one large call as of many small ones: the first are told the field, the others why not."""
    assert [True] * 10 + [False] * 14 == _guess(desk, *range(24))
    assert [False] == _guess(desk, 24)
    desk.store.tables.misses = 0
    assert [[True] * 4, [True] * 6 + [False], [False]] == [
        _guess(desk, *range(*some)) for some in ((30, 34), (40, 47), (50, 51))
    ]


def test_who_is_known_uses_up_no_miss(desk: Desk) -> None:
    """Nine misses among those who match are told, and so is the tenth of the next call."""
    known = [completion(BEN, replace(CME_CREDIT, credit_id=f"ccid:b:{number}")) for number in range(20)]
    desk.save(*(report(one, number=n) for n, one in enumerate(known, 1)))
    assert [True] * 9 == _guess(desk, *range(9))
    assert [True, False] == _guess(desk, 10, 11)
