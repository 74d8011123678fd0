"""The command door: `cme-gateway`. Exit 0 all accepted, 2 some refused, 1 failure, 64 wrong usage."""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import click
from lxml import etree
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from gateway import __version__, assembly, checking, client, rules, samples, settings
from gateway.accounts import hash_secret, new_secret
from gateway.errors import GatewayError, Refused
from gateway.records import Account, Credentials, Finding, Provider, Severity
from gateway.sealing import load_key
from gateway.settings import Settings

ACCEPTED, FAILED, REFUSED, MISUSED = 0, 1, 2, 64
INTERRUPTED = 130

SERVING = """
Serving on {url} until Ctrl-C. The data is in {data}.
Contracts: {url}/soap/v1?wsdl and {url}/soap/v2?wsdl
Account:   ProviderId {provider}, User {user}, Password {password}

Try, in another terminal:
  cme-gateway sample activity --count 3 > activities.xml
  cme-gateway check activities.xml
  cme-gateway submit activities.xml --url {url} --provider {provider} --user {user}"""

out = Console(soft_wrap=False)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def main() -> NoReturn:
    """Run a command; every refusal and failure is one clear line, never a traceback."""
    try:
        sys.exit(cli.main(standalone_mode=False) or ACCEPTED)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.ClickException as wrong:
        err.print(f"cme-gateway: {wrong.format_message()}", markup=False)
        sys.exit(MISUSED)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except GatewayError as error:
        err.print(f"cme-gateway: {error.text} {error.remedy} [{error.code}]", markup=False)
        for finding in error.findings:
            err.print(
                f"  line {finding.line}: {finding.text} {finding.remedy} [{finding.code}]", markup=False
            )
        sys.exit(REFUSED if isinstance(error, Refused) else FAILED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="cme-gateway", message="%(prog)s %(version)s")
def cli() -> None:
    """Takes CME activities over SOAP, judges them, keeps them, explains every refusal.

    An independent project, not affiliated with ACCME or any certifying board.
    """


