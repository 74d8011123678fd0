"""`cme-gateway simulate-boards`: the boards alone, and what their ledger says after they died."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from command import run_command

from gateway import simulators

FEW_SECONDS = 5
CALL = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    '<ReportCompletion xmlns="urn:cme-gateway:board:abp:1"><Reference>r-1</Reference>'
    "<DiplomateId>900001</DiplomateId><BirthMonth>2</BirthMonth><BirthDay>29</BirthDay>"
    "<ActivityId>202600001</ActivityId><ActivityTitle>T</ActivityTitle><ProviderId>0001234</ProviderId>"
    "<CreditType>Lifelong Learning</CreditType><Points>1</Points><CompletedOn>2026-03-10</CompletedOn>"
    "</ReportCompletion></s:Body></s:Envelope>"
)


@pytest.mark.network
@pytest.mark.slow
def test_the_command_serves_the_boards_and_shows_their_ledger(tmp_path: Path) -> None:
    """Alone in a process, killed without a chance to tidy: what it had decided is on record."""
    told = [sys.executable, "-m", "gateway.cli", "simulate-boards", "--port", "0", "--ledger", "l.db"]
    with subprocess.Popen(told, stdout=subprocess.PIPE, cwd=tmp_path, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().split() for _ in range(9)]
        url = dict(lines)["ABP"]
        answer = requests.post(url, data=CALL, headers={"Content-Type": "text/xml"}, timeout=FEW_SECONDS)
        process.send_signal(signal.SIGKILL)
    assert 200 == answer.status_code
    shown = json.loads(run_command(tmp_path, "simulate-boards", "--ledger", "l.db", "--show").out)
    assert [("ABP", "r-1", "accepted", 1)] == [
        (one["board"], one["reference"], one["verdict"], one["times_effective"]) for one in shown
    ]


@pytest.mark.network
def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    """Exit code 1, with what to do."""
    with simulators.serving() as boards:
        port = boards.address.rpartition(":")[2]
        said = run_command(tmp_path, "simulate-boards", "--port", port)
    assert (1, True, True) == (said.code, said.is_one_clear_line, "--port" in said.err)


def test_a_ledger_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    """Exit code 64, and none is made."""
    said = run_command(tmp_path, "simulate-boards", "--show", "--ledger", "none.db")
    assert (64, True, []) == (said.code, said.is_one_clear_line, list(tmp_path.iterdir()))


@pytest.mark.parametrize("told", [("none/l.db",), ("other.csv", "--show"), ("other.csv",)])
def test_a_file_that_can_be_no_ledger_is_one_clear_line(tmp_path: Path, told: tuple[str, ...]) -> None:
    """Its folder is missing, or it is something else, which is left as it is."""
    (tmp_path / "other.csv").write_text("a,b\n" * 100)
    said = run_command(tmp_path, "simulate-boards", "--port", "0", "--ledger", *told)
    assert (1, True, True) == (said.code, said.is_one_clear_line, told[0] in said.err)
    assert "a,b\n" * 100 == (tmp_path / "other.csv").read_text()
