"""The guards over all tests do bite."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ADDRESS = ("127.0.0.1", 9)
SUITE = """
import pytest

def test_that_runs():
    pass

@pytest.mark.skipif(True, reason="no such tool here")
def test_that_does_not():
    pass
"""


@pytest.mark.parametrize("name", ["connect", "connect_ex"])
def test_an_unmarked_test_cannot_connect(name: str) -> None:
    """Not even to this machine, and not even when the code under test catches all exceptions."""
    with socket.socket() as client, pytest.raises(pytest.fail.Exception, match="allowed here: nothing"):
        getattr(client, name)(ADDRESS)


@pytest.mark.network
def test_a_marked_test_connects_to_this_machine_only() -> None:
    """Loopback is allowed, the rest of the world is not (198.51.100.1 is reserved for documents)."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
        client.connect(server.getsockname())
    with socket.socket() as client, pytest.raises(pytest.fail.Exception, match="connects to"):
        client.connect(("198.51.100.1", 9))


@pytest.mark.parametrize(("switches", "status"), [([], 0), (["--all-or-fail"], 1)])
def test_what_did_not_run_is_listed_and_fails_on_demand(
    tmp_path: Path, switches: list[str], status: int
) -> None:
    """The list names test and reason; with --all-or-fail it makes the run fail."""
    (tmp_path / "conftest.py").write_text((Path(__file__).parent / "conftest.py").read_text())
    (tmp_path / "test_two.py").write_text(SUITE)
    run = [sys.executable, "-m", "pytest", f"--rootdir={tmp_path}", *switches, str(tmp_path)]
    plugins = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run(run, capture_output=True, text=True, cwd=tmp_path, env=plugins, check=False)
    listed = "test_two.py::test_that_does_not: no such tool here" in done.stdout
    assert (status, True) == (done.returncode, listed)
