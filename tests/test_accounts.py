"""Who is calling: one answer for every wrong credential, and nothing remembered that could be read."""

from __future__ import annotations

import base64
import gc
import hashlib
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from argon2 import extract_parameters

from gateway.accounts import (
    Counters,
    Gatekeeper,
    Limits,
    Rate,
    Rates,
    combine,
    from_basic,
    gatekeeper,
    hash_secret,
    memory,
    new_secret,
    seal_secret,
    secret,
)
from gateway.errors import (
    GuessingSuspected,
    NotAuthenticated,
    TooManyCalls,
    TooManyFailures,
    Unencrypted,
)
from gateway.records import USUAL, Account, Caller, Credentials, Lockout, Origin, Scope, Token
from gateway.sealing import Key

KEY = Key(bytes(32))
PROVIDER, USER, PASSWORD = "0001234", "lms", "correct-horse-battery"
RIGHT = Credentials(PROVIDER, USER, PASSWORD)
SECRET = new_secret()
THERE = Origin("192.0.2.7", "192.0.2.7")


@dataclass
class Watch:
    """What all processes know together, in memory."""

    nonces: set[tuple[str, str, bytes]] = field(default_factory=set)
    failures: list[tuple[str, str, str]] = field(default_factory=list)

    def spend(self, provider_id: str, user: str, nonce: bytes) -> bool:
        """Whether the nonce is new."""
        new = (provider_id, user, nonce) not in self.nonces
        self.nonces.add((provider_id, user, nonce))
        return new

    def failed(self, provider_id: str, user: str, source: str, lockout: Lockout) -> int:
        """Count a failure."""
        self.failures.append((provider_id, user, source))
        return len([one for one in self.failures if one[:2] == (provider_id, user)])


