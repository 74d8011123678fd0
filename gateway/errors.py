"""Everything the gateway refuses or fails at.

GatewayError
├─ Refused                      the sender must change something: SOAP Client, HTTP 4xx, exit 2
│  ├─ Unreadable                before we understand it
│  │  ├─ TooLarge · UnsupportedMedia
│  │  ├─ TextTooLong
│  │  └─ VersionMismatch · NotUnderstood · UnknownEncodingStyle
│  ├─ UnknownSchema · UnknownOperation
│  ├─ Malformed                 its shape is wrong, with findings
│  ├─ NotAuthenticated · NotAllowed · UnsupportedToken · Unencrypted
│  ├─ TooManyCalls
│  │  └─ TooManyFailures
│  ├─ GuessingSuspected         what the operator alone is told
│  ├─ NotFound
│  ├─ Conflict
│  ├─ TooManyLookups
│  ├─ UntrustedHost · WrongMethod
│  ├─ Misused                   the operator must start it another way: exit 64
│  │  └─ NotLoopback
│  └─ CallRefused                what our own client was answered
└─ Failed                       ours, or beyond us: SOAP Server, HTTP 5xx, exit 1
   ├─ StoreUnavailable · Busy
   ├─ BoardUnavailable          a board did not answer as its contract says
   │  └─ BoardRefused           it says that the call itself is wrong
   ├─ TakenForDead              a worker whose work was given to others
   ├─ EndedTooOften             what runs beside a sandbox's gateway
   └─ Unreachable · CallFailed   what our own client met

The class docstring is the message, `remedy` what the reader can do about it, `code` the catalogue's
code: `X` shape, `S` security and service. Each code stands for one refusal and is never reused.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.records import Finding

REFUSED, FAILED = "Refused", "Failed"
"""How a call ended that was not answered, as the log, the metrics and the audit log call it."""
SOON = 30
"""Seconds after which to come back, where nothing better is known."""
AN_HOUR = 3600
"""Seconds within which learners can be looked up again."""


class GatewayError(Exception):
    """Something went wrong."""

    code = "S900"
    outcome = FAILED
    http_status = 500
    remedy = "Send it again later; if it stays, give the trace id to the operator."
    # Whose call of what it was, as far as they said so: for the audit log, and never for an answer.
    operation: str | None = None
    provider_id: str | None = None
    user: str | None = None
    wsse: str | None = None
    """What WS-Security calls it, where it has a name for it."""
    retry_after: int | None = None
    """Seconds after which to come back, where that helps."""
    for_operator: tuple[str, str] | None = None
    """Text and remedy as a command says them, where those of a caller speak of calls."""

    def __init__(
        self,
        text: str | None = None,
        *,
        remedy: str | None = None,
        findings: Sequence[Finding] = (),
        retry_after: int | None = None,
    ) -> None:
        self.text = text or " ".join((type(self).__doc__ or "").split())
        self.remedy = remedy or type(self).remedy
        self.findings = tuple(findings)
        self.retry_after = retry_after or type(self).retry_after
        super().__init__(self.text)


class Refused(GatewayError):
    """The request was refused."""

    code = "S000"
    outcome = REFUSED
    http_status = 400
    remedy = "Correct the request and send it again."


class Unreadable(Refused):
    """The message cannot be read as XML."""

    code = "X001"
    remedy = "Send one well-formed XML document in UTF-8 or UTF-16, without a DOCTYPE."


class TooLarge(Unreadable):
    """The message is larger than the limit."""

    code = "X002"
    http_status = 413
    remedy = "Send fewer records in one call; GetServiceInfo lists the limits."


class UnsupportedMedia(Unreadable):
    """The message comes in a form that is not taken here."""

    code = "X003"
    http_status = 415
    remedy = "Send text/xml; charset=utf-8, uncompressed and without attachments."


class VersionMismatch(Unreadable):
    """The envelope is of no version of SOAP that is taken here."""

    code = "X004"
    remedy = (
        "Send a SOAP 1.1 envelope (http://schemas.xmlsoap.org/soap/envelope/) as text/xml, or one of "
        "SOAP 1.2 (http://www.w3.org/2003/05/soap-envelope) as application/soap+xml."
    )


class NotUnderstood(Unreadable):
    """A SOAP header that must be understood is not known here."""

    code = "X005"
    remedy = "Leave the header out, or do not mark it mustUnderstand."
    headers: tuple[str, ...] = ()  # the first of them, as {namespace}name


class TextTooLong(Unreadable):
    """A text of the message is longer than any field may be."""

    code = "X006"
    remedy = "Shorten it: no field takes that much."


class UnknownEncodingStyle(Unreadable):
    """The message has an encodingStyle, which is not taken here."""

    code = "X007"
    remedy = "Leave encodingStyle out: requests are written as their schema says."


class UnknownSchema(Refused):
    """The payload is of no schema version that is supported here."""

    code = "X010"
    remedy = "Use one of the versions that GetServiceInfo and `cme-gateway schemas` list."


class UnknownOperation(Refused):
    """There is no such operation in this service version."""

    code = "X011"
    remedy = "Use an operation of the WSDL served at this address with ?wsdl."


class Malformed(Refused):
    """The request does not have the shape its schema asks for."""

    code = "X012"
    remedy = "Correct what the findings name and send it again."


class NotAuthenticated(Refused):
    """Provider, user or password is not right, or the account may not be used."""

    code = "S001"
    http_status = 401
    remedy = "Check ProviderId, User and Password; the operator can renew the password."


class NotAllowed(Refused):
    """This account may not do that."""

    code = "S002"
    http_status = 403
    remedy = "Use an account that may; the operator tells by `cme-gateway user list`, and gives it the scope."


class UnsupportedToken(Refused):
    """The Security header holds a token that is not taken here."""

    code = "S007"
    wsse = "UnsupportedSecurityToken"
    remedy = "Send a UsernameToken and, if you like, a Timestamp; messages are not signed or encrypted here."


class NotFound(Refused):
    """There is nothing of that id among the records of this provider."""

    code = "S003"
    http_status = 404
    remedy = "Check the id; only records of your own provider can be read."


class Conflict(Refused):
    """The submission key was used before with other content."""

    code = "S004"
    http_status = 409
    remedy = "Use a new SubmissionKey for new content, and the old one only to send the same again."


class TooManyLookups(Refused):
    """So many learners were looked up within this hour that it could be an attempt to find them out."""

    code = "S006"
    http_status = 429
    retry_after = AN_HOUR
    remedy = "Go on in the next hour; the operator can raise CME_GATEWAY_MATCH_LOOKUPS and _MISSES."


class Unencrypted(Refused):
    """A password came over plain HTTP from another machine, where anybody on the way could read it."""

    code = "S008"
    http_status = 403
    remedy = (
        "Call by https, and choose a new password. Where a proxy ends TLS, the operator names it in "
        "CME_GATEWAY_FORWARDED_ALLOW_IPS and has it send X-Forwarded-Proto."
    )


class TooManyCalls(Refused):
    """This provider calls more often than it may."""

    code = "S009"
    http_status = 429
    retry_after = SOON
    remedy = (
        "Come back when Retry-After says, and send more records in each call; the operator can raise "
        "CME_GATEWAY_CALLS_PER_MINUTE."
    )


class TooManyFailures(TooManyCalls):
    """Too many credentials from this address were wrong."""

    code = "S010"
    remedy = "Come back when Retry-After says, with the right ones."


class GuessingSuspected(Refused):
    """An account was tried with so many wrong credentials, from anywhere, that somebody may be guessing."""

    code = "S012"
    remedy = (
        "This is told to the operator alone: look at the addresses in `cme-gateway audit list`. The account "
        "is not locked."
    )


class UntrustedHost(Refused):
    """The Host of the request is not one this gateway goes by."""

    code = "S005"
    remedy = "Call it by a name it knows; the operator lists those in CME_GATEWAY_TRUSTED_HOSTS."


class WrongMethod(Refused):
    """This address is called by POST alone."""

    code = "S013"
    http_status = 405
    remedy = (
        "Send the operation's request element by POST; see / for the contracts and schemas that say what is "
        "in it."
    )


class Misused(Refused):
    """It cannot be started like this."""

    code = "S912"
    remedy = "See --help, and `cme-gateway settings`."


class NotLoopback(Misused):
    """The sandbox serves loopback only, since its password is known to everybody."""

    code = "S911"
    remedy = "Use --host 127.0.0.1 or localhost; `cme-gateway serve` is for everything else."


class CallRefused(Refused):
    """The gateway refused the call."""


class Failed(GatewayError):
    """The gateway failed; nothing of this call was stored."""

    code = "S900"


class StoreUnavailable(Failed):
    """The database cannot be reached; nothing of this call was stored."""

    code = "S901"
    http_status = 503
    retry_after = SOON
    remedy = "Send the same again later, with the same SubmissionKey if it had one."


class Busy(Failed):
    """The gateway is busy; nothing of this call was stored."""

    code = "S902"
    http_status = 503
    retry_after = SOON
    remedy = "Send the same again later, with the same SubmissionKey if it had one."


class BoardUnavailable(Failed):
    """A certifying board did not answer as its contract says; it is asked again."""

    code = "S920"
    http_status = 503
    retry_after = SOON
    remedy = "Nothing is lost: the credit stays Submitted. If the board stays away, the operator asks it why."


class BoardRefused(BoardUnavailable):
    """A certifying board refused a call as it stands, whatever it is about."""

    code = "S922"
    remedy = "Nothing is lost: the credit stays Submitted. The operator asks the board what it cannot read."


class TakenForDead(Failed):
    """This worker was silent for so long that its work was given to others; it ends without harm."""

    code = "S921"
    remedy = "Start it again, as a supervisor does; if it happens often, the machine or the database is slow."


class CallFailed(Failed):
    """The gateway failed; nothing of this call was stored."""


class EndedTooOften(Failed):
    """What runs beside a sandbox's gateway ends as often as it is started."""


class Unreachable(Failed):
    """The gateway cannot be reached."""

    code = "S910"
    remedy = "Check the URL, and that a gateway is served there."
