"""The commands that make files up: sample."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import click
from lxml import etree

from gateway import assembly, rules, samples, schemas, settings, vocabulary
from gateway.cli.options import provider_id, today
from gateway.records import Status, replace
from gateway.schema import Reader
from gateway.version import PayloadVersion


def _format(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    known = vocabulary.format_named(value)
    if known is None:
        raise click.BadParameter(f"give one of: {', '.join(one.name for one in vocabulary.FORMATS)}")
    return known.name


@click.group()
def sample() -> None:
    """Payloads made up for trying things out."""


NEWEST = {version.payload: version.name for version in schemas.VERSIONS}


def _version(payload: str) -> Callable[[Any], Any]:
    """The option of a payload version, the newest if it is not given."""
    return click.option(
        "--version", "name", default=NEWEST[payload], show_default=True, help="Payload version."
    )


FORM = click.option(
    "--format",
    type=click.Choice(["xml"]),
    default="xml",
    show_default=True,
    expose_value=False,  # there is one so far, and scripts may say it
    help="What they are written as.",
)
COUNT = click.option("--count", default=1, show_default=True, type=click.IntRange(1))
SEED = click.option("--seed", type=int, help="The same seed gives the same samples on the same day.")
ERRORS = click.option(
    "--errors", default=0, show_default=True, type=click.IntRange(0, 100), help="Percent with an error."
)


@sample.command("activity")
@_version("activity")
@FORM
@COUNT
@SEED
@ERRORS
@click.option(
    "--status",
    type=click.Choice([one.value for one in Status], case_sensitive=False),
    help="The status they are to have.",
)
@click.option("--activity-format", callback=_format, help="Their format, such as 'Live Course'.")
def sample_activity(
    name: str, count: int, seed: int | None, errors: int, status: str | None, activity_format: str | None
) -> None:
    """Write activities that are valid by schema and rules, or wrong in named ways, to standard output.

    The status is the one they have today once they are saved; of a payload before 2.0, Closed is what
    closes by itself. Activities that are wrong have it when they are put right.
    """
    configured = settings.load()
    reader = assembly.reader(configured)
    version = reader.named("activity", name)
    breaks = rules.breaks(version.number, version.holds)
    wanted = samples.Wanted(Status(status) if status else None, activity_format)
    day = today(configured)
    try:
        made = list(samples.activities(version.number, count, _seed(seed), day, errors, breaks, wanted))
    except ValueError:
        raise click.UsageError(f"activity {name} cannot say the format {activity_format}") from None
    _write(reader, version, [(one.activity, one.breaks) for one in made])


@sample.command("learner")
@_version("learner")
@FORM
@COUNT
@SEED
@ERRORS
@click.option("--activity-id", help="The activity that was completed; else one of a new sandbox.")
@click.option("--provider", default="0001234", show_default=True, callback=provider_id, help="Who reports.")
def sample_learner(
    name: str, count: int, seed: int | None, errors: int, activity_id: str | None, provider: str
) -> None:
    """Write completions that are valid by schema and rules, or wrong in named ways, to standard output.

    Their dates, credits and boards are those of the sandbox's activity of that id; of any other id, of
    a course that ended some weeks ago.
    """
    configured, number = settings.load(), _seed(seed)
    reader, day = assembly.reader(configured), today(configured)
    version = reader.named("learner", name)
    activity = samples.demo_activity(activity_id or samples.reportable_activity(day), day)
    made = partial(samples.completions, version.number, seed=number, today=day, activity=activity)
    created = datetime.combine(day, time(8), ZoneInfo(configured.zone))
    [sound] = made(count=1, provider_id=provider)

    def can_be_written(changes: Mapping[str, Any]) -> bool:
        broken = replace(sound.completion, **changes)
        document, lost = reader.write([broken], version, created=created)
        return not lost and all(map(version.judge.accepts, document.iter(version.record)))

    known = rules.breaks(version.number, version.holds, version.payload)
    alone = [(code, changes) for code, changes in known if set(changes) <= version.fields]
    breaks = [(code, changes) for code, changes in alone if can_be_written(changes)]
    told = made(count=count, provider_id=provider, error_percent=errors, breaks=breaks)
    _write(reader, version, [(one.completion, one.breaks) for one in told], created=created)


def _seed(given: int | None) -> int:
    return random.SystemRandom().randrange(10**6) if given is None else given


Made = Sequence[tuple[Any, str | None]]


def _write(reader: Reader, version: PayloadVersion, made: Made, **head: Any) -> None:
    """Write records to standard output, each that breaks a rule under a comment which names the rule."""
    document, _ = reader.write([record for record, _ in made], version, **head)
    prefixes = [prefix for prefix in document.nsmap if prefix]
    for element, (_, code) in zip(list(document.iter(version.record)), made, strict=True):
        if code:
            element.addprevious(etree.Comment(f" the next record breaks rule {code} "))
    etree.cleanup_namespaces(document, keep_ns_prefixes=prefixes)
    sys.stdout.buffer.write(
        etree.tostring(document, pretty_print=True, xml_declaration=True, encoding="UTF-8")
    )
