"""The boards that take one record a call: ABP, ABOHNS and ABTS."""

from __future__ import annotations

from collections.abc import Callable

from gateway.simulators.contract import (
    Answer,
    Contract,
    Element,
    Maker,
    fields,
    month_day,
    reference_told,
    single_word,
)
from gateway.simulators.desk import Desk, Said
from gateway.simulators.magic import Reason, Record

_abp, _abohns, _abts = Maker("ABP"), Maker("ABOHNS"), Maker("ABTS")


def _why(said: Said) -> str | None:
    return said.rulings[0].reason if said.rulings else None


# --- ABP: elements, and a decision in a word ------------------------------------------------------------


def _report_completion(desk: Desk, call: Element) -> Answer:
    sent = fields(call)
    record = Record(
        sent["Reference"],
        sent["DiplomateId"],
        f"{sent.get('GivenName', '')} {sent.get('FamilyName', '')}",
        month_day(sent["BirthMonth"], sent["BirthDay"]),
        sent["ActivityId"],
        sent["CreditType"],
    )
    said = desk.report([record])
    answer = _abp.ReportCompletionResponse(
        _abp.Reference(reference_told(said, record.reference)),
        _abp.Decision(single_word(said, "Accepted", "Declined")),
        *([_abp.Reason(why)] if (why := _why(said)) else []),
    )
    return answer, said.mishap


def _withdraw_completion(desk: Desk, call: Element) -> Answer:
    (done,), mishap = desk.withdraw([fields(call)["Reference"]])
    outcome = _abp.Outcome("Withdrawn" if done.held else "Unknown")
    return _abp.WithdrawCompletionResponse(_abp.Reference(done.reference), outcome), mishap


ABP = Contract("ABP", {"ReportCompletion": _report_completion, "WithdrawCompletion": _withdraw_completion})


# --- ABOHNS: everything in attributes ----------------------------------------------------------------------


def _credit(desk: Desk, call: Element) -> Answer:
    sent = fields(call)
    day, _, month = sent["birthday"].partition("/")
    record = Record(
        sent["reference"],
        sent["abohnsId"],
        f"{sent['given']} {sent['family']}",
        month_day(month, day),
        sent["activity"],
        sent["part"],
    )
    said = desk.report([record])
    answer = _abohns.CreditResponse(
        *([_abohns.Note(why)] if (why := _why(said)) else []),
        reference=reference_told(said, record.reference),
        outcome=single_word(said, "yes", "no"),
    )
    return answer, said.mishap


def _cancel(desk: Desk, call: Element) -> Answer:
    (done,), mishap = desk.withdraw([fields(call)["reference"]])
    outcome = "cancelled" if done.held else "none"
    return _abohns.CancelResponse(reference=done.reference, outcome=outcome), mishap


ABOHNS = Contract("ABOHNS", {"Credit": _credit, "Cancel": _cancel})


# --- ABTS: answered by numbers -------------------------------------------------------------------------

POSTED, POSTED_BEFORE, NOT_DECIDED, NO_SUCH_CODE = "0", "1", "60", "5"
VOIDED, VOIDED_BEFORE, NOTHING_TO_VOID = "0", "1", "20"
NOT_POSTED = {str(reason): str(number) for number, reason in enumerate(Reason, 20)}


def _post_credit(desk: Desk, call: Element) -> Answer:
    sent, surgeon, activity = fields(call), fields(call[1]), fields(call[2])
    family, _, given = surgeon["FullName"].partition(",")
    record = Record(
        sent["Reference"],
        surgeon["AbtsId"],
        f"{given} {family}",
        month_day(surgeon["BirthMonth"], surgeon["BirthDay"]),
        activity["Number"],
        sent["Category"],
    )
    said = desk.report([record])
    return _numbered(_abts.PostCreditResponse, _code(said), said, record.reference), said.mishap


def _code(said: Said) -> str:
    if len(said.rulings) != 1:
        return NOT_DECIDED
    (ruling,) = said.rulings
    posted = POSTED_BEFORE if ruling.again else POSTED
    code = single_word(said, posted, NOT_POSTED.get(ruling.reason or "", ""))
    return code if code.isdecimal() else NO_SUCH_CODE


def _numbered(response: Callable[..., Element], code: str, said: Said, reference: str) -> Element:
    message = [_abts.Message(why)] if (why := _why(said)) else []
    return response(_abts.Code(code), *message, _abts.Reference(reference_told(said, reference)))


def _void_credit(desk: Desk, call: Element) -> Answer:
    (done,), mishap = desk.withdraw([fields(call)["Reference"]])
    voided = VOIDED_BEFORE if done.again else VOIDED
    code = voided if done.held else NOTHING_TO_VOID
    return _abts.VoidCreditResponse(_abts.Code(code), _abts.Reference(done.reference)), mishap


ABTS = Contract("ABTS", {"PostCredit": _post_credit, "VoidCredit": _void_credit})
