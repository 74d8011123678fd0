"""Boards to practise on: real SOAP services with magic values (docs/boards.md).

with simulators.serving(ledger=path) as boards:
    boards.url("ABIM")
    boards.trouble("ABIM", share=0.3, seed=1)
    boards.kill("ABIM")
    boards.ledger()
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from gateway.simulators.board import boards
from gateway.simulators.ledger import Ledger, read
from gateway.simulators.magic import ROSTER, TABLE, Magic, Mishap
from gateway.simulators.wire import BoardServer

__all__ = ["ROSTER", "TABLE", "Boards", "Magic", "Mishap", "read", "serving"]


class Boards:
    """The nine boards while they are served, as a test or a bench handles them.

    A board is named by its acronym; one there is not raises KeyError.
    """

    def __init__(self, server: BoardServer) -> None:
        self._server = server

    @property
    def address(self) -> str:
        """Where all of them are, without a path."""
        return self._server.url

    def url(self, board: str) -> str:
        """Where a board takes SOAP calls."""
        return f"{self._server.url}/boards/{self._server.boards[board].acronym}"

    def urls(self) -> dict[str, str]:
        """Where each board takes SOAP calls, by acronym."""
        return {board: self.url(board) for board in self._server.boards}

    def ledger(self) -> list[dict[str, Any]]:
        """What the boards have on record: one row a reference."""
        return self._server.ledger.dump()

    def trouble(
        self, board: str, share: float, seed: int = 1, kinds: Sequence[Mishap | str] = tuple(Mishap)
    ) -> None:
        """Let a share of a board's calls fail, in ways drawn by `seed`; share 0 ends it."""
        self._server.boards[board].mood.trouble(share, seed, kinds)

    def kill(self, board: str, *, silent: bool = False) -> None:
        """Let a board be dead: it resets every connection, or takes them and says nothing."""
        self._server.boards[board].mood.kill(silent=silent)

    def slow(self, board: str, seconds: float) -> None:
        """Let every call of a board take so much longer."""
        self._server.boards[board].mood.slow(seconds)

    def revive(self, board: str) -> None:
        """Let a board be well again: alive, quick, without trouble."""
        self._server.boards[board].mood.revive()

    def told(self, board: str) -> dict[str, Any]:
        """How a board is, and its calls by how they ended; `strayed` counts followed redirects."""
        return self._server.boards[board].mood.told()


@contextmanager
def serving(host: str = "127.0.0.1", port: int = 0, ledger: Path | str | None = None) -> Iterator[Boards]:
    """Serve the nine boards in threads of this process; port 0 is any free one.

    Without a path the ledger is temporary. Raises OSError where the address is taken.
    """
    with ExitStack() as stack:
        if ledger is None:
            ledger = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="boards-"))) / "ledger.db"
        kept = stack.enter_context(closing(Ledger(ledger)))
        server = BoardServer((host, port), boards(kept), kept)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield Boards(server)
        finally:
            server.end()
            thread.join()
