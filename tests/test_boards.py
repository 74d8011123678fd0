"""The boards: their data, what each adapter asks, and what it makes of answers written by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources import files

import pytest
from claims import a_claim
from lxml import etree

from gateway.board import BoardLine
from gateway.boards import ADAPTERS, BOARDS, catalogue, takes_part
from gateway.boards.face import CALLS_TO_NARROW, Adapter, narrowed
from gateway.errors import BoardRefused, BoardUnavailable
from gateway.outbound import Answered, Waits
from gateway.records import Claim, Reply, Verdict

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
FAULT = (
    "<s:Fault><faultcode>s:Server</faultcode><faultstring>Zarathustra Quux is unknown</faultstring></s:Fault>"
)
CLAIM = a_claim(given_names=("Zarathustra", "Q"), activity_title="Hearts & <Minds>", credit_type="Nonsense")
TYPES = {"ABIM": "Medical Knowledge (Part II)", "ABS": "self-assessment", "ABP": "Lifelong Learning"}
ONE_A_CALL = ("ABP", "ABOHNS", "ABTS")
TICKETED = {
    "ABS": "<SubmitCreditsResponse xmlns='{ns}'><Ticket>t7</Ticket></SubmitCreditsResponse>",
    "ABOS": "<b:DepositResponse xmlns:b='{ns}'><receiptNumber>t7</receiptNumber></b:DepositResponse>",
}


def claims(*names: str) -> tuple[Claim, ...]:
    """Claims with these references."""
    return tuple(replace(CLAIM, reference=name) for name in names)


def accepted(*names: str) -> tuple[Verdict, ...]:
    """That these are accepted."""
    return tuple(Verdict(name, True) for name in names)


class Spoken:
    """A board's line with no network in it: keeps what was sent, and answers what was written by hand."""

    def __init__(self, board: str, *answers: str) -> None:
        self.adapter: Adapter = ADAPTERS[board]
        self.namespace = f"urn:cme-gateway:board:{board.lower()}:1"
        self.asked: list[etree._Element] = []
        self.line = BoardLine(self.adapter, "http://127.0.0.1:9/", Waits())
        self._answers = iter(answers)
        self.line._caller.post = self._post  # type: ignore[method-assign]  # instead of HTTP

    def _post(self, message: bytes, headers: object) -> Answered:
        self.asked.append(etree.fromstring(message)[0][0])
        body = next(self._answers).replace("{ns}", self.namespace)
        envelope = f"<s:Envelope xmlns:s='{SOAP}'><s:Body>{body}</s:Body></s:Envelope>"
        return Answered(200, envelope.encode())

    def report(self, *names: str) -> Reply:
        """Report claims of these references."""
        return self.adapter.report(self.line, claims(*names))

    def collect(self, *names: str) -> Reply:
        """Come back for them with a ticket."""
        return self.adapter.collect(self.line, "t7", claims(*names))

    def withdraw(self, *names: str) -> Reply:
        """Withdraw them."""
        return self.adapter.withdraw(self.line, claims(*names))


# --- how each board says it --------------------------------------------------------------------------


def _abim(told: Sequence[tuple[str, str, str]]) -> str:
    rows = "".join(
        f"<Verdict><Reference>{ref}</Reference><Accepted>{word}</Accepted>"
        f"{f'<Reason>{why}</Reason>' if why else ''}</Verdict>"
        for ref, word, why in told
    )
    return f"<ReportCreditsResponse xmlns='{{ns}}'>{rows}</ReportCreditsResponse>"


def _abpath(told: Sequence[tuple[str, str, str]]) -> str:
    yes = "".join(f"<Key>{ref}</Key>" for ref, word, _ in told if word == "in")
    no = "".join(
        f"<Refusal><Because>{why}</Because><Key>{ref}</Key></Refusal>"
        for ref, word, why in told
        if word == "out"
    )
    lists = f"<Credited>{yes}</Credited><NotCredited>{no}</NotCredited>"
    return f"<ReportItemsResponse xmlns='{{ns}}'>{lists}</ReportItemsResponse>"


