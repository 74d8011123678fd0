"""Providers, their users and these users' secrets: the part of the store that is bound to no provider."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Engine,
    Executable,
    Select,
    Table,
    Update,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    update,
)

from gateway.errors import NotFound, Refused
from gateway.records import Account, Provider, Scope, Secret
from storage import engine as database
from storage.engine import Clock
from storage.guard import pair
from storage.tables import attempts, due_days, providers, secrets, users
from storage.values import AT, Moment

USABLE = users.c.enabled & providers.c.enabled  # a user is worth no more than the provider


class Accounts:
    """Each call is a transaction of its own. Raises StoreUnavailable, Busy, Failed."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def add_provider(self, provider: Provider) -> None:
        """Take up a provider. Raises Refused if there is one of this id."""
        present = select(providers).where(providers.c.id == provider.id)
        self._add(present, {providers: [dataclasses.asdict(provider)]})

    def provider(self, provider_id: str) -> Provider | None:
        """The provider of this id."""
        return next(iter(self._providers(select(providers).where(providers.c.id == provider_id))), None)

    def providers(self) -> list[Provider]:
        """All providers, by id."""
        return self._providers(select(providers).order_by(providers.c.id))

    def enable_provider(self, provider_id: str, enabled: bool) -> None:
        """Let a provider in, or keep it and all its users out. Raises NotFound."""
        change = update(providers).where(providers.c.id == provider_id).values(enabled=enabled)
        self._change(change, provider_id)

    def set_due_day(self, provider_id: str, since: int, due: str) -> None:
        """Have a provider's years from `since` on be due by a day of its own, MM-DD of the year after.
        Raises NotFound."""
        if not self.provider(provider_id):
            raise _unknown(provider_id)
        of_year = (due_days.c.provider_id == provider_id) & (due_days.c.since == since)

        def work(connection: Connection) -> None:
            connection.execute(delete(due_days).where(of_year))
            connection.execute(due_days.insert(), {"provider_id": provider_id, "since": since, "due": due})

        database.write(self._engine, work)

    def due_days(self) -> dict[str, dict[int, str]]:
        """The days of their own by which providers' years are due, by provider and first year."""
        found: dict[str, dict[int, str]] = {}
        for row in self._rows(select(due_days).order_by(due_days.c.provider_id, due_days.c.since)):
            found.setdefault(row.provider_id, {})[row.since] = row.due
        return found

    def add_user(self, account: Account) -> None:
        """Take up a user with secrets that are sealed already. Raises NotFound without the
        provider, Refused if the provider has a user of this name."""
        if not self.provider(account.provider_id):
            raise _unknown(account.provider_id)
        named = {"provider_id": account.provider_id, "user": account.user}
        row = {**named, "enabled": account.enabled, "scopes": _written(account.scopes)}
        kept = [{**named, **dataclasses.asdict(secret)} for secret in account.secrets]
        present = select(users).where(_named(account.provider_id, account.user))
        self._add(present, {users: [row], secrets: kept})

    def user(self, provider_id: str, name: str, source: str = "") -> Account | None:
        """The user of this name, with the secrets that count now; not enabled either when the provider is
        not, and locked when it is for this source."""
        who = {"of": provider_id, "name": name, "pair": pair(provider_id, name, source)}
        return next(_grouped(database.ask(self._engine, _USER, {**who, "at": self._clock()})), None)

    def any_secret(self) -> bytes | None:
        """A sealed secret of anybody, by which a key can be tried."""
        rows = self._rows(select(secrets.c.sealed).limit(1))
        return rows[0].sealed if rows else None

    def users(self, provider_id: str) -> list[Account]:
        """All users of a provider, by name, each with all its secrets. Raises NotFound."""
        every = _accounts(_OF_USER, secrets.c.created_at, secrets.c.id, locked=users.c.user.is_(None))
        found = self._users(every.where(users.c.provider_id == provider_id))
        if not found and not self.provider(provider_id):
            raise _unknown(provider_id)
        return found

    def keys(self, provider_id: str, name: str) -> tuple[Secret, ...]:
        """All secrets of a user, also those that count no longer. Raises NotFound."""
        for account in self.users(provider_id):
            if account.user == name:
                return account.secrets
        raise _unknown(provider_id, name)

    def enable_user(self, provider_id: str, name: str, enabled: bool) -> None:
        """Let a user in, or keep it out. Raises NotFound."""
        change = update(users).where(_named(provider_id, name)).values(enabled=enabled)
        self._change(change, provider_id, name)

    def allow(self, provider_id: str, name: str, scopes: Collection[Scope]) -> None:
        """Let a user do these things and nothing else. Raises NotFound."""
        change = update(users).where(_named(provider_id, name)).values(scopes=_written(scopes))
        self._change(change, provider_id, name)

    def add_secrets(
        self, provider_id: str, name: str, added: Sequence[Secret], until: datetime | None = None
    ) -> None:
        """Give a user further secrets, sealed already. Those there are end at `until`, if it is given and
        they would not sooner; and a chosen one takes the place of the chosen one before.

        Raises NotFound.
        """
        kept = [{"provider_id": provider_id, "user": name, **dataclasses.asdict(one)} for one in added]

        def work(connection: Connection) -> None:
            if not connection.execute(select(users.c.user).where(_named(provider_id, name))).first():
                raise _unknown(provider_id, name)
            if until is not None:
                connection.execute(_ending(provider_id, name), {"end": until})
            if not all(one.generated for one in added):
                chosen = secrets.c.generated.is_(False)
                connection.execute(delete(secrets).where(_secrets_of(provider_id, name), chosen))
            connection.execute(secrets.insert(), kept)

        database.write(self._engine, work)

    def revoke(self, provider_id: str, name: str, secret_id: str) -> None:
        """Take a secret from a user. Raises NotFound."""
        gone = delete(secrets).where(_secrets_of(provider_id, name), secrets.c.id == secret_id)
        if not database.write(self._engine, lambda connection: connection.execute(gone).rowcount):
            raise NotFound(
                f"User {name} of provider {provider_id} has no key {secret_id}.",
                remedy=f"`cme-gateway user keys list {provider_id} {name}` names them.",
            )

    def _rows(self, query: Executable, values: Mapping[str, Any] | None = None) -> list[Any]:
        return database.read(self._engine, lambda connection: [*connection.execute(query, values)])

    def _providers(self, query: Executable) -> list[Provider]:
        return [Provider(*row) for row in self._rows(query)]

    def _users(self, query: Executable) -> list[Account]:
        return list(_grouped(self._rows(query)))

    def _add(self, present: Executable, rows: Mapping[Table, list[dict[str, Any]]]) -> None:
        def work(connection: Connection) -> None:
            if connection.execute(present).first():
                raise Refused(
                    "This account exists already.", remedy="Choose another name, or change that one."
                )
            for table in rows:
                if rows[table]:
                    connection.execute(table.insert(), rows[table])

        database.write(self._engine, work)

    def _change(self, change: Update, *named: str) -> None:
        if not database.write(self._engine, lambda connection: connection.execute(change).rowcount):
            raise _unknown(*named)


