"""Accounts: who is calling, proven once and remembered for a short while.

The store is asked on every call, so a disabled account or a renewed secret counts at once; only the
costly part, Argon2id, is spared while a credential that was right is remembered.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gateway.errors import NotAuthenticated
from gateway.records import Account, Caller, Credentials

# 19 MiB, two passes, one lane: the least that OWASP asks of Argon2id, about 25 ms a try.
HASHER = PasswordHasher(memory_cost=19 * 1024, time_cost=2, parallelism=1)
SECRET_BYTES = 20
MOST_REMEMBERED = 10_000
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
PROVIDER_AND_USER = re.compile(r"(\d{7})/(.+)", re.ASCII)


class Sealer(Protocol):
    """What makes stored secrets unreadable without a key (gateway.sealing.Key)."""

    def seal(self, plain: bytes) -> bytes:
        """Make `plain` unreadable."""

    def unseal(self, sealed: bytes) -> bytes:
        """Give back what was sealed."""


class Gatekeeper:
    """Lets callers in who can prove who they are.

    `find` looks up the account of a provider and user, `seconds` is how long a credential that was
    right is remembered, `clock` counts seconds and never goes back. Threads may share a gatekeeper.
    """

    def __init__(
        self,
        find: Callable[[str, str], Account | None],
        sealer: Sealer,
        seconds: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._find = find
        self._sealer = sealer
        self._memory = _Memory(seconds, clock)
        # What the password of an unknown or disabled user is held against, so that it takes as long.
        self._nobody = hash_secret(new_secret(), sealer)

    def admit(self, credentials: Credentials) -> Caller:
        """Prove who calls, or raise NotAuthenticated, with one text and one cost for every cause.

        Raises Failed where secrets were sealed with another key.
        """
        provider_id, user, password = credentials.provider_id, credentials.user, credentials.password
        if not (provider_id and user and password):
            raise NotAuthenticated
        account = self._find(provider_id, user)
        if account is None or not account.enabled:
            account = Account(provider_id, user, self._nobody, enabled=False)
        if not (self._proves(account, password) and account.enabled):
            raise NotAuthenticated
        return Caller(account.provider_id, account.user)

    def _proves(self, account: Account, password: str) -> bool:
        parts = (account.provider_id.encode(), account.user.encode(), password.encode(), account.secret)
        mark = self._memory.mark(*parts)
        if self._memory.holds(mark):
            return True
        proven = _matches(self._sealer.unseal(account.secret), password)
        if proven:
            self._memory.keep(mark)
        return proven


class _Memory:
    """Marks of credentials that were right, each for a while; no credential can be read from a mark."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._until: OrderedDict[bytes, float] = OrderedDict()
        self._lock = threading.Lock()

    def mark(self, *parts: bytes) -> bytes:
        """The keyed hash of all parts; their lengths go in, so that no part can lean on the next."""
        content = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        return hmac.digest(self._key, content, "sha256")

    def holds(self, mark: bytes) -> bool:
        """Whether the mark was kept less than the given seconds ago."""
        return self._clock() < self._until.get(mark, float("-inf"))

    def keep(self, mark: bytes) -> None:
        """Remember the mark from now on, and forget the oldest ones beyond the bound."""
        with self._lock:
            self._until.pop(mark, None)
            self._until[mark] = self._clock() + self._seconds
            while len(self._until) > MOST_REMEMBERED:
                self._until.popitem(last=False)


def new_secret() -> str:
    """Generate a secret of 160 bits that a double click selects whole: 32 letters and digits."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode().lower()


def hash_secret(password: str, sealer: Sealer) -> bytes:
    """Turn a secret into what the store may hold of it: its Argon2id hash, sealed."""
    return sealer.seal(HASHER.hash(password).encode())


def from_basic(header: str) -> Credentials:
    """Read the value of an HTTP `Authorization: Basic` header; its user may be `PROVIDERID/USER`.

    Raises NotAuthenticated where it is malformed (RFC 7617: UTF-8, no control characters).
    """
    name, password = _name_and_password(header)
    both = PROVIDER_AND_USER.fullmatch(name)
    provider_id, user = both.groups() if both else (None, name)
    return Credentials(provider_id, user, password)


def combine(body: Credentials, basic: Credentials | None) -> Credentials:
    """Make one credential of what stands in the message and in its HTTP header.

    Each may say what the other leaves out; raises NotAuthenticated where they contradict each other.
    """
    pairs = [(getattr(body, name), getattr(basic, name, None)) for name in Credentials.__match_args__]
    if any(one and other and one != other for one, other in pairs):
        raise NotAuthenticated(
            "The call shows two different credentials.", remedy="Send them once: in the message or by HTTP."
        )
    return Credentials(*(one or other for one, other in pairs))


def _matches(stored: bytes, password: str) -> bool:
    try:
        return HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def _name_and_password(header: str) -> tuple[str, str]:
    scheme, _, code = header.strip().partition(" ")
    try:
        text = base64.b64decode(code.strip(), validate=True).decode("utf-8")
    except ValueError:
        raise NotAuthenticated from None
    name, colon, password = text.partition(":")
    if scheme.lower() != "basic" or not colon or CONTROL.search(text):
        raise NotAuthenticated
    return name, password