def _abs(told: Sequence[tuple[str, str, str]]) -> str:
    rows = "".join(
        f"<Outcome><SubmissionRef>{ref}</SubmissionRef><Status>{word}</Status>"
        f"{f'<Explanation>{why}</Explanation>' if why else ''}</Outcome>"
        for ref, word, why in told
    )
    return f"<FetchOutcomesResponse xmlns='{{ns}}'><State>DONE</State>{rows}</FetchOutcomesResponse>"


def _abos(told: Sequence[tuple[str, str, str]]) -> str:
    rows = "".join(
        f"<decision><granted>{word}</granted>{f'<remark>{why}</remark>' if why else ''}"
        f"<yourReference>{ref}</yourReference></decision>"
        for ref, word, why in told
    )
    return f"<b:CollectResponse xmlns:b='{{ns}}'><remaining>0</remaining>{rows}</b:CollectResponse>"


def _abpmr(told: Sequence[tuple[str, str, str]]) -> str:
    reasons = {ref: f" why='{why}'" if why else "" for ref, _, why in told}
    rows = "".join(f"<Standing ref='{ref}'{reasons[ref]}>{word}</Standing>" for ref, word, _ in told)
    return f"<LogCreditsResponse xmlns='{{ns}}'>{rows}</LogCreditsResponse>"


@dataclass(frozen=True)
class Dialect:
    """How a board that answers about many at once says yes, no and something it never agreed on."""

    write: Callable[[Sequence[tuple[str, str, str]]], str]
    yes: str
    no: str
    odd: str | None
    later: bool = False


DIALECTS = {
    "ABIM": Dialect(_abim, "true", "false", None),
    "ABPATH": Dialect(_abpath, "in", "out", None),
    "ABS": Dialect(_abs, "POSTED", "NOT POSTED", "ACCEPTED", later=True),
    "ABOS": Dialect(_abos, "Y", "N", "y", later=True),
    "ABPMR": Dialect(_abpmr, "recorded", "refused", "Recorded"),
}


def _heard(board: str, told: Sequence[tuple[str, str, str]], *names: str) -> tuple[Verdict, ...]:
    """What is made of an answer about claims of these references."""
    dialect = DIALECTS[board]
    spoken = Spoken(board, dialect.write(told))
    return (spoken.collect if dialect.later else spoken.report)(*names).verdicts


@pytest.mark.parametrize("board", DIALECTS)
def test_mixed_answer_in_another_order_is_understood(board: str) -> None:
    """Each record gets its own verdict, in whatever order the board answers, a rejection with its reason."""
    yes, no = DIALECTS[board].yes, DIALECTS[board].no
    heard = _heard(
        board, [("r3", yes, ""), ("r2", no, "not  in\nprogramme"), ("r1", yes, "")], "r1", "r2", "r3"
    )
    assert {*accepted("r1", "r3"), Verdict("r2", False, "not in programme")} == set(heard)
    assert 3 == len(heard)


@pytest.mark.parametrize("board", DIALECTS)
def test_rejection_without_a_reason_is_one(board: str) -> None:
    """A board that gives no reason still rejects."""
    assert (Verdict("r1", False),) == _heard(board, [("r1", DIALECTS[board].no, "")], "r1")


@pytest.mark.parametrize("board", DIALECTS)
def test_unknown_reference_is_dropped_and_a_missing_one_stays_open(board: str) -> None:
    """What was not asked decides nothing, and what was not answered stays open."""
    yes = DIALECTS[board].yes
    assert accepted("r1") == _heard(board, [("r9", yes, ""), ("r1", yes, "")], "r1", "r2")
    assert () == _heard(board, [], "r1", "r2")


@pytest.mark.parametrize("board", DIALECTS)
def test_contradiction_stays_open(board: str) -> None:
    """A reference told twice with two verdicts is as if untold; with one verdict it counts once."""
    yes, no = DIALECTS[board].yes, DIALECTS[board].no
    told = [(ref, word, "") for ref in ("r1", "r9") for word in (yes, no, yes, no)]
    told += [("r2", yes, ""), ("r2", yes, "")]
    assert accepted("r2") == _heard(board, told, "r1", "r2")


