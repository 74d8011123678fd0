"""What deploy/ tells a machine: everything closed, time enough to stop, nothing from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.settings import Settings

DEPLOY = Path(__file__).parents[1] / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
CLOSED = {
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "RestrictSUIDSGID": "yes",
    "MemoryDenyWriteExecute": "yes",
    "UMask": "0077",
}


def _service(unit: Path) -> dict[str, str]:
    _, _, section = unit.read_text().partition("[Service]\n")
    lines = section.partition("[Install]")[0].splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: str(unit.stem))
def test_unit_closes_what_is_not_needed(unit: Path) -> None:
    """A unit runs as a user of its own, who may write only where the data is."""
    service = _service(unit)
    assert CLOSED == {name: service.get(name) for name in CLOSED}
    assert ("cme-gateway", "cme-gateway") == (service["User"], service["StateDirectory"])


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: str(unit.stem))
def test_unit_waits_for_the_last_call(unit: Path) -> None:
    """A unit is given longer to stop than a call, or an answer of a board, may take."""
    settings = Settings()
    assert max(settings.request_timeout, settings.worker_stop_seconds) < int(_service(unit)["TimeoutStopSec"])


def test_there_is_a_unit_for_each_command_that_keeps_running() -> None:
    """The gateway and the worker each have one."""
    commands = {_service(unit)["ExecStart"].rpartition(" ")[2] for unit in UNITS}
    assert {"serve", "worker"} == commands


def test_image_is_built_from_what_is_here() -> None:
    """The container file names its base alone, copies what exists, and runs as nobody special."""
    text = (DEPLOY / "Containerfile").read_text()
    assert {"python:3.11-slim"} == set(re.findall(r"^FROM (\S+)", text, re.M))
    assert "://" not in re.sub(r"http://127\.0\.0\.1:8080|sqlite:///", "", text)
    copied = [name for line in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.M) for name in line.split()]
    assert [] == [name for name in copied if not (DEPLOY.parent / name).exists()]
    assert re.search(r"^USER cme-gateway$", text, re.M)
