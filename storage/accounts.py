"""Providers and their users: the one part of the store that is bound to no provider."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Executable,
    Select,
    Table,
    Update,
    bindparam,
    select,
    update,
)

from gateway.errors import NotFound, Refused
from gateway.records import Account, Provider
from storage import engine as database
from storage.tables import providers, users

USABLE = users.c.enabled & providers.c.enabled  # a user is worth no more than the provider


class Accounts:
    """Each call is a transaction of its own. Raises StoreUnavailable, Busy, Failed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add_provider(self, provider: Provider) -> None:
        """Take up a provider. Raises Refused if there is one of this id."""
        self._add(providers, provider, select(providers).where(providers.c.id == provider.id))

    def provider(self, provider_id: str) -> Provider | None:
        """The provider of this id."""
        return next(iter(self._providers(select(providers).where(providers.c.id == provider_id))), None)

    def providers(self) -> list[Provider]:
        """All providers, by id."""
        return self._providers(select(providers).order_by(providers.c.id))

    def enable_provider(self, provider_id: str, enabled: bool) -> None:
        """Let a provider in, or keep it and all its users out. Raises NotFound."""
        self._change(update(providers).where(providers.c.id == provider_id).values(enabled=enabled))

    def add_user(self, account: Account) -> None:
        """Take up a user with a secret that is sealed already. Raises NotFound without the
        provider, Refused if the provider has a user of this name."""
        if not self.provider(account.provider_id):
            raise NotFound("There is no such provider.", remedy="Add the provider first.")
        self._add(users, account, select(users).where(_named(account.provider_id, account.user)))

    def user(self, provider_id: str, name: str) -> Account | None:
        """The user of this name; not enabled either when the provider is not."""
        return next(iter(self._users(_USER, {"of": provider_id, "name": name})), None)

    def any_secret(self) -> bytes | None:
        """A sealed secret of anybody, by which a key can be tried."""
        rows = self._rows(select(users.c.secret).limit(1))
        return rows[0].secret if rows else None

    def users(self, provider_id: str) -> list[Account]:
        """All users of a provider, by name."""
        return self._users(_accounts().where(users.c.provider_id == provider_id).order_by(users.c.user))

    def enable_user(self, provider_id: str, name: str, enabled: bool) -> None:
        """Let a user in, or keep it out. Raises NotFound."""
        self._change(update(users).where(_named(provider_id, name)).values(enabled=enabled))

    def replace_secret(self, provider_id: str, name: str, secret: bytes) -> None:
        """Give a user another secret, sealed already. Raises NotFound."""
        self._change(update(users).where(_named(provider_id, name)).values(secret=secret))

    def _rows(self, query: Executable, values: Mapping[str, str] | None = None) -> list[Any]:
        return database.read(self._engine, lambda connection: [*connection.execute(query, values)])

    def _providers(self, query: Executable) -> list[Provider]:
        return [Provider(*row) for row in self._rows(query)]

    def _users(self, query: Executable, values: Mapping[str, str] | None = None) -> list[Account]:
        return [Account(*row) for row in self._rows(query, values)]

    def _add(self, table: Table, record: Provider | Account, present: Executable) -> None:
        def work(connection: Connection) -> None:
            if connection.execute(present).first():
                raise Refused(
                    "This account exists already.", remedy="Choose another name, or change that one."
                )
            connection.execute(table.insert(), dataclasses.asdict(record))

        database.write(self._engine, work)

    def _change(self, change: Update) -> None:
        changed = database.write(self._engine, lambda connection: connection.execute(change).rowcount)
        if not changed:
            raise NotFound(
                "There is no such account.", remedy="`cme-gateway provider list` and `user list` name them."
            )


def _accounts() -> Select[Any]:
    columns = users.c.provider_id, users.c.user, users.c.secret, USABLE
    return select(*columns).join_from(users, providers)


def _named(provider_id: str, name: str) -> ColumnElement[bool]:
    return (users.c.provider_id == provider_id) & (users.c.user == name)


# Asked with every call, so it is built once.
_USER = _accounts().where((users.c.provider_id == bindparam("of")) & (users.c.user == bindparam("name")))
