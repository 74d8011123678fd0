"""How a text shows what a sender sent: printable, and so short that it floods nothing."""

from __future__ import annotations

LONGEST_SHOWN = 60
"""The most characters of a sender's value that a text shows."""


def shown(value: object) -> str:
    """A value, cut, and with a sign in place of each that cannot be printed."""
    text = str(value)[: LONGEST_SHOWN + 1]
    text = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"