@pytest.mark.parametrize("board", [board for board, dialect in DIALECTS.items() if dialect.odd])
def test_unknown_word_stays_open(board: str) -> None:
    """A verdict in a word that was never agreed on decides nothing."""
    told = [("r1", DIALECTS[board].odd or "", ""), ("r2", DIALECTS[board].yes, "")]
    assert accepted("r2") == _heard(board, told, "r1", "r2")


@pytest.mark.parametrize("board", DIALECTS)
def test_reason_quotes_nobody(board: str) -> None:
    """A board's reason is kept without what identifies the person, in one line of limited length."""
    said = "No QUUX, Zarathustra (900001), born 02/29 or 29.02.; see rule 12. " + "x" * 400
    [verdict] = _heard(board, [("r1", DIALECTS[board].no, said)], "r1")
    assert verdict.reason is not None and 300 == len(verdict.reason)
    assert verdict.reason.startswith("No …, … (…), born … or ….; see rule 12. xxx")


# --- ABA: silence means credit -----------------------------------------------------------------------


def _aba(received: object, credited: object, *rejected: str) -> str:
    rows = "".join(f"<Rejection reference='{name}'>too late</Rejection>" for name in rejected)
    counts = f"<Received>{received}</Received><Credited>{credited}</Credited>"
    return f"<SubmitPointsResponse xmlns='{{ns}}'>{counts}{rows}</SubmitPointsResponse>"


def test_aba_credits_whom_it_does_not_reject() -> None:
    """Of a chunk whose counts agree, the listed are rejected and all others accepted."""
    heard = Spoken("ABA", _aba(3, 2, "r2")).report("r1", "r2", "r3")
    assert Reply((Verdict("r1", True), Verdict("r2", False, "too late"), Verdict("r3", True))) == heard


@pytest.mark.parametrize(
    "answer",
    [
        _aba(3, 3, "r2"),
        _aba(3, 1, "r2"),
        _aba(2, 1, "r2"),
        _aba(4, 3, "r2"),
        _aba(3, 2, "r9"),
        _aba(3, 1, "r2", "r9"),
        _aba(3, 2, "r2", "r2"),
        _aba(3, 1, "r2", "r2"),
        _aba(0, 0),
    ],
)
def test_aba_decides_nothing_when_the_sums_are_wrong(answer: str) -> None:
    """Where silence means credit, an answer that does not add up credits and rejects nobody."""
    assert Reply() == Spoken("ABA", answer).report("r1", "r2", "r3")


# --- tickets -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("board", TICKETED)
def test_ticket_is_kept_and_decides_nothing(board: str) -> None:
    """A board that answers later is come back to with its ticket."""
    assert Reply(ticket="t7") == Spoken(board, TICKETED[board]).report("r1", "r2")


@pytest.mark.parametrize("board", TICKETED)
def test_empty_ticket_is_none(board: str) -> None:
    """Without a ticket there is nothing to come back with: the question is put anew."""
    assert Reply() == Spoken(board, TICKETED[board].replace("t7", " ")).report("r1")


@pytest.mark.parametrize(("state", "ticket"), [("PENDING", "t7"), ("UNKNOWN", None), ("MAYBE", None)])
def test_abs_is_asked_again_until_it_is_done(state: str, ticket: str | None) -> None:
    """As long as the outcomes are pending the ticket is kept, and whatever stands there does not count."""
    answer = _abs([("r1", "POSTED", "")]).replace("DONE", state)
    assert Reply(ticket=ticket) == Spoken("ABS", answer).collect("r1")


def test_abos_tells_some_now_and_the_others_later() -> None:
    """Decisions count as they come, and the receipt number is kept while some remain."""
    answer = _abos([("r1", "Y", "")])
    later = answer.replace("<remaining>0<", "<remaining>1<")
    assert Reply(accepted("r1"), "t7") == Spoken("ABOS", later).collect("r1", "r2")
    unknown = answer.replace("<remaining>0<", "<remaining>-1<")
    assert Reply(accepted("r1")) == Spoken("ABOS", unknown).collect("r1", "r2")


