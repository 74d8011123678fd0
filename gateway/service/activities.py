"""The operations on activities, and on the receipts of any call, as elements."""

from __future__ import annotations

from lxml import etree

from gateway import answers, operations
from gateway.service.request import Request

Element = etree._Element


def save_activity(request: Request) -> Element:
    """SaveActivity: one or many activities, in any supported payload version."""
    return request.saved(operations.save_activity)


def get_activity(request: Request) -> Element:
    """GetActivity: one activity in the endpoint's payload version."""
    return _activity(request, request.version.activity)


def get_activity_as(request: Request) -> Element:
    """GetActivityAs: one activity in any payload version."""
    return _activity(request, request.get("PayloadVersion") or "")


def get_receipt(request: Request) -> Element:
    """GetReceipt: the stored result of an earlier call."""
    receipt = operations.get_receipt(
        request.proven(), request.get("ReceiptId"), request.get("SubmissionKey"), request.gateway.store
    )
    return request.acknowledged(receipt)


def _activity(request: Request, version_name: str) -> Element:
    gateway = request.gateway
    version = gateway.reader.named("activity", version_name)
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
            "Finding": answers.findings((*request.notices, *lost)),
        },
        document,
    )
