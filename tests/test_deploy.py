"""What deploy/ tells a machine: everything closed, time enough to stop, nothing from elsewhere."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gateway import settings
from gateway.cli import COMMANDS
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


def test_settings_stand_in_one_place() -> None:
    """Units name no setting of their own: a command would have another key or head file than a service."""
    for unit in UNITS:
        service = _service(unit)
        assert "/etc/cme-gateway/environment" == service["EnvironmentFile"]
        assert not {"Environment", "LoadCredential"} & set(service)


def _environment() -> dict[str, str]:
    lines = (DEPLOY / "environment").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if not line.startswith("#"))


def test_environment_is_read_alike_by_systemd_and_shells(monkeypatch: pytest.MonkeyPatch) -> None:
    """It names settings there are, and what differs from another where it lies; no value needs quotes."""
    named = _environment()
    assert {"CME_GATEWAY_KEY_FILE", "CME_GATEWAY_AUDIT_HEADS", "CME_GATEWAY_DATABASE"} == set(named)
    assert [] == [value for value in named.values() if re.search(r"[^\w./:@=-]", value)]
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    configured = settings.load()
    assert named["CME_GATEWAY_AUDIT_HEADS"] == configured.audit_heads


def test_command_is_run_as_the_service_runs(tmp_path: Path) -> None:
    """By its user, with its settings, in its folder, with its arguments as they are."""
    script = (DEPLOY / "cme-gateway").read_text()
    for place in ("/var/lib/cme-gateway", "/etc/cme-gateway", "/opt/cme-gateway"):
        (tmp_path / place[1:] / "bin").mkdir(parents=True)
        script = script.replace(place, str(tmp_path / place[1:]))
    shutil.copy(DEPLOY / "environment", tmp_path / "etc/cme-gateway")
    command, runuser = tmp_path / "opt/cme-gateway/bin/cme-gateway", tmp_path / "runuser"
    command.write_text('#!/bin/sh\npwd; umask; echo "$CME_GATEWAY_AUDIT_HEADS"; printf "<%s>" "$@"\n')
    runuser.write_text('#!/bin/sh\necho "$1 $2 $3"; shift 3; exec "$@"\n')
    for made in (command, runuser):
        made.chmod(0o755)
    told = subprocess.run(
        ["/bin/sh", "-c", script, "cme-gateway", "backup", "two words"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    folder, heads = tmp_path / "var/lib/cme-gateway", _environment()["CME_GATEWAY_AUDIT_HEADS"]
    assert f"-u cme-gateway --\n{folder}\n0077\n{heads}\n<backup><two words>" == told


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: str(unit.stem))
def test_unit_closes_what_is_not_needed(unit: Path) -> None:
    """A unit runs as a user of its own, who may write only where the data is."""
    service = _service(unit)
    assert CLOSED == {name: service.get(name) for name in CLOSED}
    assert ("cme-gateway", "cme-gateway") == (service["User"], service["StateDirectory"])


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: str(unit.stem))
def test_unit_waits_for_the_last_call(unit: Path) -> None:
    """A unit is given longer to stop than a call, or an answer of a board, may take."""
    usual = Settings()
    assert max(usual.request_timeout, usual.worker_stop_seconds) < int(_service(unit)["TimeoutStopSec"])


def test_there_is_a_unit_for_each_command_that_keeps_running() -> None:
    """The gateway and the worker each have one."""
    commands = {_service(unit)["ExecStart"].rpartition(" ")[2] for unit in UNITS}
    assert {"serve", "worker"} == commands


def test_image_is_built_from_what_is_here() -> None:
    """The container file names its base alone, copies what exists, and runs as nobody special."""
    text = (DEPLOY / "Containerfile").read_text()
    assert {"python:3.11-slim"} == set(re.findall(r"^FROM (\S+)", text, re.M))
    assert "://" not in text.replace("sqlite:///", "")
    copied = [name for line in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.M) for name in line.split()]
    assert [] == [name for name in copied if not (DEPLOY.parent / name).exists()]
    assert re.search(r"^USER cme-gateway$", text, re.M)
    assert {"ready"} == set(re.findall(r'^HEALTHCHECK .* CMD \["cme-gateway", "(\w+)"\]$', text, re.M)) & set(
        COMMANDS
    )


def test_image_takes_nothing_without_its_hash() -> None:
    """Whatever pip fetches is held against the lock; what it installs otherwise is there already."""
    text = (DEPLOY / "Containerfile").read_text().replace("\\\n", "")
    fetching = re.findall(r"pip (?:install|download) .*?(?=&&|$)", text, re.M)
    kept = ("--require-hashes", "--no-index", "--no-deps .")
    assert [] == [one for one in fetching if not any(option in one for option in kept)]
    assert 4 == len(fetching)
