"""Clients in other languages: a script each, run against both service versions, tells what it was told."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from foreign import node, php
from offered import OPERATIONS
from served import ACCOUNT, Served

pytestmark = [pytest.mark.network, pytest.mark.contract]

TITLE = "Ärzte & <Pflege>"


@pytest.fixture(scope="module", params=["v1", "v2"])
def version(request: pytest.FixtureRequest) -> str:
    """A service version."""
    return str(request.param)


@pytest.fixture(scope="module", params=["1.1", "1.2"], ids=lambda soap: f"soap{soap}")
def soap(request: pytest.FixtureRequest) -> str:
    """A version of SOAP."""
    return str(request.param)


@pytest.fixture(scope="module", params=[node, php], ids=lambda language: language.__name__)
def told(request: pytest.FixtureRequest, served_on_sqlite: Served, version: str, soap: str) -> dict[str, Any]:
    """What a script was told by a service version; its activity has its own name for an id."""
    command: Callable[[str], list[str]] = request.param
    own_id = f"{command.__name__}-{version}-{soap}"
    address = served_on_sqlite.wsdl(version) + ("&soap=1.2" if soap == "1.2" else "")
    arguments = [address, version, json.dumps(ACCOUNT), own_id]
    run = [*command("client"), *arguments]
    done = subprocess.run(run, capture_output=True, text=True, timeout=60, check=False)
    assert (0, "") == (done.returncode, done.stderr)
    return {"own_id": own_id, **json.loads(done.stdout)}


def many(value: Any) -> list[Any]:
    """What may stand several times: some clients give a single one without a list."""
    return value if isinstance(value, list) else [value]


def text(value: Any) -> str:
    """A text that may have attributes, which some clients give as an object."""
    return str(value.get("_", value.get("$value")) if isinstance(value, dict) else value)


def test_the_contract_loads(told: dict[str, Any], version: str) -> None:
    """The client finds the operations of the version, and GetServiceInfo says the same."""
    assert OPERATIONS[version] == set(told["operations"])
    assert (version, OPERATIONS[version]) == (told["info"]["ServiceVersion"], set(told["info"]["Operation"]))


def test_a_typed_activity_is_saved(told: dict[str, Any], version: str) -> None:
    """What the client made of plain values is taken, in the endpoint's payload version."""
    receipt, (result,) = told["saved"], many(told["saved"]["Result"])
    assert ({"v1": "1.0", "v2": "2.1"}[version], "Success") == (receipt["SchemaVersion"], receipt["Outcome"])
    assert (told["own_id"], "Added") == (result["ProviderActivityId"], result["Action"])
    assert "X030" not in [finding["Code"] for finding in many(result.get("Finding", []))]


def test_a_typed_activity_is_read(told: dict[str, Any], version: str) -> None:
    """The client reads back what it sent, as objects."""
    (result,) = many(told["saved"]["Result"])
    (record,) = many(told["read"]["ACCMEActivities"]["MedicalEducationMetrics"])
    lom = record["ActivityDescription"]["lom"]
    education = lom["healthcareMetadata"]["healthcareEducation"]
    (physicians,) = many(record["ParticipationMetrics"]["ParticipantsByCategory"])
    assert result["ActivityId"] == told["read"]["ActivityId"]
    assert {result["ActivityId"], told["own_id"]} == {
        identifier["entry"] for identifier in lom["general"]["identifier"]
    }
    assert TITLE == text(lom["general"]["title"]["string"])
    assert "12" == text(physicians)
    assert "2025-03-10" == education["startDateTime"][:10]
    assert "2025-12-31" == record["ReportDescription"]["ReportingEndDate"][:10]
    assert (version == "v2") == ("endDateTime" in education)


def test_a_refused_record_says_why(told: dict[str, Any]) -> None:
    """A record that breaks a rule comes back refused, with its findings as objects."""
    receipt, (result,) = told["refused"], many(told["refused"]["Result"])
    finding = many(result["Finding"])[0]
    assert ("Failure", "Refused") == (receipt["Outcome"], result["Action"])
    assert ("A104", "Error", "title") == (finding["Code"], finding["Severity"], finding["Field"])


def test_a_fault_has_its_typed_detail(told: dict[str, Any], soap: str) -> None:
    """A refused call raises the client's own fault, which carries code, remedy and trace."""
    fault = told["fault"]["detail"]["Fault"]
    code = {"1.1": "soap:Client", "1.2": "env:Sender"}[soap]
    assert (code, "S001") == (told["fault"]["faultcode"], fault["Code"])
    assert fault["Remedy"] and fault["TraceId"]
