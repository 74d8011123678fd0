"""The operations on a provider's year, as elements."""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from gateway import answers, operations
from gateway.records import (
    Activity,
    Checked,
    Figures,
    Finding,
    FormatFigures,
    Place,
    ProgramSummary,
    Status,
    Step,
)
from gateway.rules import finding
from gateway.service.request import Request

Element = etree._Element

NAMES = {
    Status.DRAFT: "Drafts",
    Status.ACTIVE: "Active",
    Status.READY_TO_CLOSE: "ReadyToClose",
    Status.CLOSED: "Closed",
}


def get_program_summary(request: Request) -> Element:
    """GetProgramSummary: how a year stands, what is left to do, and its figures."""
    gateway = request.gateway
    summary = operations.get_program_summary(request.proven(), _year(request), gateway.store, gateway.terms)
    changed = (finding("P910"),) if summary.changed else ()
    return request.answered(_summary(summary, (*request.notices, *changed)))


def accept_agreement(request: Request) -> Element:
    """AcceptAgreement: the annual agreement of a year."""
    return request.done(operations.accept_agreement, *_said(request))


def submit_program_summary(request: Request) -> Element:
    """SubmitProgramSummary: the end of a year's reporting."""
    return request.done(operations.submit_program_summary, *_said(request))


def _said(request: Request) -> tuple[int, Place, bool]:
    """The year, where it stands, and whether the contacts were reviewed."""
    return _year(request), request.place("Year"), request.asks("ContactsReviewed")


def _year(request: Request) -> int:
    return int(request.parameters["Year"])


# --- what is told ------------------------------------------------------------------------------------


def _summary(summary: ProgramSummary, findings: Iterable[Finding]) -> answers.Told:
    submitted = next((one.taken for one in summary.steps if one.step is Step.SUMMARY), None)
    return {
        "Year": summary.year,
        "DueDate": summary.due,
        "Overdue": summary.overdue,
        "SubmittedAt": submitted.at if submitted else None,
        "SubmittedBy": submitted.user if submitted else None,
        "Step": [_step(one) for one in summary.steps],
        "Figures": _figures(summary.figures),
        "Finding": answers.findings(findings),
    }


def _step(checked: Checked) -> answers.Told:
    taken = checked.taken
    return {
        "Name": checked.step,
        "Done": checked.done,
        "TakenAt": taken.at if taken else None,
        "TakenBy": taken.user if taken else None,
        "OpenActivities": checked.open or None,
        "OpenActivity": [_open(activity, status) for activity, status in checked.activities],
        "Finding": answers.findings(checked.findings),
    }


def _open(activity: Activity, status: Status) -> answers.Told:
    return {
        "ActivityId": activity.activity_id,
        "ProviderActivityId": activity.provider_activity_id,
        "Title": activity.title,
        "Status": status,
    }


def _figures(figures: Figures) -> answers.Told:
    return {
        "Activities": figures.activities,
        "Physicians": figures.physicians,
        "OtherLearners": figures.other_learners,
        "HoursOfInstruction": f"{figures.hours:f}",
        "CommercialSupport": figures.support,
        "SupportedInKind": figures.supported_in_kind,
        "Credit": [
            {"Certification": one.certification, "Activities": one.activities, "Amount": f"{one.amount:f}"}
            for one in figures.credits
        ],
        "Format": [_format(one) for one in figures.formats],
    }


def _format(figures: FormatFigures) -> answers.Told:
    return {
        "Name": figures.format,
        "Activities": figures.activities,
        **{NAMES[status]: number for status, number in figures.statuses},
        "Physicians": figures.physicians,
        "OtherLearners": figures.other_learners,
    }