class House:
    """A gatekeeper over accounts in memory, with a clock of its own and a count of Argon2's work."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.accounts = {(PROVIDER, USER): Account(PROVIDER, USER, hash_secret(PASSWORD, KEY))}
        self.now = 1_000.0
        self.paid = 0
        self.watch = Watch()
        self.alarms: list[GuessingSuspected] = []
        self.gatekeeper = Gatekeeper(
            lambda *who: self.accounts.get(who[:2]),
            KEY,
            60,
            lambda: self.now,
            guard=self.watch,
            limits=limits,
            counters=Counters(*(Rates(clock=lambda: self.now) for _ in range(2))),
            alarm=self.alarms.append,
        )

    def change(self, **fields: Any) -> None:
        """Change the one account, as the operator would."""
        self.accounts[PROVIDER, USER] = replace(self.accounts[PROVIDER, USER], **fields)


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    """A house whose Argon2 verifications are counted."""
    house = House()
    is_hash_of = secret.is_hash_of

    def counted(stored: bytes, password: str) -> bool:
        house.paid += 1
        return is_hash_of(stored, password)

    monkeypatch.setattr(gatekeeper, "is_hash_of", counted)
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


@pytest.mark.parametrize("why", [{"enabled": False}, {"locked": True}], ids=["disabled", "locked"])
@pytest.mark.parametrize("generated", [False, True])
def test_who_is_kept_out_costs_the_same_however_often_it_tries(
    house: House, why: dict[str, bool], generated: bool
) -> None:
    """The right password of an account that is kept out is not remembered, and so not told by its speed."""
    if generated:
        house.change(secrets=seal_secret(PASSWORD, KEY))
    house.gatekeeper.admit(RIGHT)
    house.change(**why)
    before = house.paid
    for _ in range(2):
        with pytest.raises(NotAuthenticated):
            house.gatekeeper.admit(RIGHT)
    assert 2 == house.paid - before
    assert [(PROVIDER, USER, "")] * 2 == house.watch.failures


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
    house.gatekeeper = Gatekeeper(lambda *who: house.accounts.get(who[:2]), KEY, 0, lambda: house.now)
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
    house.change(secrets=hash_secret("renewed", KEY))
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
    monkeypatch.setattr(memory, "MOST_REMEMBERED", 3)
    for number in range(5):
        house.gatekeeper._memory.keep(bytes([number]))
    assert [b"\x02", b"\x03", b"\x04"] == list(house.gatekeeper._memory._until)


def test_marks_tell_their_parts_apart(house: House) -> None:
    """No part of a credential can be moved into the next one."""
    mark = house.gatekeeper._memory.mark
    assert 3 == len({mark(b"a", b"bc"), mark(b"ab", b"c"), mark(b"abc", b"")})


# --- generated secrets and digests ---------------------------------------------------------------------


def digested(secret: str = SECRET, nonce: bytes = b"0123456789abcdef", **more: Any) -> Credentials:
    """Credentials that prove a secret by its digest."""
    created = "2026-11-21T15:04:05Z"
    digest = hashlib.sha1(nonce + created.encode() + secret.encode()).digest()  # noqa: S324  the profile's
    token = replace(Token(nonce, created, digest), **more)
    return Credentials(PROVIDER, USER, None, token)


@pytest.fixture
def machine(house: House) -> House:
    """A house whose account has two generated secrets."""
    house.change(secrets=(*seal_secret(new_secret(), KEY), *seal_secret(SECRET, KEY)))
    return house


def test_a_generated_secret_needs_no_slow_hash(machine: House) -> None:
    """Each of several secrets is let in, by text or digest, and Argon2 is never paid."""
    machine.gatekeeper.admit(replace(RIGHT, password=SECRET))
    machine.gatekeeper.admit(digested())
    assert 0 == machine.paid


def test_a_wrong_text_costs_argon2_whatever_the_account_has(machine: House) -> None:
    """The wrong password of a machine takes as long as that of a human, and as that of nobody."""
    for user in (USER, "nobody"):
        with pytest.raises(NotAuthenticated):
            machine.gatekeeper.admit(Credentials(PROVIDER, user, "wrong"))
    assert 2 == machine.paid


def test_a_digest_counts_once(machine: House) -> None:
    """The same nonce is refused again, for this account; another nonce is let in."""
    machine.gatekeeper.admit(digested())
    with pytest.raises(NotAuthenticated) as caught:
        machine.gatekeeper.admit(digested())
    assert ("FailedAuthentication", NotAuthenticated().text) == (caught.value.wsse, caught.value.text)
    assert [(PROVIDER, USER, "")] == machine.watch.failures
    machine.gatekeeper.admit(digested(nonce=b"another"))


def test_a_nonce_counts_once_beside_a_text_too(house: House) -> None:
    """A remembered password does not spare the look at the nonce."""
    once = replace(RIGHT, token=Token(b"nonce"))
    house.gatekeeper.admit(once)
    with pytest.raises(NotAuthenticated):
        house.gatekeeper.admit(once)


def test_without_a_guard_nothing_that_counts_once_is_taken(house: House) -> None:
    """Where nobody could tell whether a nonce was used, it is refused."""
    house.change(secrets=seal_secret(SECRET, KEY))
    alone = Gatekeeper(lambda *who: house.accounts.get(who[:2]), KEY, 60)
    with pytest.raises(NotAuthenticated):
        alone.admit(digested())


@pytest.mark.parametrize(
    "shown",
    [
        digested("another secret"),
        digested(created="2026-11-21T15:04:06Z"),
        digested(nonce=b"another", digest=hashlib.sha1(b"of another").digest()),  # noqa: S324  the profile's
        digested(digest=b"x" * 20),
        replace(digested(), user="nobody"),
    ],
    ids=["secret", "created", "nonce", "digest", "user"],
)
def test_a_wrong_digest_has_the_same_answer(machine: House, shown: Credentials) -> None:
    """It is refused with the one text, spends no nonce, and counts as a failure."""
    with pytest.raises(NotAuthenticated) as caught:
        machine.gatekeeper.admit(shown)
    assert NotAuthenticated().text == caught.value.text
    assert (set(), 1) == (machine.watch.nonces, len(machine.watch.failures))


def test_a_chosen_password_is_no_digest(house: House) -> None:
    """A password that a human chose is never taken as a digest: not even its stored hash is."""
    stored = KEY.unseal(house.accounts[PROVIDER, USER].secrets[0].sealed).decode()
    for proven in (PASSWORD, stored):
        with pytest.raises(NotAuthenticated):
            house.gatekeeper.admit(digested(proven))


def test_the_password_chosen_last_is_the_one(house: House) -> None:
    """Should a store give two, the older one is no longer right."""
    older, newer = hash_secret("older", KEY), hash_secret("newer", KEY)
    past = replace(older[0], created_at=newer[0].created_at - timedelta(days=1))
    house.change(secrets=(*newer, past))
    house.gatekeeper.admit(replace(RIGHT, password="newer"))
    with pytest.raises(NotAuthenticated):
        house.gatekeeper.admit(replace(RIGHT, password="older"))


def test_the_scopes_are_the_accounts(house: House) -> None:
    """A caller may do what its account may; everything but admin unless something else is said."""
    assert USUAL == house.gatekeeper.admit(RIGHT).scopes
    house.change(scopes=frozenset({Scope.ADMIN}))
    assert {Scope.ADMIN} == house.gatekeeper.admit(RIGHT).scopes


# --- how often -----------------------------------------------------------------------------------------


def test_failures_are_counted_for_unknown_accounts_too(house: House) -> None:
    """Else time would tell that an account is there; the source goes with it."""
    for shown in (WRONG["password"], WRONG["user"]):
        with pytest.raises(NotAuthenticated):
            house.gatekeeper.admit(shown, THERE)
    assert [(PROVIDER, USER, "192.0.2.7"), (PROVIDER, "nobody", "192.0.2.7")] == house.watch.failures


def test_the_operator_is_told_once_of_an_account_that_is_tried(caplog: pytest.LogCaptureFixture) -> None:
    """The failure that is one too many raises an alarm, the next does not; unknown accounts raise none."""
    house = House(Limits(lockout=Lockout(alarm=3)))
    for name in ["password"] * 4 + ["user"] * 4:
        with pytest.raises(NotAuthenticated):
            house.gatekeeper.admit(WRONG[name])
    assert [(PROVIDER, USER)] == [(alarm.provider_id, alarm.user) for alarm in house.alarms]
    assert ["provider 0001234, user lms: 3 wrong credentials within 15 minutes"] == caplog.messages


def test_a_source_may_be_wrong_only_so_often(house: House) -> None:
    """Beyond that it is refused before Argon2 and without a write; others are not, nor what is right."""
    house.gatekeeper._limits = Limits(failures=Rate(60, 2))
    house.gatekeeper.admit(RIGHT, THERE)
    with pytest.raises(NotAuthenticated):
        house.gatekeeper.admit(WRONG["password"], THERE)
    before = (house.paid, len(house.watch.failures))
    with pytest.raises(TooManyFailures) as caught:
        house.gatekeeper.admit(WRONG["password"], THERE)
    assert before == (house.paid, len(house.watch.failures))
    assert 1 == caught.value.retry_after
    assert Caller(PROVIDER, USER) == house.gatekeeper.admit(RIGHT, THERE)
    with pytest.raises(NotAuthenticated):
        house.gatekeeper.admit(WRONG["password"], Origin("192.0.2.8", "192.0.2.8"))
    house.now += 1
    with pytest.raises(NotAuthenticated):
        house.gatekeeper.admit(WRONG["password"], THERE)


def test_a_provider_may_call_only_so_often(house: House) -> None:
    """Calls beyond the burst are told when to come back; calls that prove nothing cost nobody a place."""
    house.gatekeeper._limits = Limits(calls=Rate(30, 2))
    for _ in range(3):
        with pytest.raises(NotAuthenticated):
            house.gatekeeper.admit(WRONG["password"])
    for _ in range(2):
        house.gatekeeper.admit(RIGHT)
    with pytest.raises(TooManyCalls) as caught:
        house.gatekeeper.admit(RIGHT)
    assert (429, 2) == (caught.value.http_status, caught.value.retry_after)
    house.now += 2
    house.gatekeeper.admit(RIGHT)


@pytest.mark.parametrize("shown", [RIGHT, WRONG["password"], digested()], ids=["right", "wrong", "digest"])
def test_passwords_are_not_taken_where_others_can_read_them(house: House, shown: Credentials) -> None:
    """Whether right or wrong, it is refused before it is tried, and the text says what to do."""
    with pytest.raises(Unencrypted, match="plain HTTP"):
        house.gatekeeper.admit(shown, replace(THERE, private=False))
    assert 0 == house.paid


def test_who_shows_nothing_is_told_so_in_any_case(house: House) -> None:
    """Without a password there is nothing that others could read."""
    with pytest.raises(NotAuthenticated):
        house.gatekeeper.admit(Credentials(PROVIDER, USER), replace(THERE, private=False))


# --- secrets, HTTP Basic, and what stands in two places -------------------------------------------------


def test_a_generated_secret_is_kept_sealed() -> None:
    """It can be had back with the key, and has no slow hash; keys are named by letters."""
    [kept] = seal_secret(SECRET, KEY)
    assert (SECRET.encode(), True, None) == (KEY.unseal(kept.sealed), kept.generated, kept.until)
    assert SECRET not in repr(kept)
    assert kept.id.isalnum()


def test_the_stored_secret_is_a_sealed_argon2id_hash() -> None:
    """The store holds nothing that could be read or guessed at without the key; the cost is as promised."""
    [kept] = hash_secret(PASSWORD, KEY)
    parameters = extract_parameters(KEY.unseal(kept.sealed).decode())
    assert b"argon2" not in kept.sealed
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


@pytest.mark.parametrize("other", [WRONG["password"], WRONG["user"], WRONG["provider"], digested()])
def test_two_different_credentials_are_refused(other: Credentials) -> None:
    """A call that says two things of who it is is refused before either is tried."""
    for one, two in ((RIGHT, other), (other, RIGHT)):
        with pytest.raises(NotAuthenticated, match="two different credentials"):
            combine(one, two)
