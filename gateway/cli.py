"""The command door: `cme-gateway`. Exit 0 all accepted, 2 some refused, 1 failure, 64 wrong usage."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
import random
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO, NoReturn
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import click
from lxml import etree
from rich.progress import Progress

from gateway import __version__, assembly, checking, rules, samples, settings
from gateway.accounts import hash_secret, new_secret
from gateway.client import Corrections, GatewayClient, Submitted
from gateway.errors import GatewayError, NotFound, Refused, Unreadable
from gateway.pieces import Piece
from gateway.records import Account, Credentials, Provider
from gateway.sealing import load_key
from gateway.settings import Settings
from gateway.terminal import Report, dump, err, out, say, show, tell

ACCEPTED, FAILED, REFUSED, MISUSED = 0, 1, 2, 64
INTERRUPTED = 130
NAME = "cme-gateway"
LONGEST_NAME = 100
STANDARD_INPUT = Path("-")
RULE = "{field}: {text}\n{remedy}"

SERVING = """
Serving on {url} until Ctrl-C. The data is in {data}.
Contracts: {url}/soap/v1?wsdl and {url}/soap/v2?wsdl
Account:   ProviderId {provider}, User {user}, Password {password}

Try, in another terminal:
  export CME_GATEWAY_PASSWORD={password}
  {command} sample activity --count 3 > activities.xml
  {command} check activities.xml
  {command} submit activities.xml --url {url} --provider {provider} --user {user}"""


def main() -> NoReturn:
    """Run a command; every refusal and failure is one clear line, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # no locale stops a command
    try:
        code = cli.main(prog_name=NAME, standalone_mode=False) or ACCEPTED
        sys.stdout.flush()
        sys.exit(code)
    except click.exceptions.NoArgsIsHelpError as alone:
        say(alone.format_message(), err)
        sys.exit(MISUSED)
    except click.ClickException as wrong:
        say(f"{NAME}: {wrong.format_message().rstrip('.')}.{_help_for(wrong)}", err)
        sys.exit(MISUSED)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except GatewayError as error:
        tell(error)
        sys.exit(REFUSED if isinstance(error, Refused) else FAILED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except OSError as error:
        say(f"{NAME}: {error.filename or 'The system'}: {error.strerror}.", err)
        sys.exit(FAILED)


def _help_for(wrong: click.ClickException) -> str:
    context = wrong.ctx if isinstance(wrong, click.UsageError) else None
    return f" Try: {context.command_path} --help" if context else ""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name=NAME, message="%(prog)s %(version)s")
def cli() -> None:
    """Takes CME activities over SOAP, judges them, keeps them, explains every refusal.

    Exit codes: 0 all accepted, 2 some refused, 1 failure, 64 wrong usage.
    An independent project, not affiliated with ACCME or any certifying board.
    """


def _today(configured: Settings) -> date:
    return datetime.now(ZoneInfo(configured.zone)).date()


as_json_option = click.option("--json", "as_json", is_flag=True, help="For programs: a list of objects.")


# --- running -------------------------------------------------------------------------------------------


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Loopback only.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65535))
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Keep the database there.")
@click.option("--demo", is_flag=True, help="Submit the samples, print what came back, and stop.")
def sandbox(host: str, port: int, data: Path | None, demo: bool) -> int:
    """The whole system on loopback, with a demo provider and samples."""
    from gateway import sandbox as room

    configured = settings.load()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # told to stop, it clears up as after Ctrl-C
    with room.sandbox(host, port, data, configured) as (url, server):
        well = room.demonstrate(url, configured)
        if demo:
            return ACCEPTED if well else FAILED
        try:
            say(_serving(url, data))
            return server.wait()
        except KeyboardInterrupt:
            return ACCEPTED


def _serving(url: str, data: Path | None) -> str:
    from gateway import sandbox as room

    return SERVING.format(
        url=url,
        provider=room.PROVIDER.id,
        user=room.USER,
        password=room.PASSWORD,
        data=data or "a temporary folder, gone at the end; --data DIR keeps it",
        command=_command(),
    )


