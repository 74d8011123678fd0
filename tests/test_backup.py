"""`cme-gateway backup` and `restore`: what comes back is what was there, or nothing is touched."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from audited import PROVIDER, entry
from command import Ended, run_command

from gateway import assembly
from gateway.audit import Refusals
from gateway.errors import Failed
from gateway.records import Provider, replace
from gateway.sealing import load_key, make_key
from gateway.settings import Settings
from storage import revision

Run = Callable[..., Ended]


def note(settings: Settings, count: int) -> None:
    """Add so many audit rows, and seal them."""
    with assembly.opened(settings) as store:
        for number in range(count):
            new = replace(entry(number), at=assembly.now())
            store.write(PROVIDER, lambda unit, new=new: unit.audit.add(new))  # type: ignore[misc]
        key = load_key(settings.key_file)
        assembly.audit_sealer(settings, store, key, Refusals(), assembly.now).round(ending=True)


def audited(settings: Settings) -> int:
    """How many audit rows there are."""
    with assembly.opened(settings) as store:
        return store.trail.end().position


@pytest.fixture
def configured(tmp_path: Path) -> Settings:
    """A gateway's settings, whose database has some sealed rows."""
    settings = Settings(
        database=f"sqlite:///{tmp_path / 'gateway.db'}", key_file=str(tmp_path / "gateway.key")
    )
    assembly.migrate(settings)
    with assembly.opened(settings) as store:
        store.accounts.add_provider(Provider(PROVIDER, "Demo Medical Society"))
    note(settings, 4)
    return settings


@pytest.fixture
def run(configured: Settings, tmp_path: Path) -> Run:
    """Runs a command on that database, or with other settings."""
    usual = {"CME_GATEWAY_DATABASE": configured.database, "CME_GATEWAY_KEY_FILE": configured.key_file}
    return lambda *arguments, **more: run_command(
        tmp_path,
        *arguments,
        environment=usual | {f"CME_GATEWAY_{k.upper()}": str(v) for k, v in more.items()},
    )


def test_a_backup_comes_back(run: Run, configured: Settings, tmp_path: Path) -> None:
    """The database is as it was, its audit log is verified, and the old one lies beside."""
    made = run("backup", "kept")
    assert (0, "") == (made.code, made.err)
    assert "ends at position 4" in made.out and "is not in it" in made.out
    note(configured, 2)
    ended = run("restore", "kept", "--replace")
    assert (0, "") == (ended.code, ended.err), ended.out
    assert 4 == audited(configured)
    [old] = tmp_path.glob("gateway.db.before-*")
    assert str(old) in ended.out
    assert 0 == run("audit", "verify").code
    with closing(sqlite3.connect(old)) as connection:
        assert (6,) == connection.execute("SELECT count(*) FROM audit").fetchone()


def test_a_database_that_exists_is_not_overwritten(run: Run, configured: Settings) -> None:
    """Not without being told, and then what to say is told."""
    run("backup", "kept")
    note(configured, 1)
    ended = run("restore", "kept")
    assert (2, True) == (ended.code, ended.is_one_clear_line)
    assert "--replace" in ended.err
    assert 5 == audited(configured)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize("there", [True, False])
def test_root_restores_what_another_user_works_with(run: Run, tmp_path: Path, there: bool) -> None:
    """The database belongs to whom the old one did, with its mode, or else to whom its folder does."""
    run("backup", "kept")
    path = tmp_path / "theirs" / "gateway.db"
    path.parent.mkdir()
    os.chown(path.parent, 65534, 65533)
    if there:
        shutil.copyfile(tmp_path / "gateway.db", path)
        os.chown(path, 65534, 65532)
        path.chmod(0o660)
    ended = run("restore", "kept", "--replace", database=f"sqlite:///{path}")
    assert (0, "") == (ended.code, ended.err)
    expected = (65534, 65532, 0o660) if there else (65534, 65533, 0o600)
    with closing(sqlite3.connect(path)) as connection:  # for as long as what lies beside it is there
        connection.execute("SELECT count(*) FROM audit").fetchone()
        held = {name: name.stat() for name in path.parent.glob("gateway.db*") if ".before" not in name.name}
        assert {"gateway.db", "gateway.db-wal", "gateway.db-shm"} == {name.name for name in held}
    assert {expected} == {(one.st_uid, one.st_gid, one.st_mode & 0o777) for one in held.values()}


def test_a_backup_is_never_written_over(run: Run) -> None:
    """Whatever lies there."""
    assert 0 == run("backup", "kept").code
    ended = run("backup", "kept")
    assert (2, True) == (ended.code, ended.is_one_clear_line)


