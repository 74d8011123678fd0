"""What a process holds of the machine's memory."""

from __future__ import annotations

import re
from pathlib import Path


def megabytes(pid: int) -> float:
    """The resident memory of a process now, in megabytes."""
    return _told(pid, "VmRSS")


def peak(pid: int) -> float:
    """The most it ever had, or since it was told to forget."""
    return _told(pid, "VmHWM")


def forget_peak(pid: int) -> None:
    """Begin to count the peak anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def _told(pid: int, name: str) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(rf"{name}:\s+(\d+) kB", status)
    assert found is not None, name
    return int(found[1]) / 1024
