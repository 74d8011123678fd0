"""How an answer is written: what is to be told, as a table, becomes elements; faults and failures too.

What is told is a mapping in document order: a value, another mapping, or a list of them for elements
that repeat. A value of None is not told.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from lxml import etree

from gateway.errors import Failed, GatewayError
from gateway.records import CreditResult, Finding, Instance, NextStatus, Receipt, Result

Element = etree._Element
Told = dict[str, Any]
Label = Callable[[str], str]

FAULT = "urn:cme-gateway:fault:1"
MOST_FAULT_FINDINGS = 100
UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

log = logging.getLogger(__name__)


def opened(namespace: str, operation: str) -> tuple[Element, Element]:
    """The response element of an operation, and the result element in it."""
    answer = etree.Element(f"{{{namespace}}}{operation}Response", nsmap={"svc": namespace, "f": FAULT})
    return answer, etree.SubElement(answer, f"{{{namespace}}}{operation}Result")


def tell(parent: Element, told: Told) -> None:
    """Append what is told; names without a namespace are of the parent's."""
    _append(parent, told, _namespace(parent.tag))


def _namespace(tag: str) -> str:
    return f"{tag.partition('}')[0]}}}"


def _append(parent: Element, told: Told, namespace: str) -> None:
    for name, value in told.items():
        if value is None:
            continue
        tag = name if name[0] == "{" else namespace + name
        for one in value if isinstance(value, list) else (value,):
            element = etree.SubElement(parent, tag)
            if isinstance(one, dict):
                _append(element, one, namespace if tag is not name else _namespace(tag))
            else:
                write(element, one if isinstance(one, str) else _spelled(one))


def write(element: Element, text: str) -> None:
    """Set a text; what XML cannot hold (an HTTP header may bring it along) is shown as missing."""
    try:
        element.text = text
    except ValueError:
        element.text = UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _spelled(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    return str(value)


# --- what is told ---------------------------------------------------------------------------------------


def receipt(given: Receipt, label: Label) -> Told:
    """What is told of a call that writes; `label` names a field as the wire does."""
    return {
        "ReceiptId": given.id,
        "ReceivedAt": given.received_at,
        "SchemaVersion": given.schema_version,
        "Replayed": given.replayed,
        "Outcome": given.outcome,
        "Result": [_result(one, label) for one in given.results],
    }


def _result(result: Result, label: Label) -> Told:
    return {
        "RecordNumber": result.number,
        "ActivityId": result.activity_id,
        "ProviderActivityId": result.provider_activity_id,
        "Action": result.action,
        "Status": result.status,
        "NextStatus": next_statuses(result.next_statuses, label),
        "Instance": [_instance(one, label) for one in result.instances],
        "LearnerCount": [
            {"AsOf": one.year, "Physicians": one.physicians, "OtherLearners": one.other_learners}
            for one in result.counts
        ],
        "Credit": [_credit(one) for one in result.credits],
        "Finding": findings(result.findings),
    }


def _instance(one: Instance, label: Label) -> Told:
    return {
        "ActivityId": one.activity_id,
        "ProviderActivityId": one.provider_activity_id,
        "Action": one.action,
        "StartDate": one.start_date,
        "EndDate": one.end_date,
        "City": one.city,
        "Status": one.status,
        "NextStatus": next_statuses(one.next_statuses, label),
    }


def _credit(credit: CreditResult) -> Told:
    return {
        "CreditId": credit.credit_id,
        "Board": credit.board,
        "Status": credit.status,
        "Reason": credit.reason,
        "Finding": findings(credit.findings),
    }


def next_statuses(statuses: Iterable[NextStatus], label: Label) -> list[Told]:
    """What is told of the statuses an activity can move to."""
    return [
        {
            "Status": status.status,
            "MissingGate": [{"Field": label(gate.field), "Text": gate.text} for gate in status.missing],
        }
        for status in statuses
    ]


def findings(found: Iterable[Finding]) -> list[Told]:
    """What is told of findings, whose parts are of the fault's namespace wherever they stand."""
    return [
        {
            f"{{{FAULT}}}Code": one.code,
            f"{{{FAULT}}}Severity": one.severity,
            f"{{{FAULT}}}Field": one.field or None,
            f"{{{FAULT}}}Path": one.path or None,
            f"{{{FAULT}}}Line": one.line,
            f"{{{FAULT}}}Text": one.text,
            f"{{{FAULT}}}Remedy": one.remedy,
        }
        for one in found
    ]


# --- what went wrong ------------------------------------------------------------------------------------


def fault(error: GatewayError, trace_id: str) -> Element:
    """The fault element that stands in every refused answer, whatever door it leaves by."""
    element = etree.Element(f"{{{FAULT}}}Fault", nsmap={"f": FAULT})
    told = {"Code": error.code, "Text": error.text, "Remedy": error.remedy}
    tell(element, {**told, "Finding": findings(error.findings[:MOST_FAULT_FINDINGS]), "TraceId": trace_id})
    return element


def later(error: GatewayError) -> list[tuple[str, str]]:
    """The header that says when to come back, where that helps: the same by whatever door."""
    return [("Retry-After", str(error.retry_after))] if error.retry_after else []


def failed(error: Exception, trace_id: str) -> Failed:
    """Log where our own program went wrong, and say so without Python's words.

    An exception's text may quote what was sent, so the log has its type and lines of code only.
    """
    frames = "".join(traceback.format_tb(error.__traceback__))
    log.error("trace %s: %s\n%s", trace_id, type(error).__name__, frames)
    return Failed(
        f"The gateway failed (trace {trace_id}).",
        remedy="Send the same again, with the same SubmissionKey if it had one: what was stored is then not "
        "done twice. If it stays, give the trace id to the operator.",
    )
