"""The metrics: bounded labels, nothing counted twice, and several processes as one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fakes import NOW
from prometheus_client.parser import text_string_to_metric_families

from gateway import metrics
from gateway.admission import Admission
from gateway.calls import Call
from gateway.errors import Failed
from gateway.health import Part, Seen
from gateway.metrics import Metrics
from gateway.records import Backlog

SEEN = Seen(
    {"database": Part(True, "well"), "disk": Part(False, "full", "Make room.")},
    (Backlog("ABIM", 3, NOW - timedelta(seconds=90), 1),),
    4096,
    1000,
    7,
    (frozenset(), frozenset({"ABIM"})),
)
Values = dict[tuple[str, ...], float]


def read(page: bytes) -> Values:
    """The samples of a page: name and label values, in the order of the labels' names."""
    return {
        (
            sample.name.removeprefix("cme_gateway_"),
            *(sample.labels[name] for name in sorted(sample.labels)),
        ): (sample.value)
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }


def counted(*calls: Call, seen: Seen = SEEN, admission: Admission | None = None) -> Values:
    """What the page says after these calls."""
    counting = Metrics(["SaveActivity"], admission or Admission(), lambda: seen, lambda: NOW)
    for call in calls:
        counting.count(call)
    return read(counting.page())


def a_call(**told: Any) -> Call:
    """A call that added two activities and refused one."""
    full: dict[str, Any] = {
        "operation": "SaveActivity",
        "provider_id": "0001234",
        "outcome": "Partial success",
        "receipt_id": "20260101-000000000001",
        "actions": Counter(Added=2, Refused=1),
        "findings": Counter(A001=4),
        "status": 200,
        "seconds": 0.02,
    }
    return Call("/soap/v2", "0af7651916cd43dd8448eb211c80319c", **full | told)


def test_calls_are_counted_by_our_words() -> None:
    """Calls, durations, records by action, findings by code."""
    page = counted(a_call(), a_call())
    assert 2 == page["calls_total", "SaveActivity", "Partial success"]
    assert (4, 2) == (
        page["records_total", "Added", "SaveActivity"],
        page["records_total", "Refused", "SaveActivity"],
    )
    assert 8 == page["findings_total", "A001"]
    assert 2 == page["call_seconds_count", "SaveActivity"]
    assert (0, 2) == (
        page["call_seconds_bucket", "0.01", "SaveActivity"],
        page["call_seconds_bucket", "0.025", "SaveActivity"],
    )


def test_a_replay_is_a_call_without_records() -> None:
    """What was done once is counted once."""
    page = counted(a_call(), a_call(replayed=True))
    assert 2 == page["calls_total", "SaveActivity", "Partial success"]
    assert 2 == page["records_total", "Added", "SaveActivity"]
    assert 4 == page["findings_total", "A001"]


def test_a_refusal_is_counted_by_its_code() -> None:
    """An operation that is none of ours stands under one name, whatever it was called."""
    nothing = {"actions": Counter[str](), "findings": Counter[str](), "receipt_id": ""}
    names = [f"Quatsch{number}" for number in range(50)]
    page = counted(*(a_call(operation=name, outcome="Refused", code="X011", **nothing) for name in names))
    assert 50 == page["calls_total", "unknown", "Refused"]
    assert 50 == page["refusals_total", "X011"]
    assert not [labels for labels in page if any("Quatsch" in label for label in labels)]


def test_nothing_of_a_sender_is_a_label() -> None:
    """Neither provider nor receipt nor trace: each would be a series of its own."""
    text = str(counted(a_call()))
    assert "SaveActivity" in text
    for value in ("0001234", "20260101", "0af7651916cd", "/soap/v2"):
        assert value not in text


def test_what_waits_is_shown() -> None:
    """Boards, database, audit log, parts that are well, memory, and calls that work or wait."""
    admission = Admission(at_once=2)
    page = admission.run(lambda: counted(admission=admission))
    expected = {
        ("ready", "database"): 1,
        ("ready", "disk"): 0,
        ("board_questions", "ABIM"): 3,
        ("board_oldest_seconds", "ABIM"): 90,
        ("board_unanswered", "ABIM"): 1,
        ("board_left_alone", "ABIM"): 1,
        ("workers",): 2,
        ("database_bytes",): 4096,
        ("disk_free_bytes",): 1000,
        ("audit_unsealed_rows",): 7,
        ("calls_working",): 1,
        ("calls_waiting",): 0,
    }
    assert expected == {name: page[name] for name in expected}
    assert page["memory_bytes",] > 2**20


