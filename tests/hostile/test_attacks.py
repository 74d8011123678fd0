"""The attack catalogue: each gets the answer it has to get, in bounded time, and touches nothing."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from doors import Doors
from fakes import PASSWORD
from messages import activity, envelope, payload, request
from plain import Reply
from trust import answers
from trust.attacks import ATTACKS, TAKEN, TITLE, Attack, Ground
from trust.canary import Canary, watching

from gateway import intake
from gateway.errors import Unreadable
from gateway.intake import Limits, document

MOST_TIMES, MOST_TIMES_READ = 15, 250
"""Times the processor time of a plain document of the same size, which is parsed and looked at too: for
what the rim refuses, and for what is read to the end and explained."""
OF_SOAP = {"A07", "A08", "A09"}
"""Attacks on headers of a message, or beside it, that only SOAP has."""
OPENED, CLOSED = envelope("\0").split(b"\0")
SIZES = {"one level too deep": 3}
"""What has to be larger to be as large as with an envelope around it."""
TRIES = 3
LEAST_SECONDS = 0.01
"""What any call may take, since below it a clock tells little."""


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A good call, and canaries that sing when they are touched."""
    save = envelope(request("SaveActivity", payload(activity("ATTACK", TITLE))))
    with watching(tmp_path_factory.mktemp("canary")) as canary:
        yield Ground(save, canary)


@pytest.fixture(scope="module")
def plain_ground(ground: Ground) -> Ground:
    """The same without an envelope."""
    return Ground(request("SaveActivity", payload(activity("PLAIN", TITLE))).encode(), ground.canary)


@pytest.fixture(scope="module")
def doors() -> Doors:
    """A gateway without records."""
    return Doors()


def send(doors: Doors, attack: Attack, body: bytes) -> tuple[answers.Told, bytes]:
    """The answer to an attack, taken apart and as it came."""
    status, headers, content = doors.send(body, **_environ(attack))
    return answers.read(int(status.split()[0]), headers["Content-Type"], content), content


def send_plain(doors: Doors, attack: Attack, body: bytes) -> tuple[str | None, bytes]:
    """The code of the answer to an attack by plain XML, None if it is no fault, and the answer as it came."""
    status, headers, content = doors.send_plain("SaveActivity", body, **_environ(attack))
    return Reply(status, headers, content).ours, content


def _environ(attack: Attack) -> dict[str, str]:
    names = {"Content-Type": "CONTENT_TYPE", "Content-Encoding": "HTTP_CONTENT_ENCODING"}
    return {names.get(name, f"HTTP_{name.upper()}"): value for name, value in attack.http.items()}


def seconds(work: Callable[[], object]) -> float:
    """The least processor time of some runs."""
    taken = []
    for _ in range(2):
        begun = time.process_time()
        work()
        taken.append(time.process_time() - begun)
    return min(taken)


def bounded(work: Callable[[], object], ours: str | None, size: int) -> bool:
    """Whether the answer to a message of that size takes no longer than one with its code may: seen once,
    since another process only ever makes it look slower."""
    times = MOST_TIMES if ours and ours < "X010" else MOST_TIMES_READ
    return any(seconds(work) <= max(LEAST_SECONDS, times * usual(size)) for _ in range(TRIES))


def usual(size: int) -> float:
    """The seconds that a plain document of a size takes."""
    return seconds(lambda: intake.parse(plain(size), Limits(max_elements=1 << 30)))


