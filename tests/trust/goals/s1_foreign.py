"""S1: whatever bodies come, each is answered by an envelope of ours, and nothing of them is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from trust import canary, foreign, machine
from trust.answers import OURS
from trust.face import Form, Outcome
from trust.post import Poster
from trust.stage import staged

GOAL = "S1"
BODIES = 900
LATE = 2.0  # seconds
BOUND = f"all SOAP, 0 Server faults, 0 later than {LATE:.0f} s, 0 canary hits, 0 bodies in logs"


def run(form: Form) -> Outcome:
    """Send bodies of our own making, and every file of the corpus that was given."""
    with canary.watching(form.folder) as watched:
        made = foreign.bodies(form.pick(BODIES, 10 * BODIES), form.seed, watched)
        return _sent(form, [*made, *_files(form.corpus)], watched)


def _files(corpus: Path | None) -> Iterable[tuple[str, bytes, dict[str, str]]]:
    """Every file below the folder, in the content type of its envelope; its name tells which it was."""
    for path in sorted(corpus.rglob("*")) if corpus else ():
        if path.is_file():
            body = path.read_bytes()
            yield path.name, body, foreign.headers(body)


def _sent(
    form: Form,
    bodies: list[tuple[str, bytes, dict[str, str]]],
    watched: canary.Canary,
    sabotage: Callable[[], None] | None = None,
) -> Outcome:
    breaches, late, slowest, told = list[str](), list[str](), 0.0, list[bytes]()
    with staged(form.folder, sabotage=sabotage, workers=1) as stage:
        stage.start()
        poster = Poster(str(stage.plan["bind"]))
        slowness = machine.slowness()
        for name, body, headers in bodies:
            reply = poster.post(body, headers)
            told.append(reply.body)
            slowest = max(slowest, reply.seconds)
            try:
                if reply.told().code in OURS:
                    breaches.append(f"{name}: a fault of the server, {reply.told().ours}")
            except ValueError as error:
                breaches.append(f"{name}: {error}")
            if reply.seconds > LATE * slowness:
                late.append(f"{name}: answered after {reply.seconds:.1f} s")
        poster.close()
        stage.stop()
        log = stage.log.read_bytes()
    breaches += watched.breaches(*told, log)
    if foreign.MARK.encode() in log:
        breaches.append(f"the log holds {log.count(foreign.MARK.encode())} pieces of bodies")
    figure = (
        f"{len(breaches)} breaches; slowest {slowest:.2f} s{machine.noted([slowness])}; log {len(log)} bytes"
    )
    return Outcome(f"{len(bodies):,} foreign bodies", figure, BOUND, tuple(breaches), late=tuple(late))


# --- the controls ------------------------------------------------------------------------------------


def log_bodies() -> None:
    """Log what is sent, as spyne does with what it cannot parse."""
    import logging

    from gateway import intake

    parsed = intake.parse

    def told(body: bytes, *more: object) -> object:
        logging.getLogger("gateway").error("received %r", body)
        return parsed(body, *more)  # type: ignore[arg-type]

    intake.parse = told  # type: ignore[assignment]


def leave_exceptions() -> None:
    """Let go of what parsing raises, as a bare server does."""
    from lxml import etree

    etree.XMLSyntaxError = ZeroDivisionError  # type: ignore[misc,assignment]


def _control(sabotage: Callable[[], None]) -> Callable[[Form], Outcome]:
    def run(form: Form) -> Outcome:
        with canary.watching(form.folder) as watched:
            return _sent(form, list(foreign.bodies(60, form.seed, watched)), watched, sabotage)

    return run


CONTROLS = {
    "no body is logged": _control(log_bodies),
    "each error becomes a fault": _control(leave_exceptions),
}
