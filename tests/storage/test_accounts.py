"""Providers and their users in the store."""

from __future__ import annotations

from datetime import timedelta

import pytest
from stored import NOW, OTHER_PROVIDER, PROVIDER

from gateway.errors import NotFound, Refused
from gateway.records import USUAL, Account, Provider, Scope, Secret, replace
from storage import Store

LATER = NOW + timedelta(days=1)
SECRET = Secret("abc", b"\x00sealed\xff", generated=True, created_at=NOW)
NEW = Secret("def", b"new", generated=True, created_at=LATER)
CHOSEN = Secret("ghi", b"chosen", generated=False, created_at=LATER)
LMS = Account(PROVIDER, "lms", (SECRET,))


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
    """A user has its secrets and scopes as they were given, byte for byte; users are listed by name."""
    first = Account(PROVIDER, "admin", (SECRET, NEW, CHOSEN), scopes=frozenset(Scope))
    store.accounts.add_user(LMS)
    store.accounts.add_user(first)
    assert LMS == store.accounts.user(PROVIDER, "lms")
    assert [first, LMS] == store.accounts.users(PROVIDER)


def test_user_belongs_to_one_provider(store: Store) -> None:
    """A name is a provider's own: the same name elsewhere is another user, or none."""
    store.accounts.add_user(LMS)
    assert None is store.accounts.user(OTHER_PROVIDER, "lms")
    other = Account(OTHER_PROVIDER, "lms", (replace(SECRET, sealed=b"other"),))
    store.accounts.add_user(other)
    assert ([LMS], [other]) == (store.accounts.users(PROVIDER), store.accounts.users(OTHER_PROVIDER))


def test_user_is_taken_up_once_and_with_a_provider(store: Store) -> None:
    """A second user of one name is refused, and so is one of a provider that is not there."""
    store.accounts.add_user(LMS)
    with pytest.raises(Refused):
        store.accounts.add_user(replace(LMS, secrets=(NEW,)))
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


def test_secrets_stand_beside_each_other(store: Store) -> None:
    """A further secret counts with those there are, oldest first; one that is revoked is gone."""
    store.accounts.add_user(LMS)
    store.accounts.add_secrets(PROVIDER, "lms", [NEW])
    assert replace(LMS, secrets=(SECRET, NEW)) == store.accounts.user(PROVIDER, "lms")
    store.accounts.revoke(PROVIDER, "lms", SECRET.id)
    assert replace(LMS, secrets=(NEW,)) == store.accounts.user(PROVIDER, "lms")
    with pytest.raises(NotFound):
        store.accounts.revoke(PROVIDER, "lms", SECRET.id)


def test_secret_ends_in_its_time(store: Store) -> None:
    """What is over is listed, and counts no more; no secret ends later than it would have."""
    ended, soon = replace(SECRET, until=NOW), replace(CHOSEN, until=NOW + timedelta(seconds=1))
    store.accounts.add_user(replace(LMS, secrets=(ended, soon)))
    store.accounts.add_secrets(PROVIDER, "lms", [NEW], until=LATER)
    assert [replace(LMS, secrets=(ended, NEW, soon))] == store.accounts.users(PROVIDER)
    assert replace(LMS, secrets=(NEW, soon)) == store.accounts.user(PROVIDER, "lms")
    store.accounts.add_secrets(PROVIDER, "lms", [replace(NEW, id="jkl")], until=NOW)
    found = store.accounts.user(PROVIDER, "lms")
    assert found is not None
    assert ["jkl"] == [secret.id for secret in found.secrets]


def test_there_is_one_chosen_secret_at_a_time(store: Store) -> None:
    """A chosen secret takes the place of the one before, and of no generated one."""
    store.accounts.add_user(replace(LMS, secrets=(SECRET, CHOSEN)))
    another = replace(CHOSEN, id="another")
    store.accounts.add_secrets(PROVIDER, "lms", [another])
    assert replace(LMS, secrets=(SECRET, another)) == store.accounts.user(PROVIDER, "lms")


def test_user_without_a_secret_is_there(store: Store) -> None:
    """An account whose secrets are all revoked is still one."""
    store.accounts.add_user(replace(LMS, secrets=()))
    assert replace(LMS, secrets=()) == store.accounts.user(PROVIDER, "lms")


def test_scopes_are_changed(store: Store) -> None:
    """A user may do what was said last; usually all but admin."""
    store.accounts.add_user(LMS)
    assert USUAL == store.accounts.users(PROVIDER)[0].scopes
    store.accounts.allow(PROVIDER, "lms", {Scope.ADMIN, Scope.READ})
    assert replace(LMS, scopes=frozenset({Scope.ADMIN, Scope.READ})) == store.accounts.user(PROVIDER, "lms")


def test_unknown_account_is_not_changed(store: Store) -> None:
    """What is not there cannot be changed, and that is said."""
    with pytest.raises(NotFound):
        store.accounts.enable_provider("9999999", False)
    with pytest.raises(NotFound):
        store.accounts.enable_user(PROVIDER, "nobody", False)
    with pytest.raises(NotFound):
        store.accounts.add_secrets(PROVIDER, "nobody", [NEW])
    with pytest.raises(NotFound):
        store.accounts.allow(PROVIDER, "nobody", USUAL)


def test_keys_are_of_a_user_there_is(store: Store) -> None:
    """All of them, and of nobody else; who is not there is named."""
    store.accounts.add_user(LMS)
    store.accounts.add_user(replace(LMS, user="other", secrets=(NEW,)))
    assert (LMS.secrets, (NEW,)) == tuple(store.accounts.keys(PROVIDER, user) for user in (LMS.user, "other"))
    with pytest.raises(NotFound, match=f"Provider {PROVIDER} has no user nobody"):
        store.accounts.keys(PROVIDER, "nobody")
    with pytest.raises(NotFound, match="There is no provider 9999999"):
        store.accounts.users("9999999")
