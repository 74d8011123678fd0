"""S3: a billion laughs cost no more than any other small message that is refused."""

from __future__ import annotations

from collections.abc import Callable

from trust import machine, messages
from trust.attacks import ATTACKS, TITLE, Ground
from trust.canary import Canary
from trust.face import Form, Outcome
from trust.post import Poster
from trust.stage import staged

GOAL = "S3"
P99 = 0.01  # seconds
BOUND = f"all refused; p99 <= {P99 * 1000:.0f} ms"


def run(form: Form) -> Outcome:
    """Send them a thousand times, in texts, in attributes and of parameters."""
    return _sent(form, 1_000)


def _sent(form: Form, count: int, sabotage: Callable[[], None] | None = None) -> Outcome:
    ground = Ground(messages.save_activity("LAUGHS", TITLE, "Add", 2027), Canary(form.folder / "none"))
    laughs = [attack for attack in ATTACKS if attack.name.startswith("laughs")]
    breaches, took = list[str](), list[float]()
    with staged(form.folder, sabotage=sabotage, workers=1) as stage:
        stage.start()
        poster = Poster(str(stage.plan["bind"]))
        slowness = machine.slowness()
        for number in range(count):
            attack = laughs[number % len(laughs)]
            reply = poster.post(attack.build(ground, 1), attack.http)
            took.append(reply.seconds)
            try:
                if reply.told().ours != "X001":
                    breaches.append(f"{attack}: {reply.told().ours or 'taken'}")
            except ValueError as error:
                breaches.append(f"{attack}: {error}")
        poster.close()
    p99 = sorted(took)[count * 99 // 100]
    late = (f"p99 was {p99 * 1000:.1f} ms",) if p99 > P99 * slowness else ()
    figure = f"p99 {p99 * 1000:.1f} ms, worst {max(took) * 1000:.1f} ms{machine.noted([slowness])}"
    return Outcome(f"{count:,} billion laughs", figure, BOUND, tuple(breaches), late=late)


# --- the control -------------------------------------------------------------------------------------


def resolve_entities() -> None:
    """Take a DOCTYPE, and put in what its entities stand for, as a bare parser does."""
    from lxml import etree

    from gateway.intake import document

    def parsed(source: bytes) -> object:
        return etree.fromstring(source, etree.XMLParser(resolve_entities=True))

    document.DOCTYPE = b"never there"
    document._has_doctype = lambda: ZeroDivisionError()  # type: ignore[assignment,return-value]
    document._parsed = parsed  # type: ignore[assignment]


def _resolved(form: Form) -> Outcome:
    return _sent(form, 30, resolve_entities)


CONTROLS = {"a DOCTYPE is refused": _resolved}
