"""Which encoding a document is in, and the document in UTF-8: from here on there is no other.

What is looked for in bytes is then found: in UTF-16, or in an encoding nobody thought of, it would be
spelled otherwise.
"""

from __future__ import annotations

import codecs
import re

from gateway.errors import Unreadable

ENCODINGS = {"utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "us-ascii", "ascii": "us-ascii"}
ENCODINGS |= {f"utf{dash}16{end}": "utf-16" for dash in ("-", "") for end in ("", "le", "-le")}
ENCODINGS |= {f"utf{dash}16{end}": "utf-16be" for dash in ("-", "") for end in ("be", "-be")}
MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
MARKS_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_LABEL = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml\s[^>]*?encoding\s*=\s*[\"']([^\"'>]*)")
NOT_TAKEN = "The message is in an encoding that is not taken here."
OTHERWISE = "The message is not in the encoding it is said to be in."


def in_utf8(body: bytes, declared: str | None) -> bytes:
    """A document in UTF-8, whose own declaration no longer counts.

    `declared` is what the transport says, one of the values of ENCODINGS, and wins; without it the
    byte order mark does, then the shape of the first bytes, then the document's own label. Raises
    Unreadable for every other encoding, and for bytes that are not in theirs.
    """
    encoding = declared or _shown(body)
    if encoding == "us-ascii" and not body.isascii():
        raise Unreadable(OTHERWISE)
    if not encoding.startswith("utf-16"):
        return body  # whether it is UTF-8 throughout, the parser finds out
    try:
        return body.decode(_order(body, encoding)).removeprefix("\ufeff").encode()
    except UnicodeError:
        raise Unreadable(OTHERWISE) from None


def _shown(body: bytes) -> str:
    """The encoding a document shows by itself."""
    if body.startswith(MARKS_32):
        raise Unreadable(NOT_TAKEN)
    if body.startswith(MARKS) or body[:4] in {b"<\0?\0", b"\0<\0?"}:
        return "utf-16"
    label = _LABEL.match(body)
    encoding = ENCODINGS.get(label[1].decode("latin-1").lower()) if label else "utf-8"
    if encoding is None:
        raise Unreadable(NOT_TAKEN)
    if encoding.startswith("utf-16"):
        raise Unreadable(OTHERWISE)
    return encoding


def _order(body: bytes, encoding: str) -> str:
    """The byte order: the mark says more than the name."""
    if body.startswith(MARKS):
        return "utf-16"
    return "utf-16-be" if encoding == "utf-16be" or body.startswith(b"\0<") else "utf-16-le"