def _command() -> str:
    """This command as it can be typed here, where it may not be on the path."""
    beside = Path(sys.executable).with_name(NAME)
    return NAME if shutil.which(NAME) or not beside.exists() else os.path.relpath(beside)


@cli.command()
def serve() -> None:
    """Serve the gateway under gunicorn."""
    from gateway import server

    configured = settings.load()
    server.serve(configured, lambda: say(f"Serving on http://{configured.bind} until Ctrl-C."))


@cli.command()
def migrate() -> None:
    """Bring the database to the current schema.

    A new one gets a key file, without which nobody can log in: keep a copy apart from the database.
    """
    configured = settings.load()
    if assembly.migrate(configured):
        say(f"Made the key file {configured.key_file}: keep a copy apart from the database.")
    say("The database is at the current schema.")


# --- accounts --------------------------------------------------------------------------------------------


def _provider_id(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if len(value) != 7 or not value.isascii() or not value.isdigit():
        raise click.BadParameter("a provider id has seven digits, leading zeros included")
    return value


def _named(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if not (value.strip() and value.isprintable() and len(value) <= LONGEST_NAME):
        raise click.BadParameter(f"a name has 1 to {LONGEST_NAME} printable characters")
    return value


def _user_name(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if ":" in value:
        raise click.BadParameter("a user's name has no colon, which ends it in HTTP Basic")
    return _named(context, parameter, value)


provider_argument = click.argument("provider", callback=_provider_id)
user_argument = click.argument("user", callback=_user_name)
password_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input."
)


@cli.group()
def provider() -> None:
    """Accredited providers."""


@provider.command("add")
@provider_argument
@click.argument("name", callback=_named)
def provider_add(provider: str, name: str) -> None:
    """Add a provider: seven digits and a name."""
    _store().accounts.add_provider(Provider(provider, name))
    say(f"Added provider {provider}.")


@provider.command("list")
@as_json_option
def provider_list(as_json: bool) -> None:
    """List the providers."""
    rows = [{"id": p.id, "name": p.name, "enabled": p.enabled} for p in _store().accounts.providers()]
    _list(rows, as_json, id="{id}", enabled="{enabled}", name="{name}")


@provider.command("disable")
@provider_argument
@click.option("--undo", is_flag=True, help="Let the provider in again.")
def provider_disable(provider: str, undo: bool) -> None:
    """Keep a provider and all its users out, from the next call on."""
    _store().accounts.enable_provider(provider, undo)
    say(f"{'Enabled' if undo else 'Disabled'} provider {provider}.")


@cli.group()
def user() -> None:
    """Users of providers."""


@user.command("add")
@provider_argument
@user_argument
@password_option
def user_add(provider: str, user: str, password_stdin: bool) -> None:
    """Add a user; without a password of your own one is generated and shown once."""
    _with_secret(
        password_stdin,
        f"Added user {user} of provider {provider}.",
        lambda store, sealed: store.accounts.add_user(Account(provider, user, sealed)),
    )


@user.command("rotate")
@provider_argument
@user_argument
@password_option
def user_rotate(provider: str, user: str, password_stdin: bool) -> None:
    """Give a user a new password; the old one stops at once."""
    _with_secret(
        password_stdin,
        f"Renewed the password of {user}, provider {provider}.",
        lambda store, sealed: store.accounts.replace_secret(provider, user, sealed),
    )


@user.command("list")
@provider_argument
@as_json_option
def user_list(provider: str, as_json: bool) -> None:
    """List the users of a provider."""
    accounts = _store().accounts
    if accounts.provider(provider) is None:
        raise NotFound("There is no such provider.", remedy=f"`{NAME} provider list` names them.")
    rows = [{"user": u.user, "enabled": u.enabled} for u in accounts.users(provider)]
    _list(rows, as_json, enabled="{enabled}", user="{user}")


@user.command("disable")
@provider_argument
@user_argument
@click.option("--undo", is_flag=True, help="Let the user in again.")
def user_disable(provider: str, user: str, undo: bool) -> None:
    """Keep a user out, from the next call on."""
    _store().accounts.enable_user(provider, user, undo)
    say(f"{'Enabled' if undo else 'Disabled'} user {user} of provider {provider}.")


def _store() -> Any:
    store = assembly.store(settings.load())
    store.check()
    return store


def _with_secret(from_input: bool, done: str, keep: Callable[[Any, bytes], None]) -> None:
    secret = sys.stdin.readline().rstrip("\r\n") if from_input else new_secret()
    if not secret:
        raise click.UsageError("the password on standard input is empty")
    keep(_store(), hash_secret(secret, load_key(settings.load().key_file)))
    say(done)
    if not from_input:
        say(f"Password, shown this once: {secret}")


# --- files ------------------------------------------------------------------------------------------------


def _address(context: click.Context, parameter: click.Parameter, value: str) -> str:
    with contextlib.suppress(ValueError):
        parts = urlsplit(value)
        if parts.scheme in {"http", "https"} and parts.hostname:
            return value
    raise click.BadParameter("give it as http://HOST:PORT")


files_argument = click.argument(
    "paths", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path)
)


@cli.command()
@files_argument
@as_json_option
def check(paths: Sequence[Path], as_json: bool) -> int:
    """Judge files offline, as the gateway would.

    Tells the version found, and every finding with its line and column; `-` is standard input. What
    only the gateway can know, such as whether an activity exists, is left out.
    """
    configured = settings.load()
    reader, today = assembly.reader(configured, checking.WHOLE), _today(configured)
    with Report(as_json) as report:
        for path in paths:
            try:
                with _opened(path) as file:
                    version, checked = checking.check(file.read(), reader, today)
            except Refused as error:
                report.refuse(path, error)
                continue
            told = f"{_records(len(checked))}, {sum(one.refused for one in checked)} to be refused"
            report.add(path, f"{version.payload} {version.name}, {told}", checked)
    return REFUSED if report.refused else ACCEPTED


@cli.command()
@files_argument
@click.option("--url", required=True, callback=_address, help="The gateway, such as http://127.0.0.1:8080.")
@click.option("--provider", required=True, callback=_provider_id, help="Your provider id, seven digits.")
@click.option("--user", required=True, help="Your user name.")
@click.option("--service", type=click.Choice(["v1", "v2"]), default="v2", show_default=True)
@click.option("--validate-only", is_flag=True, help="Judge only; nothing is stored.")
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
    errors: Path | None,
    as_json: bool,
) -> int:
    """Send files to a running gateway.

    The password comes from CME_GATEWAY_PASSWORD, or is asked for; `-` is standard input. A file goes
    in calls of up to 500 records. With --errors the refused records are written to a new file, each
    under what is to be corrected, to be submitted when that is done.
    """
    with _corrections(errors, paths) as corrections, Report(as_json) as report:
        caller = GatewayClient(url, Credentials(provider, user, _password()), service)
        for path in paths:
            for answer in _answers(caller, path, validate_only, report):
                report.add(path, answer.summary, answer.results)
                corrections.add(answer)
    return REFUSED if report.refused else ACCEPTED


