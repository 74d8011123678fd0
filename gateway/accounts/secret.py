"""Secrets: generated ones are kept sealed, chosen ones as a hash that is slow to guess at, sealed too."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import UTC, datetime
from typing import Protocol

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gateway.records import Secret, Token

# 19 MiB, two passes, one lane: the least that OWASP asks of Argon2id, about 25 ms a try.
HASHER = PasswordHasher(memory_cost=19 * 1024, time_cost=2, parallelism=1)
SECRET_BYTES = 20
ID_BYTES = 5


class Seal(Protocol):
    """What makes stored secrets unreadable without a key (gateway.sealing.Key)."""

    def seal(self, plain: bytes) -> bytes:
        """Make `plain` unreadable."""

    def unseal(self, sealed: bytes) -> bytes:
        """Give back what was sealed."""


def new_secret() -> str:
    """Generate a secret of 160 bits that a double click selects whole: 32 letters and digits."""
    return _letters(SECRET_BYTES)


def seal_secret(secret: str, seal: Seal) -> tuple[Secret, ...]:
    """What the store keeps of a generated secret: itself, sealed. It takes no slow hash, since nobody
    guesses 160 bits, and a digest can be held against it."""
    return (_kept(seal.seal(secret.encode()), generated=True),)


def hash_secret(password: str, seal: Seal) -> tuple[Secret, ...]:
    """What the store keeps of a password that was chosen: its Argon2id hash, sealed."""
    return (_kept(seal.seal(HASHER.hash(password).encode()), generated=False),)


def is_hash_of(stored: bytes, password: str) -> bool:
    """Whether an Argon2id hash is that of a password; this takes 25 ms, right or wrong."""
    try:
        return HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def is_secret(secret: bytes, password: str) -> bool:
    """Whether a password is a generated secret; by their hashes, so that time tells not even its length."""
    return hmac.compare_digest(_hash(secret), _hash(password.encode()))


def is_digest_of(secret: bytes, token: Token) -> bool:
    """Whether a token's digest is that of a generated secret (UsernameToken Profile 1.1, section 3.1)."""
    content = (token.nonce or b"") + token.created.encode() + secret
    made = hashlib.sha1(content, usedforsecurity=False).digest()  # the profile knows no other
    return hmac.compare_digest(made, token.digest or b"")


def _kept(sealed: bytes, *, generated: bool) -> Secret:
    return Secret(_letters(ID_BYTES), sealed, generated, datetime.now(UTC))


def _letters(count: int) -> str:
    return base64.b32encode(secrets.token_bytes(count)).decode().lower()


def _hash(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=32).digest()
