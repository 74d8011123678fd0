"""What is shown of what a sender sent."""

from __future__ import annotations

import pytest

from gateway.quoting import LONGEST_SHOWN, shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("GetActivity", "GetActivity"),
        (7, "7"),
        ("x" * 60, "x" * 60),
        ("x" * 61, "x" * 59 + "…"),
        ("a\r\nb\x1b", "a\ufffd\ufffdb\ufffd"),
    ],
)
def test_what_is_shown_is_short_and_printable(value: object, text: str) -> None:
    """On one line, whatever was sent."""
    assert text == shown(value)
    assert len(shown(value)) <= LONGEST_SHOWN
