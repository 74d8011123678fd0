"""Our own zeep client, for `submit`, the sandbox and the tests: what an LMS vendor would write."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO, TextIO

import requests
from lxml import etree
from zeep import Client, Settings, Transport
from zeep.exceptions import Error as ZeepError
from zeep.exceptions import Fault as ZeepFault

from gateway.errors import CallFailed, CallRefused, Unreachable
from gateway.pieces import Piece, pieces
from gateway.records import Action, Credentials, CreditStatus, Finding, Severity
from gateway.service import NEWEST

Element = etree._Element

ENDPOINT = re.compile(r"/soap/v\d+/?(\?.*)?$")  # an endpoint's or a contract's address will do as well
CONNECT_SECONDS = 10
ANSWER_SECONDS = 60
RECORDS_PER_CALL = 500
OPERATIONS = {"activity": "SaveActivity", "learner": "SaveLearnerActivity"}
PURPOSE = "cme-gateway submit 1"
SENT_AGAIN = (
    "It may have been taken: submit the same again, with the same --key if it had one. "
    "What was taken is not done twice."
)
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
FAULT = "{urn:cme-gateway:fault:1}"


class GatewayClient:
    """A caller of one service version; `url` is the gateway's address without a path.

    Both timeouts are set, DTDs and entities are refused. Methods raise CallRefused or CallFailed for a
    fault, by whose it is, Unreachable when there is no gateway.
    """

    def __init__(self, url: str, credentials: Credentials, version: str = NEWEST.name) -> None:
        self._parameters = {
            "ProviderId": credentials.provider_id,
            "User": credentials.user,
            "Password": credentials.password,
        }
        self._version = version
        transport = Transport(timeout=CONNECT_SECONDS, operation_timeout=ANSWER_SECONDS)
        settings = Settings(forbid_dtd=True, forbid_entities=True, strict=True)
        try:
            wsdl = f"{ENDPOINT.sub('', url).rstrip('/')}/soap/{version}?wsdl"
            self._zeep = Client(wsdl, transport=transport, settings=settings)
        except requests.HTTPError as error:
            said = " ".join(error.response.text.split())[:300] if error.response is not None else ""
            raise Unreachable(f"{url} answered: {said or error}") from None
        except (requests.RequestException, ZeepError, ValueError, OSError) as error:
            raise Unreachable(f"There is no gateway at {url} ({_reason(error)}).") from None

    def close(self) -> None:
        """Let go of the connections."""
        self._zeep.transport.session.close()

    def call(self, operation: str, **parameters: Any) -> Any:
        """Call an operation with typed parameters; gives the typed result."""
        method = getattr(self._zeep.service, operation)
        return self._answered(lambda: method(**self._parameters, **parameters))

    def typed(self, payload: Element) -> Any:
        """A payload of the endpoint's version as the typed object a generated client would fill."""
        typed = self._zeep.get_element(payload.tag).parse(payload, self._zeep.wsdl.types)
        for record in typed.MedicalEducationMetrics if "MedicalEducationMetrics" in typed else ():
            record.ParticipationMetrics = record.ParticipationMetrics or {}  # zeep reads empty as absent
        return typed

    def send(self, operation: str, payload: str, **parameters: object) -> Any:
        """Call an operation with a payload as it is written, of whatever version; gives the typed result."""
        binding = self._zeep.service._binding
        namespace = etree.QName(binding.name).namespace
        request = etree.Element(f"{{{namespace}}}{operation}", nsmap={"svc": namespace})
        for name, value in {**self._parameters, **parameters}.items():
            if value is not None:
                text = str(value).lower() if isinstance(value, bool) else str(value)
                etree.SubElement(request, f"{{{namespace}}}{name}").text = text
        start, _, end = etree.tostring(request, encoding="unicode").rpartition("</")
        body = f"<soap:Body>{start}{payload}</{end}</soap:Body>"
        envelope = f'<soap:Envelope xmlns:soap="{SOAP11}">{body}</soap:Envelope>'
        headers = {"SOAPAction": f'"{namespace}/{operation}"', "Content-Type": "text/xml; charset=utf-8"}
        address = self._zeep.service._binding_options["address"]

        def post() -> Any:
            response = self._zeep.transport.post(address, envelope.encode(), headers)
            return binding.process_reply(self._zeep, binding.get(operation), response)

        return self._answered(post)

    def submit(
        self, file: BinaryIO, validate_only: bool = False, key: str | None = None
    ) -> Iterator[Submitted]:
        """Send a file of records in as many calls as it takes, in order; gives each call's answer.

        Each call has a SubmissionKey, so that a file can be sent again after an answer was lost: made of
        its content, or `key` with the number of the call. Lines of findings, also those of a refusal, are
        lines of the file. Raises Unreadable where it is no well-formed XML; what came before has been sent.
        """
        for number, piece in enumerate(pieces(file, RECORDS_PER_CALL), 1):
            named = self._content_key(piece) if key is None else f"{key}-{number}"
            kept = {"ValidateOnly": True} if validate_only else {"SubmissionKey": named}
            try:
                answer = self.send(OPERATIONS[piece.payload], piece.text, **kept)
            except CallRefused as refusal:
                refusal.findings = tuple(map(piece.placed, refusal.findings))
                raise
            except Unreachable as lost:
                lost.remedy = SENT_AGAIN
                raise
            yield _submitted(piece, answer, named)

    def _content_key(self, piece: Piece) -> str:
        """The same for the same records sent to the same service version, and so for the same request:
        change PURPOSE with whatever else `send` writes, or a file that was sent before is refused."""
        said = "\n".join((PURPOSE, self._version, piece.text))
        return f"submit-{hashlib.sha256(said.encode()).hexdigest()[:32]}"

    def _answered(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except ZeepFault as fault:
            raise _error(fault) from None
        except (requests.RequestException, ZeepError) as error:
            raise Unreachable(f"The gateway did not answer ({_reason(error)}).") from None


def _error(fault: ZeepFault) -> CallRefused | CallFailed:
    kind = CallFailed if str(fault.code).endswith("Server") else CallRefused
    ours = fault.detail.find(f"{FAULT}Fault") if fault.detail is not None else None
    if ours is None:
        return kind(fault.message)
    findings = [_finding(partial(_said, found)) for found in ours.iterfind(f"{FAULT}Finding")]
    error = kind(_said(ours, "Text"), remedy=_said(ours, "Remedy"), findings=findings)
    error.code = _said(ours, "Code") or kind.code
    return error


def _said(element: Element, name: str) -> str | None:
    return element.findtext(FAULT + name)


def _reason(error: Exception) -> str:
    return type(error).__name__ if isinstance(error, requests.RequestException) else "it speaks no SOAP"


# --- the answers to a file -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one record of a file: `number` is its place there, from 1, `text` how it was sent.

    Of a completion `credits` tell the status of each credit, by its id.
    """

    number: int
    label: str
    findings: tuple[Finding, ...]
    refused: bool
    text: str
    credits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Submitted:
    """The answer to one call of a file's submission, with the piece of the file it answers; `replayed`
    where the call was taken before, and nothing was done now."""

    summary: str
    results: tuple[Sent, ...]
    piece: Piece
    replayed: bool = False


class Corrections:
    """The refused records of a file as a file of their own, each under a comment of what is to be
    corrected, so that it can be submitted when that is done."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._tail = ""

    def add(self, answer: Submitted) -> None:
        """Write the records that were refused in an answer."""
        for one in answer.results:
            if one.refused:
                self._file.write(f"{'' if self.any else answer.piece.head}\n{_notes(one)}{one.text}\n")
                self._tail = f"{answer.piece.tail}\n"

    def close(self) -> None:
        """End what was begun; the file is its owner's to close."""
        self._file.write(self._tail)

    @property
    def any(self) -> bool:
        """Whether there is anything to correct."""
        return bool(self._tail)


def _notes(one: Sent) -> str:
    blocking = (found for found in one.findings if found.blocks)
    notes = (f"{found.code} {found.field}: {found.text} {found.remedy}" for found in blocking)
    return "".join(f"<!-- {re.sub('-(?=-)', '- ', note)} -->\n" for note in notes)


def _submitted(piece: Piece, answer: Any, key: str) -> Submitted:
    actions = Counter(result.Action for result in answer.Result)
    told = ", ".join(f"{count} {action.lower()}" for action, count in sorted(actions.items()))
    living = (result for result in answer.Result if result.Action in {Action.ADDED, Action.UNCHANGED})
    credits = Counter(credit.Status for result in living for credit in _credits(result))
    told += "".join(f", {count} credit{'s' * (count != 1)} {s}" for s, count in sorted(credits.items()))
    taken = (result for result in answer.Result if result.Action != Action.REFUSED)
    activities = Counter(status for result in taken if (status := getattr(result, "Status", None)))
    told += "".join(
        f", {n} {'activity' if n == 1 else 'activities'} {s}" for s, n in sorted(activities.items())
    )
    kept = _kept(answer, key) if answer.ReceiptId else "validated only, nothing stored"
    return Submitted(
        f"{answer.Outcome}, {piece.payload} {answer.SchemaVersion}: {told}; {kept}",
        tuple(_sent(piece, result) for result in answer.Result),
        piece,
        bool(answer.Replayed),
    )


def _kept(answer: Any, key: str) -> str:
    again = f" again, of {answer.ReceivedAt:%Y-%m-%d %H:%M:%S} UTC" if answer.Replayed else ""
    return f"receipt {answer.ReceiptId}{again}; key {key}"


def _sent(piece: Piece, result: Any) -> Sent:
    credit_ids = [credit.CreditId for credit in _credits(result) if credit.CreditId]
    ids = (*credit_ids[:1], result.ProviderActivityId, result.ActivityId, "(no id)")
    return Sent(
        piece.first + result.RecordNumber,
        next(filter(None, ids)),
        tuple(piece.placed(_finding(partial(getattr, found))) for found in result.Finding),
        result.Action == "Refused",
        piece.records[result.RecordNumber - 1].text,
        tuple(map(_credit, _credits(result))),
    )


def _credits(result: Any) -> list[Any]:
    """The credits of a result; a contract without completions has none."""
    return getattr(result, "Credit", None) or []


def _credit(credit: Any) -> str:
    reason = f" ({credit.Reason})" if credit.Reason else ""
    link = " to" if credit.Status == CreditStatus.SUBMITTED else " by"
    asked = f"{link} {credit.Board}" if credit.Board else ""
    return f"{credit.CreditId or '(no id)'}: {credit.Status}{asked}{reason}"


def _finding(said: Callable[[str], Any]) -> Finding:
    return Finding(
        code=said("Code"),
        severity=Severity(said("Severity")),
        text=said("Text"),
        remedy=said("Remedy"),
        field=said("Field") or "",
        path=said("Path") or "",
        line=int(said("Line")) if said("Line") else None,
    )
