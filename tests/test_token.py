"""WS-Security, HTTP Basic and credentials in the body: every case by its name, through a door and a store."""

from __future__ import annotations

import base64
import io
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import tokens
from fakes import NOW, Clock, terms
from lxml import etree
from tokens import SOAP11, digest_token, lasting, nonce, security, text_token

from gateway import lifecycle, schemas
from gateway.accounts import Gatekeeper, Limits, hash_secret, seal_secret
from gateway.accounts.rate import Rate
from gateway.errors import NotAllowed, NotAuthenticated, TooManyCalls, UnsupportedToken
from gateway.intake import Limits as Bounds
from gateway.records import Account, Provider, Scope
from gateway.schema import Reader
from gateway.sealing import Key
from gateway.service import V2, Gateway
from gateway.soap import SoapDoor
from storage import Store, open_store

KEY = Key(bytes(range(32)))
PROVIDER, OTHER = "0001234", "0005678"
SECRET, PASSWORD = "generated-secret-of-the-tests", "chosen: password of the tests"
MACHINE, HUMAN = f"{PROVIDER}/machine", f"{PROVIDER}/human"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
FAULT = "urn:cme-gateway:fault:1"
SVC = "urn:cme-gateway:service:v2"
NOBODYS = "20261121-000000000000"
IN = "S003"
"""What is answered when a caller is let in: there is no such receipt."""


@dataclass
class Answer:
    """What came back."""

    status: str
    headers: dict[str, str]
    root: etree._Element

    def text(self, name: str) -> str:
        """The text of the first element of that name."""
        return next((one.text or "" for one in self.root.iter("{*}" + name)), "")

    @property
    def code(self) -> str:
        """Our code."""
        return next((one.text or "" for one in self.root.iter(f"{{{FAULT}}}Code")), "")

    @property
    def told(self) -> tuple[str, ...]:
        """All that a caller is told but the trace id."""
        return (self.code, *map(self.text, ("faultcode", "faultstring", "Text", "Remedy")))


class House:
    """A door, with accounts in a real store."""

    def __init__(self, store: Store, clock: Clock, limits: Limits | None = None) -> None:
        self.store = store
        self.clock = clock
        gateway = Gateway(
            store=store,
            reader=Reader(schemas.VERSIONS, Bounds()),
            gatekeeper=Gatekeeper(store.accounts.user, KEY, 3600, guard=store.guard, limits=limits),
            terms=terms(clock),
            limits=Bounds(),
        )
        self.door = SoapDoor(V2, gateway)

    def ask(
        self, *headers: str, body: str = "", envelope: str = SOAP11, basic: str | None = None, **more: Any
    ) -> Answer:
        """Ask for a receipt there is not."""
        xml = (
            f'<e:Envelope xmlns:e="{envelope}"><e:Header>{"".join(headers)}</e:Header><e:Body>'
            f'<GetReceipt xmlns="{SVC}">{body}<ReceiptId>{NOBODYS}</ReceiptId></GetReceipt>'
            "</e:Body></e:Envelope>"
        ).encode()
        environ = {
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": "text/xml" if envelope == SOAP11 else "application/soap+xml",
            "CONTENT_LENGTH": str(len(xml)),
            "wsgi.input": io.BytesIO(xml),
            "wsgi.url_scheme": "http",
            "REMOTE_ADDR": "127.0.0.1",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "PATH_INFO": "/soap/v2",
            **more,
        }
        if basic is not None:
            environ["HTTP_AUTHORIZATION"] = basic
        began: list[Any] = []
        answer = b"".join(self.door(environ, lambda *told: began.extend(told)))
        return Answer(began[0], dict(began[1]), etree.fromstring(answer))

    def show(self, *parts: str, **more: Any) -> Answer:
        """Ask with a Security header."""
        return self.ask(security(*parts), **more)


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with two providers; one has a machine and a human for a user, the other a namesake."""
    path = tmp_path_factory.mktemp("accounts") / "gateway.db"
    with closing(open_store(f"sqlite:///{path}", KEY, Clock(), lifecycle.lasting)) as store:
        store.migrate()
        for provider in (PROVIDER, OTHER):
            store.accounts.add_provider(Provider(provider, "Society of Examples"))
        store.accounts.add_user(Account(PROVIDER, "machine", seal_secret(SECRET, KEY)))
        store.accounts.add_user(Account(PROVIDER, "human", hash_secret(PASSWORD, KEY)))
        store.accounts.add_user(Account(OTHER, "machine", seal_secret("another", KEY)))
    return path


@pytest.fixture
def store(accounts: Path, tmp_path: Path, clock: Clock) -> Iterator[Store]:
    """A store on a copy of it."""
    copy = shutil.copy(accounts, tmp_path)
    with closing(open_store(f"sqlite:///{copy}", KEY, clock, lifecycle.lasting)) as store:
        yield store


@pytest.fixture
def clock() -> Clock:
    """A clock that goes when it is told to."""
    return Clock()


@pytest.fixture
def house(store: Store, clock: Clock) -> House:
    """A door to it."""
    return House(store, clock)


CASES = tokens.cases(MACHINE, SECRET, HUMAN, PASSWORD, NOW)


@pytest.mark.parametrize("name", CASES)
def test_usernametoken(house: House, name: str) -> None:
    """What is right is let in; all else has one answer, which WS-Security has a name for."""
    answer = house.show(CASES[name])
    if name in tokens.RIGHT:
        assert IN == answer.code
    elif name == "nothing":
        assert ("S001", "soap:Client") == (answer.code, answer.text("faultcode"))
    else:
        wrong = house.show(text_token(MACHINE, "wrong"))
        assert ("S001", "wsse:FailedAuthentication") == (answer.code, answer.text("faultcode"))
        assert wrong.told == answer.told


@pytest.mark.parametrize("name", tokens.UNSUPPORTED)
def test_what_a_security_header_may_not_hold(house: House, name: str) -> None:
    """Whatever else is right in it, it is refused whole: nothing is half believed."""
    answer = house.show(digest_token(MACHINE, SECRET, NOW), tokens.UNSUPPORTED[name])
    assert (UnsupportedToken.code, "wsse:UnsupportedSecurityToken") == (answer.code, answer.text("faultcode"))


@pytest.mark.parametrize("name", tokens.UNSUPPORTED_IN_TOKEN)
def test_what_a_token_may_not_hold(house: House, name: str) -> None:
    """What might change how the proof is meant is not passed over."""
    for shown in (digest_token(MACHINE, SECRET, NOW), text_token(MACHINE, SECRET)):
        end = "</wsse:UsernameToken>"
        answer = house.show(shown.replace(end, tokens.UNSUPPORTED_IN_TOKEN[name] + end))
        told = (answer.code, answer.text("faultcode"))
        assert (UnsupportedToken.code, "wsse:UnsupportedSecurityToken") == told


def test_codes_in_soap_12(house: House) -> None:
    """There WS-Security's names are subcodes, with ours beneath."""
    for part, name, code in (
        (text_token(MACHINE, "wrong"), "FailedAuthentication", "S001"),
        (tokens.UNSUPPORTED["a signature"], "UnsupportedSecurityToken", "S007"),
    ):
        answer = house.ask(security(part, envelope=SOAP12), envelope=SOAP12)
        values = [one.text for one in answer.root.iter(f"{{{SOAP12}}}Value")]
        assert ("400 Bad Request", ["env:Sender", f"wsse:{name}", f"f:{code}"]) == (answer.status, values)


