"""A request's body and what its headers say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from functools import lru_cache
from typing import Any

from gateway.errors import TooLarge, Unreadable, UnsupportedMedia
from gateway.intake.encoding import ENCODINGS
from gateway.intake.limits import Limits
from gateway.quoting import shown

KINDS = ("text/xml", "application/xml", "application/soap+xml")
PIECE = 64 << 10
ENDED_EARLY = "The body ended before its announced length."


@dataclass(frozen=True, slots=True)
class Media:
    """What a Content-Type says: the type, the encoding if it declares one, the action of SOAP 1.2."""

    kind: str
    encoding: str | None = None
    action: str | None = None


@lru_cache(maxsize=256)  # a client says the same all day, and to take it apart costs as much as a small parse
def read_media(content_type: str | None) -> Media:
    """Read a Content-Type; raises UnsupportedMedia for a type or a charset that is not taken here."""
    header = Message()
    header["content-type"] = content_type or "application/xml"
    kind = header.get_content_type()
    if kind not in KINDS:
        raise UnsupportedMedia(f"The content type {shown(kind)} is not taken here.")
    charset, action = header.get_param("charset"), header.get_param("action")
    encoding = None if charset is None else ENCODINGS.get(str(charset).strip().lower())
    if charset is not None and encoding is None:
        raise UnsupportedMedia("The charset of the Content-Type header is not taken here.")
    return Media(kind, encoding, None if action is None else str(action))


def read_body(environ: Mapping[str, Any], limits: Limits) -> bytes:
    """Read a request's body whole, whether its length was announced or it comes in chunks.

    Raises TooLarge beyond `max_call_bytes`, UnsupportedMedia for a compressed body, Unreadable for
    a length that is no number or a body that ends early.
    """
    announced = environ.get("CONTENT_LENGTH") or None
    if announced is not None and not (announced.isascii() and announced.isdecimal()):
        raise Unreadable("The Content-Length header is not a number.")
    if announced is None and not environ.get("wsgi.input_terminated"):
        return b""  # nothing announced, nothing to wait for
    # Thirty digits are no number to read: none that long is within the limit.
    length = int(announced[:20]) if announced is not None else None
    if length is not None and length > limits.max_call_bytes:
        raise _too_large(limits)
    body = _read(environ["wsgi.input"], limits.max_call_bytes + 1 if length is None else length)
    if len(body) > limits.max_call_bytes:
        raise _too_large(limits)
    if length is not None and len(body) < length:
        raise Unreadable(ENDED_EARLY)
    if environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower() not in {"", "identity"}:
        raise UnsupportedMedia("The body is compressed, which is not taken here.")  # nothing is inflated
    return body


def _read(stream: Any, most: int) -> bytes:
    """Read at most so many bytes, in pieces: a server's own buffers then stay small."""
    pieces, left = [], most
    while left > 0:
        try:
            piece = stream.read(min(left, PIECE))
        except Exception:  # each server has its own for a chunk that is none, or a caller who is gone
            raise Unreadable("The body cannot be read to its end.") from None
        if not piece:
            break
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _too_large(limits: Limits) -> TooLarge:
    return TooLarge(f"The message is larger than the {limits.max_call_bytes:,} bytes a call may have.")