def _unknown(provider_id: str, user: str = "") -> NotFound:
    """That there is no such account."""
    if user:
        remedy = f"`cme-gateway user list {provider_id}` names those there are."
        return NotFound(f"Provider {provider_id} has no user {user}.", remedy=remedy)
    remedy = "`cme-gateway provider list` names those there are; `provider add` adds one."
    return NotFound(f"There is no provider {provider_id}.", remedy=remedy)


def _grouped(rows: Iterable[Any]) -> Iterator[Account]:
    """Accounts, of rows with a secret each."""
    for user, each in groupby(rows, key=lambda row: tuple(row[:5])):
        yield _account(user, [Secret(*row[5:]) for row in each if row.id])


def _account(user: tuple[Any, ...], kept: list[Secret]) -> Account:
    provider_id, name, enabled, scopes, locked = user
    allowed = frozenset(map(Scope, scopes.split()))
    return Account(provider_id, name, tuple(kept), bool(enabled), allowed, bool(locked))


def _written(scopes: Collection[Scope]) -> str:
    return " ".join(scope for scope in Scope if scope in scopes)


_OF_USER = and_(secrets.c.provider_id == users.c.provider_id, secrets.c.user == users.c.user)


def _accounts(
    counting: ColumnElement[bool], *order: ColumnElement[Any], locked: ColumnElement[bool]
) -> Select[Any]:
    """Accounts with the secrets that count, a row each."""
    account = users.c.provider_id, users.c.user, USABLE, users.c.scopes, locked
    kept = secrets.c.id, secrets.c.sealed, secrets.c.generated, secrets.c.created_at, secrets.c.until
    every = users.join(providers).outerjoin(secrets, counting)
    return select(*account, *kept).select_from(every).order_by(users.c.user, *order)


def _named(provider_id: str | BindParameter[str], name: str | BindParameter[str]) -> ColumnElement[bool]:
    return (users.c.provider_id == provider_id) & (users.c.user == name)


def _secrets_of(provider_id: str, name: str) -> ColumnElement[bool]:
    return (secrets.c.provider_id == provider_id) & (secrets.c.user == name)


def _ending(provider_id: str, name: str) -> Update:
    """The secrets of a user end at a moment, if they would not sooner."""
    end = bindparam("end", type_=Moment())
    later = or_(secrets.c.until.is_(None), secrets.c.until > end)
    return update(secrets).where(_secrets_of(provider_id, name), later).values(until=end)


# Asked with every call, so it is built once.
_LOCK = select(attempts.c.until > AT).where(attempts.c.id == bindparam("pair")).scalar_subquery()
_COUNTING = and_(_OF_USER, or_(secrets.c.until.is_(None), secrets.c.until > AT))
_USER = _accounts(_COUNTING, secrets.c.created_at, secrets.c.id, locked=func.coalesce(_LOCK, False)).where(
    _named(bindparam("of"), bindparam("name"))
)
