"""The operations on learners, as elements."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from lxml import etree

from gateway import answers, operations, rules
from gateway.errors import Malformed
from gateway.matching import UNMATCHED
from gateway.operations import LearnerQuery, Search
from gateway.records import (
    Board,
    Completion,
    Finding,
    Identifier,
    Learner,
    Match,
    Place,
    PlaceOf,
    StoredCredit,
    replace,
)
from gateway.rules import CompletionContext
from gateway.service.parameters import Row
from gateway.service.request import Request
from gateway.vocabulary import US_STATES, state_named

Element = etree._Element

NAMES = {"given_names": "FirstName", "family_names": "LastName", "birthday": "BirthDate"}
NUMBERED = re.compile(r"identifiers\[(\d+)\]")
# Names, birthday and state will do here, and whose number it is stands in an element of its own.
WITHOUT_NUMBER, NO_KIND = "L201", "L204"
LICENCE, NPI, BOARD_ID = "LicenseId", "NPI", "BoardId"
STATE, BOARD = "StateOfLicensure", "Board"


def save_learner_activity(request: Request) -> Element:
    """SaveLearnerActivity: one or many completions, in any supported payload version."""
    return request.saved(operations.save_learner_activity)


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
        domain=(request.get("LearnerIdDomain") or "").rpartition(":")[2] or None,
        birthday=request.get("BirthDate"),
        completed_on=request.day("CompletionDate"),
    )
    gateway = request.gateway
    credits = operations.get_status_by_learner(request.proven(), query, gateway.store, gateway.terms)
    return request.answered({"LearnerCredit": [_credit(credit) for credit in credits]})


def get_learner_match(request: Request) -> Element:
    """GetLearnerMatch: whether the register knows each learner as one person."""
    rows, gateway = request.rows, request.gateway
    if len(rows) > gateway.limits.max_records:
        most = f"{gateway.limits.max_records:,}"
        raise Malformed(f"A call may ask for {most} learners.", remedy="Send them in several calls.")
    found = {number: _wrong(number, row, request) for number, row in enumerate(rows, 1)}
    sound = [number for number, wrong in found.items() if not any(one.blocks for one in wrong)]
    matched = operations.get_learner_match(
        request.proven(), [_learner(rows[number - 1].texts) for number in sound], gateway.store, gateway.terms
    )
    matches = dict(zip(sound, matched, strict=True))
    return request.answered({"Match": [_match(n, matches.get(n, UNMATCHED), found[n]) for n in found]})


def find_learners(request: Request) -> Element:
    """FindLearners: the provider's learners' credits, in pages."""
    search = Search(
        last_name=request.get("LastName"),
        submitted_from=request.day("SubmittedFrom"),
        submitted_until=request.day("SubmittedUntil"),
        activity_title=request.get("ActivityTitle"),
        activity_id=request.get("ActivityId"),
        status=request.get("Status"),
        size=int(request.get("PageSize") or operations.USUAL_PAGE),
        page=request.get("PageToken"),
    )
    gateway = request.gateway
    page = operations.find_learners(request.proven(), search, gateway.store, gateway.terms)
    return request.answered(
        {
            "Count": len(page.credits),
            "Learner": [_found(credit) for credit in page.credits],
            "NextPageToken": page.next,
        }
    )


# --- what was asked ------------------------------------------------------------------------------------


def _learner(row: Mapping[str, str]) -> Learner:
    birthday = operations.BIRTHDAY.match(row.get("BirthDate", ""))
    return Learner(
        given_names=_said(row.get("FirstName")),
        family_names=_said(row.get("LastName")),
        suffix=row.get("Suffix") or None,
        birthday=birthday[1] if birthday else row.get("BirthDate") or None,
        identifiers=tuple(_identifiers(row).values()),
    )


def _identifiers(row: Mapping[str, str]) -> dict[str, Identifier]:
    """What is known of a learner by the element of its number; a state may do without one."""
    known = {
        LICENCE: Identifier(state_named(row.get(STATE)), row.get(LICENCE) or None),
        NPI: Identifier(NPI, row.get(NPI) or None),
        BOARD_ID: Identifier(_board(row.get(BOARD)), row.get(BOARD_ID) or None),
    }
    return {name: one for name, one in known.items() if one.value or (name == LICENCE and one.domain)}


def _board(said: str | None) -> str | None:
    """A board's acronym; what also stands before other numbers is none."""
    acronym = (said or "").upper()
    return None if acronym in ("", NPI) or acronym in US_STATES else acronym


def _said(text: str | None) -> tuple[str, ...]:
    return (text,) if text else ()


# --- what is told --------------------------------------------------------------------------------------


def _wrong(number: int, row: Row, request: Request) -> list[Finding]:
    """What is wrong with a learner as they are asked about: by shape, or else by the rules of those who are
    reported."""
    return [*row.findings, *(_judged(number, row, request) if row.sound else ())]


def _judged(number: int, row: Row, request: Request) -> list[Finding]:
    gateway = request.gateway
    boards, newest = gateway.terms.boards, gateway.reader.newest("learner").number
    context = CompletionContext(today=request.today(), version=newest, boards=boards)
    # A state alone will do.
    judged = {name: one for name, one in _identifiers(row.texts).items() if one.value}
    path = f"/svc:GetLearnerMatch/svc:Learner[{number}]"

    def place(field: str) -> Place:
        name = _named(field, tuple(judged))
        return Place(f"{path}/svc:{name}", row.lines.get(name, row.line), field=name)

    said = replace(_learner(row.texts), identifiers=tuple(judged.values()))
    found = rules.judge(Completion(learner=said), context, place)
    told = [one for one in found if one.code.startswith("L") and one.code not in (WITHOUT_NUMBER, NO_KIND)]
    return list(rules.told([*told, *_whose(row.texts, boards, place)]))


def _whose(row: Mapping[str, str], boards: Mapping[str, Board], place: PlaceOf) -> Iterator[Finding]:
    """A licence is of a state and a board's number of a board, each said in its own element."""
    state, board = row.get(STATE), row.get(BOARD)
    if (state or row.get(LICENCE)) and state_named(state) is None:
        yield rules.finding("L903", place(STATE), "" if state else f"{STATE} is not given.")
    if row.get(BOARD_ID) and _board(board) not in boards:
        yield rules.finding("L904", place(BOARD), "" if board else f"{BOARD} is not given.")


def _named(field: str, numbers: Sequence[str]) -> str:
    """What a field of a learner with these `numbers` is called where learners are matched."""
    position = NUMBERED.match(field)
    return NAMES.get(field, field) if position is None else numbers[int(position[1])]


def _match(number: int, match: Match, found: Sequence[Finding]) -> answers.Told:
    return {
        "RecordNumber": number,
        "Outcome": match.kind,
        "DisagreeingField": list(match.fields),
        "Finding": answers.findings(found),
    }


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