# --- calls sent again ----------------------------------------------------------------------------------


def test_nonce_reused_at_once(house: House) -> None:
    """The very same message is let in once."""
    once = security(digest_token(MACHINE, SECRET, NOW))
    assert [IN, "S001"] == [house.ask(once).code for _ in range(2)]


def test_nonce_reused_on_another_worker_and_after_restart(house: House, store: Store, clock: Clock) -> None:
    """Another process with another gatekeeper knows it too."""
    once = security(digest_token(MACHINE, SECRET, NOW))
    assert [IN, "S001"] == [one.ask(once).code for one in (house, House(store, clock))]


def test_nonce_reused_after_its_window(house: House, clock: Clock) -> None:
    """By then the time it was made at is too long ago, at every moment until it is forgotten and after."""
    once = security(digest_token(MACHINE, SECRET, NOW))
    house.ask(once)
    for _ in range(14):
        clock.advance(seconds=50)
        assert "S001" == house.ask(once).code


def test_nonce_of_the_future_reused_when_it_is_past(house: House, clock: Clock) -> None:
    """Made by a clock that is fast, it is taken for ten minutes, and known for as long."""
    once = security(digest_token(MACHINE, SECRET, NOW + timedelta(seconds=300)))
    assert IN == house.ask(once).code
    for _ in range(13):
        clock.advance(seconds=50)
        assert "S001" == house.ask(once).code


def test_nonce_of_another_user(house: House, store: Store) -> None:
    """Two accounts may come upon the same nonce."""
    store.accounts.add_user(Account(PROVIDER, "twin", seal_secret(SECRET, KEY)))
    shown = [digest_token(f"{PROVIDER}/{user}", SECRET, NOW, b"n" * 16) for user in ("machine", "twin")]
    assert [IN, IN] == [house.show(one).code for one in shown]


def test_wrong_digest_spends_no_nonce(house: House) -> None:
    """Whoever guesses nonces takes none from who has the secret."""
    house.show(digest_token(MACHINE, "wrong", NOW, b"n" * 16))
    assert IN == house.show(digest_token(MACHINE, SECRET, NOW, b"n" * 16)).code


