"""The commands that take files: check, submit."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import click

from gateway import assembly, checking, settings
from gateway.cli.options import ACCEPTED, REFUSED, as_json_option, provider_id, today
from gateway.client import Corrections, GatewayClient, Submitted
from gateway.errors import Refused, Unreadable
from gateway.records import Credentials, Status
from gateway.service import NEWEST, VERSIONS
from gateway.terminal import Report, bar, err, out, say

STANDARD_INPUT = Path("-")
LONGEST_KEY = 90
"""Characters of a submission key, which leave room for the number of a call."""


def _address(context: click.Context, parameter: click.Parameter, value: str) -> str:
    with contextlib.suppress(ValueError):
        parts = urlsplit(value)
        if parts.scheme in {"http", "https"} and parts.hostname:
            return value
    raise click.BadParameter("give it as http://HOST:PORT")


def _submission_key(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and not 1 <= len(value) <= LONGEST_KEY:
        raise click.BadParameter(f"give 1 to {LONGEST_KEY} characters")
    return value


files_argument = click.argument(
    "paths", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path)
)


@click.command()
@files_argument
@as_json_option
def check(paths: Sequence[Path], as_json: bool) -> int:
    """Judge files offline, as the gateway would.

    Tells the version found, the statuses there would be, and every finding with its line and column;
    `-` is standard input. What only the gateway can know, such as whether an activity or a learner is
    known, is left out.
    """
    configured = settings.load()
    reader, day = assembly.reader(configured, checking.WHOLE), today(configured)
    with Report(as_json) as report:
        for path in paths:
            try:
                with _opened(path) as file:
                    version, checked = checking.check(file.read(), reader, day)
            except Refused as error:
                report.refuse(path, error)
                continue
            told = f"{_records(len(checked))}, {sum(one.refused for one in checked)} to be refused"
            report.add(path, f"{version.title}, {told}{_statuses(checked)}", checked)
    return REFUSED if report.refused else ACCEPTED


@click.command()
@files_argument
@click.option("--url", required=True, callback=_address, help="The gateway, such as http://127.0.0.1:8080.")
@click.option("--provider", required=True, callback=provider_id, help="Your provider id, seven digits.")
@click.option("--user", required=True, help="Your user name.")
@click.option(
    "--service", type=click.Choice([one.name for one in VERSIONS]), default=NEWEST.name, show_default=True
)
@click.option("--validate-only", is_flag=True, help="Judge only; nothing is stored.")
@click.option("--key", callback=_submission_key, help="Submission key; without, one of the file's content.")
@click.option(
    "--errors", type=click.Path(path_type=Path), help="Write the refused records there, as a new file."
)
@as_json_option
def submit(
    paths: Sequence[Path],
    url: str,
    provider: str,
    user: str,
    service: str,
    validate_only: bool,
    key: str | None,
    errors: Path | None,
    as_json: bool,
) -> int:
    """Send files to a running gateway.

    The password comes from CME_GATEWAY_PASSWORD, or is asked for; `-` is standard input. A file goes
    in calls of up to 500 records. With --errors the refused records are written to a new file, each
    under what is to be corrected, to be submitted when that is done.

    Should an answer be lost, submit the same file again: each call has a submission key, and what was
    taken under it is not done twice but told again. To have the same content done once more on
    purpose, give a --key that is new.
    """
    if key and len(paths) > 1:
        raise click.UsageError("--key takes one FILE at a time")
    with _corrections(errors, paths) as corrections, Report(as_json) as report:
        caller = GatewayClient(url, Credentials(provider, user, _password()), service)
        for path in paths:
            for answer in _answers(
                partial(caller.submit, validate_only=validate_only, key=key), path, report
            ):
                report.add(path, answer.summary, answer.results)
                _tell_replayed(answer, as_json)
                _tell_credits(answer, as_json)
                corrections.add(answer)
    return REFUSED if report.refused else ACCEPTED


def _answers(
    send: Callable[[BinaryIO], Iterator[Submitted]], path: Path, report: Report
) -> Iterator[Submitted]:
    """The answers to a file, under a bar of how much of it is sent; tells where it was refused as a whole."""
    sent = 0
    try:
        with _opened(path) as file, bar(path.name, _size(path)) as update:
            for answer in send(file):
                sent += len(answer.results)
                update(advance=len(answer.piece.text.encode()))
                yield answer
    except Refused as error:
        if not error.code.startswith("X"):  # what is wrong is not the file
            raise
        report.refuse(path, error, sent + 1)


def _tell_replayed(answer: Submitted, as_json: bool) -> None:
    if answer.replayed:
        told = "This was taken before, and nothing was done now; a new --key would have it done once more."
        say(f"  {told}", err if as_json else out)


def _tell_credits(answer: Submitted, as_json: bool) -> None:
    for one in answer.results:
        for credit in () if one.refused else one.credits:
            say(f"  record {one.number:,}: {credit}", err if as_json else out)


@contextlib.contextmanager
def _corrections(path: Path | None, sources: Sequence[Path]) -> Iterator[Corrections]:
    """Where refused records go: into a new file, that is gone again where there were none."""
    if path is None:
        yield Corrections(io.StringIO())
        return
    if len(sources) > 1:
        raise click.UsageError("--errors takes one FILE at a time")
    if path.exists():
        raise click.UsageError(f"{path} exists already, and nothing is written over")
    with path.open("x", encoding="utf-8") as file:
        corrections = Corrections(file)
        try:
            yield corrections
        finally:
            corrections.close()
            if not corrections.any:
                path.unlink()


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    if path == STANDARD_INPUT:
        yield sys.stdin.buffer
        return
    try:
        file = path.open("rb")
    except OSError as error:
        raise Unreadable(f"It cannot be read: {error.strerror}.", remedy="Check the name.") from None
    with file:
        yield file


def _size(path: Path) -> int | None:
    return None if path == STANDARD_INPUT else path.stat().st_size


def _statuses(checked: Sequence[checking.Checked]) -> str:
    """What the activities would be today, where they are not refused."""
    counts = Counter(one.status for one in checked if one.status and not one.refused)
    return "".join(f", {counts[status]} would be {status}" for status in Status if counts[status])


def _records(count: int) -> str:
    return f"{count:,} record{'s' * (count != 1)}"


def _password() -> str:
    given = os.environ.get("CME_GATEWAY_PASSWORD")
    if given is None and not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask for the password at: set CME_GATEWAY_PASSWORD")
    return given or str(click.prompt("Password", hide_input=True, err=True))