def test_what_cannot_be_seen_is_left_out() -> None:
    """A number that is made up would be believed."""
    page = counted(seen=Seen({"database": Part(False, "silent", "Start it.")}))
    assert 0 == page["ready", "database"]
    assert ("database_bytes",) not in page
    assert not [name for name, *_ in page if name.startswith("board_")]


# --- several processes -----------------------------------------------------------------------------------

WORKERS = """
import os, shutil, sys
from datetime import UTC, datetime
from pathlib import Path
from gateway import metrics
from gateway.admission import Admission
from gateway.calls import Call
from gateway.health import Seen

metrics.share(Path(sys.argv[1]))

def counting():
    return metrics.Metrics(["SaveActivity"], Admission(), lambda: Seen({}), lambda: datetime.now(UTC))

for times in (1, 2):
    if not (child := os.fork()):
        own = counting()
        for _ in range(times):
            own.count(Call("/soap/v2", "", operation="SaveActivity", seconds=0.02))
        own._waiting.set(100)
        own._sample = lambda: None
        if times == 1:
            assert b"cme_gateway_calls_waiting 100.0" in own.page()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
own = counting()
own.count(Call("/soap/v2", "", operation="SaveActivity", seconds=0.02))
sys.stdout.buffer.write(own.page())
shutil.rmtree(sys.argv[1])
sys.stdout.buffer.write(b"---" + own.page())
"""


@pytest.mark.slow
def test_processes_count_as_one_and_the_dead_wait_no_more(tmp_path: Path) -> None:
    """What the dead have counted stays; what went up and down in them is gone with them. Once its files are
    removed nothing is told of it."""
    folder = tmp_path / "counted"
    folder.mkdir()
    (folder / "counter_1.db").write_bytes(b"of an earlier run")
    command = [sys.executable, "-c", WORKERS, str(folder)]
    ended = subprocess.run(command, capture_output=True, check=True, timeout=120)
    told, _, left = ended.stdout.partition(b"---")
    page = read(told)
    assert 4 == page["calls_total", "SaveActivity", "Answered"] == page["call_seconds_count", "SaveActivity"]
    assert 0 == page["calls_waiting",]
    assert page["memory_bytes",] == page["memory_largest_bytes",]
    assert metrics.GONE in left
    assert not read(left), "a part of what was counted"


def test_a_folder_of_somebody_else_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor one that is led to by a link; a folder of ours is emptied of what was counted."""
    monkeypatch.setenv(metrics.SHARED, "as before")
    (tmp_path / "theirs").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "theirs")
    with pytest.raises(Failed) as refused:
        metrics.share(tmp_path / "link")
    assert "METRICS_FOLDER" in refused.value.remedy
    with pytest.raises(Failed):
        metrics.share(Path("/proc/nowhere/at/all"))
    assert "as before" == os.environ[metrics.SHARED]
    (tmp_path / "theirs" / "counter_1.db").touch()
    (tmp_path / "theirs" / "else.txt").touch()
    metrics.share(tmp_path / "theirs")
    assert ["else.txt"] == [path.name for path in (tmp_path / "theirs").iterdir()]
    assert str(tmp_path / "theirs") == os.environ[metrics.SHARED]
    (tmp_path / "theirs" / "else.txt").unlink()
    metrics.share_no_more()
    assert not (tmp_path / "theirs").exists()
    assert metrics.SHARED not in os.environ


def test_what_lies_beside_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder may be named that holds the database, or files of others: start and stop touch none of it."""
    monkeypatch.setenv(metrics.SHARED, "as before")
    lying = [tmp_path / name for name in ("gateway.db", "x.db", "counter_1.db")]
    for file in lying:
        file.write_bytes(b"kept")
    own = metrics.folder_for("127.0.0.1:8080", str(tmp_path))
    for _ in range(2):
        metrics.share(own)
        (own / "counter_1.db").touch()
        (own / "x.db").touch()
        metrics.share_no_more()
        assert ["x.db"] == [path.name for path in own.iterdir()]
    (own / "x.db").unlink()
    metrics.share(own)
    metrics.share_no_more()
    assert sorted(lying) == sorted(tmp_path.iterdir())
    assert {b"kept"} == {file.read_bytes() for file in lying}


def test_each_address_has_a_folder_of_its_own() -> None:
    """Two gateways on one machine do not count together, be it on one port of two addresses."""
    binds = ("127.0.0.2:8080", "127.0.0.3:8080", "127.0.0.2:8081", "[::1]:8080", "[1::]:8080")
    assert len(binds) == len({metrics.folder_for(bind) for bind in binds})
    assert all(metrics.folder_for(bind).parent == Path(tempfile.gettempdir()) for bind in binds)
