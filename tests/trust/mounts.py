"""Disks of our own, where mounting is allowed: a small one that can be full, one that is read-only."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trust.face import NotRun


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """Have `folder` be a disk of so many megabytes."""
    _mount("-t", "tmpfs", "-o", f"size={megabytes}m", "trust", str(folder))
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)  # noqa: S607  the system's own


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Leave nothing free on the disk of `folder`."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while shutil.disk_usage(folder).free:
                file.write(bytes(4096))
        except OSError:
            pass  # it is full, as it was to be
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Let nothing in `folder` be opened for writing; what is open stays so."""
    _mount("--bind", str(folder), str(folder))
    try:
        _mount("-o", "remount,bind,ro", str(folder))
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,bind,rw", str(folder)], check=False)  # noqa: S607  the system's own
        subprocess.run(["umount", "-l", str(folder)], check=True)  # noqa: S607  the system's own


def _mount(*options: str) -> None:
    done = subprocess.run(["mount", *options], capture_output=True, check=False)  # noqa: S607  the system's own
    if done.returncode:
        raise NotRun(f"nothing may be mounted here: {done.stderr.decode().strip()[:100]}")
