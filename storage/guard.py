"""What all processes know together of attempts to get in: nonces that were used, and failures."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    Integer,
    Table,
    and_,
    bindparam,
    case,
    delete,
    func,
    null,
    select,
)

from gateway.records import Lockout
from storage import engine as database
from storage.engine import Clock
from storage.scope import INSERTS
from storage.tables import attempts, nonces
from storage.values import AT, Moment

NONCE_SECONDS = 600
"""How long a nonce is kept: beyond the time in which a message that bears it is taken."""

KEPT = timedelta(days=1)
"""How long failures are kept, if not locked for longer: no span in which they count is longer."""

PRUNING = 60.0
"""Seconds between two looks for what is too old."""

ANYWHERE = "*"
"""The source under which all failures of an account are counted; no address is written so."""

_UNTIL, _OLD = (bindparam(name, type_=Moment()) for name in ("until", "old"))
MOST: Any = bindparam("most", type_=Integer())


def _spending(insert: Callable[[Table], Any]) -> Any:
    """A nonce is new, or its time is over."""
    new = insert(nonces).values(id=bindparam("id"), until=_UNTIL)
    kept = new.on_conflict_do_update(
        index_elements=[nonces.c.id], set_={"until": new.excluded.until}, where=nonces.c.until < AT
    )
    return kept.returning(nonces.c.id)


def _counting(insert: Callable[[Table], Any]) -> Any:
    """One more failure of a pair, or the first of another span; the one that is too many locks it, for a
    span that is not made longer by what comes then."""
    first = case((MOST <= 1, _UNTIL), else_=null())
    new = insert(attempts).values(id=bindparam("id"), failures=1, since=AT, until=first)
    over = (attempts.c.since <= _OLD) & func.coalesce(attempts.c.until <= AT, True)
    failures = case((over, 1), else_=attempts.c.failures + 1)
    until = case(
        (over, first), ((failures >= MOST) & attempts.c.until.is_(None), _UNTIL), else_=attempts.c.until
    )
    since = case((over, AT), else_=attempts.c.since)
    set_ = {"failures": failures, "since": since, "until": until}
    return new.on_conflict_do_update(index_elements=[attempts.c.id], set_=set_).returning(attempts.c.failures)


_SPENT = {dialect: _spending(insert) for dialect, insert in INSERTS.items()}
_COUNTED = {dialect: _counting(insert) for dialect, insert in INSERTS.items()}
_NEVER = 2**31 - 1
_UNLOCKED = func.coalesce(attempts.c.until <= AT, True)
_OVER = ((attempts, and_(attempts.c.since <= _OLD, _UNLOCKED)), (nonces, nonces.c.until < AT))
_PRUNED = [delete(table).where(over) for table, over in _OVER]
_PRUNABLE = [select(func.count()).select_from(table).where(over) for table, over in _OVER]


def pair(provider_id: str, user: str, source: str) -> bytes:
    """What an account and a source are counted under; neither can be read from it."""
    return _mark(provider_id, user, source)


class Guard:
    """Each call is a transaction of its own. Raises StoreUnavailable, Busy, Failed."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._pruned = time.monotonic()

    def spend(self, provider_id: str, user: str, nonce: bytes) -> bool:
        """Note that a nonce was used by an account; says whether it had not been."""
        now = self._clock()
        mark = _mark(provider_id, user, nonce)
        values = {"id": mark, "until": now + timedelta(seconds=NONCE_SECONDS), "at": now}

        def work(connection: Connection) -> bool:
            return connection.execute(_SPENT[connection.dialect.name], values).first() is not None

        new = database.write(self._engine, work)
        self._prune_now_and_then()
        return new

    def failed(self, provider_id: str, user: str, source: str, lockout: Lockout) -> int:
        """Count a failed attempt, and lock the account for that source where it was one too many; gives
        how many there were of this account, from anywhere."""
        now, span = self._clock(), timedelta(minutes=lockout.minutes)
        values = {"at": now, "old": now - span, "until": now + span}
        one = {**values, "id": pair(provider_id, user, source), "most": lockout.failures}
        every = {**values, "id": pair(provider_id, user, ANYWHERE), "most": _NEVER}

        def work(connection: Connection) -> int:
            count = _COUNTED[connection.dialect.name]
            connection.execute(count, one)
            return int(connection.execute(count, every).scalar_one())

        failures = database.write(self._engine, work)
        self._prune_now_and_then()
        return failures

    def prune(self) -> int:
        """Forget nonces and failures whose time is over; gives how many rows that were."""
        times = self._times()
        return database.write(
            self._engine, lambda it: sum(it.execute(each, times).rowcount for each in _PRUNED)
        )

    def prunable(self) -> int:
        """How many rows would be forgotten now."""
        times = self._times()
        return database.read(self._engine, lambda it: sum(it.scalar(each, times) or 0 for each in _PRUNABLE))

    def _times(self) -> dict[str, datetime]:
        return {"at": (now := self._clock()), "old": now - KEPT}

    def _prune_now_and_then(self) -> None:
        if time.monotonic() - self._pruned > PRUNING:
            self._pruned = time.monotonic()
            self.prune()


def _mark(*parts: str | bytes) -> bytes:
    """16 bytes for all parts; their lengths go in, so that no part can lean on the next."""
    hash = hashlib.blake2b(digest_size=16)
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        hash.update(len(content).to_bytes(8, "big") + content)
    return hash.digest()