def _today(configured: Settings) -> date:
    return datetime.now(ZoneInfo(configured.zone)).date()


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
    with room.sandbox(host, port, data, configured) as (url, server):
        well = room.demonstrate(url, out, configured)
        if demo:
            return ACCEPTED if well else FAILED
        kept = data or "a temporary folder, gone at the end; --data DIR keeps it"
        out.print(
            SERVING.format(
                url=url, provider=room.PROVIDER.id, user=room.USER, password=room.PASSWORD, data=kept
            ),
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
        try:
            return server.wait()
        except KeyboardInterrupt:
            return ACCEPTED


@cli.command()
def serve() -> None:
    """Serve the gateway under gunicorn."""
    from gateway import server

    server.serve(settings.load())


@cli.command()
def migrate() -> None:
    """Bring the database to the current schema; a new one gets a key file."""
    configured = settings.load()
    if assembly.migrate(configured):
        out.print(
            f"Made the key file {configured.key_file}: keep a copy apart from the database.", markup=False
        )
    out.print("The database is at the current schema.")


# --- accounts --------------------------------------------------------------------------------------------


def _provider_id(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if len(value) != 7 or not value.isascii() or not value.isdigit():
        raise click.BadParameter("a provider id has seven digits, leading zeros included")
    return value


provider_argument = click.argument("provider", callback=_provider_id)


@cli.group()
def provider() -> None:
    """Accredited providers."""


@provider.command("add")
@provider_argument
@click.argument("name")
def provider_add(provider: str, name: str) -> None:
    """Add a provider: seven digits and a name."""
    _store().accounts.add_provider(Provider(provider, name))
    out.print(f"Added provider {provider}.", markup=False)


@provider.command("list")
@click.option("--json", "as_json", is_flag=True)
def provider_list(as_json: bool) -> None:
    """List the providers."""
    rows = [{"id": p.id, "name": p.name, "enabled": p.enabled} for p in _store().accounts.providers()]
    _show(rows, as_json)


@provider.command("disable")
@provider_argument
@click.option("--undo", is_flag=True, help="Let the provider in again.")
def provider_disable(provider: str, undo: bool) -> None:
    """Keep a provider and all its users out, from the next call on."""
    _store().accounts.enable_provider(provider, undo)
    out.print(f"{'Enabled' if undo else 'Disabled'} provider {provider}.", markup=False)


@cli.group()
def user() -> None:
    """Users of providers."""


@user.command("add")
@provider_argument
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def user_add(provider: str, name: str, password_stdin: bool) -> None:
    """Add a user; without a password of your own one is generated and shown once."""
    _with_secret(
        password_stdin, lambda store, sealed: store.accounts.add_user(Account(provider, name, sealed))
    )
    out.print(f"Added user {name} of provider {provider}.", markup=False)


@user.command("rotate")
@provider_argument
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def user_rotate(provider: str, name: str, password_stdin: bool) -> None:
    """Give a user a new password; the old one stops at once."""
    _with_secret(password_stdin, lambda store, sealed: store.accounts.replace_secret(provider, name, sealed))
    out.print(f"Renewed the password of {name}, provider {provider}.", markup=False)


@user.command("list")
@provider_argument
@click.option("--json", "as_json", is_flag=True)
def user_list(provider: str, as_json: bool) -> None:
    """List the users of a provider."""
    _show([{"user": u.user, "enabled": u.enabled} for u in _store().accounts.users(provider)], as_json)


@user.command("disable")
@provider_argument
@click.argument("name")
@click.option("--undo", is_flag=True, help="Let the user in again.")
def user_disable(provider: str, name: str, undo: bool) -> None:
    """Keep a user out, from the next call on."""
    _store().accounts.enable_user(provider, name, undo)
    out.print(f"{'Enabled' if undo else 'Disabled'} user {name} of provider {provider}.", markup=False)


def _store() -> Any:
    store = assembly.store(settings.load())
    store.check()
    return store


def _with_secret(from_input: bool, keep: Callable[[Any, bytes], None]) -> None:
    secret = sys.stdin.readline().rstrip("\r\n") if from_input else new_secret()
    if not secret:
        raise click.UsageError("the password on standard input is empty")
    keep(_store(), hash_secret(secret, load_key(settings.load().key_file)))
    if not from_input:
        out.print(f"Password, shown this once: {secret}", markup=False, highlight=False)


# --- files ------------------------------------------------------------------------------------------------


@cli.command()
@click.argument("paths", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True)
def check(paths: Sequence[Path], as_json: bool) -> int:
    """Judge files offline: the version found, and every finding with its place."""
    configured = settings.load()
    reader, today = assembly.reader(configured, checking.WHOLE), _today(configured)
    rows: list[dict[str, Any]] = []
    refused = 0
    for path in paths:
        try:
            version, checked = checking.check(path, reader, today)
        except Refused as error:
            refused += 1
            rows += _refusal_rows(path, error)
            _say(as_json, f"{path}: refused as a whole. {error.text}")
            continue
        bad = sum(one.refused for one in checked)
        refused += bad
        _say(
            as_json, f"{path}: {version.payload} {version.name}, {len(checked)} records, {bad} to be refused"
        )
        rows += [_row(path, one.number, one.label, finding) for one in checked for finding in one.findings]
    _tell(rows, as_json)
    return REFUSED if refused else ACCEPTED


@cli.command()
@click.argument("paths", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option("--url", required=True, help="The gateway's address, e.g. http://127.0.0.1:8080.")
@click.option("--provider", required=True, callback=_provider_id)
@click.option("--user", required=True)
@click.option("--service", type=click.Choice(["v1", "v2"]), default="v2", show_default=True)
@click.option("--validate-only", is_flag=True, help="Judge only; nothing is stored.")
@click.option("--json", "as_json", is_flag=True)
def submit(
    paths: Sequence[Path],
    url: str,
    provider: str,
    user: str,
    service: str,
    validate_only: bool,
    as_json: bool,
) -> int:
    """Send files to a running gateway. The password comes from CME_GATEWAY_PASSWORD, or is asked for."""
    caller = client.GatewayClient(url, Credentials(provider, user, _password()), service)
    rows: list[dict[str, Any]] = []
    refused = 0
    with Progress(console=err, transient=True, disable=not err.is_terminal) as progress:
        for path in paths:
            task = progress.add_task(path.name, total=None)
            for answer in caller.submit(path, validate_only=validate_only):
                progress.advance(task, len(answer.results))
                refused += answer.refused
                _say(as_json, answer.summary)
                rows += [
                    _row(path, one.number, one.label, finding)
                    for one in answer.results
                    for finding in one.findings
                ]
    _tell(rows, as_json)
    return REFUSED if refused else ACCEPTED


def _password() -> str:
    given = os.environ.get("CME_GATEWAY_PASSWORD")
    if given is None and not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask for the password at: set CME_GATEWAY_PASSWORD")
    return given or str(click.prompt("Password", hide_input=True, err=True))


def _row(path: Path, number: int, label: str, finding: Finding) -> dict[str, Any]:
    return {
        "file": path.name,
        "record": number,
        "id": label,
        "severity": str(finding.severity),
        "code": finding.code,
        "field": finding.field,
        "text": finding.text,
        "remedy": finding.remedy,
        "path": finding.path,
        "line": finding.line,
        "column": finding.column,
    }


def _tell(rows: list[dict[str, Any]], as_json: bool) -> None:
    """Print findings: what, where and what to do in a few columns that fit a terminal, or as JSON."""
    if as_json or not rows:
        _show(rows, as_json)
        return
    table = Table(box=SIMPLE_HEAD, show_lines=True, pad_edge=False)
    for column in ("Record", "Line", "Code", "Finding"):
        table.add_column(column, overflow="fold")
    for row in rows:
        place = ":".join(str(row[name]) for name in ("line", "column") if row[name])
        said = (
            f"{row['severity']}: {row['field'] + ': ' if row['field'] else ''}{row['text']}\n{row['remedy']}"
        )
        table.add_row(f"{row['record'] or ''} {row['id']}", place, row["code"], Text(said))
    out.print(table)


def _refusal_rows(path: Path, error: Refused) -> list[dict[str, Any]]:
    whole = Finding(error.code, Severity.ERROR, error.text, error.remedy)
    return [_row(path, 0, "(file)", finding) for finding in error.findings or (whole,)]


def _say(as_json: bool, text: str) -> None:
    (err if as_json else out).print(text, markup=False, highlight=False, soft_wrap=True)


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
@click.option("--json", "as_json", is_flag=True)
def schemas(as_json: bool) -> None:
    """The payload versions and their dates."""
    reader = assembly.reader(settings.load())
    rows: list[dict[str, Any]] = []
    for version in reader.versions:
        span = reader.lifespans[version.payload, version.name]
        days = {name: getattr(span, name) for name in ("introduced", "deprecated", "sunset")}
        dates = {name: str(day) if day else None for name, day in days.items()}
        row = {"payload": version.payload, "version": version.name, "namespace": version.namespace}
        rows.append(row | dates)
    _show(rows, as_json)


@cli.command("rules")
@click.option("--json", "as_json", is_flag=True)
def rules_(as_json: bool) -> None:
    """Every code the gateway answers with: what it means and what to do."""
    rows = assembly.catalogue()
    _show(rows, as_json, ("code", "severity", "field", "text", "remedy", "source"))


@cli.command("settings")
@click.option("--json", "as_json", is_flag=True)
def settings_(as_json: bool) -> None:
    """Every setting: its name in the environment, its default, what it means."""
    _show(settings.catalogue(), as_json, ("env", "default", "meaning"))


def _show(rows: Iterable[dict[str, Any]], as_json: bool, columns: Sequence[str] = ()) -> None:
    rows = list(rows)
    if as_json:
        click.echo(json.dumps(rows, indent=2, default=list))
    if as_json or not rows:
        return
    shown = columns or tuple(rows[0])
    table = Table(box=SIMPLE_HEAD, show_lines=True, pad_edge=False)
    for column in shown:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*("" if row[column] is None else str(row[column]) for column in shown))
    out.print(table, markup=False)


if __name__ == "__main__":
    main()