def test_abpmr_reviews_some() -> None:
    """What is under review has a number to come back with; what is decided counts."""
    told = [("r1", "recorded", ""), ("r2", "under review", "")]
    answer = _abpmr(told).replace("</LogC", "<ReviewNumber>t8</ReviewNumber></LogC")
    assert Reply(accepted("r1"), "t8") == Spoken("ABPMR", answer).report("r1", "r2")
    again = answer.replace("LogCredits", "AskReview")
    assert Reply(accepted("r1"), "t8") == Spoken("ABPMR", again).collect("r1", "r2")


def test_board_without_tickets_has_nothing_to_collect() -> None:
    """Collecting from a board that answers at once asks nothing and brings nothing."""
    spoken = Spoken("ABIM")
    assert (Reply(), []) == (spoken.collect("r1"), spoken.asked)


# --- one record a call -------------------------------------------------------------------------------


def _one(board: str, reference: str, yes: bool) -> str:
    word = {"ABP": ("Declined", "Accepted"), "ABOHNS": ("no", "yes"), "ABTS": ("20", "0")}[board][yes]
    return {
        "ABP": f"<ReportCompletionResponse xmlns='{{ns}}'><Reference>{reference}</Reference>"
        f"<Decision>{word}</Decision><Reason>too late</Reason></ReportCompletionResponse>",
        "ABOHNS": f"<CreditResponse xmlns='{{ns}}' reference='{reference}' outcome='{word}'>"
        "<Note>too</Note><Note>late</Note></CreditResponse>",
        "ABTS": f"<PostCreditResponse xmlns='{{ns}}'><Code>{word}</Code><Message>too late</Message>"
        f"<Reference>{reference}</Reference></PostCreditResponse>",
    }[board]


@pytest.mark.parametrize("board", ONE_A_CALL)
def test_each_record_is_asked_about_in_its_own_call(board: str) -> None:
    """A board that takes one record a call is called once for each, and each gets its own verdict."""
    spoken = Spoken(board, _one(board, "r1", True), _one(board, "r2", False))
    reason = "too; late" if board == "ABOHNS" else "too late"
    assert Reply((Verdict("r1", True), Verdict("r2", False, reason))) == spoken.report("r1", "r2")
    assert 2 == len(spoken.asked)


@pytest.mark.parametrize("board", ONE_A_CALL)
def test_answer_about_another_record_decides_nothing(board: str) -> None:
    """An answer to one call that names another record counts for neither."""
    spoken = Spoken(board, _one(board, "r2", True), _one(board, "r9", True))
    assert Reply() == spoken.report("r1", "r2")


@pytest.mark.parametrize("board", ONE_A_CALL)
def test_one_failed_call_keeps_no_other_from_being_answered(board: str) -> None:
    """A fault about one record leaves that one open; the others are answered."""
    spoken = Spoken(board, FAULT, _one(board, "r2", True), FAULT)
    assert Reply(accepted("r2")) == spoken.report("r1", "r2", "r3")


@pytest.mark.parametrize("board", ONE_A_CALL)
def test_dead_board_is_not_called_for_every_record(board: str) -> None:
    """Three failures in a row end the round; with no answer at all the failure is raised."""
    spoken = Spoken(board, *[FAULT] * 5)
    with pytest.raises(BoardUnavailable):
        spoken.report("r1", "r2", "r3", "r4", "r5")
    assert 3 == len(spoken.asked)
    spoken = Spoken(board, _one(board, "r1", True), *[FAULT] * 4)
    assert (Reply(accepted("r1")), 4) == (spoken.report("r1", "r2", "r3", "r4", "r5"), len(spoken.asked))


@pytest.mark.parametrize(
    ("code", "verdicts"),
    [
        (0, accepted("r1")),
        (1, accepted("r1")),
        (49, (Verdict("r1", False, "too late"),)),
        (60, ()),
        (2, ()),
        (-1, ()),
    ],
)
def test_abts_speaks_in_numbers(code: int, verdicts: tuple[Verdict, ...]) -> None:
    """Only the numbers of the contract decide; all others leave the credit open."""
    answer = _one("ABTS", "r1", True).replace(">0<", f">{code}<")
    assert Reply(verdicts) == Spoken("ABTS", answer).report("r1")


