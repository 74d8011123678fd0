"""What rules tell beside a wrong shape: nothing that is only so because of the shape.

Records of good shape are spoilt at one element after the other. Whatever rules then say that they did not
say before is not so: what the record says elsewhere has not changed.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lxml import etree
from payloads import READER, TODAY

from gateway import checking, rules
from gateway.errors import Refused

Element = etree._Element

GOLDEN = Path(__file__).parents[1] / "golden"
SHAPED = [
    path
    for version in sorted(GOLDEN.iterdir())
    for path in sorted(version.glob("*.xml"))
    if ".as_" not in path.name and not path.name.startswith("odd_")
]


def _spoilt(document: bytes, spoil: Callable[[Element], bool]) -> Iterator[bytes]:
    """The document, once for each of its elements that could be spoilt, with that one spoilt."""
    root = etree.fromstring(document)
    for number in range(sum(1 for _ in root.iter("*"))):
        spoiling = copy.deepcopy(root)
        if spoil([*spoiling.iter("*")][number]):
            yield etree.tostring(spoiling)


def _garbled(element: Element) -> bool:
    element.text = "\u2603!"
    return not len(element)


def _left_out(element: Element) -> bool:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)
    return parent is not None


def _joined(element: Element) -> bool:
    if element.getparent() is not None:
        element.addnext(etree.Element("{urn:x}foreign"))
    return element.getparent() is not None


def _told(document: bytes) -> Iterator[tuple[bool, list[str]]]:
    """Of each record whether its shape is wrong, and what rules refuse it for."""
    try:
        _, checked = checking.check(document, READER, TODAY)
    except Refused:
        return
    for one in checked:
        codes = [found.code for found in one.findings if found.blocks]
        yield any(code[0] == "X" for code in codes), [code for code in codes if code[0] != "X"]


@pytest.mark.parametrize("path", SHAPED, ids=lambda path: f"{path.parent.name}/{path.stem}")
@pytest.mark.parametrize("spoil", [_garbled, _left_out, _joined])
def test_rules_speak_of_nothing_that_only_seems_so(path: Path, spoil: Callable[[Element], bool]) -> None:
    """Where a record is spoilt at one place, nothing but that is told that was not so before."""
    before = {code for _, codes in _told(path.read_bytes()) for code in codes}
    spoilt = [codes for one in _spoilt(path.read_bytes(), spoil) for wrong, codes in _told(one) if wrong]
    assert {code for codes in spoilt for code in codes} <= before


def test_a_rule_would_speak(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: were it not looked at what stands in the way, rules would speak of much."""
    monkeypatch.setattr(rules.judging, "_meets", lambda path, others: False)
    document = (GOLDEN / "activity_v2_0" / "everything.xml").read_bytes()
    told = {code for spoilt in _spoilt(document, _garbled) for _, codes in _told(spoilt) for code in codes}
    assert {"A105", "A202"} & told
