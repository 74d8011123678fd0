"""What this machine is like just now, so that a bound in seconds means the same on a busy one."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

from lxml import etree

WORK = "import json, email.parser, http.client, xml.dom.minidom; sum(i * i for i in range(1_500_000))"
TELLING = 1.3
CPU_OF_PROCESS = 2
READ = 0.05
"""Seconds of the processor that `dearness` takes to read its document on an idle machine."""


def slowness() -> float:
    """How many times longer than its own processor time work takes here: 1 where nothing else runs.

    Others' work and a host that gives the processor to others count alike.
    """
    before, begun = os.times(), time.monotonic()
    subprocess.run([sys.executable, "-c", WORK], check=True)
    after, took = os.times(), time.monotonic() - begun
    own = sum(after[2:4]) - sum(before[2:4])
    return max(1.0, round(took / max(own, 0.01), 1))


def dearness() -> float:
    """How many times more processor time reading a document takes now than on a machine with nothing else to
    do: whoever shares a core or a cache makes others' seconds worth less."""
    document = b"<a>%s</a>" % (b"<a/>" * 190_000)
    begun = time.process_time()
    etree.fromstring(document)
    return max(1.0, (time.process_time() - begun) / READ)


def spent(pid: int) -> float:
    """The processor time, in seconds, that a process has had in all its threads: the kernel's own clock of
    it, whose number man 3 clock_getcpuclockid makes of the process's."""
    return time.clock_gettime((~pid << 3) | CPU_OF_PROCESS)


def noted(slow: Sequence[float]) -> str:
    """What a figure in seconds says of the machine it was taken on, where that was not its own."""
    middle = statistics.median(slow)
    return f" (machine slowed {middle:.1f} times)" if middle >= TELLING else ""
