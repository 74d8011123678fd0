"""`cme-gateway audit`: what it says of a log that is whole, and of one that is not."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from audited import PROVIDER, entry
from command import Ended, run_command

from gateway import assembly
from gateway.audit import Refusals
from gateway.errors import NotAuthenticated
from gateway.records import Provider, replace
from gateway.sealing import load_key
from gateway.settings import Settings

ROWS = 5
Run = Callable[..., Ended]


@pytest.fixture
def configured(tmp_path: Path) -> Settings:
    """A gateway's settings, whose database has some sealed rows and a failed attempt."""
    settings = Settings(
        database=f"sqlite:///{tmp_path / 'gateway.db'}", key_file=str(tmp_path / "gateway.key")
    )
    assembly.migrate(settings)
    refusals = Refusals()
    refusals.note(NotAuthenticated(), assembly.now(), "192.0.2.7", "f" * 16)
    with assembly.opened(settings) as store:
        store.accounts.add_provider(Provider(PROVIDER, "Demo Medical Society"))
        for number in range(ROWS):
            new = replace(entry(number), at=assembly.now())
            store.write(PROVIDER, lambda unit, new=new: unit.audit.add(new))  # type: ignore[misc]
        key = load_key(settings.key_file)
        assembly.audit_sealer(settings, store, key, refusals, assembly.now).round(ending=True)
    return settings


@pytest.fixture
def run(configured: Settings, tmp_path: Path) -> Run:
    """Runs the command on that database."""
    environment = {
        "CME_GATEWAY_DATABASE": configured.database,
        "CME_GATEWAY_KEY_FILE": configured.key_file,
    }
    return lambda *arguments: run_command(tmp_path, "audit", *arguments, environment=environment)


def tamper(folder: Path, statement: str) -> None:
    """Change the database as one who may drop the triggers."""
    with closing(sqlite3.connect(folder / "gateway.db")) as connection, connection:
        for name in ("audit_unchanged", "audit_sealed_once", "audit_kept"):
            connection.execute(f"DROP TRIGGER IF EXISTS {name}")
        connection.execute(statement)


def test_a_whole_log_is_verified(run: Run) -> None:
    """Exit 0, with the number of rows, of those not sealed yet, and the speed."""
    ended = run("verify")
    told = "6 rows follow from one another, 0 wait to be sealed, 1 head(s) were held against them; "
    assert (0, "", True) == (ended.code, ended.err, ended.out.startswith(told))


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE audit SET records = 7 WHERE position = 3", "Broken. Row 3 at position 3 was changed"),
        ("DELETE FROM audit WHERE position = 2", "Broken. The row at position 2 is missing"),
        ("DELETE FROM audit WHERE position > 4", "Broken. The rows at positions 5 to 6 are missing at the"),
    ],
)
def test_the_first_broken_row_is_named(run: Run, tmp_path: Path, statement: str, told: str) -> None:
    """Exit 1, and what to do."""
    tamper(tmp_path, statement)
    ended = run("verify")
    assert (1, True) == (ended.code, ended.err.startswith(told))
    assert "docs/audit.md" in ended.err


def test_without_a_head_file_nobody_can_tell(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A young log has none yet; of one that should have by now, the end may have been cut off."""
    for file in tmp_path.glob("gateway.heads*"):
        file.unlink()
    ended = run("verify")
    assert (0, True) == (ended.code, ended.err.startswith("No head is noted in"))
    monkeypatch.setattr("gateway.cli.audit.OVERDUE", -1)
    ended = run("verify")
    assert (1, True) == (ended.code, ended.err.startswith("Broken. No head is noted in"))


def test_a_forged_head_file_is_named(run: Run, tmp_path: Path) -> None:
    """By its line."""
    heads = tmp_path / "gateway.heads"
    heads.write_text(heads.read_text().replace(" ended ", " restored "))
    ended = run("verify")
    assert (1, True) == (ended.code, "Line 1 of the head file was forged" in ended.err)


def test_a_restored_database_is_whole(run: Run, tmp_path: Path) -> None:
    """Once the operator has said that it was restored, and not before."""
    tamper(tmp_path, "DELETE FROM audit WHERE position > 4")
    assert 1 == run("verify").code
    assert "ends at position 4." in run("restored").out
    assert 0 == run("verify").code


def test_rows_are_listed(run: Run) -> None:
    """The newest first, filtered, for humans and for programs."""
    everything = run("list", "--json").rows
    assert [6, 5, 4, 3, 2, 1] == sorted((row["id"] for row in everything), reverse=True)
    assert {64} == {len(row["hash"]) for row in everything}
    (failed,) = [row for row in everything if row["code"]]
    assert ("S001", "192.0.2.7", 1, None) == (
        failed["code"],
        failed["source"],
        failed["times"],
        failed["user"],
    )
    assert 2 == len(run("list", "--json", "--limit", 2, "--provider", PROVIDER).rows)
    assert [] == run("list", "--json", "--operation", "EraseLearner").rows
    later = assembly.now() + timedelta(days=1)
    assert [] == run("list", "--json", "--since", f"{later:%Y-%m-%d}").rows
    shown = run("list").out
    assert "S001" in shown and "192.0.2.7" in shown.replace("\n", "")


def test_wrong_usage_is_one_line(run: Run) -> None:
    """A provider id that is none."""
    ended = run("list", "--provider", "12")
    assert (64, True) == (ended.code, ended.is_one_clear_line)