def test_a_folder_that_is_missing_is_named(run: Run, tmp_path: Path) -> None:
    """That in which the backup would be made, and not what nobody has named."""
    ended = run("backup", tmp_path / "none" / "kept")
    assert (2, True, False) == (ended.code, ended.is_one_clear_line, "draft" in ended.err)
    assert f"There is no folder {tmp_path / 'none'}. Make it" in ended.err


def test_the_key_is_only_there_if_asked_for(run: Run, tmp_path: Path) -> None:
    """And only its owner can read any of it."""
    run("backup", "kept")
    run("backup", "whole", "--with-key")
    assert {"database.db", "manifest.json"} == {path.name for path in (tmp_path / "kept").iterdir()}
    assert {"database.db", "manifest.json", "key"} == {p.name for p in (tmp_path / "whole").iterdir()}
    assert {0o600} == {path.stat().st_mode & 0o777 for path in (tmp_path / "whole").iterdir()}
    key = (tmp_path / "gateway.key").read_text().split()[1]
    assert key not in (tmp_path / "kept" / "manifest.json").read_text()


def test_a_lost_machine_comes_back(run: Run, tmp_path: Path) -> None:
    """From a backup with its key, to a place with nothing in it."""
    run("backup", "whole", "--with-key")
    new = {"database": f"sqlite:///{tmp_path / 'new.db'}", "key_file": tmp_path / "new.key"}
    ended = run("restore", "whole", **new)
    assert (0, "") == (ended.code, ended.err)
    assert (tmp_path / "gateway.key").read_text() == (tmp_path / "new.key").read_text()
    assert 0 == run("audit", "verify", **new).code


def test_another_key_is_refused(run: Run, tmp_path: Path) -> None:
    """Nobody could log in to what was restored; the fingerprint tells which key it was."""
    run("backup", "kept")
    make_key(tmp_path / "other.key")
    new = {"database": f"sqlite:///{tmp_path / 'new.db'}", "key_file": tmp_path / "other.key"}
    ended = run("restore", "kept", **new)
    assert (2, True) == (ended.code, ended.is_one_clear_line)
    fingerprint = json.loads((tmp_path / "kept" / "manifest.json").read_text())["fingerprint"]
    assert fingerprint in ended.err
    assert not (tmp_path / "new.db").exists()


def test_nothing_is_backed_up_by_another_key(run: Run, tmp_path: Path) -> None:
    """It would note a key that restores nothing, and take the audit log for tampered with."""
    assert 0 == run("user", "add", PROVIDER, "anna").code
    make_key(tmp_path / "other.key")
    ended = run("backup", "kept", key_file=tmp_path / "other.key")
    assert (1, "", True) == (ended.code, ended.out, ended.is_one_clear_line)
    assert "sealed with another key" in ended.err and "CME_GATEWAY_KEY_FILE" in ended.err
    assert not list(tmp_path.glob("*kept*"))
    assert 0 == run("backup", "kept").code


def test_without_the_key_nothing_is_restored(run: Run, tmp_path: Path) -> None:
    """It says which key is missing; a new one would not do, so no command that makes one is named."""
    run("backup", "kept")
    new = {"database": f"sqlite:///{tmp_path / 'new.db'}", "key_file": tmp_path / "none.key"}
    ended = run("restore", "kept", **new)
    assert (2, True, False) == (ended.code, ended.is_one_clear_line, "migrate" in ended.err)
    assert json.loads((tmp_path / "kept" / "manifest.json").read_text())["fingerprint"] in ended.err
    assert not (tmp_path / "new.db").exists()


def _byte(folder: Path) -> None:
    with (folder / "database.db").open("r+b") as file:
        file.seek(5000)
        file.write(b"\x00\xff")


def _manifest(folder: Path, **changed: Any) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))


@pytest.mark.parametrize(
    "harm",
    [
        _byte,
        lambda folder: (folder / "database.db").unlink(),
        lambda folder: (folder / "manifest.json").unlink(),
        lambda folder: (folder / "manifest.json").write_text("[]"),
        lambda folder: _manifest(folder, made_at="2026-01-01T00:00:00Z"),
        lambda folder: _manifest(folder, proof="0" * 64),
    ],
    ids=["byte", "file", "no manifest", "other manifest", "changed manifest", "forged proof"],
)
def test_a_backup_that_was_changed_is_refused(
    run: Run, configured: Settings, tmp_path: Path, harm: Callable[[Path], Any]
) -> None:
    """In one line, and the database stays as it is."""
    run("backup", "kept")
    harm(tmp_path / "kept")
    ended = run("restore", "kept", "--replace")
    assert (2, True) == (ended.code, ended.is_one_clear_line)
    assert 4 == audited(configured)
    assert not list(tmp_path.glob("gateway.db.*"))


