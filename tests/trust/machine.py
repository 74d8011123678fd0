"""What this machine is like just now, so that a bound in seconds means the same on a busy one."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

from lxml import etree

WORK = "import json, email.parser, http.client, xml.dom.minidom; sum(i * i for i in range(1_500_000))"
TELLING = 1.3
CPU_OF_PROCESS = 2
WORKED = 0.13
"""Seconds that WORK takes on the machine the goals' seconds are meant for, with nothing else to do."""
READ = 0.026
"""Seconds of the processor that `dearness` takes to read its document on that machine."""


def slowness() -> float:
    """How many times longer work takes here than on the machine the goals' seconds are meant for.

    A slower processor, others' work and a host that gives the processor to others count alike.
    """
    begun = time.monotonic()
    subprocess.run([sys.executable, "-c", WORK], check=True)
    return max(1.0, round((time.monotonic() - begun) / WORKED, 1))


def dearness() -> float:
    """How many times more processor time reading a document takes here than on that machine: a slower
    processor and whoever shares a core or a cache count alike."""
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