# --- where a header and a token stand ------------------------------------------------------------------


def test_must_understand_on_the_header(house: House) -> None:
    """The header is understood, in both kinds of SOAP; another one that must be is not."""
    good = digest_token(MACHINE, SECRET, NOW)
    assert IN == house.ask(security(good, mustUnderstand="1")).code
    fresh = security(digest_token(MACHINE, SECRET, NOW), envelope=SOAP12, mustUnderstand="true")
    assert IN == house.ask(fresh, envelope=SOAP12).code
    other = f'<x:Other xmlns:x="urn:x" xmlns:env="{SOAP11}" env:mustUnderstand="1"/>'
    assert "X005" == house.ask(security(digest_token(MACHINE, SECRET, NOW)), other).code


def test_actor_not_ours_is_ignored(house: House) -> None:
    """A header for somebody else neither lets in nor keeps out, whatever is in it."""
    theirs = security(text_token(MACHINE, "wrong"), tokens.UNSUPPORTED["a signature"], actor="urn:somebody")
    good = security(digest_token(MACHINE, SECRET, NOW))
    assert [IN, "S001"] == [house.ask(theirs, good).code, house.ask(theirs).code]


def test_actor_next_is_ours(house: House) -> None:
    """Whoever gets a message is next."""
    next_one = "http://schemas.xmlsoap.org/soap/actor/next"
    assert IN == house.ask(security(text_token(MACHINE, SECRET), actor=next_one)).code


def test_two_headers_for_us_are_refused(house: House) -> None:
    """There may be one Security header for each receiver."""
    two = [security(digest_token(MACHINE, SECRET, NOW)), security(lasting(NOW))]
    assert "wsse:FailedAuthentication" == house.ask(*two).text("faultcode")


def test_timestamp_alone_is_no_credential(house: House) -> None:
    """It says when, and not who; beside credentials in the body it is looked at."""
    body = f"<ProviderId>{PROVIDER}</ProviderId><User>machine</User><Password>{SECRET}</Password>"
    assert ["S001", IN] == [house.show(lasting(NOW)).code, house.show(lasting(NOW), body=body).code]
    assert "S001" == house.show(lasting(NOW - timedelta(hours=1)), body=body).code


def test_token_in_the_body(house: House) -> None:
    """A token counts in a Security header alone."""
    answer = house.ask(body=security(digest_token(MACHINE, SECRET, NOW)))
    assert answer.code not in {IN, ""}


def _basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def _body(provider: str = PROVIDER, user: str = "machine", password: str = SECRET) -> str:
    return f"<ProviderId>{provider}</ProviderId><User>{user}</User><Password>{password}</Password>"


@pytest.mark.parametrize(
    ("body", "basic", "shown", "code"),
    [
        (_body(), None, text_token(MACHINE, SECRET), IN),
        (_body(), _basic(MACHINE, SECRET), text_token(MACHINE, SECRET), IN),
        (f"<ProviderId>{PROVIDER}</ProviderId>", None, digest_token("machine", SECRET, NOW), IN),
        (f"<ProviderId>{OTHER}</ProviderId>", None, digest_token(MACHINE, SECRET, NOW), "S001"),
        (_body(), None, digest_token(MACHINE, SECRET, NOW), "S001"),
        ("", _basic(MACHINE, SECRET), digest_token(MACHINE, SECRET, NOW), "S001"),
        (_body(password="another"), None, text_token(MACHINE, SECRET), "S001"),
        ("", _basic(MACHINE, "another"), text_token(MACHINE, SECRET), "S001"),
        (_body(user="human"), None, digest_token(MACHINE, SECRET, NOW), "S001"),
        (_body(), _basic(MACHINE, "another"), "", "S001"),
    ],
)
def test_token_beside_other_credentials(
    house: House, body: str, basic: str | None, shown: str, code: str
) -> None:
    """They may complete each other and say the same; two different ones are refused, and so are two
    proofs."""
    assert code == house.show(shown, body=body, basic=basic).code


# --- HTTP Basic and credentials in the body: twelve more ------------------------------------------------

TWELVE: dict[str, tuple[str, str | None]] = {
    "missing": ("", None),
    "half": (f"<ProviderId>{PROVIDER}</ProviderId><User>machine</User>", None),
    "half by HTTP": ("", _basic("machine", SECRET)),
    "malformed": ("", "Basic ???"),
    "non-ASCII": ("", _basic(f"{PROVIDER}/mäschine", "pässwört")),
    "non-ASCII bytes": ("", "Basic " + base64.b64encode(b"\xe4:\xff").decode()),
    "very long": ("", _basic(f"{PROVIDER}/{'x' * 60_000}", "y" * 60_000)),
    "very long in the body": (_body(user="x" * 4_000, password="y" * 4_000), None),
    "NUL": ("", _basic(MACHINE, "sec\0ret")),
    "user of another provider": (_body(provider=OTHER), None),
}


