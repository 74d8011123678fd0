"""The boards that take many records a call and decide in the answer: ABIM, ABA and ABPATH."""

from __future__ import annotations

from lxml import etree

from gateway.simulators.contract import (
    PERHAPS,
    Answer,
    Contract,
    Element,
    Maker,
    fields,
    month_day,
    texts,
    word,
)
from gateway.simulators.desk import Desk, Ruling, Said
from gateway.simulators.magic import Oddity, Record

_abim, _aba, _abpath = Maker("ABIM"), Maker("ABA"), Maker("ABPATH")


# --- ABIM: a verdict for each, the last first ------------------------------------------------------------


VERDICT, REFERENCE, ACCEPTED, REASON = (
    f"{{urn:cme-gateway:board:abim:1}}{name}" for name in ("Verdict", "Reference", "Accepted", "Reason")
)


def _report_credits(desk: Desk, call: Element) -> Answer:
    said = desk.report([_abim_record(*texts(record)[:9]) for record in call])
    answer = _abim.ReportCreditsResponse()
    for ruling in reversed(said.rulings):
        _add_verdict(answer, ruling)
    return answer, said.mishap


def _abim_record(
    reference: str,
    board_id: str,
    first: str,
    last: str,
    birthday: str,
    activity_id: str,
    title: str,
    provider: str,
    code: str,
) -> Record:
    born = f"{birthday[:2]}-{birthday[2:]}"
    return Record(reference, board_id, f"{first} {last}", born, activity_id, code)


def _add_verdict(answer: Element, ruling: Ruling) -> None:
    """Written out, since this is the board that speed is measured with."""
    verdict = etree.SubElement(answer, VERDICT)
    etree.SubElement(verdict, REFERENCE).text = ruling.reference
    etree.SubElement(verdict, ACCEPTED).text = word(ruling, "true", "false")
    if ruling.reason:
        etree.SubElement(verdict, REASON).text = ruling.reason


def _withdraw_credits(desk: Desk, call: Element) -> Answer:
    done, mishap = desk.withdraw(texts(call))
    withdrawn = [_abim.Withdrawn(one.reference) for one in done if one.held]
    not_held = [_abim.NotHeld(one.reference) for one in done if not one.held]
    return _abim.WithdrawCreditsResponse(*withdrawn, *not_held), mishap


ABIM = Contract("ABIM", {"ReportCredits": _report_credits, "WithdrawCredits": _withdraw_credits})


# --- ABA: a count, and what was not credited ---------------------------------------------------------------


def _submit_points(desk: Desk, call: Element) -> Answer:
    said = desk.report([_aba_record(entry) for entry in call])
    rejections = [
        _aba.Rejection(ruling.reason or "", reference=ruling.reference)
        for ruling in said.rulings
        if not ruling.accepted
    ]
    received, credited = _counts(said, len(rejections))
    answer = _aba.SubmitPointsResponse(
        _aba.Received(str(received)), _aba.Credited(str(credited)), *rejections
    )
    return answer, said.mishap


def _counts(said: Said, rejected: int) -> tuple[int, int]:
    """How many were received and credited; oddities can show in nothing else here."""
    received = len({ruling.reference for ruling in said.rulings})
    credited = len(said.rulings) - rejected
    odd = {ruling.oddity for ruling in said.rulings}
    if Oddity.MISNAMED in odd:  # what another sender should have been told
        return received + 1, credited + 1
    if Oddity.UNHEARD_OF in odd:
        return received, -1
    return received, credited


def _aba_record(entry: Element) -> Record:
    sent, physician, course = fields(entry), fields(entry[0]), fields(entry[1])
    return Record(
        sent["reference"],
        physician["AbaId"],
        f"{physician['Forenames']} {physician['Surname']}",
        month_day(physician["MonthOfBirth"], physician["DayOfBirth"]),
        course["CourseId"],
        sent["PointType"],
    )


def _revoke_points(desk: Desk, call: Element) -> Answer:
    (done,), mishap = desk.withdraw([fields(call)["Reference"]])
    revoked = _aba.Revoked(str(done.held).lower())
    return _aba.RevokePointsResponse(_aba.Reference(done.reference), revoked), mishap


ABA = Contract("ABA", {"SubmitPoints": _submit_points, "RevokePoints": _revoke_points})


# --- ABPATH: two lists -------------------------------------------------------------------------------------


def _report_items(desk: Desk, call: Element) -> Answer:
    said = desk.report([_abpath_record(fields(item)) for item in call])
    told = [ruling for ruling in said.rulings if word(ruling, "", "") != PERHAPS]
    credited = [_abpath.Key(ruling.reference) for ruling in told if ruling.accepted]
    refused = [
        _abpath.Refusal(_abpath.Because(ruling.reason or ""), _abpath.Key(ruling.reference))
        for ruling in told
        if not ruling.accepted
    ]
    answer = _abpath.ReportItemsResponse()
    if credited:
        answer.append(_abpath.Credited(*credited))
    if refused:
        answer.append(_abpath.NotCredited(*refused))
    return answer, said.mishap


def _abpath_record(sent: dict[str, str]) -> Record:
    return Record(
        sent["Key"],
        sent["AbpathId"],
        sent["Name"],
        sent["BornOn"].removeprefix("--"),
        sent["Activity"],
        sent["Kind"],
    )


def _delete_items(desk: Desk, call: Element) -> Answer:
    done, mishap = desk.withdraw(texts(call))
    gone = _abpath.Gone(*(_abpath.Key(one.reference) for one in done))
    return _abpath.DeleteItemsResponse(gone), mishap


ABPATH = Contract("ABPATH", {"ReportItems": _report_items, "DeleteItems": _delete_items})