def test_abts_number_stands_for_a_missing_message() -> None:
    """A rejection that says nothing is told by its number."""
    answer = _one("ABTS", "r1", False).replace("<Message>too late</Message>", "")
    assert Reply((Verdict("r1", False, "code 20"),)) == Spoken("ABTS", answer).report("r1")


@pytest.mark.parametrize(
    ("board", "agreed", "word"),
    [("ABP", "Accepted", "accepted"), ("ABOHNS", "yes", "YES"), ("ABOHNS", "yes", "")],
)
def test_unknown_word_about_one_stays_open(board: str, agreed: str, word: str) -> None:
    """A decision in a word that was never agreed on decides nothing."""
    answer = _one(board, "r1", True).replace(agreed, word)
    assert Reply() == Spoken(board, answer).report("r1")


# --- one bad record among many -----------------------------------------------------------------------


def _picky(calls: list[int], *bad: str) -> Callable[[Sequence[Claim]], Reply]:
    """A board that refuses any call with one of these in it."""

    def ask(asked: Sequence[Claim]) -> Reply:
        calls.append(len(asked))
        if any(claim.reference in bad for claim in asked):
            raise BoardRefused
        return Reply(accepted(*(claim.reference for claim in asked)))

    return ask


def test_one_bad_record_keeps_only_itself_open() -> None:
    """A record that makes a board refuse the whole call is found, and the other 99 are answered."""
    calls: list[int] = []
    names = [f"r{number}" for number in range(100)]
    reply = narrowed(claims(*names), _picky(calls, "r41"))
    assert set(names) - {"r41"} == {verdict.reference for verdict in reply.verdicts}
    assert len(calls) < CALLS_TO_NARROW


def test_board_that_refuses_everything_is_not_asked_for_ever() -> None:
    """Where nothing is answered the refusal is raised, after so many calls at most."""
    calls: list[int] = []
    names = [f"r{number}" for number in range(100)]
    with pytest.raises(BoardRefused):
        narrowed(claims(*names), _picky(calls, *names))
    assert CALLS_TO_NARROW == len(calls)


def test_board_that_fails_is_not_asked_about_less() -> None:
    """Only a refusal is narrowed; a board that is away is left alone, with what it said before."""
    calls: list[int] = []

    def ask(asked: Sequence[Claim]) -> Reply:
        calls.append(len(asked))
        raise BoardUnavailable

    with pytest.raises(BoardUnavailable):
        narrowed(claims("r1", "r2", "r3", "r4"), ask)
    assert [4] == calls

    def half(asked: Sequence[Claim]) -> Reply:
        calls.append(len(asked))
        if len(asked) == 4:
            raise BoardRefused
        return Reply(accepted("r1", "r2")) if asked[0].reference == "r1" else ask(asked)

    assert Reply(accepted("r1", "r2")) == narrowed(claims("r1", "r2", "r3", "r4"), half)


def test_narrowing_ends_with_a_ticket() -> None:
    """What is left when a board gives a ticket stays open until that is collected."""
    told: Iterator[Reply | BoardRefused] = iter([BoardRefused(), Reply(ticket="t7")])

    def ask(asked: Sequence[Claim]) -> Reply:
        said = next(told)
        if isinstance(said, Reply):
            return said
        raise said

    assert Reply(ticket="t7") == narrowed(claims("r1", "r2"), ask)


# --- withdrawals -------------------------------------------------------------------------------------


def _said(operation: str, inner: str) -> str:
    return f"<{operation}Response xmlns='{{ns}}'>{inner}</{operation}Response>"


def _two(operation: str, inner: str, first: str, second: str) -> tuple[str, ...]:
    """The answers to two calls, about r1 and r2, with another word each."""
    return tuple(
        _said(operation, inner.format(ref=ref, word=word)) for ref, word in (("r1", first), ("r2", second))
    )


def _unqualified(answer: str) -> str:
    return answer.replace("<Rec", "<b:Rec").replace("</Rec", "</b:Rec").replace("xmlns=", "xmlns:b=")


