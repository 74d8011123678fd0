"""strace at a running process: what it asks the kernel for, and answers of ours in the kernel's place."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from trust.face import NotRun

Process = subprocess.Popen[bytes]
CHANGES = (
    "pwrite64,pwritev,fdatasync,fsync,ftruncate,fallocate,"
    "unlink,unlinkat,rename,renameat,renameat2,link,linkat"
)
"""The calls that change what lies on a disk; sockets and terminals are written by others."""

ATTACH_SECONDS = 30.0


@cache
def needed() -> str:
    """The program. Raises NotRun where there is none, or it may not look at other processes."""
    found = shutil.which("strace")
    if found is None:
        raise NotRun("strace is not installed")
    tried = subprocess.run([found, "-e", "trace=none", "true"], capture_output=True, check=False)
    if tried.returncode:
        raise NotRun("strace may not trace here")
    return found


@contextmanager
def traced(pids: Sequence[int], log: Path, *options: str) -> Iterator[Process]:
    """Trace processes with all their threads until left; what they ask for stands in `log`."""
    command = [needed(), "-f", "-y", "-o", str(log), *options, *(f"-p{pid}" for pid in pids)]
    with log.with_suffix(".said").open("w+b") as said:
        process = subprocess.Popen(command, stderr=said)
        try:
            deadline = time.monotonic() + ATTACH_SECONDS
            while log.with_suffix(".said").read_text().count("attached") < len(pids):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise NotRun(
                        f"strace may not attach: {log.with_suffix('.said').read_text()[:80].strip()}"
                    )
                time.sleep(0.005)
            yield process
        finally:
            _end(process, pids)


def _end(process: Process, pids: Sequence[int]) -> None:
    """Have strace let go. Told so while what it traces is dying, it would wait for it for ever."""
    if not any(map(_dying, pids)):
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
    process.kill()
    process.wait()


def _dying(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    try:
        return "State:\tZ" in status.read_text()
    except OSError:
        return True


def killing(calls: str, when: int) -> tuple[str, ...]:
    """Options that kill what is traced as it makes one of these calls for the `when`th time."""
    return ("-e", f"trace={calls}", "-e", f"inject={calls}:signal=SIGKILL:when={when}")


def failing(calls: str, error: str) -> tuple[str, ...]:
    """Options that have these calls fail."""
    return ("-e", f"trace={calls}", "-e", f"inject={calls}:error={error}")
