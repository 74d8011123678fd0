"""S5: thousands of errors or namespaces in one call cost little, and are told in few words."""

from __future__ import annotations

from collections.abc import Callable

from trust import machine, messages
from trust.face import Form, Outcome
from trust.post import Poster
from trust.stage import staged

GOAL = "S5"
TIMES = 5
ERRORS, NAMESPACES = 0.3, 0.1  # seconds
FINDINGS = 100
BOUND = f"errors <= {ERRORS * 1000:.0f} ms, namespaces <= {NAMESPACES * 1000:.0f} ms, <= {FINDINGS} findings"
METRICS = "http://ns.medbiq.org/metrics/v1/"
WRONG = b"<ValidateOnly>x</ValidateOnly>"
LEARNERS, RECORDS = b"</r:ActivityReports>", b"</act:ACCMEActivities>"

Flood = tuple[str, Callable[[], bytes], float]


def _with(end: bytes, more: bytes, call: bytes) -> bytes:
    return call.replace(end, more + end)


def _activity() -> bytes:
    return messages.save_activity("FLOOD", "t", "Add", 2027)


def _learners() -> bytes:
    return messages.save_completions([1], "199900001", "2027-01-02", "add")


def _record(count: int) -> bytes:
    return b"<m:MedicalEducationMetrics xmlns:m='%s'>%s</m:MedicalEducationMetrics>" % (
        METRICS.encode(), b"<m:x/>" * count
    )  # fmt: skip


FLOODS: tuple[Flood, ...] = (
    ("100,000 empty records", lambda: _with(LEARNERS, b"<r:ActivityReport/>" * 100_000, _learners()), ERRORS),
    ("60,000 errors in a record", lambda: _with(RECORDS, _record(60_000), _activity()), ERRORS),
    ("9,900 errors in a record", lambda: _with(RECORDS, _record(9_900), _activity()), ERRORS),
    ("400 empty records", lambda: _with(LEARNERS, b"<r:ActivityReport/>" * 400, _learners()), ERRORS),
    ("190,000 unknown parameters", lambda: _with(b"</SaveActivity>", b"<x/>" * 190_000, _activity()), ERRORS),
    ("2,000 unknown parameters", lambda: _with(b"</SaveActivity>", b"<x/>" * 2_000, _activity()), ERRORS),
    ("2,000 wrong parameters", lambda: _with(b"</SaveActivity>", WRONG * 2_000, _activity()), ERRORS),
    ("250,000 namespaces", lambda: messages.call("GetActivity", f"<a {_spaces(250_000)}/>"), NAMESPACES),
    ("20,000 elements with two namespaces", lambda: messages.call("GetActivity", _scattered(20_000)), ERRORS),
)


def _scattered(count: int) -> str:
    return "".join(f"<a xmlns:p{number}='u:{number}' xmlns='v:{number}'/>" for number in range(count))


def _spaces(count: int) -> str:
    return " ".join(f'xmlns:p{number}="urn:{number}"' for number in range(count))


def run(form: Form) -> Outcome:
    """Send each flood some times, and take the middle."""
    return _sent(form, FLOODS)


def _sent(form: Form, floods: tuple[Flood, ...], sabotage: Callable[[], None] | None = None) -> Outcome:
    breaches, late, figures = list[str](), list[str](), list[str]()
    with staged(form.folder, sabotage=sabotage, workers=1) as stage:
        stage.start()
        poster = Poster(str(stage.plan["bind"]))
        for call in (_activity(), _learners()) * 3:  # the first calls make what all later ones use
            poster.post(call)
        slow = list[float]()
        for name, build, most in floods:
            body, slowness = build(), machine.slowness()
            slow.append(slowness)
            replies = [poster.post(body) for _ in range(TIMES)]
            seconds = sorted(reply.seconds for reply in replies)[TIMES // 2]
            figures.append(f"{seconds * 1000:.0f}")
            try:
                replies[0].told()
            except ValueError as error:
                breaches.append(f"{name}: {error}")
            if seconds > most * slowness:
                late.append(f"{name}: {seconds * 1000:.0f} ms")
            if replies[0].status != 200 and (found := replies[0].body.count(b"<f:Finding>")) > FINDINGS:
                breaches.append(f"{name}: {found} findings")
        poster.close()
    did = f"{len(floods)} floods of errors and namespaces"
    figure = f"{'/'.join(figures)} ms{machine.noted(slow)}"
    return Outcome(did, figure, BOUND, tuple(breaches), late=tuple(late))


# --- the controls ------------------------------------------------------------------------------------


def judge_whole() -> None:
    """Judge whatever stands in a call, however much it is."""
    from gateway.service import request

    request._check_width = lambda elements, most: None


def take_namespaces() -> None:
    """Take elements with any number of attributes and namespaces."""
    from gateway.intake import document

    document._weigh = lambda source, limits: None
    document.MOST_NAMESPACES = 1 << 30


CONTROLS = {
    "what is not payload has a limit": lambda form: _sent(form, FLOODS[4:5], judge_whole),
    "namespaces are counted before a tree is made": lambda form: _sent(form, FLOODS[7:8], take_namespaces),
}