@pytest.mark.parametrize("name", TWELVE)
def test_basic_and_body(house: House, name: str) -> None:
    """What is wrong with them is one refusal, in words that tell nothing of accounts."""
    body, basic = TWELVE[name]
    answer = house.ask(body=body, basic=basic)
    assert ("soap:Client", "S001") == (answer.text("faultcode"), answer.code)
    assert NotAuthenticated().text == answer.text("Text")


def test_colon_in_password(house: House) -> None:
    """Only the first colon of HTTP Basic ends the user's name."""
    assert ":" in PASSWORD
    assert IN == house.ask(basic=_basic(HUMAN, PASSWORD)).code


@pytest.mark.parametrize("who", ["user", "provider"])
def test_who_is_disabled(house: House, store: Store, who: str) -> None:
    """A disabled user and the users of a disabled provider are answered like a wrong password."""
    assert IN == house.ask(body=_body()).code
    if who == "user":
        store.accounts.enable_user(PROVIDER, "machine", False)
    else:
        store.accounts.enable_provider(PROVIDER, False)
    assert house.ask(body=_body(user="nobody")).told == house.ask(body=_body()).told


def test_scope_missing(house: House, store: Store) -> None:
    """Who is known but may not do this is told so, with the scope it takes."""
    store.accounts.allow(PROVIDER, "machine", {Scope.SUBMIT, Scope.MATCH, Scope.ADMIN})
    answer = house.ask(body=_body())
    assert (NotAllowed.code, "soap:Client") == (answer.code, answer.text("faultcode"))
    assert "GetReceipt needs the scope read, which this account does not have." == answer.text("Text")
    assert "S001" == house.ask(body=_body(password="wrong")).code


def test_locked(house: House, clock: Clock) -> None:
    """Ten failures lock the account for their source: the right password is answered like a wrong one,
    from elsewhere it is let in, and after a quarter of an hour from there too."""
    wrong = [house.ask(body=_body(password=f"wrong-{n}"), REMOTE_ADDR="127.0.0.2") for n in range(10)]
    locked = house.ask(body=_body(), REMOTE_ADDR="127.0.0.2")
    assert {locked.told} == {one.told for one in wrong}
    assert IN == house.ask(body=_body(), REMOTE_ADDR="127.0.0.3").code
    clock.advance(minutes=15)
    assert IN == house.ask(body=_body(), REMOTE_ADDR="127.0.0.2").code


def test_a_hundred_failures_lock_nobody_out(house: House) -> None:
    """Guesses from everywhere raise an alarm, and never keep the account's own people out."""
    for number in range(101):
        house.show(digest_token(MACHINE, "wrong", NOW), REMOTE_ADDR=f"127.0.{number // 9}.9")
    assert IN == house.ask(body=_body(), REMOTE_ADDR="127.0.0.1").code


# --- how often, and over what ---------------------------------------------------------------------------


def test_too_many_calls(store: Store, clock: Clock) -> None:
    """Beyond the pace of its provider a call gets HTTP 429 with Retry-After, in either kind of SOAP."""
    house = House(store, clock, Limits(calls=Rate(1, 1)))
    assert IN == house.ask(body=_body()).code
    for envelope in (SOAP11, SOAP12):
        answer = house.ask(body=_body(), envelope=envelope)
        assert "429 Too Many Requests" == answer.status
        assert 50 < int(answer.headers["Retry-After"]) <= 60
        assert TooManyCalls.code == answer.code


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"REMOTE_ADDR": "192.0.2.7"}, "S008"),
        ({"REMOTE_ADDR": "192.0.2.7", "wsgi.url_scheme": "https"}, IN),
        ({"HTTP_X_FORWARDED_FOR": "192.0.2.7"}, "S008"),
        ({"HTTP_X_FORWARDED_FOR": "192.0.2.7", "wsgi.url_scheme": "https"}, IN),
        ({"REMOTE_ADDR": ""}, IN),
    ],
)
def test_passwords_over_plain_http(house: House, more: dict[str, str], code: str) -> None:
    """They are taken from this machine, and from others by TLS alone."""
    assert code == house.ask(body=_body(), **more).code


def test_a_token_without_a_nonce_may_be_sent_again(house: House) -> None:
    """A password in a text needs none, as it needs none in the body."""
    assert [IN, IN] == [house.show(text_token(MACHINE, SECRET)).code for _ in range(2)]
    spent = text_token(MACHINE, SECRET, nonce(b"n" * 16))
    assert [IN, "S001"] == [house.show(spent).code for _ in range(2)]
