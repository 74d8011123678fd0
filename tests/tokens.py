"""WS-Security headers as senders write them, right and wrong. Imports nothing of the gateway."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

_OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
WSSE, WSU = (f"{_OASIS}-wssecurity-{name}-1.0.xsd" for name in ("secext", "utility"))
TEXT, DIGEST = (f"{_OASIS}-username-token-profile-1.0#Password{kind}" for kind in ("Text", "Digest"))
BASE64 = f"{_OASIS}-soap-message-security-1.0#Base64Binary"
LONG = timedelta(seconds=320)
"""Beyond the window of five minutes."""

SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"


def written(moment: datetime) -> str:
    """A moment as most senders write it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def digest(nonce: bytes, created: str, secret: str) -> str:
    """What proves a secret without telling it."""
    hash = hashlib.sha1(nonce + created.encode() + secret.encode())  # noqa: S324  the profile knows no other
    return base64.b64encode(hash.digest()).decode()


def element(name: str, text: str, **attributes: str) -> str:
    """A part of a token."""
    told = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<{name}{told}>{escape(text)}</{name}>"


def nonce(value: bytes, **attributes: str) -> str:
    """A nonce."""
    return element("wsse:Nonce", base64.b64encode(value).decode(), **attributes)


def created(moment: str) -> str:
    """When it was made."""
    return element("wsu:Created", moment)


def token(*parts: str) -> str:
    """A UsernameToken of these parts."""
    return f"<wsse:UsernameToken>{''.join(parts)}</wsse:UsernameToken>"


def text_token(user: str, password: str, *parts: str, kind: str | None = TEXT) -> str:
    """A token with a password in it."""
    typed = {} if kind is None else {"Type": kind}
    return token(element("wsse:Username", user), element("wsse:Password", password, **typed), *parts)


def digest_token(user: str, secret: str, at: datetime, once: bytes | None = None) -> str:
    """A token that proves a secret."""
    once, made = once or os.urandom(16), written(at)
    proof = element("wsse:Password", digest(once, made, secret), Type=DIGEST)
    return token(element("wsse:Username", user), proof, nonce(once, EncodingType=BASE64), created(made))


def timestamp(*parts: str) -> str:
    """A Timestamp of these parts."""
    return f"<wsu:Timestamp>{''.join(parts)}</wsu:Timestamp>"


def lasting(at: datetime, seconds: float = 300.0) -> str:
    """A Timestamp as senders write it."""
    return timestamp(created(written(at)), element("wsu:Expires", written(at + timedelta(seconds=seconds))))


def security(*parts: str, envelope: str = SOAP11, **attributes: str) -> str:
    """A Security header; attributes are of the envelope's namespace."""
    told = "".join(f' env:{name}="{value}"' for name, value in attributes.items())
    return (
        f'<wsse:Security xmlns:wsse="{WSSE}" xmlns:wsu="{WSU}" xmlns:env="{envelope}"{told}>'
        f"{''.join(parts)}</wsse:Security>"
    )


