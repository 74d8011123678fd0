"""The boards that may answer later: ABS and ABOS always, ABPMR for what it puts under review."""

from __future__ import annotations

from collections.abc import Callable

from gateway.simulators.contract import Answer, Contract, Element, Maker, fields, month_day, texts, word
from gateway.simulators.desk import Desk, Ruling, Said
from gateway.simulators.magic import Record

_abs, _abos, _abpmr = Maker("ABS"), Maker("ABOS"), Maker("ABPMR")
_bare = Maker("ABOS", qualified=False)


# --- ABS: a ticket, and all outcomes at once when they are there --------------------------------------------


def _submit_credits(desk: Desk, call: Element) -> Answer:
    said = desk.take_in([_abs_record(submission) for submission in call], at_once=False)
    return _abs.SubmitCreditsResponse(_abs.Ticket(said.ticket or "")), said.mishap


def _abs_record(submission: Element) -> Record:
    sent, surgeon, activity = fields(submission), fields(submission[1]), submission[2]
    return Record(
        sent["SubmissionRef"],
        surgeon["absId"],
        f"{surgeon['First']} {surgeon['Last']}",
        surgeon["BirthMonthDay"].replace("/", "-"),
        activity.get("id", ""),
        sent["TypeCode"],
    )


def _fetch_outcomes(desk: Desk, call: Element) -> Answer:
    said = desk.collect(fields(call)["Ticket"])
    if said is None:
        return _abs.FetchOutcomesResponse(_abs.State("UNKNOWN")), None
    if said.remaining:
        return _abs.FetchOutcomesResponse(_abs.State("PENDING")), said.mishap
    outcomes = map(_outcome, said.rulings)
    return _abs.FetchOutcomesResponse(_abs.State("DONE"), *outcomes), said.mishap


def _outcome(ruling: Ruling) -> Element:
    outcome = _abs.Outcome(
        _abs.SubmissionRef(ruling.reference), _abs.Status(word(ruling, "POSTED", "NOT POSTED"))
    )
    if ruling.reason:
        outcome.append(_abs.Explanation(ruling.reason))
    return outcome


def _retract_credits(desk: Desk, call: Element) -> Answer:
    done, mishap = desk.withdraw(texts(call))
    retractions = (
        _abs.Retraction(
            _abs.SubmissionRef(one.reference), _abs.Status("RETRACTED" if one.held else "NOT FOUND")
        )
        for one in done
    )
    return _abs.RetractCreditsResponse(*retractions), mishap


ABS = Contract(
    "ABS",
    {
        "SubmitCredits": _submit_credits,
        "FetchOutcomes": _fetch_outcomes,
        "RetractCredits": _retract_credits,
    },
)


# --- ABOS: a receipt number, and decisions as they come -----------------------------------------------------


def _deposit(desk: Desk, call: Element) -> Answer:
    said = desk.take_in([_abos_record(fields(credit)) for credit in call], at_once=False)
    return _abos.DepositResponse(_bare.receiptNumber(said.ticket or "")), said.mishap


def _abos_record(sent: dict[str, str]) -> Record:
    return Record(
        sent["yourReference"],
        sent["abosId"],
        f"{sent.get('givenName', '')} {sent.get('familyName', '')}",
        sent["birthday"],
        sent["activityNumber"],
        sent["creditType"],
    )


def _collect(desk: Desk, call: Element) -> Answer:
    said = desk.collect(fields(call)["receiptNumber"])
    if said is None:
        return _abos.CollectResponse(_bare.remaining("-1")), None
    remaining = _bare.remaining(str(said.remaining))
    return _abos.CollectResponse(remaining, *map(_decision, said.rulings)), said.mishap


def _decision(ruling: Ruling) -> Element:
    decision = _bare.decision(_bare.granted(word(ruling, "Y", "N")))
    if ruling.reason:
        decision.append(_bare.remark(ruling.reason))
    decision.append(_bare.yourReference(ruling.reference))
    return decision


def _reclaim(desk: Desk, call: Element) -> Answer:
    (done,), mishap = desk.withdraw([fields(call)["yourReference"]])
    reclaimed = _bare.reclaimed("Y" if done.held else "N")
    return _abos.ReclaimResponse(_bare.yourReference(done.reference), reclaimed), mishap


ABOS = Contract("ABOS", {"Deposit": _deposit, "Collect": _collect, "Reclaim": _reclaim})


# --- ABPMR: most at once, some under review --------------------------------------------------------------

RECORDED, REFUSED, REMOVED, NEVER_RECORDED = "recorded", "refused", "removed", "never recorded"


def _log_credits(desk: Desk, call: Element) -> Answer:
    said = desk.take_in([_abpmr_record(entry) for entry in call], at_once=True)
    return _standings(_abpmr.LogCreditsResponse, said), said.mishap


def _abpmr_record(entry: Element) -> Record:
    diplomate = entry[1]
    sent, person = fields(entry), fields(diplomate)
    return Record(
        sent["ref"],
        person["abpmrId"],
        f"{person.get('Given', '')} {person.get('Family', '')}",
        month_day(person["birthMonth"], person["birthDay"]),
        sent["activity"],
        sent["type"],
    )


def _ask_review(desk: Desk, call: Element) -> Answer:
    said = desk.collect(fields(call)["ReviewNumber"]) or Said([])
    return _standings(_abpmr.AskReviewResponse, said), said.mishap


def _standings(response: Callable[..., Element], said: Said) -> Element:
    answer = response(*map(_standing, said.rulings))
    if said.remaining:
        answer.append(_abpmr.ReviewNumber(said.ticket or ""))
    return answer


def _standing(ruling: Ruling) -> Element:
    why = {"why": ruling.reason} if ruling.reason else {}
    return _abpmr.Standing(word(ruling, RECORDED, REFUSED), ref=ruling.reference, **why)


def _erase_credits(desk: Desk, call: Element) -> Answer:
    done, mishap = desk.withdraw(texts(call))
    standings = (_abpmr.Standing(REMOVED if one.held else NEVER_RECORDED, ref=one.reference) for one in done)
    return _abpmr.EraseCreditsResponse(*standings), mishap


ABPMR = Contract(
    "ABPMR", {"LogCredits": _log_credits, "AskReview": _ask_review, "EraseCredits": _erase_credits}
)
