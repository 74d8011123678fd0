"""S10: who may not come in does not, learns nothing, and cannot come in by what others have sent."""

from __future__ import annotations

import base64
import http.client
import math
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

import tokens

from gateway import assembly
from gateway.accounts import hash_secret, new_secret, seal_secret
from gateway.records import Account, Scope
from gateway.sealing import Key, load_key
from gateway.settings import Settings
from trust.face import Form, Outcome
from trust.messages import OTHER, PASSWORD, PROVIDER, SVC, USER
from trust.stage import Stage, staged

GOAL = "S10"
BOUND = "0 wrong answers, 0 replays taken, medians within 5 ms"
APART = 0.005  # seconds between the medians of any two refusals
LOCKING = 10
ALARM = 100
IN, OUT = b"Code>S003<", b"Code>S001<"
HERE, ELSEWHERE = "127.0.0.1", "127.0.0.2"
WORKERS, UNBOUNDED = 2, 1_000_000


@dataclass
class Door:
    """A gateway, and the secrets of the accounts that were made for it."""

    stage: Stage
    secret: str = ""

    def ask(
        self, header: str = "", body: str = "", basic: str | None = None, source: str = HERE
    ) -> tuple[bytes, float]:
        """Ask for a receipt there is not, on a connection of its own: whichever worker takes it."""
        xml = (
            f'<s:Envelope xmlns:s="{tokens.SOAP11}"><s:Header>{header}</s:Header><s:Body>'
            f'<GetReceipt xmlns="{SVC}">{body}<ReceiptId>20000101-000000000000</ReceiptId></GetReceipt>'
            "</s:Body></s:Envelope>"
        ).encode()
        headers = {"Content-Type": "text/xml"} | ({"Authorization": basic} if basic is not None else {})
        line = http.client.HTTPConnection(
            str(self.stage.plan["bind"]), timeout=30, source_address=(source, 0)
        )
        try:
            line.connect()
            begun = time.perf_counter()
            line.request("POST", "/soap/v2", xml, headers)
            answer = line.getresponse().read()
            return answer, time.perf_counter() - begun
        finally:
            line.close()

    def lets_in(self, *shown: Any, **more: Any) -> bool:
        """Whether that lets in; raises AssertionError where it is neither."""
        answer, _ = self.ask(*shown, **more)
        assert IN in answer or b"Code>S0" in answer, answer[:300]
        return IN in answer


@contextmanager
def _opened(form: Form, name: str, sabotage: Callable[[], None] | None = None) -> Iterator[Door]:
    (folder := form.folder / name).mkdir()
    with staged(folder, sabotage=sabotage, workers=WORKERS, failures_per_minute=UNBOUNDED) as stage:
        secret = new_secret()
        with _accounts(stage) as (accounts, key):
            accounts.add_user(Account(PROVIDER, "machine", seal_secret(secret, key)))
        yield Door(stage, secret)


@contextmanager
def _accounts(stage: Stage) -> Iterator[tuple[Any, Key]]:
    """The accounts of a gateway, as its commands have them, and its key."""
    settings = Settings(database=stage.database, key_file=str(stage.folder / "key"))
    with assembly.opened(settings) as store:
        yield store.accounts, load_key(settings.key_file)


def _body(user: str, password: str, provider: str = PROVIDER) -> str:
    said = (("ProviderId", provider), ("User", user), ("Password", password))
    return "".join(f"<{name}>{escape(text)}</{name}>" for name, text in said)


def run(form: Form) -> Outcome:
    """Replays, every case, lock-outs and times."""
    outcomes = []
    for name, *parts in (("cases", _replays, _cases), ("locks", _locks), ("times", _times)):
        with _opened(form, str(name)) as door:
            outcomes += [part(door, form) for part in parts]
    wrong = tuple(breach for outcome in outcomes for breach in outcome.wrong)
    late = tuple(breach for outcome in outcomes for breach in outcome.late)
    return Outcome(
        "cases by name, replays on all workers and a restart, lock-outs, times",
        "; ".join(outcome.figure for outcome in outcomes),
        BOUND,
        wrong,
        late=late,
    )


# --- cases ----------------------------------------------------------------------------------------------


def _cases(door: Door, form: Form) -> Outcome:
    """Each case, right or wrong, on a gateway that locks nobody."""
    human = f"{PROVIDER}/{USER}"
    shown = tokens.cases(f"{PROVIDER}/machine", door.secret, human, PASSWORD, datetime.now(UTC))
    wrong = []
    for name, part in shown.items():
        answer, _ = door.ask(tokens.security(part))
        if (IN in answer) != (name in tokens.RIGHT) or (IN not in answer and OUT not in answer):
            wrong.append(f"{name}: {'let in' if IN in answer else 'kept out'}")
    for name, part in tokens.UNSUPPORTED.items():
        answer, _ = door.ask(tokens.security(part))
        if b"wsse:UnsupportedSecurityToken" not in answer:
            wrong.append(f"{name}: was not refused as unsupported")
    others = dict(_others(door))
    wrong += [
        f"{name}: {'let in' if got else 'kept out'}" for name, (got, want) in others.items() if got != want
    ]
    count = len(shown) + len(tokens.UNSUPPORTED) + len(others)
    return Outcome("", f"{len(wrong)} of {count} cases wrong", BOUND, tuple(wrong))


