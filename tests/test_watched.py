"""A served gateway as its operator sees it: log, metrics and readiness of several processes."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import resource
import signal
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from served import Served, serving
from waiting import until

pytestmark = [pytest.mark.network, pytest.mark.slow]

THEIRS = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{THEIRS}-b7ad6b7169203331-01"
CANARY = "Zebrawood"
CALLS = 12
SECONDS = 10


@pytest.fixture(scope="module", params=["gunicorn", "granian"])
def server(request: pytest.FixtureRequest) -> str:
    """The name of a server that is installed."""
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    return str(request.param)


@pytest.fixture(scope="module")
def gateway(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A gateway of two processes; each call of the tests has a connection of its own."""
    folder = tmp_path_factory.mktemp(server)
    database = f"sqlite:///{folder / 'gateway.db'}"
    with serving(database, folder, SERVER=server, METRICS_FOLDER=str(folder)) as served:
        yield served


def ask(served: Served, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    """GET, or POST a body as SOAP: status and answer; 0 where the connection broke."""
    told = {"Content-Type": "text/xml", **headers} if body is not None else headers
    request = urllib.request.Request(served.url + path, body, told)  # noqa: S310  our own address
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310  likewise
            return answer.status, answer.read()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read()
    except OSError:
        return 0, b""


def lines(log: Path) -> list[dict[str, Any]]:
    """The log, of which every line but the greeting is JSON."""
    written = log.read_text().splitlines()
    return [json.loads(line) for line in written if not line.startswith("Serving on http")]


def calls(served: Served) -> list[dict[str, Any]]:
    """The lines of calls."""
    return [line for line in lines(served.log) if line["event"] == "call"]


def counted(served: Served) -> dict[str, float]:
    """The metrics without labels, as sums of those that have some."""
    told: dict[str, float] = {}
    for family in text_string_to_metric_families(ask(served, "/metrics")[1].decode()):
        for sample in family.samples:
            name = sample.name.removeprefix("cme_gateway_")
            told[name] = told.get(name, 0) + sample.value
    return told


def test_a_fault_and_its_line_bear_the_callers_trace(gateway: Served) -> None:
    """One line for the call, with the trace id that stands in the fault, and nothing of its body."""
    before = len(calls(gateway))
    status, answer = ask(gateway, "/soap/v2", f"<{CANARY}>{CANARY}</{CANARY}>".encode(), traceparent=PARENT)
    assert (500, [THEIRS]) == (status, re.findall(r"TraceId>(\w+)<", answer.decode()))
    until(lambda: len(calls(gateway)) > before, "the call is in the log")
    [line] = calls(gateway)[before:]
    assert (THEIRS, "/soap/v2", "Refused", "X001") == (
        line["trace"],
        line["endpoint"],
        line["outcome"],
        line["code"],
    )
    assert CANARY not in gateway.log.read_text()


def test_the_processes_count_together(gateway: Served, server: str) -> None:
    """Whichever of them is asked, all calls are in its answer; and it goes on when one of them dies."""
    before = counted(gateway).get("calls_total", 0)
    for _ in range(CALLS):
        ask(gateway, "/soap/v2", b"<a/>")
    assert {before + CALLS} == {counted(gateway)["calls_total"] for _ in range(6)}
    dead = calls(gateway)[-1]["pid"]
    os.kill(dead, signal.SIGKILL)
    until(lambda: counted(gateway).get("calls_total") == before + CALLS, "the calls of the dead one count on")
    if server == "gunicorn":
        killed = f"Worker (pid:{dead}) was sent SIGKILL!"
        until(lambda: killed in gateway.log.read_text(), "the log tells who was killed, and by what")


def test_a_full_disk_is_noticed_and_so_is_its_end(gateway: Served) -> None:
    """Red with a remedy while nothing can be written, alive all the while, ready again by itself."""
    assert 200 == ask(gateway, "/ready")[0]
    workers = _workers(gateway)
    _leave_room(workers, 0)
    try:
        told = _agreed(gateway, 503, "cannot be written")
        assert (False, False) == (told["ready"], told["parts"]["database"]["ok"])
        assert "room" in told["parts"]["database"]["remedy"]
        assert gateway.log.parent.name not in json.dumps(told)
        assert {200} == {ask(gateway, path)[0] for path in ("/live", "/metrics")}
    finally:
        _leave_room(workers, resource.RLIM_INFINITY)
    _agreed(gateway, 200, "can be read and written")


def _agreed(gateway: Served, status: int, state: str) -> dict[str, Any]:
    """What /ready tells once whoever is asked says the same of the database: the last of the answers."""
    told: list[tuple[int, Any]] = []

    def agreed() -> bool:
        asked = [ask(gateway, "/ready") for _ in range(12)]
        told[:] = [(code, json.loads(body or b"{}")) for code, body in asked]
        return all(code == status and body["parts"]["database"]["state"] == state for code, body in told)

    until(agreed, lambda: f"{status} and {state}; last told: {told}")
    return dict(told[-1][1])


def _workers(gateway: Served) -> set[int]:
    """The processes that serve, once both of them have answered lately."""
    since = len(calls(gateway))
    pids: set[int] = set()

    def both() -> bool:
        ask(gateway, "/soap/v2", b"<a/>")
        pids.update(line["pid"] for line in calls(gateway)[since:])
        return len(pids) == 2

    until(both, "both processes answer")
    return pids


def _leave_room(pids: set[int], most: int) -> None:
    """Let these processes write no file beyond so many bytes, as a full disk would."""
    for pid in pids:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


def test_the_log_tells_of_beginning_and_end(server: str, tmp_path: Path) -> None:
    """With the version; and the processes that were forked do not tell of it too."""
    with serving(f"sqlite:///{tmp_path / 'gateway.db'}", tmp_path, SERVER=server) as served:
        pass
    told = [line for line in lines(served.log) if line["logger"] == "gateway"]
    assert ["serving", "served no longer"] == [line["event"] for line in told]
    assert server == told[0]["server"]
    assert told[0]["pid"] == told[1]["pid"]
    port = served.url.rpartition(":")[2]
    assert [] == [*Path(tempfile.gettempdir()).glob(f"cme-gateway-metrics-*{port}")]