def plain(size: int) -> bytes:
    """A document of that size with nothing odd about it, as small elements with texts."""
    return b"<a>" + b"<field>a value of it</field>" * (size // 28) + b"</a>"


@pytest.fixture(scope="module", autouse=True)
def settled() -> Iterator[None]:
    """Leave aside what all other tests hold, as a worker does with what it has loaded: to look through it
    after a large call would be most of the time."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.parametrize("attack", ATTACKS, ids=str)
def test_an_attack_gets_its_answer(
    doors: Doors, ground: Ground, attack: Attack, caplog: pytest.LogCaptureFixture
) -> None:
    """The fault of the catalogue, nothing of the message in a log, no canary touched, bounded time."""
    body = attack.build(ground, 1)
    with caplog.at_level(logging.DEBUG):
        told, content = send(doors, attack, body)
    assert (told.ours or TAKEN) in attack.codes
    assert told.code in {None, "Client", "MustUnderstand", "UnsupportedSecurityToken"}
    assert [] == ground.canary.breaches(content, caplog.text.encode())
    assert "" == caplog.text
    assert PASSWORD.encode() not in content
    assert bounded(lambda: send(doors, attack, body), told.ours, len(body))


@pytest.mark.parametrize("attack", [one for one in ATTACKS if one.id not in OF_SOAP], ids=str)
def test_an_attack_by_plain_xml_gets_its_answer(
    doors: Doors, plain_ground: Ground, attack: Attack, caplog: pytest.LogCaptureFixture
) -> None:
    """The same catalogue at the other door, without the envelopes: the same codes, and nothing touched."""
    built = attack.build(plain_ground, SIZES.get(attack.name, 1))
    body = built.removeprefix(OPENED).removesuffix(CLOSED)
    with caplog.at_level(logging.DEBUG):
        ours, content = send_plain(doors, attack, body)
    assert (ours or TAKEN) in attack.codes
    assert [] == plain_ground.canary.breaches(content, caplog.text.encode())
    assert "" == caplog.text
    assert PASSWORD.encode() not in content
    assert bounded(lambda: send_plain(doors, attack, body), ours, len(body))


@pytest.mark.parametrize(
    "row",
    [
        b"<?a?>" * 10_000,
        b"<!--a-->" * 10_000 + b"<?a?>",
        b"<![CDATA[<?a?>]]>" * 10_000,
        b"x<?a?>" * 10_000,
        b"&#120;<!---->" * 10_000,
        b"<b c='1'>x</b>" * 10_000 + b"<!---->",
        b"<b c='1'/>x" * 10_000 + b"<b><!-- -->" + b" " * 131_073 + b"</b>",
    ],
    ids=lambda row: row[:14].decode(),
)
def test_many_in_a_row_cost_no_square(row: bytes) -> None:
    """Whatever stands in a row, and is asked for: libxml2 looks for many things with the square of them."""
    body = b"<a>" + row + b"<b/></a>"
    assert bounded(lambda: intake.parse(body, Limits()).has_instructions(), "X001", len(body))


def test_the_good_plain_call_is_good(doors: Doors, plain_ground: Ground) -> None:
    """The control: without an attack it is taken, and stored as sent."""
    taken = Attack("A00", "none", lambda at, size: at.titled("t"), (TAKEN,))
    ours, content = send_plain(doors, taken, taken.build(plain_ground, 1))
    assert (None, False) == (ours, b"<svc:Action>Refused<" in content)


def test_the_good_call_is_good(doors: Doors, ground: Ground) -> None:
    """The control of all: without an attack the call is taken."""
    taken = Attack("A00", "none", lambda at, size: at.titled("t"), (TAKEN,))
    told, content = send(doors, taken, taken.build(ground, 1))
    assert 200 == told.status
    assert b"<svc:Action>Refused<" not in content


def test_a_touched_canary_sings(tmp_path: Path) -> None:
    """The control of the canaries: a token in an answer, and a count of calls, are breaches."""
    canary = Canary(tmp_path / "canary.txt")
    assert [] == canary.breaches(b"nothing")
    canary.hits = 1
    assert 2 == len(canary.breaches(canary.token.encode()))


def test_without_the_guard_a_doctype_costs_dearly(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the time: libxml2 itself takes the square of the number of declarations."""
    declarations = "".join(f"<!ATTLIST x a{n} CDATA ''>" for n in range(10_000))
    body = f"<!DOCTYPE x [{declarations}]><x/>".encode()

    def refused() -> None:
        with pytest.raises(Unreadable, match="DOCTYPE"):
            intake.parse(body, Limits())

    assert bounded(refused, "X001", len(body))
    monkeypatch.setattr(document, "DOCTYPE", b"never there")
    assert not bounded(refused, "X001", len(body))
