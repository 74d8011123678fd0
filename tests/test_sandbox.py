"""The whole system as a user starts it: the demo, the files sent to it, and what is left when it stops."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest.mock import Mock

import pytest
from command import COLUMNS, Ended, run_command
from test_readme import blocks
from waiting import free_port

from gateway import demo, sandbox, server
from gateway.errors import Failed
from gateway.settings import Settings

pytestmark = [pytest.mark.network, pytest.mark.slow]

COMMAND = [sys.executable, "-m", "gateway.cli"]
ROOT = Path(__file__).parent.parent
PATIENCE = 60
QUICK = 15


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where commands run, and where they put what is temporary."""
    return tmp_path_factory.mktemp("sandbox")


def _environment(folder: Path, **more: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CME_GATEWAY_")}
    own = {"PYTHONPATH": str(ROOT), "TMPDIR": str(folder), "COLUMNS": str(COLUMNS)}
    return inherited | own | more


def _process(folder: Path, *arguments: object, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=folder,
        env=_environment(folder, **more),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


@contextmanager
def _started(folder: Path, *arguments: object, **more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A command that serves, in a process group of its own; gives what it printed until it served."""
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        cwd=folder,
        env=_environment(folder, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    said = ""
    try:
        for line in process.stdout:
            said += line
            if line.startswith(("  ", "Serving")) and ("submit" in line or arguments[0] == "serve"):
                break
        yield process, said
    finally:
        with process:
            _signal_group(process, signal.SIGKILL)


def _signal_group(process: subprocess.Popen[str], sent: signal.Signals) -> bool:
    """Signal a process group; says whether there was anybody in it."""
    try:
        os.killpg(process.pid, sent)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[str]:
    """The URL of a sandbox."""
    port = free_port()
    with _started(folder, "sandbox", "--port", port) as (_, said):
        assert f"http://127.0.0.1:{port}/soap/v2?wsdl" in said
        yield f"http://127.0.0.1:{port}"


def _submit(
    folder: Path, url: str, *arguments: object, stdin: bytes = b"", password: str = sandbox.PASSWORD
) -> Ended:
    account = ("--url", url, "--provider", sandbox.PROVIDER.id, "--user", sandbox.USER)
    told = {"CME_GATEWAY_PASSWORD": password}
    return run_command(folder, "submit", *arguments, *account, stdin=stdin, environment=told)


def _sample(folder: Path, name: str, *options: object) -> Path:
    path = folder / name
    path.write_text(run_command(folder, "sample", "activity", *options).out)
    return path


# --- the demo ------------------------------------------------------------------------------------------


def test_demo_succeeds_and_again_on_the_same_data(folder: Path) -> None:
    """The demo ends with 0 and shows each sample; with kept data the same samples are unchanged."""
    data = folder / "kept"
    for action in ("Added", "Unchanged"):
        told = _process(folder, "sandbox", "--demo", "--port", free_port(), "--data", data)
        rows = [line for line in told.stdout.splitlines() if re.match(r" v\d, \d\.\d", line)]
        assert (0, "") == (told.returncode, told.stderr)
        assert [True] * 7 == [f" {action} " in row and " yes " in row for row in rows[:7]]
        assert [True] * 7 == [" ccid:dms:demo-" in row and " yes " in row for row in rows[7:]]
        assert COLUMNS >= max(map(len, told.stdout.splitlines()))
    assert {"sandbox.db", "sandbox.key"} <= {path.name for path in data.iterdir()}


def test_demo_fails_where_anything_is_unexpected(monkeypatch: pytest.MonkeyPatch, served: str) -> None:
    """The demo says so when a sample does not come back as it was sent."""
    monkeypatch.setattr(demo, "DONE", {"Deleted"})
    assert demo.demonstrate(served, Settings()) is False


def test_readme_leads_from_submission_to_verdict(folder: Path, served: str) -> None:
    """The Python of the README, pasted as a whole, prints what the simulated board said."""
    pasted = "".join(blocks("python")).replace("http://127.0.0.1:8080", served)
    told = subprocess.run([sys.executable, "-c", pasted], capture_output=True, text=True, timeout=PATIENCE)
    assert ("", ["Added Submitted", "ABIM Accepted "]) == (told.stderr, told.stdout.splitlines()[-2:])


# --- where it is served --------------------------------------------------------------------------------


def test_sandbox_serves_where_the_settings_say(folder: Path) -> None:
    """Without --host and --port it is served at CME_GATEWAY_BIND."""
    port = free_port()
    told = _process(folder, "sandbox", "--demo", CME_GATEWAY_BIND=f"localhost:{port}")
    assert (0, "") == (told.returncode, told.stderr)


def test_samples_never_go_to_somebody_elses_gateway(
    folder: Path, served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where another gateway takes the port after it was found free, the sandbox ends before anything is
    sent: that one answers, but it is not the sandbox's own."""
    check = server.check_address
    asked = Mock(side_effect=[None])  # free at first
    monkeypatch.setattr(
        sandbox, "check_address", lambda *told, **by: check(*told, **by) if asked.called else asked()
    )
    own = ("127.0.0.1", int(served.rpartition(":")[2]), folder / "late", Settings())
    with pytest.raises(Failed, match="is in use") as told, sandbox.sandbox(*own):
        pytest.fail("another gateway was taken for its own")
    assert "--port, or CME_GATEWAY_BIND" in told.value.remedy


# --- stopping ------------------------------------------------------------------------------------------


def _busy(port: int) -> tuple[socket.socket, socket.socket]:
    """Two clients that do not let go: one keeps its connection, one has sent half a call."""
    idle, half = (socket.create_connection(("127.0.0.1", port)) for _ in range(2))
    idle.sendall(b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n")
    idle.recv(1000)
    half.sendall(b"POST /soap/v2 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n<")
    return idle, half


@pytest.mark.parametrize("group", [True, False], ids=["Ctrl-C", "kill"])
def test_stopped_sandbox_leaves_nothing(folder: Path, group: bool) -> None:
    """Ctrl-C, which reaches every process, and a kill of the first one end it at once, with exit code 0;
    no process and no folder stays, whatever its clients are doing."""
    port, before = free_port(), set(folder.iterdir())
    with _started(folder, "sandbox", "--port", port) as (process, _):
        clients = _busy(port)
        assert [True] == [path.name.startswith("cme-gateway-") for path in set(folder.iterdir()) - before]
        time.sleep(0.2)
        if group:
            _signal_group(process, signal.SIGINT)
        else:
            process.terminate()
        assert 0 == process.wait(QUICK), process.stdout and process.stdout.read()
        assert not _signal_group(process, signal.SIGTERM)
        for client in clients:
            client.close()
    assert before == set(folder.iterdir())


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=str)
def test_stopped_server_is_gone(folder: Path, sent: signal.Signals) -> None:
    """A gateway told to stop, all its processes at a time, ends with 0 and without a word of complaint."""
    own = {"CME_GATEWAY_BIND": f"127.0.0.1:{free_port()}"}
    assert 0 == run_command(folder, "migrate", environment=own).code
    with _started(folder, "serve", **own) as (process, said):
        assert "Serving on http://127.0.0.1:" in said
        _signal_group(process, sent)
        out, _ = process.communicate(timeout=QUICK)
    told = [json.loads(line) for line in out.splitlines()]
    assert (0, [("info", "served no longer")]) == (
        process.returncode,
        [(line["level"], line["event"]) for line in told],
    )


# --- watching ------------------------------------------------------------------------------------------


def _child(process: subprocess.Popen[str], command: str, gone: int = 0) -> int:
    """The process of a sandbox that runs a command, once it does."""
    deadline = time.monotonic() + QUICK
    while time.monotonic() < deadline:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        for pid in {*map(int, children)} - {gone}:
            if command.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                return pid
        time.sleep(0.05)
    raise AssertionError(f"nobody runs {command}")


def test_a_worker_that_died_is_started_again(folder: Path) -> None:
    """Whatever runs beside the gateway and ends is started again, in one line that names its log. A gateway
    that ends takes the sandbox with it, and says so."""
    with _started(folder, "sandbox", "--port", str(free_port()), "--data", folder / "watched") as (
        process,
        _,
    ):
        assert process.stdout is not None
        for name, log in (("worker", "worker.log"), ("simulate-boards", "boards.log")):
            killed = _child(process, name)
            os.kill(killed, signal.SIGKILL)
            line = next(told for told in process.stdout if " ended with " in told)
            assert f"The {name} of the sandbox ended with -9, and was started again" in line
            assert f"{folder / 'watched' / log}.\n" in line
            assert _child(process, name, gone=killed)
        os.kill(_child(process, "serve"), signal.SIGTERM)
        assert 1 == process.wait(PATIENCE)
        assert "The sandbox ends: its gateway ended with 0" in process.stdout.read()


def test_what_ends_as_often_as_it_is_started_ends_the_sandbox(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is started twice more, then the sandbox says what ended and where its log lies."""
    with ExitStack() as stack:
        beside = sandbox.Beside(Settings(), tmp_path, stack)
        beside.start("no-such-command")
        with pytest.raises(Failed, match=r"no-such-command ended 3 times soon") as told:
            _look_until_it_ends(beside)
    log = tmp_path / "no-such-command.log"
    assert f"See {log}." == told.value.remedy
    assert (2, 3) == (
        capsys.readouterr().out.count("started again"),
        log.read_text().count("No such command"),
    )


def _look_until_it_ends(beside: sandbox.Beside) -> None:
    for _ in range(PATIENCE * 10):
        beside.look()
        time.sleep(0.1)


# --- sending files -------------------------------------------------------------------------------------


def test_good_file_is_accepted_and_known_again(folder: Path, served: str) -> None:
    """A file of samples is added, in either service version; sent again nothing changes; exit code 0."""
    path = _sample(folder, "good.xml", "--count", 3, "--seed", 11)
    first, second = _submit(folder, served, path), _submit(folder, served, path, "--service", "v1")
    assert [0, 0] == [first.code, second.code]
    assert f"{path}: Success, activity 2.1: 3 added, 3 activities Ready to Close; receipt " in first.out
    assert "3 unchanged" in second.out


def test_bad_records_are_refused_and_come_back_to_be_corrected(folder: Path, served: str) -> None:
    """With errors the exit code is 2, the findings have line and remedy, and the refused records a file."""
    path = _sample(folder, "bad.xml", "--count", 20, "--seed", 12, "--errors", 40)
    again = folder / "again.xml"
    told = _submit(folder, served, path, "--json", "--errors", again)
    rows = [row for row in json.loads(told.out) if row["severity"] == "Error"]
    lines = path.read_text().splitlines()
    assert 2 == told.code
    assert "Partial success" in told.err
    assert path.read_text().count("breaks rule") == len(rows) == again.read_text().count("<!-- ")
    assert [] == [row for row in rows if not lines[row["line"] - 1].lstrip().startswith("<")]
    assert [row["code"] for row in rows] == re.findall(r"<!-- (\w+) ", again.read_text())
    assert 2 == _submit(folder, served, again, "--validate-only").code


def test_many_records_go_in_pieces(folder: Path, served: str) -> None:
    """A file of 1,200 records goes in three calls, with nothing lost and every record's number right."""
    path = _sample(folder, "many.xml", "--count", 1200, "--seed", 13, "--errors", 1)
    told = _submit(folder, served, path, "--json")
    named = [
        number
        for number, part in enumerate(path.read_text().split("</m:MedicalEducationMetrics>"), 1)
        if "breaks rule" in part
    ]
    assert (2, 3) == (told.code, told.err.count("receipt "))
    counts = {word: sum(map(int, re.findall(rf"(\d+) {word}", told.err))) for word in ("added", "refused")}
    assert {"added": 1200 - len(named), "refused": len(named)} == counts
    assert named == [row["record"] for row in json.loads(told.out) if row["severity"] == "Error"]


def test_validating_stores_nothing(folder: Path, served: str) -> None:
    """--validate-only says what would happen, as often as it is asked."""
    made = run_command(folder, "sample", "activity", "--seed", 14).out.encode()
    for _ in range(2):
        told = _submit(folder, served, "-", "--validate-only", stdin=made)
        said = "-: Success, activity 2.1: 1 added, 1 activity Active; validated only, nothing stored\n"
        assert (0, said) == (told.code, re.sub("activity [A-Z][A-Za-z ]*", "activity Active", told.out))


def test_wrong_password_is_one_line(folder: Path, served: str) -> None:
    """A wrong password is refused once, whatever the number of files."""
    path = _sample(folder, "one.xml")
    told = _submit(folder, served, path, path, password="wrong")
    assert (2, "", 1) == (told.code, told.out, told.err.count("\n"))
    assert "[S001]" in told.err


def test_file_that_cannot_be_sent_stops_no_other(folder: Path, served: str) -> None:
    """Files that are missing, broken or of no version are told in a line each, and the next one is sent."""
    (folder / "broken.xml").write_text("<a>")
    (folder / "foreign.xml").write_text('<ACCMEActivities schemaVersion="0.9"><a/></ACCMEActivities>')
    path = _sample(folder, "last.xml", "--seed", 15)
    told = _submit(folder, served, "missing.xml", "broken.xml", "foreign.xml", path)
    assert (2, "") == (told.code, told.err)
    assert ["refused", "refused", "refused", "Success,"] == [
        line.split()[1] for line in told.out.splitlines()
    ]
    assert ["X001", "X001", "X010"] == re.findall(r"\[(X\d+)\]", told.out)