ABA_SAYS = "<Reference>{ref}</Reference><Revoked>{word}</Revoked>"
ABOS_SAYS = "<yourReference>{ref}</yourReference><reclaimed>{word}</reclaimed>"
ABP_SAYS = "<Reference>{ref}</Reference><Outcome>{word}</Outcome>"
ABS_SAYS = "<Retraction><SubmissionRef>{ref}</SubmissionRef><Status>{word}</Status></Retraction>"
ABTS_SAYS = "<Code>{word}</Code><Reference>{ref}</Reference>"
WITHDRAWALS: dict[str, tuple[str, ...]] = {
    "ABA": _two("RevokePoints", ABA_SAYS, "true", "0"),
    "ABIM": (
        _said("WithdrawCredits", "<Withdrawn>r1</Withdrawn><Withdrawn>r9</Withdrawn><NotHeld>r2</NotHeld>"),
    ),
    "ABOHNS": (
        "<CancelResponse xmlns='{ns}' reference='r1' outcome='cancelled'/>",
        "<CancelResponse xmlns='{ns}' reference='r2' outcome='none'/>",
    ),
    "ABOS": tuple(map(_unqualified, _two("Reclaim", ABOS_SAYS, "Y", "N"))),
    "ABP": _two("WithdrawCompletion", ABP_SAYS, "Withdrawn", "Unknown"),
    "ABPATH": (_said("DeleteItems", "<Gone><Key>r1</Key><Key>r2</Key></Gone>"),),
    "ABPMR": (
        _said(
            "EraseCredits",
            "<Standing ref='r1'>removed</Standing><Standing ref='r2'>never recorded</Standing>",
        ),
    ),
    "ABS": (
        _said(
            "RetractCredits",
            ABS_SAYS.format(ref="r1", word="RETRACTED") + ABS_SAYS.format(ref="r2", word="NOT FOUND"),
        ),
    ),
    "ABTS": _two("VoidCredit", ABTS_SAYS, "0", "20"),
}


@pytest.mark.parametrize("board", WITHDRAWALS)
def test_withdrawn_and_never_held_are_both_gone(board: str) -> None:
    """A withdrawal is done where the credit does not count, be it that it never did."""
    assert set(accepted("r1", "r2")) == set(Spoken(board, *WITHDRAWALS[board]).withdraw("r1", "r2").verdicts)


@pytest.mark.parametrize("board", WITHDRAWALS)
def test_withdrawal_of_another_stays_open(board: str) -> None:
    """A withdrawal that is not confirmed by its own reference is not done."""
    answers = [answer.replace("r1", "r8").replace("r2", "r8") for answer in WITHDRAWALS[board]]
    assert () == Spoken(board, *answers).withdraw("r1", "r2").verdicts


def test_every_board_is_tested_here() -> None:
    """No board is without its examples."""
    assert set(ADAPTERS) == {*DIALECTS, *ONE_A_CALL, "ABA"} == set(WITHDRAWALS)


# --- what is asked -----------------------------------------------------------------------------------

EMPTY = {
    "ABA": _aba(1, 1),
    "ABIM": _abim([]),
    "ABPATH": _abpath([]),
    "ABPMR": _abpmr([]),
    **TICKETED,
    **{board: _one(board, "r1", True) for board in ONE_A_CALL},
}
# What each contract makes of birthday, points, day and type of credit; all else goes as it is.
SPELLED = {
    "ABA": ("2", "29", "1.25", "2026-03-09"),
    "ABIM": ("0229", "MK", "1.25", "2026-03-09"),
    "ABOHNS": ("29/02", "1.25", "2026-03-09"),
    "ABOS": ("02-29", "5", "2026-03-09"),
    "ABP": ("2", "29", "1.25", "2026-03-09", "Lifelong Learning"),
    "ABPATH": ("--02-29", "1.25", "2026-03-09"),
    "ABPMR": ("2", "29", "75", "2026-03-09"),
    "ABS": ("02/29", "SA", "1.25", "20260309"),
    "ABTS": ("2", "29", "1.25", "2026-03-09"),
}


def _values(element: etree._Element) -> Iterator[str]:
    for each in element.iter("*"):
        yield from (str(value) for value in each.attrib.values())
        yield from filter(None, (each.text or "",))


