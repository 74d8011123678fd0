"""S2: hostile payloads of every kind and size are refused quickly, and leave no memory behind."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Iterator

from gateway.memory import LARGE
from trust import canary, machine, messages
from trust.attacks import ATTACKS, SOAP, TAKEN, TITLE, Attack, Ground
from trust.face import Form, Outcome
from trust.memory import megabytes
from trust.post import Poster
from trust.soap12 import ENV, MEDIA
from trust.stage import staged

GOAL = "S2"
PAYLOADS, FEW = 600, 40
SIZES = (1, 2, 3, 4)
P90, P99, WORST = 0.075, 0.2, 0.3  # seconds of the processor: a wait tells more of the machine than of us
MEMORY = 20.0  # megabytes
LOOKS, EVERY, ROUNDS = 5, 40, 3
BOUND = (
    f"right codes; CPU p90 <= {P90 * 1000:.0f}, p99 <= {P99 * 1000:.0f}, worst <= {WORST * 1000:.0f} ms; "
    f"+{MEMORY:.0f} MB at most"
)

Payload = tuple[str, Attack, bytes, dict[str, str]]


def run(form: Form) -> Outcome:
    """Send each attack in several sizes, in SOAP 1.1, in UTF-16 and in SOAP 1.2."""
    return _sent(form, PAYLOADS)


def _payloads(ground: Ground) -> Iterator[Payload]:
    for size in SIZES:
        for attack in ATTACKS:
            body = attack.build(ground, size)
            yield f"{attack} x{size}", attack, body, attack.http
            if attack.http.get("Content-Type") != "text/xml; charset=utf-8" or len(attack.http) > 1:
                continue
            if SOAP.encode() in body[:200] and attack.name != "stylesheet":
                told = body.replace(SOAP.encode(), ENV.encode())
                yield f"{attack} x{size} in SOAP 1.2", attack, told, {"Content-Type": MEDIA}
            if attack.id not in {"A15", "A16"} and (wide := _in_utf16(body)):
                yield f"{attack} x{size} in UTF-16", attack, wide, {"Content-Type": "text/xml"}


def _in_utf16(body: bytes) -> bytes | None:
    """The body in UTF-16, where it is a text and still within the limit of a call."""
    try:
        return body.decode().encode("utf-16") if len(body) < 4_000_000 else None
    except UnicodeDecodeError:
        return None


def _sent(form: Form, most: int, sabotage: Callable[[], None] | None = None) -> Outcome:
    breaches, costs = list[str](), list[tuple[float, str]]()
    with (
        canary.watching(form.folder) as watched,
        staged(form.folder, sabotage=sabotage, workers=1) as stage,
    ):
        stage.start()
        ground = Ground(messages.save_activity("HOSTILE", TITLE, "Add", 2027), watched)
        poster = Poster(str(stage.plan["bind"]))
        [worker] = stage.workers()
        _warm(poster, ground, most)
        before, told, dear = _settled(worker, poster, ground), list[bytes](), [machine.dearness()]
        for name, attack, body, headers in itertools.islice(_payloads(ground), most):
            if len(told) % EVERY == 0:
                dear.append(machine.dearness())
            had = machine.spent(worker)
            reply = poster.post(body, headers)
            cost = machine.spent(worker) - had
            told.append(reply.body)
            try:
                code = reply.told().ours
            except ValueError as error:
                breaches.append(f"{name}: {error}")
                continue
            if (code or TAKEN) not in attack.codes:
                breaches.append(f"{name}: {code} instead of {' or '.join(attack.codes)}")
            if code:
                costs.append((cost, name))
        grown = _left(worker, poster, ground, before, most)
        poster.close()
        stage.stop()
        breaches += watched.breaches(*told, stage.log.read_bytes())
    costs.sort()
    p90, p99 = (costs[len(costs) * share // 100] for share in (90, 99))
    times = statistics.median(dear)
    late = _dear((p90, P90 * times), (p99, P99 * times), (costs[-1], WORST * max(dear)))
    if grown > MEMORY:
        breaches.append(f"the worker grew by {grown:.0f} MB")
    figure = (
        f"{len(costs)} refused, p90 {p90[0] * 1000:.0f}, p99 {p99[0] * 1000:.0f}, "
        f"worst {costs[-1][0] * 1000:.0f} ms; {grown:+.0f} MB{machine.noted([times])}"
    )
    did = f"{len(told)} hostile payloads, {len(ATTACKS)} kinds"
    return Outcome(did, figure, BOUND, tuple(breaches), late=tuple(late))


def _warm(poster: Poster, ground: Ground, most: int) -> None:
    """Have made what the first calls make and all later ones use: threads, compiled schemas, and the room in
    pieces that the largest leave in the C library. What the same calls leave the second time is a leak."""
    for _, _, body, headers in itertools.islice(_payloads(ground), most):
        poster.post(body, headers)


def _settled(worker: int, poster: Poster, ground: Ground) -> float:
    """What the worker holds between calls: the least of several looks."""
    looks = list[float]()
    for _ in range(LOOKS):
        poster.post(ground.titled("t" * LARGE))
        looks.append(megabytes(worker))
    return min(looks)


def _left(worker: int, poster: Poster, ground: Ground, before: float, most: int) -> float:
    """What a round leaves behind. A leak is left by each, while what the C library keeps in pieces comes and
    goes: what seems too much is looked at again, and the least counts."""
    grown = list[float]()
    for more in reversed(range(ROUNDS)):
        now = _settled(worker, poster, ground)
        grown.append(now - before)
        if grown[-1] <= MEMORY or not more:
            break
        before = now
        _warm(poster, ground, most)
    return min(grown)


def _dear(*told: tuple[tuple[float, str], float]) -> Iterator[str]:
    for (cost, name), most in told:
        if cost > most:
            yield f"{name} took {cost * 1000:.0f} ms of the processor, of at most {most * 1000:.0f}"


# --- the control -------------------------------------------------------------------------------------


def read_doctypes() -> None:
    """Let the parser read a DOCTYPE and refuse it then, as a look at the parse result alone does."""
    from gateway.intake import document

    document.DOCTYPE = b"never there"


def keep_calls() -> None:
    """Keep something of every call, as a cache without a bound does."""
    from gateway import memory

    kept = list[bytes]()
    memory.give_back = lambda size: kept.append(b"k" * (1 << 20))


CONTROLS = {
    "no declaration of a DOCTYPE is read": lambda form: _sent(form, FEW, read_doctypes),
    "what a call held is let go": lambda form: _sent(form, FEW, keep_calls),
}
