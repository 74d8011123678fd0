"""WS-Security headers: the UsernameToken and the Timestamp in them, and nothing else of it.

Web Services Security: SOAP Message Security 1.1 and UsernameToken Profile 1.1 (OASIS, 2006). Signatures
and encryption are not offered, so a header that has them is refused instead of being half believed.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from lxml import etree

from gateway.accounts.showing import CONTROL, provider_and_user, refused
from gateway.errors import NotAuthenticated, UnsupportedToken
from gateway.quoting import shown
from gateway.records import Credentials, Token

Element = etree._Element

_OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
WSSE = f"{_OASIS}-wssecurity-secext-1.0.xsd"
WSU = f"{_OASIS}-wssecurity-utility-1.0.xsd"
SECURITY = f"{{{WSSE}}}Security"
USERNAME_TOKEN = f"{{{WSSE}}}UsernameToken"
TIMESTAMP = f"{{{WSU}}}Timestamp"
USERNAME, PASSWORD, NONCE = (f"{{{WSSE}}}{name}" for name in ("Username", "Password", "Nonce"))
CREATED, EXPIRES = (f"{{{WSU}}}{name}" for name in ("Created", "Expires"))
KNOWN = {USERNAME_TOKEN: (USERNAME, PASSWORD, NONCE, CREATED), TIMESTAMP: (CREATED, EXPIRES)}
"""What a Security header may hold, and what that may hold."""
TEXT = f"{_OASIS}-username-token-profile-1.0#PasswordText"
DIGEST = f"{_OASIS}-username-token-profile-1.0#PasswordDigest"
BASE64 = f"{_OASIS}-soap-message-security-1.0#Base64Binary"

WINDOW = timedelta(seconds=300)
"""How far the clocks of a caller and of the gateway may be apart."""

SHA1_BYTES = 20
MOST_NONCE = 128
MOST_TIME = 40  # characters
MOMENT = re.compile(r"\s*(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)\s*", re.ASCII)


def read_security(headers: Sequence[Element], now: datetime) -> Credentials | None:
    """Read the Security headers that are meant for us; nothing where they hold no token.

    Raises UnsupportedToken where they hold something else, NotAuthenticated for all that is wrong with
    them: malformed, twice, or of another time.
    """
    parts = [part for header in headers for part in header]
    _check_known(parts, KNOWN, "Security header")
    for part in parts:
        _check_known(part, KNOWN[part.tag], etree.QName(part).localname)
    tokens, stamps = ([part for part in parts if part.tag == tag] for tag in (USERNAME_TOKEN, TIMESTAMP))
    if len(headers) > 1 or len(tokens) > 1 or len(stamps) > 1:
        _refuse()
    for stamp in stamps:
        _check_timestamp(stamp, now)
    return _read_token(tokens[0], now) if tokens else None


def _check_known(parts: Iterable[Element], known: Collection[str], where: str) -> None:
    """What is not known might say how the rest is meant, such as a Salt: so nothing of it is taken."""
    for part in parts:
        if part.tag not in known:
            name = shown(etree.QName(part).localname)
            raise UnsupportedToken(f"A {where} may not hold {name} here.")


def _read_token(token: Element, now: datetime) -> Credentials:
    user, password = _one(token, USERNAME), _one(token, PASSWORD)
    nonce, created = _one(token, NONCE), _one(token, CREATED)
    if user is None or password is None:
        _refuse()
    if created is not None:
        _check_window(_moment(created), now)
    name, code = _text(user).strip(), _text(password)
    kind = password.get("Type", TEXT)
    if not name or not code or kind not in {TEXT, DIGEST} or CONTROL.search(name):
        _refuse()
    once, at = _read_nonce(nonce), "" if created is None else _text(created).strip()
    if kind == TEXT:
        return Credentials(*provider_and_user(name), code, Token(once, at))
    if not (once and at):  # without both it could be sent again
        _refuse()
    return Credentials(*provider_and_user(name), None, Token(once, at, _decoded(code, SHA1_BYTES)))


def _read_nonce(nonce: Element | None) -> bytes | None:
    if nonce is None:
        return None
    if nonce.get("EncodingType", BASE64) != BASE64:
        _refuse()
    return _decoded(_text(nonce), MOST_NONCE)


def _check_timestamp(stamp: Element, now: datetime) -> None:
    dates = (_one(stamp, CREATED), _one(stamp, EXPIRES))
    created, expires = (None if date is None else _moment(date) for date in dates)
    if created is not None:
        _check_window(created, now)
    if expires is not None and (expires <= now or (created is not None and expires < created)):
        _refuse()


def _check_window(moment: datetime, now: datetime) -> None:
    if abs(moment - now) > WINDOW:
        _refuse()


def _one(element: Element, tag: str) -> Element | None:
    """A child that may stand there once, and hold text only."""
    found = element.findall(tag)
    if len(found) > 1 or any(len(one) for one in found):
        _refuse()
    return found[0] if found else None


def _text(element: Element) -> str:
    return element.text or ""


def _moment(element: Element) -> datetime:
    """A time with its zone, as XML Schema writes it: without one nobody knows when it was."""
    found = MOMENT.fullmatch(_text(element)) if len(_text(element)) <= MOST_TIME else None
    try:
        if found is None:
            _refuse()
        fraction = (found[2] or ".0")[:7]
        return datetime.fromisoformat(f"{found[1]}{fraction}{found[3]}").astimezone(UTC)
    except (ValueError, OverflowError):
        _refuse()


def _decoded(text: str, most: int) -> bytes:
    try:
        decoded = base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        _refuse()
    if not 0 < len(decoded) <= most:
        _refuse()
    return decoded


def _refuse() -> NoReturn:
    raise refused(NotAuthenticated(), token=True) from None
