"""Clients in other languages make typed completions from the contract on disk; nothing is sent."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from foreign import node, php
from lxml import etree
from offered import OPERATIONS
from test_wsdl import VALUE, path_of, submissions

from gateway.records import Place
from gateway.shape import Judge

pytestmark = [pytest.mark.contract]


def plain(value: Any) -> Any:
    """A submission as JSON can hold it: texts under "_", dates and numbers as they are written."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {"_" if name == VALUE else name: plain(one) for name, one in value.items()}
    if isinstance(value, date):
        return value.isoformat() if isinstance(value, datetime) else str(value)
    return float(value) if isinstance(value, Decimal) else value


@pytest.mark.parametrize("language", [node, php], ids=lambda language: str(language.__name__))
@pytest.mark.parametrize("version", OPERATIONS)
def test_a_typed_completion_is_valid(version: str, language: Callable[[str], list[str]]) -> None:
    """What the client makes of plain values has the shape of the payload, once its order is tidied."""
    sent = submissions(version)["SaveLearnerActivity"]
    command = [*language("learner"), str(path_of(version)), json.dumps(plain(sent))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (0, "") == (done.returncode, done.stderr)
    payload = etree.fromstring(done.stdout.strip().encode()).find(".//{*}ACCMELearnerReports")
    assert payload is not None
    assert [] == Judge(f"learner/v{version[1:]}_0/learner.xsd").judge(payload, lambda element: Place())
    assert len(sent["ActivityReports"]["ActivityReport"]) == len(payload.findall(".//{*}ActivityReport"))
