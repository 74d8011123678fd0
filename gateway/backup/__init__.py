"""Backups: a folder with a copy of the database and a manifest that tells and proves what is in it.

The key is not in it, unless it is asked for: who has both can read everything. Its fingerprint is.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from gateway import __version__
from gateway.audit import Chain, Heads, Noted, Trail, verify
from gateway.backup.folder import digest_of, drafted
from gateway.errors import Failed, Refused
from gateway.records import Copied, Migrated
from gateway.sealing import Key, load_key

FORM = "cme-gateway-backup-1"
MANIFEST, KEY = "manifest.json", "key"
DAMAGED = "Take another backup; docs/operating.md tells how backups are kept and tried."


class Copies(Protocol):
    """The way to copies of the database; `file` is what one is called. Raises Failed."""

    @property
    def file(self) -> str:
        """What a copy is called."""

    def refuse(self, revision: str | None) -> None:
        """Leave alone what a newer program made. Raises StoreUnavailable."""

    def sealed(self) -> bytes | None:
        """A secret of the database by which a key can be tried, where there is one."""

    def copy(self, to: Path) -> Copied:
        """Copy the database as it is at one moment, while it is worked with."""

    def trail(self, copy: Path) -> AbstractContextManager[Trail]:
        """The audit log that was copied."""

    def occupied(self) -> bool:
        """Whether there is a database that a restore would take the place of."""

    def put(self, copy: Path, stamp: str) -> str | None:
        """Put a copy in its place; gives where the old one lies, which `stamp` goes into."""

    def put_back(self, old: str | None) -> None:
        """Undo that."""

    def told(self) -> Copied:
        """What the database holds now."""


class Opened(Protocol):
    """The store of a database that was restored. Raises Failed."""

    @property
    def trail(self) -> Trail:
        """The audit log."""

    def migrate(self) -> Migrated:
        """Bring the database to the schema of this program; says which one it had."""

    def check(self) -> None:
        """Make sure that this program and its key can work with it."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself. `broken` is what was wrong with the audit log when it was made."""

    made_at: str
    version: str
    revision: str | None
    counts: Mapping[str, int]
    position: int
    hash: str
    broken: str | None
    fingerprint: str
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did: where the old database lies, and the schema of the one that came back."""

    manifest: Manifest
    old: str | None
    migrated: Migrated
    rows: int


def back_up(
    to: Path, copies: Copies, key_file: Path, heads: Heads, now: datetime, *, with_key: bool
) -> Manifest:
    """Back up the database to a folder that is not there yet.

    Nothing is at `to` before all of it is on the disk, and nothing of a try that failed stays. Raises
    Refused (there is something, or another backup to there is being made), Failed (also where the key is
    of another database: no key could restore what it noted), OSError.
    """
    key = load_key(key_file)
    if to.exists():
        raise Refused(f"There is something at {to} already.", remedy="Name a folder that is not there yet.")
    if (secret := copies.sealed()) is not None:
        key.unseal(secret)
    with drafted(to) as draft:
        noted = heads.read()  # before the rows, which go on meanwhile
        copy = draft / copies.file
        held = copies.copy(copy)
        with copies.trail(copy) as trail:
            broken = verify(trail, Chain(key.prove), noted).broken
        if with_key:
            shutil.copyfile(key_file, draft / KEY)
        manifest = _manifest(draft, held, key, now, broken)
        _write(draft, manifest, key)
    return manifest


def _manifest(draft: Path, held: Copied, key: Key, now: datetime, broken: str | None) -> Manifest:
    return Manifest(
        made_at=f"{now:%Y-%m-%dT%H:%M:%SZ}",
        version=__version__,
        revision=held.revision,
        counts=held.counts,
        position=held.end.position,
        hash=held.end.hash.hex(),
        broken=broken,
        fingerprint=fingerprint(key),
        files={path.name: digest_of(path) for path in sorted(draft.iterdir())},
    )


def fingerprint(key: Key) -> str:
    """What a key is known by, from which it cannot be found."""
    return key.prove(b"fingerprint")[:8].hex()


# --- the manifest --------------------------------------------------------------------------------------


def _write(folder: Path, manifest: Manifest, key: Key) -> None:
    said = {"form": FORM, **_fields(manifest)}
    text = json.dumps({**said, "proof": _proof(said, key)}, indent=2)
    (folder / MANIFEST).write_text(f"{text}\n", "utf-8")
    for path in folder.iterdir():
        path.chmod(0o600)


def _fields(manifest: Manifest) -> dict[str, Any]:
    return {name: getattr(manifest, name) for name in Manifest.__slots__}


def _proof(said: Mapping[str, Any], key: Key) -> str:
    """What only the holder of the key can put under a manifest."""
    return key.prove(b"backup " + json.dumps(said, sort_keys=True).encode()).hex()


def _read(folder: Path) -> dict[str, Any]:
    """The manifest as it lies there. Raises Refused."""
    try:
        said = json.loads((folder / MANIFEST).read_text("utf-8"))
        if said.get("form") == FORM and isinstance(said.get("files"), dict):
            return dict(said)
    except (OSError, ValueError, AttributeError):
        pass
    raise Refused(
        f"{folder} is not a backup of this program: its manifest.json cannot be read.", remedy=DAMAGED
    )


def open_backup(folder: Path, key_file: Path) -> tuple[Manifest, bool]:
    """Read a backup and hold it against its manifest; says too whether its own key was put in place.

    Raises Refused: it is none, was changed since, or belongs to another key.
    """
    said = _read(folder)
    for name, digest in said["files"].items():
        path = folder / Path(name).name
        if not path.is_file() or digest_of(path) != digest:
            raise Refused(f"{path.name} of {folder} is not what was backed up.", remedy=DAMAGED)
    lacking = not key_file.exists()
    brought = lacking and KEY in said["files"]
    if lacking and not brought:
        raise Refused(
            f"The backup belongs to the key {said.get('fingerprint')}, and there is no key file {key_file}.",
            remedy="Put the key file that was used with it there, or name it by CME_GATEWAY_KEY_FILE; a new "
            "one would not do.",
        )
    key = load_key(folder / KEY if brought else key_file)
    if said.get("fingerprint") != fingerprint(key):
        raise Refused(
            f"The backup belongs to the key {said.get('fingerprint')}, and {key_file} is another.",
            remedy="Name the key file that was used with it by CME_GATEWAY_KEY_FILE.",
        )
    proof = said.pop("proof", None)
    if proof != _proof(said, key):
        raise Refused(f"The manifest of {folder} was changed since it was written.", remedy=DAMAGED)
    said.pop("form")
    return Manifest(**said), brought


# --- the way back --------------------------------------------------------------------------------------


def put_in_place(
    folder: Path,
    copies: Copies,
    opened: Opened,
    manifest: Manifest,
    key: Key,
    heads: Heads,
    now: datetime,
    *,
    replace: bool,
) -> Restored:
    """Put a backup that was opened in the place of the database.

    What was there is kept beside it, and is back in its place where anything goes wrong. Raises Refused
    where there is a database and it is not to be replaced, Failed where what came back is not what was
    backed up.
    """
    fits(manifest, copies)
    if copies.occupied() and not replace:
        raise Refused(
            "There is a database already.",
            remedy="Use --replace, which keeps the old one beside, or name another by CME_GATEWAY_DATABASE.",
        )
    old = copies.put(folder / copies.file, f"{now:%Y%m%d%H%M%S}")
    try:
        told = copies.told()
        if (told.revision, told.counts) != (manifest.revision, manifest.counts):
            raise Failed("What came back is not what was backed up: rows are missing.", remedy=DAMAGED)
        migrated = opened.migrate()
        opened.check()
        found = verify(opened.trail, Chain(key.prove), Noted())
        if found.broken and not manifest.broken:
            raise Failed(f"The audit log that came back is broken. {found.broken}", remedy=DAMAGED)
        heads.restore(opened.trail.end(), now)
    except BaseException:
        copies.put_back(old)
        raise
    return Restored(manifest, old, migrated, found.rows)


def bring_key(folder: Path, key_file: Path) -> None:
    """Put the key of a backup where there is none. Raises OSError."""
    with open(os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write((folder / KEY).read_bytes())
        file.flush()
        os.fsync(file.fileno())


def fits(manifest: Manifest, copies: Copies) -> None:
    """Make sure that a backup is of this kind of database, and of no newer program. Raises Refused,
    StoreUnavailable."""
    if copies.file not in manifest.files:
        kind = ", ".join(name for name in manifest.files if name != KEY)
        raise Refused(
            f"The backup holds {kind}, which this kind of database is not restored from.",
            remedy="Name a database of the kind that was backed up by CME_GATEWAY_DATABASE.",
        )
    copies.refuse(manifest.revision)