def _answers(caller: GatewayClient, path: Path, validate_only: bool, report: Report) -> Iterator[Submitted]:
    """The answers to a file, under a bar of how much of it is sent; tells where it was refused as a whole."""
    sent = 0
    try:
        with _opened(path) as file, _bar(path) as advance:
            for answer in caller.submit(file, validate_only):
                sent += len(answer.results)
                advance(answer.piece)
                yield answer
    except Refused as error:
        if not error.code.startswith("X"):  # what is wrong is not the file
            raise
        report.refuse(path, error, sent + 1)


@contextlib.contextmanager
def _bar(path: Path) -> Iterator[Callable[[Piece], None]]:
    size = path.stat().st_size if path != STANDARD_INPUT else None
    bar = Progress(console=err, transient=True, disable=not err.is_terminal, redirect_stdout=out.is_terminal)
    with bar:
        task = bar.add_task(path.name, total=size)
        yield lambda piece: bar.advance(task, len(piece.text.encode()))


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


def _records(count: int) -> str:
    return f"{count:,} record{'s' * (count != 1)}"


def _password() -> str:
    given = os.environ.get("CME_GATEWAY_PASSWORD")
    if given is None and not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask for the password at: set CME_GATEWAY_PASSWORD")
    return given or str(click.prompt("Password", hide_input=True, err=True))


