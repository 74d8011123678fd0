"""Running the command as its users do, but in this process: what it printed, and the code it ended with."""

from __future__ import annotations

import gc
import io
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway import cli, terminal

COLUMNS = 80


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended."""

    code: object
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """What it printed as JSON: a list of objects."""
        rows: list[dict[str, Any]] = json.loads(self.out)
        return rows

    @property
    def is_one_clear_line(self) -> bool:
        """Whether it complained in one line, and not in Python's words."""
        return self.err.startswith("cme-gateway: ") and 1 == self.err.count("\n")


def run_command(
    folder: Path, *arguments: object, stdin: bytes = b"", environment: Mapping[str, str] | None = None
) -> Ended:
    """Run a command in a folder, with a terminal of 80 columns and more of an environment."""
    streams = {name: io.BytesIO() for name in ("stdout", "stderr")} | {"stdin": io.BytesIO(stdin)}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "argv", ["cme-gateway", *map(str, arguments)])
        for name, value in (environment or {}).items():
            patch.setenv(name, value)
        for name, stream in streams.items():
            patch.setattr(sys, name, io.TextIOWrapper(stream, "utf-8", write_through=True))
        for console in (terminal.out, terminal.err):
            patch.setattr(console, "width", COLUMNS)
        with pytest.raises(SystemExit) as ended:
            cli.main()
        gc.unfreeze()  # a command's process ends; here, what it left open is to be found in its test
        out, err = (streams[name].getvalue().decode() for name in ("stdout", "stderr"))
    return Ended(ended.value.code, out, err)
