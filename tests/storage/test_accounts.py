"""Providers and their users in the store."""

from __future__ import annotations

import pytest
from stored import OTHER_PROVIDER, PROVIDER

from gateway.errors import NotFound, Refused
from gateway.records import Account, Provider, replace
from storage import Store

SECRET = b"\x00sealed\xff"
LMS = Account(PROVIDER, "lms", SECRET)


def test_providers_come_back(store: Store) -> None:
    """Providers are listed by id, leading zeros kept; an unknown one is None."""
    assert [PROVIDER, OTHER_PROVIDER] == [provider.id for provider in store.accounts.providers()]
    assert Provider(PROVIDER, "Demo Medical Society") == store.accounts.provider(PROVIDER)
    assert None is store.accounts.provider("9999999")


def test_provider_is_taken_up_once(store: Store) -> None:
    """A second provider of one id is refused, and the first one stays as it is."""
    with pytest.raises(Refused):
        store.accounts.add_provider(Provider(PROVIDER, "Another"))
    assert Provider(PROVIDER, "Demo Medical Society") == store.accounts.provider(PROVIDER)


def test_users_come_back(store: Store) -> None:
    """A user has the secret as it was given, byte for byte; users are listed by name."""
    first = replace(LMS, user="admin")
    store.accounts.add_user(LMS)
    store.accounts.add_user(first)
    assert LMS == store.accounts.user(PROVIDER, "lms")
    assert [first, LMS] == store.accounts.users(PROVIDER)


def test_user_belongs_to_one_provider(store: Store) -> None:
    """A name is a provider's own: the same name elsewhere is another user, or none."""
    store.accounts.add_user(LMS)
    assert None is store.accounts.user(OTHER_PROVIDER, "lms")
    other = Account(OTHER_PROVIDER, "lms", b"other")
    store.accounts.add_user(other)
    assert ([LMS], [other]) == (store.accounts.users(PROVIDER), store.accounts.users(OTHER_PROVIDER))


def test_user_is_taken_up_once_and_with_a_provider(store: Store) -> None:
    """A second user of one name is refused, and so is one of a provider that is not there."""
    store.accounts.add_user(LMS)
    with pytest.raises(Refused):
        store.accounts.add_user(replace(LMS, secret=b"other"))
    with pytest.raises(NotFound):
        store.accounts.add_user(replace(LMS, provider_id="9999999"))
    assert [LMS] == store.accounts.users(PROVIDER)


def test_disabled_user_is_kept_out(store: Store) -> None:
    """A user is disabled and enabled again, alone."""
    other = replace(LMS, user="other")
    store.accounts.add_user(LMS)
    store.accounts.add_user(other)
    store.accounts.enable_user(PROVIDER, "lms", False)
    assert [replace(LMS, enabled=False), other] == store.accounts.users(PROVIDER)
    store.accounts.enable_user(PROVIDER, "lms", True)
    assert LMS == store.accounts.user(PROVIDER, "lms")


def test_users_of_a_disabled_provider_are_kept_out(store: Store) -> None:
    """With a provider all its users are out; a user disabled before stays so when it is back."""
    out = replace(LMS, user="out", enabled=False)
    store.accounts.add_user(LMS)
    store.accounts.add_user(out)
    store.accounts.enable_provider(PROVIDER, False)
    assert [False, False] == [user.enabled for user in store.accounts.users(PROVIDER)]
    assert replace(LMS, enabled=False) == store.accounts.user(PROVIDER, "lms")
    store.accounts.enable_provider(PROVIDER, True)
    assert [LMS, out] == store.accounts.users(PROVIDER)


def test_secret_is_replaced(store: Store) -> None:
    """The new secret takes the old one's place."""
    store.accounts.add_user(LMS)
    store.accounts.replace_secret(PROVIDER, "lms", b"new")
    assert replace(LMS, secret=b"new") == store.accounts.user(PROVIDER, "lms")


def test_unknown_account_is_not_changed(store: Store) -> None:
    """What is not there cannot be changed, and that is said."""
    with pytest.raises(NotFound):
        store.accounts.enable_provider("9999999", False)
    with pytest.raises(NotFound):
        store.accounts.enable_user(PROVIDER, "nobody", False)
    with pytest.raises(NotFound):
        store.accounts.replace_secret(PROVIDER, "nobody", b"new")
