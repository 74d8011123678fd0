"""The files that break every rule: what is found of them, the same in each version."""

from __future__ import annotations

import json
from typing import Any

import broken
import pytest
from payloads import ACTIVITIES

from gateway.schemas.activity import ActivityVersion

every_version = pytest.mark.parametrize("version", ACTIVITIES, ids=lambda version: version.name)


def _kept(version: ActivityVersion) -> dict[str, Any]:
    text = broken.message_of(version).with_suffix(".findings.json").read_text("utf-8")
    kept: dict[str, Any] = json.loads(text)
    return kept


@every_version
def test_what_is_found_is_what_was_found(version: ActivityVersion) -> None:
    """Each record of the message breaks today what it broke when it was put there, word by word."""
    assert _kept(version) == json.loads(broken.outcome(version))


@every_version
def test_every_rule_is_broken_or_cannot_be(version: ActivityVersion) -> None:
    """A record breaks each rule, and that rule alone; of the others the data says why none can."""
    kept = _kept(version)
    assert set(broken.LAWS) == set(kept["found"]) | set(kept["unbroken"])
    assert {code: [code] for code in kept["found"]} == {
        code: sorted({one["code"] for one in found}) for code, found in kept["found"].items()
    }


@every_version
def test_message_is_what_the_rules_make(version: ActivityVersion) -> None:
    """The message is the rules' own bad examples, so that a new rule is not forgotten."""
    assert broken.message_of(version).read_text("utf-8") == broken.document(version)


def test_versions_find_the_same() -> None:
    """A rule says the same of the same mistake, whatever the version it came in."""
    said: dict[str, list[Any]] = {}
    for version in ACTIVITIES:
        for code, found in _kept(version)["found"].items():
            said.setdefault(code, []).append([(one["severity"], one["text"], one["remedy"]) for one in found])
    assert [] == [code for code, told in said.items() if any(one != told[0] for one in told)]


def test_newest_version_can_break_nearly_all() -> None:
    """What the newest version cannot break belongs to 1.0, or its schema refuses it first."""
    assert {"A107": "its versions", "A504": "the shape"} == _kept(ACTIVITIES[-1])["unbroken"]