def _others(door: Door) -> Iterator[tuple[str, tuple[bool, bool]]]:
    """What takes more than one header: whether it let in, and whether it should."""

    def token() -> str:
        return tokens.digest_token(f"{PROVIDER}/machine", door.secret, datetime.now(UTC))

    def basic(name: str, password: str) -> str:
        return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()

    once = tokens.security(token())
    yield "first use of a nonce", (door.lets_in(once), True)
    yield "nonce reused at once", (door.lets_in(once), False)
    yield "mustUnderstand on the header", (door.lets_in(tokens.security(token(), mustUnderstand="1")), True)
    yield "actor not ours", (door.lets_in(tokens.security(token(), actor="urn:somebody")), False)
    yield "token in the body", (door.lets_in(body=tokens.security(token())), False)
    yield (
        "token beside a password",
        (door.lets_in(tokens.security(token()), basic=basic(USER, PASSWORD)), False),
    )
    yield "missing", (door.lets_in(), False)
    yield "half", (door.lets_in(body=f"<ProviderId>{PROVIDER}</ProviderId><User>{USER}</User>"), False)
    yield "malformed", (door.lets_in(basic="Basic ???"), False)
    yield "right by HTTP", (door.lets_in(basic=basic(f"{PROVIDER}/{USER}", PASSWORD)), True)
    yield "non-ASCII", (door.lets_in(basic=basic(f"{PROVIDER}/mäschine", "pässwört")), False)
    yield "very long", (door.lets_in(body=_body("x" * 4_000, "y" * 4_000)), False)
    yield "NUL", (door.lets_in(basic=basic(f"{PROVIDER}/{USER}", "a\0b")), False)
    with _accounts(door.stage) as (accounts, key):
        accounts.add_user(Account(PROVIDER, "colon", hash_secret("a:b:c", key)))
        yield "colon in password", (door.lets_in(basic=basic(f"{PROVIDER}/colon", "a:b:c")), True)
        yield "user of another provider", (door.lets_in(body=_body("machine", door.secret, OTHER)), False)
        accounts.allow(PROVIDER, "machine", {Scope.SUBMIT})
        yield "scope missing", (door.lets_in(body=_body("machine", door.secret)), False)
        accounts.enable_user(PROVIDER, "colon", False)
        yield "disabled user", (door.lets_in(basic=basic(f"{PROVIDER}/colon", "a:b:c")), False)
        accounts.enable_provider(OTHER, False)
        yield "disabled provider", (door.lets_in(body=_body(USER, PASSWORD, OTHER)), False)


# --- replays --------------------------------------------------------------------------------------------


