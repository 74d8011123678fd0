"""I2: messages after the assertions of SOAP 1.2 get the fault codes the standard gives them."""

from __future__ import annotations

from collections.abc import Callable

from trust.face import Form, Outcome
from trust.post import Poster
from trust.soap12 import MESSAGES, Message, wrong
from trust.stage import staged

GOAL = "I2"
BOUND = "0 that are no SOAP, 0 other codes"


def run(form: Form) -> Outcome:
    """Send each message and look at code, subcode, status and headers of what comes."""
    return _sent(form)


def _sent(form: Form, sabotage: Callable[[], None] | None = None) -> Outcome:
    with staged(form.folder, sabotage=sabotage, workers=1) as stage:
        stage.start()
        poster = Poster(str(stage.plan["bind"]))
        breaches = [breach for message in MESSAGES if (breach := _breach(poster, message))]
        poster.close()
    figure = f"{len(MESSAGES) - len(breaches)} of {len(MESSAGES)} as they have to be"
    return Outcome(f"{len(MESSAGES)} messages in SOAP 1.2", figure, BOUND, tuple(breaches))


def _breach(poster: Poster, message: Message) -> str | None:
    try:
        return wrong(
            message, poster.post(message.body, {"Content-Type": message.media, **message.http}).told()
        )
    except ValueError as error:
        return f"{message.name}: {error}"


def lenient() -> None:
    """Take SOAP 1.2 for SOAP 1.1 in another namespace, as many do."""
    from gateway.soap import envelope

    envelope._check_infoset = lambda document: None


CONTROLS = {"what SOAP 1.2 asks of an envelope is looked at": lambda form: _sent(form, lenient)}
