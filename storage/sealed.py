"""What lies on disk sealed: learners and participants as JSON, and the payloads that receipts are for."""

from __future__ import annotations

import zlib
from typing import Protocol

import msgspec

from gateway.records import Learner, Participant

_json = msgspec.json.Encoder()
_learner = msgspec.json.Decoder(Learner)
_participant = msgspec.json.Decoder(Participant)


class Sealer(Protocol):
    """Who keeps the key: bytes go to disk sealed, and only its holder can read them back."""

    def seal(self, plain: bytes) -> bytes:
        """What may lie on disk."""

    def unseal(self, sealed: bytes) -> bytes:
        """What was sealed."""


def seal_person(said: Learner | Participant | None, sealer: Sealer) -> bytes:
    """A person as they are kept."""
    return sealer.seal(_json.encode(said))


def learner(sealed: bytes, sealer: Sealer) -> Learner:
    """The learner of a credit."""
    return _learner.decode(sealer.unseal(sealed))


def participant(sealed: bytes, sealer: Sealer) -> Participant:
    """The participant in a REMS."""
    return _participant.decode(sealer.unseal(sealed))


def seal_payload(payload: bytes, sealer: Sealer) -> bytes:
    """A payload as it is kept."""
    # Compressed while others wait for the lock: quick counts for more than small.
    return sealer.seal(zlib.compress(payload, level=1))


def payload(sealed: bytes, sealer: Sealer) -> bytes:
    """The bytes that were received."""
    return zlib.decompress(sealer.unseal(sealed))
