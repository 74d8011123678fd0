"""Which encoding a document is in, and the document in UTF-8: from here on there is no other.

What is looked for in bytes is then found: in UTF-16, or in an encoding nobody thought of, it would be
spelled otherwise.
"""

from __future__ import annotations

import codecs
import re

from gateway.errors import Unreadable

ENCODINGS = {"utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "us-ascii", "ascii": "us-ascii"}
ENCODINGS |= {"utf-16": "utf-16", "utf16": "utf-16"}
ENCODINGS |= {f"{name}{dash}le": "utf-16le" for name in ("utf-16", "utf16") for dash in ("", "-")}
ENCODINGS |= {f"{name}{dash}be": "utf-16be" for name in ("utf-16", "utf16") for dash in ("", "-")}
MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
MARKS_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_LABEL = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml\s[^>]*?encoding\s*=\s*[\"']([^\"'>]*)")
OTHER_ORDER = "\ufffe"  # a byte order mark, read in the other order
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
        text = body.decode(_order(body, encoding))
        if text.startswith(OTHER_ORDER):
            raise Unreadable(OTHERWISE)
        return text.encode()  # with its mark, if it has one: the parser takes one, and no second
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
    """The codec by the byte order: as it is said to be, else as the mark or the first sign has it."""
    if encoding != "utf-16":
        return encoding
    return "utf-16be" if body.startswith((codecs.BOM_UTF16_BE, b"\0<")) else "utf-16le"
