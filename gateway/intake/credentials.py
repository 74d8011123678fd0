"""Credentials that stand in the request leave it here."""

from __future__ import annotations

from lxml import etree

from gateway.errors import NotAuthenticated
from gateway.records import Credentials

Element = etree._Element

TAKEN = "*"


def take_credentials(operation: Element) -> Credentials:
    """Take the credentials out of an operation's element; ProviderId stays, it is no secret.

    Of User and Password the elements stay, without what they said, to be judged as all others are.
    Raises NotAuthenticated where one is given twice, or as anything but a text.
    """
    found: dict[str, str] = {}
    for child in list(operation.iterchildren("*")):
        name = etree.QName(child).localname
        if name not in {"ProviderId", "User", "Password"}:
            continue
        if name in found or len(child):
            raise NotAuthenticated(
                f"The call shows {name} more than once, or as more than a text.", remedy="Send it once."
            )
        found[name] = (child.text or "").strip() if name != "Password" else child.text or ""
        if name != "ProviderId":
            child.text = TAKEN if found[name].strip() else None
    provider_id, user, password = (found.get(name) or None for name in ("ProviderId", "User", "Password"))
    return Credentials(provider_id, user, password)
