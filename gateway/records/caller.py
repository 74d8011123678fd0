"""Who calls, and for which provider."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Scope(StrEnum):
    """What an account may be allowed to do."""

    SUBMIT = "submit"
    READ = "read"
    MATCH = "match"
    ADMIN = "admin"


USUAL = frozenset({Scope.SUBMIT, Scope.READ, Scope.MATCH})
"""What an account may do unless something else is said."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a WS-Security UsernameToken proves itself by: a nonce that counts once, and in place of a
    password maybe the digest of nonce, `created` as it was written, and password."""

    nonce: bytes | None = field(default=None, repr=False)
    created: str = ""
    digest: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a caller showed, taken out of the message before anything else sees it."""

    provider_id: str | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    token: Token | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a call comes from: the caller's address, what counts as one source (of IPv6 the network a
    subscriber has), and whether nobody can listen on the way."""

    address: str = ""
    source: str = ""
    private: bool = True


@dataclass(frozen=True, slots=True)
class Lockout:
    """After so many `failures` of an account from one source within so many minutes, that pair is refused
    for as long; after `alarm` failures from anywhere the operator is told, and nobody is refused."""

    failures: int = 10
    minutes: int = 15
    alarm: int = 100


@dataclass(frozen=True, slots=True)
class Secret:
    """One of the secrets of an account, `sealed`: a generated one itself, of a chosen one its hash.

    It counts until that moment, if one is set.
    """

    id: str
    sealed: bytes = field(repr=False)
    generated: bool
    created_at: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """A user of a provider as the store knows it; one that is not `enabled` or `locked` is kept out."""

    provider_id: str
    user: str
    secrets: tuple[Secret, ...] = ()
    enabled: bool = True
    scopes: frozenset[Scope] = USUAL
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, once proven; every query is bound to `provider_id`."""

    provider_id: str
    user: str
    scopes: frozenset[Scope] = USUAL


@dataclass(frozen=True, slots=True)
class Provider:
    """An accredited provider: seven digits, leading zeros kept."""

    id: str
    name: str
    enabled: bool = True
