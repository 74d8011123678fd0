"""The commands that keep the database: backup, restore, prune."""

from __future__ import annotations

import signal
from contextlib import closing
from pathlib import Path

import click

from gateway import assembly, settings
from gateway.backup import KEY, Restored, back_up, bring_key, open_backup, put_in_place
from gateway.cli.options import ACCEPTED, FAILED
from gateway.sealing import load_key
from gateway.settings import Settings
from gateway.terminal import err, say, show

KEYLESS = (
    "The key file {key_file} is not in it, and without it nobody can log in: keep a copy, and keep it apart. "
    "Its fingerprint is {fingerprint}."
)
WITH_KEY = "The key is in it: whoever has this folder can read everything that is sealed."
NAMES = {
    "payloads": "raw payloads",
    "receipts": "receipts",
    "questions": "answered questions to boards",
    "audit": "audit rows",
    "lookups": "counts of who looked whom up",
    "attempts": "nonces and failed attempts",
}


@click.command()
@click.argument("dest", type=click.Path(path_type=Path))
@click.option("--with-key", is_flag=True, help="Put the key file in it too.")
def backup(dest: Path, with_key: bool) -> int:
    """Back up the database to a new folder.

    Everything may run meanwhile. The folder is there once all of it is on the disk and was checked, and not
    before. Exits with 1 where the audit log is broken: the backup is kept as evidence.
    """
    _clear_up_when_told_to_stop()
    configured = settings.load()
    key = load_key(configured.key_file)
    with closing(assembly.store(configured, key=key)) as store:
        heads, key_file = assembly.audit_heads(configured, key), Path(configured.key_file)
        made = back_up(dest, store.copies, key_file, heads, assembly.now(), with_key=with_key)
    rows = sum(made.counts.values())
    say(f"Backed up {rows:,} rows to {dest}; the audit log ends at position {made.position:,}.")
    keyless = KEYLESS.format(key_file=configured.key_file, fingerprint=made.fingerprint)
    say(WITH_KEY if with_key else keyless)
    if made.broken:
        say(f"The audit log is broken. {made.broken}", err)
        return FAILED
    return ACCEPTED


@click.command()
@click.argument("src", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--replace", is_flag=True, help="Where there is a database: keep the old one beside.")
def restore(src: Path, replace: bool) -> None:
    """Restore the database from a backup.

    Its hashes, its key, its revision and its audit log are checked; one of an older version is migrated.
    Stop `serve` and `worker` first.
    """
    _clear_up_when_told_to_stop()
    told = _restored(settings.load(), src, replace=replace)
    made = told.manifest
    rows = sum(made.counts.values())
    say(f"Restored {rows:,} rows, as they were at {made.made_at}, made by version {made.version}.")
    if told.old:
        say(f"The old database is kept: {told.old}")
    before, after = told.migrated
    if before != after:
        say(f"It was at schema {before} of an older version, and has been migrated to {after}.")
    say(f"The audit log was followed: {told.rows:,} rows to position {made.position:,}.")
    say("What the head file knew of later rows counts no more; it has noted that.")
    if made.broken:
        say(f"The audit log was broken when the backup was made. {made.broken}", err)


def _restored(configured: Settings, src: Path, *, replace: bool) -> Restored:
    key_file = Path(configured.key_file)
    manifest, brought = open_backup(src, key_file)
    key = load_key(src / KEY if brought else key_file)
    with closing(assembly.store(configured, key=key)) as store:
        heads = assembly.audit_heads(configured, key)
        told = put_in_place(src, store.copies, store, manifest, key, heads, assembly.now(), replace=replace)
    if brought:
        bring_key(src, key_file)
    return told


@click.command()
@click.option("--dry-run", is_flag=True, help="Show what would be deleted, and delete nothing.")
def prune(dry_run: bool) -> None:
    """Delete what was kept for as long as the settings say.

    Activities and completions are never deleted. A running gateway does this by itself once a day.
    """
    configured = settings.load()
    with assembly.opened(configured) as store:
        pruning = assembly.pruning(configured, store, load_key(configured.key_file))
        told = pruning.due(assembly.now()) if dry_run else pruning.prune(assembly.now())
    headings = ("What", "Older than (UTC)", "Would be deleted" if dry_run else "Deleted")
    show(headings, ([NAMES[one.what], f"{one.before:%Y-%m-%d %H:%M}", f"{one.rows:,}"] for one in told))


def _clear_up_when_told_to_stop() -> None:
    """Told to end, clear up as after Ctrl-C: nothing half is left."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
