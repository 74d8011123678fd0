"""The chain: what proves that no row of the audit log was changed, moved or taken out."""

from __future__ import annotations

from collections.abc import Callable

from gateway.records import AuditAnchor, AuditLink, AuditRow

START = AuditLink(0, bytes(32))
"""What stands before the first row."""


class Chain:
    """Links rows by a keyed hash: who has the database but not the key can build no chain of their own.

    `prove` is 32 bytes that only the holder of the key can make (gateway.sealing.Key.prove).
    """

    def __init__(self, prove: Callable[[bytes], bytes]) -> None:
        self._prove = prove

    def link(self, previous: bytes, content: tuple[object, ...]) -> bytes:
        """The hash of a row behind the one with the hash `previous`.

        The row is written as Python does in ASCII, which is the same everywhere and tells types apart.
        """
        return self._prove(b"row " + previous + ascii(content).encode("ascii"))

    def follow(self, previous: AuditLink, row: AuditRow) -> AuditLink | None:
        """The next place, if a row has the hash that it must have there."""
        hash = self.link(previous.hash, row.content)
        return AuditLink(previous.position + 1, hash) if hash == row.hash else None

    def anchor(self, place: AuditLink) -> bytes:
        """The proof that everything up to a place was pruned by us."""
        return self._prove(b"anchor %d " % place.position + place.hash)

    def anchored(self, anchor: AuditAnchor) -> bool:
        """Whether an anchor is ours."""
        return self.anchor(AuditLink(anchor.position, anchor.hash)) == anchor.proof

    def head(self, said: str, previous: str) -> str:
        """The proof of a line of the head file behind the one with the proof `previous`, as hexadecimal."""
        return self._prove(f"head {previous} {said}".encode()).hex()
