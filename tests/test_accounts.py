"""Who is calling: one answer for every wrong credential, and nothing remembered that could be read."""

from __future__ import annotations

import base64
import gc
from dataclasses import replace
from typing import Any

import pytest
from argon2 import extract_parameters

from gateway import accounts
from gateway.accounts import Gatekeeper, combine, from_basic, hash_secret, new_secret
from gateway.errors import NotAuthenticated
from gateway.records import Account, Caller, Credentials
from gateway.sealing import Key

KEY = Key(bytes(32))
PROVIDER, USER, PASSWORD = "0001234", "lms", "correct-horse-battery"
RIGHT = Credentials(PROVIDER, USER, PASSWORD)


class House:
    """A gatekeeper over accounts in memory, with a clock of its own and a count of Argon2's work."""

    def __init__(self) -> None:
        self.accounts = {(PROVIDER, USER): Account(PROVIDER, USER, hash_secret(PASSWORD, KEY))}
        self.now = 1_000.0
        self.paid = 0
        self.gatekeeper = Gatekeeper(lambda *who: self.accounts.get(who), KEY, 60, lambda: self.now)

    def change(self, **fields: Any) -> None:
        """Change the one account, as the operator would."""
        self.accounts[PROVIDER, USER] = replace(self.accounts[PROVIDER, USER], **fields)


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    """A house whose Argon2 verifications are counted."""
    house = House()
    matches = accounts._matches

    def counted(stored: bytes, password: str) -> bool:
        house.paid += 1
        return matches(stored, password)

    monkeypatch.setattr(accounts, "_matches", counted)
    return house


def test_the_right_credential_is_let_in(house: House) -> None:
    """Provider, user and password together name the caller."""
    assert Caller(PROVIDER, USER) == house.gatekeeper.admit(RIGHT)


WRONG = {
    "password": replace(RIGHT, password="wrong"),
    "user": replace(RIGHT, user="nobody"),
    "case of the user": replace(RIGHT, user="LMS"),
    "provider": replace(RIGHT, provider_id="0009999"),
    "no password": replace(RIGHT, password=None),
    "empty password": replace(RIGHT, password=""),
    "no user": replace(RIGHT, user=None),
    "no provider": replace(RIGHT, provider_id=None),
    "nothing": Credentials(),
    "shifted": Credentials(PROVIDER, USER + PASSWORD[:1], PASSWORD[1:]),
}


@pytest.mark.parametrize("credentials", WRONG.values(), ids=WRONG)
def test_every_wrong_credential_has_one_answer(house: House, credentials: Credentials) -> None:
    """No answer tells what was wrong, also after the right credential was remembered."""
    house.gatekeeper.admit(RIGHT)
    with pytest.raises(NotAuthenticated) as caught:
        house.gatekeeper.admit(credentials)
    assert (NotAuthenticated().text, NotAuthenticated().remedy) == (caught.value.text, caught.value.remedy)


@pytest.mark.parametrize("name", ["password", "user", "provider"])
def test_an_unknown_user_costs_what_a_wrong_password_costs(house: House, name: str) -> None:
    """Each of them pays Argon2 exactly once, so that time tells nothing."""
    with pytest.raises(NotAuthenticated):
        house.gatekeeper.admit(WRONG[name])
    assert 1 == house.paid


def test_a_disabled_user_costs_the_same_however_often_it_tries(house: House) -> None:
    """The right password of a disabled account is not remembered, and so not told by its speed."""
    house.change(enabled=False)
    for _ in range(2):
        with pytest.raises(NotAuthenticated):
            house.gatekeeper.admit(RIGHT)
    assert 2 == house.paid


def test_argon2_is_paid_once_for_two_calls(house: House) -> None:
    """Within the time a credential is remembered, the second call pays nothing."""
    for _ in range(2):
        house.gatekeeper.admit(RIGHT)
    assert 1 == house.paid


def test_argon2_is_paid_again_after_a_while(house: House) -> None:
    """When the time is over the credential is proven anew."""
    for house.now in (0.0, 59.9, 60.0):
        house.gatekeeper.admit(RIGHT)
    assert 2 == house.paid


def test_zero_seconds_remember_nothing(house: House) -> None:
    """The operator can switch the memory off."""
    house.gatekeeper = Gatekeeper(lambda *who: house.accounts.get(who), KEY, 0, lambda: house.now)
    for _ in range(2):
        house.gatekeeper.admit(RIGHT)
    assert 2 == house.paid


def test_a_wrong_credential_is_not_remembered(house: House) -> None:
    """A wrong password pays each time."""
    for _ in range(2):
        with pytest.raises(NotAuthenticated):
            house.gatekeeper.admit(WRONG["password"])
    assert 2 == house.paid


def test_rotation_counts_at_once(house: House) -> None:
    """From the moment the secret is renewed the old one is refused and the new one let in."""
    house.gatekeeper.admit(RIGHT)
    house.change(secret=hash_secret("renewed", KEY))
    with pytest.raises(NotAuthenticated):
        house.gatekeeper.admit(RIGHT)
    assert Caller(PROVIDER, USER) == house.gatekeeper.admit(replace(RIGHT, password="renewed"))


