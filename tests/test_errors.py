"""Everything the gateway refuses or fails at, looked at as a whole."""

from __future__ import annotations

import re

from gateway import errors
from gateway.errors import GatewayError

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, GatewayError)]
LEVEL = 3  # characters by which the tree is indented
LATER = {429, 503}


def test_the_tree_is_drawn_as_it_is() -> None:
    """It names every error, under the one it is a kind of, and none that is not there."""
    (_, tree, *_) = (errors.__doc__ or "").split("\n\n")
    drawn: dict[str, str] = {}
    above: dict[int, str] = {}
    for line in tree.splitlines():
        bare = line.lstrip("│├└─ ")
        level = (len(line) - len(bare)) // LEVEL
        for name in re.split(" {2,}", bare)[0].split(" · "):
            above[level] = name
            drawn[name] = above.get(level - 1, Exception.__name__)
    assert {kind.__name__: kind.__bases__[0].__name__ for kind in KINDS} == drawn


def test_what_asks_to_come_back_says_when() -> None:
    """Of HTTP 429 and 503 each has its seconds, and nothing else has any; the one who raises it may know
    better."""
    assert {kind for kind in KINDS if kind.http_status in LATER} == {
        kind for kind in KINDS if kind.retry_after
    }
    assert (30, 7) == (errors.Busy().retry_after, errors.Busy(retry_after=7).retry_after)
