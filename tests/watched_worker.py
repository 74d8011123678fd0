"""`cme-gateway worker`, which notes of every call to a board how long it would wait: FILE, a line a call."""

from __future__ import annotations

import os
import sys
from typing import Any

from requests.adapters import HTTPAdapter

from gateway import cli


def main() -> None:
    """Watch what every call goes through, then be the command."""
    notes, send = os.open(sys.argv.pop(1), os.O_WRONLY | os.O_CREAT | os.O_APPEND), HTTPAdapter.send

    def watched(self: Any, request: Any, **options: Any) -> Any:
        waits = options.get("timeout")
        connect, read = waits if isinstance(waits, tuple) else (waits, waits)
        os.write(notes, f"{connect} {read}\n".encode())
        return send(self, request, **options)

    HTTPAdapter.send = watched  # type: ignore[method-assign,assignment]  # the one way out, as ours calls it
    cli.main()


if __name__ == "__main__":
    main()
