"""The operations on activities, and on the receipts of any call, as elements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from lxml import etree

from gateway import answers, operations
from gateway.amending import naming
from gateway.errors import Malformed
from gateway.operations import ActivitySearch, ActivityView, Call, Copy, Counted, Terms
from gateway.records import ActivityEntry, Finding, Place, PlaceOf, Receipt, replace
from gateway.service.parameters import Row
from gateway.service.request import Request
from gateway.store import Store

Element = etree._Element

IDS = {"activity_id": "ActivityId", "provider_activity_id": "ProviderActivityId"}
NAMES: Mapping[str, Mapping[str, str]] = {
    "UpdateLearnerCounts": {
        "physicians": "Physicians",
        "other_learners": "OtherLearners",
        "as_of": "AsOf",
    },
    "CopyActivity": {
        operations.OF_THE_COPY: "NewProviderActivityId",
        "title": "Title",
        "start_date": "StartDate",
        "end_date": "EndDate",
    },
}
"""What is a parameter of an operation, by the name its finding has."""


def save_activity(request: Request) -> Element:
    """SaveActivity: one or many activities, in any supported payload version."""
    return request.saved(partial(_save, request.gateway.limits.max_records))


def get_activity(request: Request) -> Element:
    """GetActivity: one activity in the endpoint's payload version."""
    return _activity(request, request.version.activity)


def get_activity_as(request: Request) -> Element:
    """GetActivityAs: one activity in any payload version."""
    return _activity(request, request.get("PayloadVersion") or "")


def find_activities(request: Request) -> Element:
    """FindActivities: the provider's activities, in pages."""
    search = ActivitySearch(
        year=_whole(request.get("Year")),
        status=request.get("Status"),
        format=request.get("Format"),
        title=request.get("Title"),
        first=request.day("DateFrom"),
        last=request.day("DateUntil"),
        board=request.get("Board"),
        repeats_of=request.get("RepeatsOf"),
        size=int(request.get("PageSize") or operations.USUAL_PAGE),
        page=request.get("PageToken"),
    )
    gateway = request.gateway
    page = operations.find_activities(request.proven(), search, gateway.store, gateway.terms)
    return request.answered(
        {
            "Count": len(page.activities),
            "Activity": [_found(view, gateway.reader.label) for view in page.activities],
            "NextPageToken": page.next,
        }
    )


def update_learner_counts(request: Request) -> Element:
    """UpdateLearnerCounts: how many learners completed one or many activities."""
    rows, most = request.rows, request.gateway.limits.max_records
    if len(rows) > most:
        raise Malformed(
            f"A call may count the learners of {most:,} activities.", remedy="Send them in several calls."
        )
    counted = [_counted(number, row, request) for number, row in enumerate(rows, 1)]
    return request.done(operations.update_learner_counts, counted)


def close_activity(request: Request) -> Element:
    """CloseActivity: the deliberate act of closing."""
    return request.done(operations.close_activity, _meant(request))


def reopen_activity(request: Request) -> Element:
    """ReopenActivity: opening again what was closed by mistake."""
    return request.done(operations.reopen_activity, _meant(request), request.get("Reason") or "")


def copy_activity(request: Request) -> Element:
    """CopyActivity: a new draft from an activity."""
    copy = Copy(
        provider_activity_id=request.get("NewProviderActivityId"),
        title=request.get("Title"),
        start_date=request.day("StartDate"),
        end_date=request.day("EndDate"),
    )
    return request.done(operations.copy_activity, _meant(request), copy)


def get_receipt(request: Request) -> Element:
    """GetReceipt: the stored result of an earlier call."""
    receipt = operations.get_receipt(
        request.proven(), request.get("ReceiptId"), request.get("SubmissionKey"), request.gateway.store
    )
    return request.acknowledged(receipt)


def _activity(request: Request, version_name: str) -> Element:
    gateway = request.gateway
    version = gateway.reader.named("activity", version_name)
    aged = gateway.reader.age(version, request.today())
    view = operations.get_activity(
        request.proven(),
        request.get("ActivityId"),
        request.get("ProviderActivityId"),
        gateway.store,
        gateway.terms,
    )
    document, lost = gateway.reader.write([view.activity], version)
    return request.answered(
        {
            "ActivityId": view.activity.activity_id,
            "ProviderActivityId": view.activity.provider_activity_id,
            "SchemaVersion": version.name,
            "Status": view.status,
            "NextStatus": answers.next_statuses(view.next_statuses, gateway.reader.label),
            "Finding": answers.findings((*request.notices, *aged, *lost)),
        },
        document,
    )


# --- what is asked ---------------------------------------------------------------------------------------


def _save(
    most: int,
    call: Call,
    entries: Sequence[ActivityEntry],
    notices: Iterable[Finding],
    store: Store,
    terms: Terms,
) -> Receipt:
    """Save activities, of which the repeats count as records too: each becomes an activity."""
    made = sum(1 + len(entry.repeats) for entry in entries)
    if made > most:
        raise Malformed(
            f"The payload has {made:,} activities with their repeats; a call may have {most:,}.",
            remedy="Send them in several calls, or as a file.",
        )
    return operations.save_activity(call, entries, notices, store, terms)


def _counted(number: int, row: Row, request: Request) -> Counted:
    said = row.texts
    entry = _named(said, _places(request, row, f"/svc:LearnerCounts[{number}]"), number)
    entry = replace(entry, findings=row.findings)
    if not row.sound:
        return Counted(entry=entry)
    return Counted(
        entry=entry,
        physicians=_whole(said.get("Physicians")),
        other_learners=_whole(said.get("OtherLearners")),
        year=_whole(said.get("AsOf")),
    )


def _named(said: Mapping[str, str], place: PlaceOf, number: int = 1) -> ActivityEntry:
    return naming(said.get("ActivityId") or None, said.get("ProviderActivityId") or None, place, number)


def _meant(request: Request) -> ActivityEntry:
    """The activity that the parameters name."""
    return _named(request.parameters, _places(request))


def _places(request: Request, row: Row | None = None, within: str = "") -> PlaceOf:
    """Where a field stands in the request, or in a row of it; what is none of its parameters is of the
    activity itself, which goes by the id that was sent."""
    path, label = f"/svc:{request.operation}{within}", request.gateway.reader.label
    said = row.texts if row else request.parameters
    names = {**IDS, **NAMES.get(request.operation, {})}
    if said.get("ProviderActivityId") and not said.get("ActivityId"):
        names["activity_id"] = "ProviderActivityId"

    def place(field: str) -> Place:
        name = names.get(field)
        if field == "action":  # these have none of their own: what was not done is for the call's sake
            return Place(path, row.line if row else None, field="AllOrNothing")
        if name and row is None:
            return request.place(name)
        if name and row:
            return Place(f"{path}/svc:{name}", row.lines.get(name, row.line), field=name)
        return Place(path, row.line if row else None, field=label(field))

    return place


def _whole(text: str | None) -> int | None:
    return int(text) if text else None


# --- what is told ----------------------------------------------------------------------------------------


def _found(view: ActivityView, label: answers.Label) -> answers.Told:
    activity = view.activity
    return {
        "ActivityId": activity.activity_id,
        "ProviderActivityId": activity.provider_activity_id,
        "Title": activity.title,
        "Format": activity.format,
        "StartDate": activity.start_date,
        "EndDate": activity.end_date,
        "RepeatOf": activity.repeat_of,
        "Status": view.status,
        "NextStatus": answers.next_statuses(view.next_statuses, label),
    }
