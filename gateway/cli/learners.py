"""The command that erases one person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from gateway import assembly, erasing, settings
from gateway.boards import BOARDS
from gateway.checking import WHOLE
from gateway.cli.options import ACCEPTED, FAILED, REFUSED, today
from gateway.erasing import Found, Traces
from gateway.matching import Keys
from gateway.records import Identifier
from gateway.sealing import load_key
from gateway.settings import Settings
from gateway.terminal import bar, err, say, show
from gateway.vocabulary import state_named

ERASE, WITHDRAW = "Erase all of it?", "Withdraw it from the boards?"
SCRUB = "Write the database file anew all the same, for what was erased before?"
UNANSWERED = "Standard input ended before all was answered; nothing was done."
STILL_HELD = "Boards may hold what they were told:"
BY_HAND = """What is erased here can no longer be withdrawn from here. Note the references and ask the boards
to withdraw them, or use --withdraw first."""
WITHDRAWN = """{count:,} credit(s) are put to the boards to be withdrawn. Nothing is erased yet: run this
again without --withdraw when no board is listed any more."""
ERASED = "Erased. Copies of the database made before still hold it; so do boards that were listed, if any."
IN_THE_WAY = """Erased, but traces are still in the database file, since others use it.
Run this again when the gateway is at rest."""


@click.group()
def learner() -> None:
    """Learners: what is kept of one person."""


@learner.command("erase")
@click.argument("person", required=False)
@click.option("--withdraw", is_flag=True, help="First withdraw what boards accepted.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def learner_erase(person: str | None, withdraw: bool, yes: bool) -> int:
    """Erase everything that is kept of one person, for good.

    PERSON is the register's own key. Without it a number of theirs is asked for, which is for people who
    are not in the register: as an argument it could be seen by others on this machine.

    Their rows of the register go, their credits of all providers, the deleted ones too, and the raw
    requests that name them. Receipts and the audit log stay, which name nobody. What is under way to a
    board is not asked again. What boards hold is listed by our references, to be withdrawn by hand;
    or run it with --withdraw first, wait for the boards' answers, then again without.

    Safe to repeat. The database file is written anew at the end, which on SQLite takes room for a
    second copy and holds up calls while it lasts.
    """
    configured = settings.load()
    with assembly.opened(configured) as store:
        found = _found(person, store.erasing, configured)
        _tell(found)
        if found.held and not withdraw:
            say(BY_HAND)
        if withdraw and not found:
            return REFUSED
        if not found and not yes and not _sure(SCRUB):
            return REFUSED
        if found and not yes and not _sure(WITHDRAW if withdraw else ERASE):
            say("Nothing was done.")
            return ACCEPTED
        if withdraw:
            say(WITHDRAWN.format(count=erasing.withdraw(found, store, assembly.now())))
            return ACCEPTED
        erasing.erase(found, store.erasing, assembly.now())
        scrubbed = store.erasing.scrub()
    if not scrubbed:
        say(IN_THE_WAY, err)
        return FAILED
    if found:
        say(ERASED)
    return ACCEPTED if found else REFUSED


def _found(person: str | None, traces: Traces, configured: Settings) -> Found:
    """What is kept of the person who is named, or whose number is asked for."""
    keys, reader = Keys(load_key(configured.key_file).digest), assembly.reader(configured, WHOLE)
    one = erasing.registered(person, keys, traces) if person else erasing.reported(_asked(), keys, traces)
    with bar("Looking", sum(traces.sizes())) as update:
        return erasing.find(one, traces, reader, today(configured), lambda count: update(advance=count))


def _asked() -> Identifier:
    """A number, which nobody else on this machine can see."""
    with _answering():
        whose = click.prompt(
            "Whose number (two letters of a state, NPI, or a board)", value_proc=_kind, err=True
        )
        return Identifier(whose, click.prompt("Number", err=True))


def _kind(whose: str) -> str:
    """Whose number it is; what is none of the kinds is told, and asked for again."""
    kind = state_named(whose) or whose.strip().upper()
    if kind not in erasing.DOMAINS:
        raise click.BadParameter(f"it is no state of the USA, not NPI, and none of {', '.join(BOARDS)}.")
    return kind


def _sure(question: str) -> bool:
    with _answering():
        return click.confirm(question, err=True)


@contextmanager
def _answering() -> Iterator[None]:
    """Where nobody answers any more, that is told; whoever breaks off knows that they did."""
    try:
        yield
    except click.Abort as ended:
        if not isinstance(ended.__context__, EOFError):
            raise
        say("", err)
        raise click.UsageError(UNANSWERED) from None


def _tell(found: Found) -> None:
    """What is kept of a person, in numbers, and what boards may hold."""
    if not found:
        return say("Nobody of that key or number is kept here: in no register, and with no credit.")
    say(f"In the register: {len(found.person.enrolled)} rows.")
    for provider in found.providers:
        credits, payloads = (erasing.counted(kept, provider) for kept in (found.credits, found.payloads))
        say(f"Reported by provider {provider}: {credits:,} credits, {payloads:,} raw requests.")
    if found.held:
        say(STILL_HELD)
        show(
            ("Board", "Reference", "Provider", "Status"),
            [(one.board or "", str(one.row), one.provider_id, str(one.status)) for one in found.held],
        )
    return None
