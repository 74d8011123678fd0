"""The rim every outside byte passes: size, encoding, DOCTYPE, depth; credentials leave here.

Limits are settings. A document that passes is one tree without comments,
processing instructions or entities, whose credentials nobody behind this line ever sees.
"""

from __future__ import annotations

import codecs
import itertools
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any, cast

from lxml import etree

from gateway.errors import NotAuthenticated, TooLarge, Unreadable, UnsupportedMedia
from gateway.records import Credentials

Element = etree._Element

ENCODINGS = {"utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "us-ascii", "ascii": "us-ascii"}
ENCODINGS |= {f"utf{dash}16{end}": "utf-16" for dash in ("-", "") for end in ("", "le", "-le")}
ENCODINGS |= {f"utf{dash}16{end}": "utf-16be" for dash in ("-", "") for end in ("be", "-be")}
MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
MEDIA = ("text/xml", "application/xml", "application/soap+xml")
# Canonical XML sorts attributes slowly and looks through all namespaces in scope.
MOST_ATTRIBUTES = 64  # of one element, namespaces counted
TOO_CROWDED = f"An element of the message has more than {MOST_ATTRIBUTES} attributes."
MOST_NAMESPACES = 256  # in scope at once
_CROWDED = re.compile(
    rb"""<[^<>="']*+(?:=[\s\0]*+(?:"[^"<]*+"|'[^'<]*+')[^<>="']*+){%d}""" % (MOST_ATTRIBUTES + 1)
)
_SIGNS = re.compile(b"=[^<]*+")  # all that may be attributes of one element, from the first sign on
_count = etree.XPath("count(//*)")
_crowded = etree.XPath(f"boolean(//@*[{MOST_ATTRIBUTES + 1}])")
_parsers = threading.local()  # one shared parser would make all threads wait for each other


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What bounds one call: bytes, records, elements, levels."""

    max_call_bytes: int = 8 << 20
    max_records: int = 2_000
    max_elements: int = 200_000
    max_record_elements: int = 10_000
    max_depth: int = 64


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document and the number of its elements."""

    root: Element
    elements: int


def read_body(environ: Mapping[str, Any], limits: Limits) -> bytes:
    """Read a request's body whole, whether its length was announced or it comes in chunks.

    Raises TooLarge beyond `max_call_bytes`, UnsupportedMedia for a compressed body, Unreadable for
    a length that is no number or a body that ends early.
    """
    if environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower() not in {"", "identity"}:
        raise UnsupportedMedia("The body is compressed, which is not taken here.")
    announced = environ.get("CONTENT_LENGTH") or None
    if announced is not None and not announced.isdecimal():
        raise Unreadable("The Content-Length header is not a number.")
    if announced is not None and int(announced) > limits.max_call_bytes:
        raise TooLarge(_too_large(limits))
    if announced is None and not environ.get("wsgi.input_terminated"):
        return b""  # nothing announced, nothing to wait for
    body = cast(bytes, environ["wsgi.input"].read(min(int(announced or limits.max_call_bytes + 1), 1 << 40)))
    if len(body) > limits.max_call_bytes:
        raise TooLarge(_too_large(limits))
    if announced is not None and len(body) < int(announced):
        raise Unreadable("The body ended before its announced length.")
    return body


def _too_large(limits: Limits) -> str:
    return f"The message is larger than the {limits.max_call_bytes:,} bytes a call may have."


def declared_encoding(content_type: str | None) -> str | None:
    """Check a Content-Type header and name the encoding it declares, None if it declares none."""
    header = Message()
    header["content-type"] = content_type or "text/xml"
    if header.get_content_type() not in MEDIA:
        raise UnsupportedMedia(f"The content type {header.get_content_type()[:60]} is not taken here.")
    charset = header.get_param("charset")
    if charset is None:
        return None
    encoding = ENCODINGS.get(str(charset).strip().lower())
    if encoding is None:
        raise UnsupportedMedia("The charset of the Content-Type header is not taken here.")
    return encoding


def parse(body: bytes, limits: Limits, encoding: str | None = None) -> Document:
    """Parse a body into a tree that is safe to walk.

    `encoding` is what the transport declared and wins over the document's own declaration. Raises
    Unreadable when the body is empty, not well-formed, in another encoding, or has a DOCTYPE (the
    parse result is asked, since a scan of bytes misses other encodings), TooLarge beyond the caps.
    """
    if not body.strip():
        raise Unreadable("The message is empty.")
    _weigh(body, limits)
    root = _parsed(body, encoding)
    info = root.getroottree().docinfo
    if info.internalDTD is not None or info.doctype:
        raise Unreadable("The message has a DOCTYPE, which is not taken here.")
    if (info.encoding or "utf-8").lower() not in ENCODINGS:
        raise Unreadable("The message is in an encoding that is not taken here.")
    elements = int(_count(root))
    if elements > limits.max_elements:
        raise TooLarge(_too_many(limits))
    if _crowded(root):  # a scan of bytes can be led astray in UTF-16
        raise TooLarge(TOO_CROWDED)
    if _deeper_than(limits.max_depth)(root):
        raise Unreadable(f"The message is nested deeper than {limits.max_depth} elements.")
    if body.count(b"=") > MOST_NAMESPACES and _declared(body) > MOST_NAMESPACES and _is_flooded(root):
        raise TooLarge(f"The message has more than {MOST_NAMESPACES} namespaces in one place.")
    return Document(root, elements)


def _weigh(body: bytes, limits: Limits) -> None:
    """Refuse, before a tree is made of it, what would make a huge one: a tag is four bytes in a body
    and 120 in a tree. Holds for all encodings taken here; the exact count comes after."""
    tags, most = body.count(b"<"), 2 * limits.max_elements
    if tags > most and tags > most + body.count(b"<!") + body.count(b"<?"):
        raise TooLarge(_too_many(limits))
    if _may_be_crowded(body) and _CROWDED.search(body):
        raise TooLarge(TOO_CROWDED)


def _may_be_crowded(body: bytes) -> bool:
    """Whether to look closer: most elements have no attributes at all."""
    if body.count(b"=") <= MOST_ATTRIBUTES:
        return False
    return any(signs.count(b"=") > MOST_ATTRIBUTES for signs in _SIGNS.findall(body))


def _too_many(limits: Limits) -> str:
    return f"The message has more than the {limits.max_elements:,} elements a call may have."


def _parsed(body: bytes, encoding: str | None) -> Element:
    try:
        marked = encoding in {"utf-16", "utf-16be"} and body.startswith(MARKS)
        return etree.fromstring(body, _parser(None if marked else encoding))  # the mark says more
    except (etree.XMLSyntaxError, LookupError, ValueError) as error:
        line = f", line {error.lineno}" if isinstance(error, etree.XMLSyntaxError) and error.lineno else ""
        raise Unreadable(f"The message is not well-formed XML{line}.") from None


def _parser(encoding: str | None) -> etree.XMLParser:
    known = _parsers.__dict__
    key = encoding or "declared"
    if key not in known:
        known[key] = etree.XMLParser(
            encoding=encoding,
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
    return cast(etree.XMLParser, known[key])


def _declared(body: bytes) -> int:
    return body.count(b"xmlns") + body.count(b"x\0m\0l\0n\0s")


def _is_flooded(root: Element) -> bool:
    events = etree.iterwalk(root, events=("start-ns", "end-ns"))
    in_scope = itertools.accumulate(1 if event == "start-ns" else -1 for event, _ in events)
    return any(count > MOST_NAMESPACES for count in in_scope)


_depths: dict[int, etree.XPath] = {}


def _deeper_than(depth: int) -> etree.XPath:
    if depth not in _depths:
        _depths[depth] = etree.XPath(f"boolean({'/*' * (depth + 1)})")
    return _depths[depth]


def take_credentials(operation: Element) -> Credentials:
    """Take the credentials out of an operation's element; ProviderId stays, it is no secret.

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
            operation.remove(child)
    return Credentials(*(found.get(name) or None for name in ("ProviderId", "User", "Password")))
