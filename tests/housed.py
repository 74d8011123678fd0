"""A gateway on a real store, whose users may do everything, as often as they like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from fakes import USER, Clock, terms

from gateway import records, schemas
from gateway.accounts import Gatekeeper, hash_secret
from gateway.intake import Limits
from gateway.lifecycle import lasting
from gateway.records import Account, Provider
from gateway.schema import Reader
from gateway.sealing import Key
from gateway.service import Gateway
from storage import Store, open_store

KEY = Key(bytes(range(32)))
READER = Reader(schemas.VERSIONS, Limits())


@contextmanager
def housed(folder: Path, passwords: Mapping[str, str]) -> Iterator[Store]:
    """A store with these providers, by their ids, and a user of each with that password."""
    with closing(open_store(f"sqlite:///{folder / 'gateway.db'}", KEY, Clock(), lasting)) as store:
        store.migrate()
        for provider, password in passwords.items():
            store.accounts.add_provider(Provider(provider, f"Provider {provider}"))
            secret = hash_secret(password, KEY)
            store.accounts.add_user(Account(provider, USER, secret, scopes=frozenset(records.Scope)))
        yield store


def gateway_of(store: Store) -> Gateway:
    """The gateway of a store."""
    return Gateway(
        store=store,
        reader=READER,
        gatekeeper=Gatekeeper(store.accounts.user, KEY, 3600),
        terms=replace(terms(Clock()), digest=KEY.digest, lookups=10**9, misses=10**9),
        limits=Limits(),
    )
