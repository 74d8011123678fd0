"""The folder of a backup: not there at all before all of it is on the disk."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.errors import Refused


@contextmanager
def drafted(to: Path) -> Iterator[Path]:
    """A hidden folder beside, which gets its name once all in it is on the disk, or is gone. Raises
    Refused where there is none to make it in."""
    if not to.parent.is_dir():
        raise Refused(f"There is no folder {to.parent}.", remedy="Make it, or back up to another one.")
    draft = to.with_name(f".{to.name}.draft")
    draft.mkdir(mode=0o700, exist_ok=True)
    with _alone(draft):
        try:
            _empty(draft)  # what a try left that was killed
            yield draft
            for path in (*draft.iterdir(), draft):
                _sync(path)
            draft.rename(to)
        except BaseException:
            shutil.rmtree(draft)
            raise
    _sync(to.parent)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time, by a lock that ends with it. Raises Refused."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Refused("Another backup to there is being made.", remedy="Wait for it.") from None
    finally:
        os.close(handle)


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