@pytest.mark.parametrize("board", ADAPTERS)
def test_question_carries_everything(board: str) -> None:
    """Each question has reference, id, names, birthday, activity, provider, type, points and day."""
    spoken = Spoken(board, EMPTY[board])
    spoken.adapter.report(spoken.line, (replace(CLAIM, credit_type=TYPES.get(board, "Patient Safety")),))
    values = list(_values(spoken.asked[0]))
    assert {"r1", "900001", "202600001", "0001234", "Hearts & <Minds>", *SPELLED[board]} <= set(values)
    assert all(re.search(name, " ".join(values)) for name in (r"Zarathustra\b", r"\bQ\b", "Quux"))


def test_type_is_told_by_its_own_name_whichever_spelling_was_used() -> None:
    """A registration's label and any case stand for the board's own name of the type."""
    spoken = Spoken("ABPATH", EMPTY["ABPATH"])
    spoken.adapter.report(spoken.line, (replace(CLAIM, credit_type="lifelong learning (cme)"),))
    assert "Lifelong Learning" in list(_values(spoken.asked[0]))


# --- the data ----------------------------------------------------------------------------------------


def test_boards_are_the_nine_of_the_collaboration() -> None:
    """All nine are there, under their wire acronyms, in order."""
    assert ["ABA", "ABIM", "ABOHNS", "ABOS", "ABP", "ABPATH", "ABPMR", "ABS", "ABTS"] == list(BOARDS)
    assert {"ABIM"} == {name for name, board in BOARDS.items() if board.id_shape}
    assert {"ABP"} == {name for name, board in BOARDS.items() if board.one_report}


def test_bare_names_and_labels_are_unique() -> None:
    """No spelling stands for two types of one board."""
    for board in BOARDS.values():
        spellings = [word.casefold() for type in board.credit_types for word in (type.name, *type.also)]
        assert len(set(spellings)) == len(spellings) > 0


@pytest.mark.parametrize(
    ("board", "day", "takes"),
    [
        ("ABPMR", date(2024, 12, 31), False),
        ("ABPMR", date(2025, 1, 1), True),
        ("ABPMR", None, True),
        ("ABS", date(2021, 2, 28), False),
        ("ABIM", date(1999, 1, 1), True),
        ("ABXX", None, False),
        (None, None, False),
    ],
)
def test_board_takes_part_from_its_day_on(board: str | None, day: date | None, takes: bool) -> None:
    """A board takes part for activities that start within its dates, a text that is no board never."""
    assert takes is takes_part(board, day, day)


@pytest.mark.parametrize(
    ("board", "first", "last", "takes"),
    [
        ("ABS", date(2021, 2, 15), date(2024, 2, 14), True),
        ("ABS", date(2021, 2, 28), date(2021, 3, 1), True),
        ("ABS", date(2020, 3, 1), date(2021, 2, 28), False),
        ("ABS", date(2021, 2, 15), None, True),
        ("ABPMR", date(2024, 12, 31), date(2025, 1, 2), False),
    ],
)
def test_what_runs_on_when_a_board_joins(board: str, first: date, last: date | None, takes: bool) -> None:
    """ABS joined on a day, so what ran on then can be registered with it; ABPMR takes what starts."""
    assert takes is takes_part(board, first, last)


def test_catalogue_is_plain_data() -> None:
    """The catalogue can be written as JSON, and each contract it names is there."""
    rows = catalogue()
    assert rows == json.loads(json.dumps(rows))
    assert all((files("wsdl") / row["wsdl"].removeprefix("wsdl/")).is_file() for row in rows)


@pytest.mark.parametrize("board", ADAPTERS)
def test_contract_says_that_it_is_invented(board: str) -> None:
    """Nobody can take a contract for the board's own, and each says how many records a call may have."""
    text = (files("wsdl") / "boards" / ADAPTERS[board].wsdl).read_text("utf-8")
    assert 2 == len(re.findall(r"[Ii]nvented by the\s+cme-gateway project", text))
    assert re.search(rf"most records a call: (1|{ADAPTERS[board].most})\.", text)
    assert "schemaLocation" not in text