def test_disabling_counts_at_once(house: House) -> None:
    """A remembered credential does not outlive its account."""
    house.gatekeeper.admit(RIGHT)
    house.change(enabled=False)
    with pytest.raises(NotAuthenticated):
        house.gatekeeper.admit(RIGHT)


def test_a_remembered_credential_cannot_be_read_back(house: House) -> None:
    """Nothing the gatekeeper keeps holds the password, and its marks mean nothing to another process."""
    house.gatekeeper.admit(RIGHT)
    assert [] == [kept for kept in _reachable(house.gatekeeper._memory) if PASSWORD in repr(kept)]
    other = Gatekeeper(house.gatekeeper._find, KEY, 60, lambda: house.now)
    other.admit(RIGHT)
    assert set() == set(house.gatekeeper._memory._until) & set(other._memory._until)


def _reachable(start: object) -> list[object]:
    """Everything plain that hangs on an object, without following modules, types and functions."""
    seen: dict[int, object] = {}
    todo = [start]
    while todo:
        thing = todo.pop()
        if id(thing) not in seen and not callable(thing) and type(thing).__name__ != "module":
            seen[id(thing)] = thing
            todo.extend(gc.get_referents(thing))
    return list(seen.values())


def test_the_memory_is_bounded(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many callers there are, only the newest are remembered."""
    monkeypatch.setattr(accounts, "MOST_REMEMBERED", 3)
    for number in range(5):
        house.gatekeeper._memory.keep(bytes([number]))
    assert [b"\x02", b"\x03", b"\x04"] == list(house.gatekeeper._memory._until)


def test_marks_tell_their_parts_apart(house: House) -> None:
    """No part of a credential can be moved into the next one."""
    mark = house.gatekeeper._memory.mark
    assert 3 == len({mark(b"a", b"bc"), mark(b"ab", b"c"), mark(b"abc", b"")})


def test_the_stored_secret_is_a_sealed_argon2id_hash() -> None:
    """The store holds nothing that could be read or guessed at without the key; the cost is as promised."""
    sealed = hash_secret(PASSWORD, KEY)
    parameters = extract_parameters(KEY.unseal(sealed).decode())
    assert b"argon2" not in sealed
    assert ("ID", 19 * 1024, 2, 1) == (
        parameters.type.name,
        parameters.memory_cost,
        parameters.time_cost,
        parameters.parallelism,
    )


def test_a_new_secret_is_strong_and_easy_to_copy() -> None:
    """It carries 160 bits in letters and digits only, and no two are the same."""
    found = {new_secret() for _ in range(100)}
    assert {(32, True, True)} == {(len(one), one.isalnum(), one.isascii()) for one in found}
    assert 100 == len(found)


def _basic(text: str, encoding: str = "utf-8") -> str:
    return "Basic " + base64.b64encode(text.encode(encoding)).decode()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (_basic("lms:secret"), Credentials(None, "lms", "secret")),
        (_basic("0001234/lms:secret"), Credentials("0001234", "lms", "secret")),
        (_basic("lms:with:colons"), Credentials(None, "lms", "with:colons")),
        (_basic("123/lms:secret"), Credentials(None, "123/lms", "secret")),
        (_basic("lms:pässwört"), Credentials(None, "lms", "pässwört")),
        (_basic("lms:"), Credentials(None, "lms", "")),
        ("bAsIc  " + _basic("lms:secret")[6:] + " ", Credentials(None, "lms", "secret")),
    ],
)
def test_basic_names_user_and_password(header: str, expected: Credentials) -> None:
    """The header is read as RFC 7617 says; seven digits and a slash before the user are its provider."""
    assert expected == from_basic(header)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic ???",
        "Basic bG1z=",
        "Bearer " + _basic("lms:secret")[6:],
        _basic("no colon"),
        _basic("lms:se\0cret"),
        _basic("lms:pässwört", "latin-1"),
        "Basic " + "é" * 4,
    ],
)
def test_a_malformed_header_is_not_authenticated(header: str) -> None:
    """What is no Basic header is refused with the one text, never with a failure of ours."""
    with pytest.raises(NotAuthenticated) as caught:
        from_basic(header)
    assert NotAuthenticated().text == caught.value.text


@pytest.mark.parametrize(
    ("body", "basic", "expected"),
    [
        (RIGHT, None, RIGHT),
        (Credentials(), RIGHT, RIGHT),
        (RIGHT, RIGHT, RIGHT),
        (Credentials(PROVIDER), Credentials(None, USER, PASSWORD), RIGHT),
        (Credentials(PROVIDER, "", ""), Credentials(None, USER, PASSWORD), RIGHT),
        (Credentials(), None, Credentials()),
    ],
)
def test_one_credential_may_be_shown_in_two_places(
    body: Credentials, basic: Credentials | None, expected: Credentials
) -> None:
    """Message and header complete each other where they agree."""
    assert expected == combine(body, basic)


@pytest.mark.parametrize("other", [WRONG["password"], WRONG["user"], WRONG["provider"]])
def test_two_different_credentials_are_refused(other: Credentials) -> None:
    """A call that says two things of who it is is refused before either is tried."""
    with pytest.raises(NotAuthenticated, match="two different credentials"):
        combine(RIGHT, other)