def cases(machine: str, secret: str, human: str, password: str, now: datetime) -> Mapping[str, str]:
    """UsernameTokens right and wrong, by name: what stands in the Security header.

    `machine` is a user with a generated `secret`, `human` one with a chosen `password`, both as
    PROVIDER/USER. `RIGHT` names those that are right. Cases that need two calls, or something beside the
    header, are not here.
    """
    once, made = os.urandom(16), written(now)
    proof = digest(once, made, secret)
    proven = element("wsse:Password", proof, Type=DIGEST)
    named, nonced, dated = element("wsse:Username", machine), nonce(once), created(made)
    wrong_order = base64.b64encode(
        hashlib.sha1(secret.encode() + made.encode() + once).digest()  # noqa: S324  the profile's
    ).decode()
    good = digest_token(machine, secret, now)
    return {
        "good text": text_token(machine, secret),
        "good text of a human": text_token(human, password),
        "good digest": good,
        "good digest with a timestamp": lasting(now) + digest_token(machine, secret, now),
        "text type absent": text_token(machine, secret, kind=None),
        "text with nonce and created": text_token(machine, secret, nonce(os.urandom(16)), created(made)),
        "created in another zone": text_token(
            machine, secret, created((now - timedelta(hours=6)).strftime("%Y-%m-%dT%H:%M:%S.125-06:00"))
        ),
        "created within the window": digest_token(machine, secret, now - timedelta(seconds=200)),
        "wrong password": text_token(machine, "wrong"),
        "wrong digest": digest_token(machine, "wrong", now),
        "unknown user": text_token(machine + "-of-nobody", secret),
        "unknown user with a digest": digest_token(machine + "-of-nobody", secret, now),
        "case of the user name": text_token(machine.upper(), secret),
        "empty password": text_token(machine, ""),
        "no password": token(named),
        "empty user": text_token("", secret),
        "missing nonce with digest": token(named, proven, dated),
        "missing created with digest": token(named, proven, nonced),
        "two nonces": token(named, proven, nonced, nonce(b"x" * 16), dated),
        "two created": token(named, proven, nonced, dated, dated),
        "two passwords": token(named, proven, proven, nonced, dated),
        "nonce not base64": token(named, proven, element("wsse:Nonce", "n?t base64"), dated),
        "empty nonce": token(named, proven, element("wsse:Nonce", ""), dated),
        "long nonce": digest_token(machine, secret, now, os.urandom(129)),
        "created in the past beyond the window": digest_token(machine, secret, now - LONG),
        "created in the future beyond the window": digest_token(
            machine, secret, now + timedelta(seconds=320)
        ),
        "created without zone": text_token(machine, secret, created(made.rstrip("Z"))),
        "created that is no time": text_token(machine, secret, created("2026-13-41T25:61:61Z")),
        "digest over a wrong order": token(
            named, element("wsse:Password", wrong_order, Type=DIGEST), nonced, dated
        ),
        "digest that is none": token(named, element("wsse:Password", "AAAA", Type=DIGEST), nonced, dated),
        "digest with a human password's account": digest_token(human, password, now),
        "unknown type": text_token(machine, secret, kind=f"{_OASIS}#PasswordHash"),
        "token twice": digest_token(machine, secret, now) + good,
        "encoding type unknown": token(named, proven, nonce(once, EncodingType=f"{_OASIS}#HexBinary"), dated),
        "elements within the password": token(named, f"<wsse:Password><b/>{secret}</wsse:Password>"),
        "timestamp expired": lasting(now - timedelta(seconds=60), 30) + digest_token(machine, secret, now),
        "timestamp reversed": timestamp(
            created(made), element("wsu:Expires", written(now - timedelta(days=1)))
        )
        + digest_token(machine, secret, now),
        "timestamp reversed in the future": timestamp(
            created(written(now + timedelta(seconds=200))),
            element("wsu:Expires", written(now + timedelta(seconds=100))),
        )
        + digest_token(machine, secret, now),
        "timestamp of long ago": lasting(now - timedelta(hours=1), 7200) + digest_token(machine, secret, now),
        "timestamp twice": lasting(now) + lasting(now) + digest_token(machine, secret, now),
        "nothing": "",
    }


RIGHT = {
    "good text",
    "good text of a human",
    "good digest",
    "good digest with a timestamp",
    "text type absent",
    "text with nonce and created",
    "created in another zone",
    "created within the window",
}
UNSUPPORTED = {
    "unknown child of Security": "<wsse:BinarySecurityToken>AAAA</wsse:BinarySecurityToken>",
    "a signature": '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>',
    "an encrypted key": '<xenc:EncryptedKey xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"/>',
    "a SAML assertion": '<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"/>',
    "a token of no namespace": "<UsernameToken/>",
    "unknown child of Timestamp": timestamp("<wsu:Received>2027-03-09T15:04:05Z</wsu:Received>"),
}
"""What a Security header may not hold here, with the rest of it right."""
UNSUPPORTED_IN_TOKEN = {
    "a salt": '<wsse11:Salt xmlns:wsse11="http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd"/>',
    "created of another namespace": "<wsse:Created>2027-03-09T15:04:05Z</wsse:Created>",
    "nonce of no namespace": "<Nonce>AAAA</Nonce>",
    "a stranger": '<x:y xmlns:x="urn:x"/>',
}
"""What a UsernameToken may not hold here, with the rest of it right."""