def test_what_goes_wrong_while_restoring_is_undone(
    run: Run, configured: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old database is back in its place."""
    run("backup", "kept")
    note(configured, 3)

    def broken(*_: object) -> None:
        raise Failed("This went wrong.")

    monkeypatch.setattr("gateway.backup.verify", broken)
    assert 1 == run("restore", "kept", "--replace").code
    assert 7 == audited(configured)
    assert not list(tmp_path.glob("gateway.db.*"))


def test_nothing_half_is_left(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a backup that fails neither a folder nor a draft stays, and what a killed one left is cleared."""
    draft = tmp_path / ".kept.draft"
    draft.mkdir()
    (draft / "database.db").write_bytes(b"half")

    def full(*_: object) -> None:
        raise Failed("The copy cannot be written.")

    with monkeypatch.context() as patch:
        patch.setattr("storage.backup.SqliteCopies.copy", full)
        assert 1 == run("backup", "kept").code
    assert not draft.exists() and not (tmp_path / "kept").exists()
    draft.mkdir()
    (draft / "database.db").write_bytes(b"half")
    assert 0 == run("backup", "kept").code
    assert not draft.exists()


def test_a_broken_audit_log_is_told(run: Run, tmp_path: Path) -> None:
    """The backup is kept as evidence, can be restored as it is, and the command ends with 1."""
    with closing(sqlite3.connect(tmp_path / "gateway.db")) as connection, connection:
        connection.execute("DROP TRIGGER audit_sealed_once")
        connection.execute("DROP TRIGGER audit_unchanged")
        connection.execute("UPDATE audit SET records = 7 WHERE position = 2")
    ended = run("backup", "kept")
    assert (1, True) == (ended.code, "Row 2 at position 2 was changed" in ended.err)
    shutil.move(tmp_path / "gateway.db", tmp_path / "lost.db")
    ended = run("restore", "kept")
    assert (0, True) == (ended.code, "was broken when" in ended.err)


def _make_old(path: Path) -> None:
    """A database as the first version made it."""
    from alembic import command
    from sqlalchemy import create_engine

    config = revision._config()
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    engine.dispose()


def test_migrate_tells_what_it_did(run: Run, tmp_path: Path) -> None:
    """Made, migrated or left as it was: what an older version can work with hangs on it."""
    newest, old = revision._revisions()[-1], tmp_path / "old.db"
    _make_old(old)
    told = {
        name: run("migrate", database=f"sqlite:///{tmp_path / name}").out for name in ("new.db", "old.db")
    }
    assert {
        "new.db": f"Made the database at schema {newest}.\n",
        "old.db": f"Migrated the database from schema 0001 to {newest}.\n",
    } == told
    again = run("migrate", database=f"sqlite:///{old}").out
    assert f"The database is already at schema {newest}; nothing to do.\n" == again


def test_a_backup_of_an_older_version_is_migrated(run: Run, tmp_path: Path) -> None:
    """Its revision is older than this program's, and is not any more, which is told."""
    old = tmp_path / "old.db"
    _make_old(old)
    heads = tmp_path / "old.heads"
    assert 0 == run("backup", "kept", database=f"sqlite:///{old}", audit_heads=heads).code
    new = f"sqlite:///{tmp_path / 'new.db'}"
    ended = run("restore", "kept", database=new, audit_heads=heads)
    newest = revision._revisions()[-1]
    told = f"It was at schema 0001 of an older version, and has been migrated to {newest}.\n"
    assert (0, True) == (ended.code, told in ended.out), ended.err
    assert f"already at schema {newest}; nothing to do." in run("migrate", database=new).out


def test_the_old_version_takes_an_upgrade_back(run: Run, configured: Settings, tmp_path: Path) -> None:
    """It restores its own backup in the place of a database it cannot work with."""
    run("backup", "kept")
    with closing(sqlite3.connect(tmp_path / "gateway.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    ended = run("provider", "list")
    assert (1, True) == (ended.code, "have this one restore a backup" in ended.err)
    ended = run("restore", "kept", "--replace")
    assert (0, False) == (ended.code, "migrated" in ended.out), ended.err
    assert 4 == audited(configured)


def test_a_backup_of_a_newer_version_is_refused(run: Run, configured: Settings, tmp_path: Path) -> None:
    """And nothing is touched."""
    run("backup", "kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("storage.revision._revisions", lambda: ["0001"])
        ended = run("restore", "kept", "--replace")
    assert (1, True) == (ended.code, "newer version" in ended.err)
    assert not list(tmp_path.glob("gateway.db.*"))
    assert 4 == audited(configured)


def test_no_database_is_told(run: Run, tmp_path: Path) -> None:
    """In one line, and none is made by looking for it."""
    ended = run("backup", "kept", database=f"sqlite:///{tmp_path / 'none.db'}")
    assert (1, True) == (ended.code, ended.is_one_clear_line)
    assert not (tmp_path / "none.db").exists()
