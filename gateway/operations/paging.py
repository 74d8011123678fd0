"""The pages of a search, whatever is searched: what may be asked of it, and what leads from one to the next.

A page token is the row at which a page ended, with a proof that it did so in this provider's search: with
one of another search records would be left out or repeated, without anybody's noticing.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from gateway.errors import Malformed
from gateway.operations.call import Terms
from gateway.records import Caller

USUAL_PAGE, MOST_FOUND = 100, 500
LONGEST_SOUGHT = 200  # characters of a name or a title
_ROW_BYTES, _PROOF_BYTES = 8, 12


def check_size(size: int) -> None:
    """Check how much a page shall hold. Raises Malformed."""
    if not 1 <= size <= MOST_FOUND:
        raise Malformed(
            f"PageSize is not between 1 and {MOST_FOUND}.", remedy=f"Leave it out for {USUAL_PAGE}."
        )


def check_text(name: str, text: str | None, remedy: str) -> None:
    """Check that a text, which goes by `name`, is no longer than any that is looked for. Raises Malformed."""
    if len(text or "") > LONGEST_SOUGHT:
        raise Malformed(f"{name} is longer than {LONGEST_SOUGHT} characters.", remedy=remedy)


def check_days(first: tuple[str, date | None], last: tuple[str, date | None]) -> None:
    """Check that of two days that are given, each with its name, the last is not before the first. Raises
    Malformed."""
    (opening, begun), (closing, ended) = first, last
    if begun and ended and ended < begun:
        raise Malformed(f"{closing} is before {opening}.", remedy="Check both days.")


@dataclass(frozen=True, slots=True)
class Tokens:
    """The page tokens of one search; `sign` is the proof that a row is one at which a page of it ended."""

    sign: Callable[[int], bytes]

    def token(self, row: int | None) -> str | None:
        """The token that goes on after a row, None where nothing does."""
        if row is None:
            return None
        return base64.urlsafe_b64encode(row.to_bytes(_ROW_BYTES, "big") + self.sign(row)).decode().rstrip("=")

    def row(self, token: str | None) -> int:
        """The row a token stands for, 0 without one. Raises Malformed where it is of another search."""
        if not token:
            return 0
        try:
            told = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            told = b""
        row = int.from_bytes(told[:_ROW_BYTES], "big")
        if told[_ROW_BYTES:] != self.sign(row) or not row:
            raise Malformed(
                "PageToken is not one of this search.",
                remedy="Send the NextPageToken of the page before, with everything else as it was.",
            )
        return row


def tokens(operation: str, caller: Caller, asked: tuple[object, ...], terms: Terms) -> Tokens:
    """The page tokens of the search of a caller's provider for what is asked."""
    search = f"page|{operation}|{caller.provider_id}|{asked!r}"
    return Tokens(lambda row: terms.digest(f"{search}|{row}")[:_PROOF_BYTES])