@cli.group()
def sample() -> None:
    """Payloads made up for trying things out."""


@sample.command("activity")
@click.option("--version", "name", default="2.0", show_default=True, help="Payload version.")
@click.option("--count", default=1, show_default=True, type=click.IntRange(1))
@click.option("--seed", type=int, help="The same seed gives the same samples on the same day.")
@click.option(
    "--errors", default=0, show_default=True, type=click.IntRange(0, 100), help="Percent with an error."
)
def sample_activity(name: str, count: int, seed: int | None, errors: int) -> None:
    """Write activities that are valid by schema and rules, or wrong in named ways, to standard output."""
    configured = settings.load()
    reader = assembly.reader(configured)
    version = reader.named("activity", name)
    made = samples.activities(
        version.number,
        count,
        random.SystemRandom().randrange(10**6) if seed is None else seed,
        _today(configured),
        errors,
        rules.breaks(version.number, version.holds),
    )
    wrapper, _ = reader.write((), version)
    prefixes = [prefix for prefix in wrapper.nsmap if prefix]
    for one in made:
        document, _ = reader.write([one.activity], version)
        if one.breaks:
            wrapper.append(etree.Comment(f" the next record breaks rule {one.breaks} "))
        wrapper.append(document[0])
    etree.cleanup_namespaces(wrapper, keep_ns_prefixes=prefixes)
    sys.stdout.buffer.write(
        etree.tostring(wrapper, pretty_print=True, xml_declaration=True, encoding="UTF-8")
    )


# --- catalogues ---------------------------------------------------------------------------------------------


@cli.command()
@as_json_option
def schemas(as_json: bool) -> None:
    """List the payload versions and their dates."""
    reader = assembly.reader(settings.load())
    rows: list[dict[str, Any]] = []
    for version in reader.versions:
        span = dataclasses.asdict(reader.lifespans[version.payload, version.name])
        dates = {name: str(day) if day else None for name, day in span.items()}
        row = {"payload": version.payload, "version": version.name, "namespace": version.namespace}
        rows.append(row | dates)
    told = {"payload": "{payload}", "version": "{version}", "namespace": "{namespace}"}
    _list(rows, as_json, **told, dates="introduced {introduced}\ndeprecated {deprecated}\nsunset {sunset}")


@cli.command("rules")
@as_json_option
def rules_(as_json: bool) -> None:
    """List every code the gateway answers with, and what to do."""
    _list(assembly.catalogue(), as_json, code="{code}", severity="{severity}", meaning=RULE)


@cli.command("settings")
@as_json_option
def settings_(as_json: bool) -> None:
    """List every setting: name, meaning, default."""
    _list(settings.catalogue(), as_json, setting="{env}", meaning="{meaning}\nDefault: {default}")


def _list(rows: Sequence[dict[str, Any]], as_json: bool, **columns: str) -> None:
    """Print rows as JSON, or as a table of columns with a template of their cells each."""
    if as_json:
        dump(rows)
    else:
        cells = ({name: "-" if value is None else value for name, value in row.items()} for row in rows)
        headings = tuple(column.capitalize() for column in columns)
        show(headings, ([column.format(**row) for column in columns.values()] for row in cells))


if __name__ == "__main__":
    main()