def _replays(door: Door, form: Form) -> Outcome:
    """One message again and again, half of the times after a restart."""
    count = form.pick(200, 500)
    door.stage.environment["CME_GATEWAY_LOCK_FAILURES"] = "1000000"
    door.stage.start()
    once = tokens.security(tokens.digest_token(f"{PROVIDER}/machine", door.secret, datetime.now(UTC)))
    assert door.lets_in(once), "the first one is right"
    taken = sum(door.lets_in(once) for _ in range(count // 2))
    door.stage.stop()
    door.stage.start()
    taken += sum(door.lets_in(once) for _ in range(count // 2))
    told = (f"{taken} of {count} replays were taken",) if taken else ()
    return Outcome("", f"{taken} of {count} replays", BOUND, told)


# --- lock-outs ------------------------------------------------------------------------------------------


def _locks(door: Door, form: Form) -> Outcome:
    """A pair is locked and outlives a restart, nobody else is; a hundred failures are told, and lock
    nobody."""
    door.stage.start()
    right, guess = _body("machine", door.secret), _body("machine", "wrong")
    before = [door.lets_in(body=guess) for _ in range(LOCKING - 1)]
    held = {"open before": door.lets_in(body=right), "no guess let in": not any(before)}
    door.lets_in(body=guess)
    held["locked"] = not door.lets_in(body=right)
    held["open from elsewhere"] = door.lets_in(body=right, source=ELSEWHERE)
    held["another user open"] = door.lets_in(body=_body(USER, PASSWORD))
    door.stage.stop()
    door.stage.start()
    held["locked after a restart"] = not door.lets_in(body=right)
    for number in range(ALARM):
        door.lets_in(body=guess, source=f"127.0.1.{1 + number // (LOCKING - 1)}")
    held["open after a hundred failures"] = door.lets_in(body=right, source=ELSEWHERE)
    held["the operator was told"] = b"wrong credentials within" in door.stage.log.read_bytes()
    wrong = tuple(f"not so: {name}" for name, holds in held.items() if not holds)
    return Outcome("", f"{len(held) - len(wrong)} of {len(held)} lock-out rules", BOUND, wrong)


# --- times ----------------------------------------------------------------------------------------------


def _times(door: Door, form: Form) -> Outcome:
    """Refusals of five causes in turns: their medians tell nobody which is which."""
    stage = door.stage
    with _accounts(stage) as (accounts, key):
        for user in ("locked", "disabled"):
            accounts.add_user(Account(PROVIDER, user, hash_secret(PASSWORD, key)))
        accounts.enable_user(PROVIDER, "disabled", False)
        accounts.enable_provider(OTHER, False)
    stage.start()
    for _ in range(LOCKING):
        door.lets_in(body=_body("locked", "wrong"))
    stage.stop()
    stage.environment["CME_GATEWAY_LOCK_FAILURES"] = "1000000"  # or all of them would be locked
    stage.start()
    causes = {
        "wrong password": _body(USER, "wrong"),
        "wrong password of a machine": _body("machine", "wrong"),
        "unknown user": _body("nobody", PASSWORD),
        "locked": _body("locked", PASSWORD),
        "disabled user": _body("disabled", PASSWORD),
        "disabled provider": _body(USER, PASSWORD, OTHER),
    }
    took: dict[str, list[float]] = {cause: [] for cause in causes}
    texts = set()
    chance = random.Random(form.seed)
    for _ in range(form.pick(40, 400)):
        for cause in chance.sample(sorted(causes), len(causes)):
            answer, seconds = door.ask(body=causes[cause])
            assert OUT in answer, f"{cause}: {answer[:300]!r}"
            texts.add(answer.partition(b"TraceId>")[0])
            took[cause].append(seconds)
    medians = {cause: statistics.median(each) for cause, each in took.items()}
    apart = max(medians.values()) - min(medians.values())
    doubt = max(map(_doubt, took.values()))
    told = [f"{cause}: median {median * 1000:.1f} ms" for cause, median in medians.items()]
    wrong = (f"refusals have {len(texts)} texts",) if len(texts) > 1 else ()
    late = tuple(told) if apart > APART + doubt else ()
    figure = f"medians {apart * 1000:.1f} ms apart of {statistics.mean(medians.values()) * 1000:.0f}"
    return Outcome("", f"{figure}, of which {doubt * 1000:.1f} may be chance", BOUND, wrong, late=late)


def _doubt(took: Sequence[float]) -> float:
    """How far apart the medians of two such samples may be by chance: three standard errors of their
    difference, by the middle half of what was measured."""
    low, _, high = statistics.quantiles(took)
    return 3 * math.sqrt(2) * 1.2533 * (high - low) / 1.349 / math.sqrt(len(took))


Part = Callable[[Door, Form], Outcome]

# --- the controls ---------------------------------------------------------------------------------------


def nonces_of_its_own() -> None:
    """Let each process know the nonces that it saw itself, and no others."""
    from storage.guard import Guard

    seen: set[tuple[str, str, bytes]] = set()

    def spend(self: Any, provider_id: str, user: str, nonce: bytes) -> bool:
        new = (provider_id, user, nonce) not in seen
        seen.add((provider_id, user, nonce))
        return new

    Guard.spend = spend  # type: ignore[method-assign]  # a guard taken away on purpose


def nobody_is_quick() -> None:
    """Hold what is shown against nothing where there is no account."""
    from gateway.accounts.gatekeeper import Gatekeeper

    kept = Gatekeeper._is_chosen

    def quick(self: Any, account: Any, password: str, source: str) -> bool:
        return bool(account.secrets) and kept(self, account, password, source)

    Gatekeeper._is_chosen = quick  # type: ignore[method-assign]  # a guard taken away on purpose


def nothing_is_locked() -> None:
    """Count failures, and lock nothing."""
    from storage.guard import Guard

    Guard.failed = lambda self, *who: 0  # type: ignore[method-assign]  # a guard taken away on purpose


def _control(
    part: Callable[[Door, Form], Outcome], sabotage: Callable[[], None]
) -> Callable[[Form], Outcome]:
    def controlled(form: Form) -> Outcome:
        with _opened(form, "control", sabotage) as door:
            return part(door, form)

    return controlled


CONTROLS = {
    "nonces in the database": _control(_replays, nonces_of_its_own),
    "the same work for nobody": _control(_times, nobody_is_quick),
    "failures are counted": _control(_locks, nothing_is_locked),
}
