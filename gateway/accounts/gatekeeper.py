"""The gatekeeper: lets callers in who can prove who they are, and tells the others nothing.

The store is asked on every call, so a disabled account, a revoked secret or a lock-out counts at once;
only the costly part, Argon2id, is spared while a password that was right is remembered.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from gateway.accounts.memory import Memory
from gateway.accounts.rate import Rate, Rates
from gateway.accounts.secret import (
    Seal,
    hash_secret,
    is_digest_of,
    is_hash_of,
    is_secret,
    new_secret,
    seal_secret,
)
from gateway.accounts.showing import refused
from gateway.errors import GuessingSuspected, NotAuthenticated, TooManyCalls, TooManyFailures, Unencrypted
from gateway.records import Account, Caller, Credentials, Lockout, Origin, Token

_log = logging.getLogger(__name__)


class Guard(Protocol):
    """What all processes know together; `storage` provides it. Raises Failed."""

    def spend(self, provider_id: str, user: str, nonce: bytes) -> bool:
        """Note that a nonce was used by an account; says whether it had not been."""

    def failed(self, provider_id: str, user: str, source: str, lockout: Lockout) -> int:
        """Count a failed attempt, and lock the account for that source where it was one too many; gives
        how many there were of this account, from anywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How often a provider may call, how often a source may be wrong, and when who is locked out."""

    calls: Rate = field(default=Rate(60_000, 6_000))
    failures: Rate = field(default=Rate(120, 120))
    lockout: Lockout = field(default=Lockout())


@dataclass(frozen=True, slots=True)
class Counters:
    """The pages on which is counted how often providers call and sources are wrong."""

    calls: Rates = field(default_factory=Rates)
    failures: Rates = field(default_factory=Rates)


class Gatekeeper:
    """Lets callers in who can prove who they are.

    `find` looks up the account of a provider and user, as it stands for a source; `seconds` is how long a
    password that was right is remembered, `clock` counts seconds and never goes back. Without a `guard`
    no failures are counted, and nothing that counts once is taken. `alarm` is told of accounts that
    somebody may be guessing at. Threads may share a gatekeeper.
    """

    def __init__(
        self,
        find: Callable[[str, str, str], Account | None],
        seal: Seal,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        *,
        guard: Guard | None = None,
        limits: Limits | None = None,
        counters: Counters | None = None,
        alarm: Callable[[GuessingSuspected], None] = lambda _: None,
    ) -> None:
        self._find = find
        self._seal = seal
        self._memory = Memory(seconds, clock)
        self._guard = guard
        self._limits = limits or Limits()
        self._counters = counters or Counters()
        self._alarm = alarm
        # What is held against what an unknown, locked or disabled user shows, so that it takes as long.
        self._nobody = (*seal_secret(new_secret(), seal), *hash_secret(new_secret(), seal))

    def admit(self, credentials: Credentials, origin: Origin | None = None) -> Caller:
        """Prove who calls, or raise NotAuthenticated, with one text and one cost for every cause.

        Raises Unencrypted where anybody could have listened, TooManyCalls (a provider that is proven),
        TooManyFailures (a source), Failed where secrets were sealed with another key.
        """
        origin = origin or Origin()
        provider_id, user, token = credentials.provider_id, credentials.user, credentials.token
        if not origin.private and (credentials.password or token):
            raise Unencrypted
        if not (provider_id and user and (credentials.password or (token and token.digest))):
            raise refused(NotAuthenticated(), token=token is not None)
        known = self._find(provider_id, user, origin.source)
        open_ = known is not None and known.enabled and not known.locked
        account = known if known is not None and open_ else Account(provider_id, user, enabled=False)
        proven = self._proves(account, credentials, origin.source)
        if not (proven and account.enabled and self._is_new(account, token)):
            self._count(provider_id, user, origin.source, known=known is not None)
            raise refused(NotAuthenticated(), token=token is not None)
        self._check_pace(account.provider_id)
        return Caller(account.provider_id, account.user, account.scopes)

    def _proves(self, account: Account, credentials: Credentials, source: str) -> bool:
        """Whether a credential is one of the account's; an account without secrets has those of nobody."""
        token, password = credentials.token, credentials.password
        if token is not None and token.digest is not None:
            proven = self._is_digested(account, token)
            if not proven:
                self._pay(source)
            return proven
        assert password is not None
        return self._is_generated(account, password) or self._is_chosen(account, password, source)

    def _is_digested(self, account: Account, token: Token) -> bool:
        held = [is_digest_of(secret, token) for secret in self._generated(account)]
        return any(held)  # all were held against it, whichever is right

    def _is_generated(self, account: Account, password: str) -> bool:
        held = [is_secret(secret, password) for secret in self._generated(account)]
        return any(held)

    def _generated(self, account: Account) -> list[bytes]:
        kept = [secret for secret in account.secrets if secret.generated] or self._nobody[:1]
        return [self._seal.unseal(secret.sealed) for secret in kept]

    def _is_chosen(self, account: Account, password: str, source: str) -> bool:
        """Whether it is the password that was chosen last; this takes Argon2 but where it is remembered."""
        chosen = [secret for secret in account.secrets if not secret.generated] or self._nobody[1:]
        sealed = max(chosen, key=lambda secret: secret.created_at).sealed
        parts = account.provider_id.encode(), account.user.encode(), password.encode(), sealed
        mark = self._memory.mark(*parts)
        if self._memory.holds(mark):
            return True
        self._pay(source)
        proven = is_hash_of(self._seal.unseal(sealed), password)
        if proven:
            self._memory.keep(mark)
        return proven

    def _pay(self, source: str) -> None:
        """Let a source be wrong, or cost as much as if it were, only so often. Raises TooManyFailures."""
        wait = self._counters.failures.take(source, self._limits.failures)
        if wait:
            raise TooManyFailures(retry_after=math.ceil(wait))

    def _check_pace(self, provider_id: str) -> None:
        wait = self._counters.calls.take(provider_id, self._limits.calls)
        if wait:
            raise TooManyCalls(retry_after=math.ceil(wait))

    def _is_new(self, account: Account, token: Token | None) -> bool:
        """Whether what proves the call did not prove one before."""
        if token is None or token.nonce is None:
            return True
        return self._guard is not None and self._guard.spend(account.provider_id, account.user, token.nonce)

    def _count(self, provider_id: str, user: str, source: str, *, known: bool) -> None:
        """Count a failed attempt; those of unknown accounts too, or time would tell that they are."""
        if self._guard is None:
            return
        lockout = self._limits.lockout
        failures = self._guard.failed(provider_id, user, source, lockout)
        if known and failures == lockout.alarm:
            error = GuessingSuspected()
            error.provider_id, error.user = provider_id, user
            _log.warning(
                "provider %s, user %s: %d wrong credentials within %d minutes",
                provider_id,
                user,
                failures,
                lockout.minutes,
            )
            self._alarm(error)
