"""The commands for providers and their users."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import click

from gateway import assembly, program, settings
from gateway.accounts import hash_secret, new_secret, seal_secret
from gateway.cli.options import as_json_option, provider_argument, today
from gateway.records import USUAL, Account, Provider, Scope, Secret, Step
from gateway.sealing import load_key
from gateway.store import Store
from gateway.terminal import catalogue, say

LONGEST_NAME = 100
SHORTEST_PASSWORD = 12
FIRST_YEAR = 1900


def _named(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if not (value.strip() and value.isprintable() and len(value) <= LONGEST_NAME):
        raise click.BadParameter(f"a name has 1 to {LONGEST_NAME} printable characters")
    return value


def _due(days: Mapping[int, str]) -> str:
    """By when years are due, with the first year of each day but the first."""
    told = [day if since == FIRST_YEAR else f"{day} since {since}" for since, day in days.items()]
    return ", ".join(told) or program.DUE


def _user_name(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if ":" in value:
        raise click.BadParameter("a user's name has no colon, which ends it in HTTP Basic")
    return _named(context, parameter, value)


user_argument = click.argument("user", callback=_user_name)
password_option = click.option(
    "--password-stdin",
    is_flag=True,
    help=f"Read a password of your own from standard input: {SHORTEST_PASSWORD} characters or more.",
)
scope_type = click.Choice([str(scope) for scope in Scope])


def _due_day(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Take a day as MM-DD, which every year has, and none after the usual one."""
    if value is None:
        return None
    try:
        day = date.fromisoformat(f"2001-{value}")
    except ValueError:
        raise click.BadParameter("write a day that every year has as MM-DD, such as 01-31") from None
    if f"{day:%m-%d}" != value or value > program.DUE:
        raise click.BadParameter(f"an accreditor asks for a day before {program.DUE}, not later")
    return value


due_option = partial(
    click.option,
    "--due",
    callback=_due_day,
    help=f"The day of the next year, MM-DD, by which a year is due; {program.DUE} unless it is earlier.",
)


@click.group()
def provider() -> None:
    """Accredited providers."""


@provider.command("add")
@provider_argument
@click.argument("name", callback=_named)
@due_option()
def provider_add(provider: str, name: str, due: str | None) -> None:
    """Add a provider: seven digits and a name."""
    with assembly.opened(settings.load()) as store:
        store.accounts.add_provider(Provider(provider, name))
        if due is not None:
            store.accounts.set_due_day(provider, FIRST_YEAR, due)
    say(f"Added provider {provider}.")


@provider.command("set")
@provider_argument
@due_option(required=True)
@click.option(
    "--since", type=click.IntRange(FIRST_YEAR, 9999), default=FIRST_YEAR, help="The first such year."
)
def provider_set(provider: str, due: str, since: int) -> None:
    """Have a provider's years be due earlier, as a state's accreditor may ask.

    A year before `--since` is due when it was.
    """
    with assembly.opened(settings.load()) as store:
        store.accounts.set_due_day(provider, since, due)
    first = "" if since == FIRST_YEAR else f" from {since} on"
    say(f"Years of provider {provider}{first} are due by {due} of the next one.")


@provider.command("list")
@as_json_option
def provider_list(as_json: bool) -> None:
    """List the providers."""
    with assembly.opened(settings.load()) as store:
        days = store.accounts.due_days()
        rows = [
            {"id": p.id, "name": p.name, "enabled": p.enabled, "due": _due(days.get(p.id, {}))}
            for p in store.accounts.providers()
        ]
    catalogue(rows, as_json, id="{id}", enabled="{enabled}", due="{due}", name="{name}")


@provider.command("due")
@click.argument("year", type=click.IntRange(FIRST_YEAR, 9999))
@as_json_option
def provider_due(year: int, as_json: bool) -> None:
    """List by when a year of each provider is due, and when it was submitted."""
    configured = settings.load()
    with assembly.opened(configured) as store:
        rows = [_standing(store, one, year, today(configured)) for one in store.accounts.providers()]
    catalogue(
        rows, as_json, id="{id}", due="{due}", submitted="{submitted}", overdue="{overdue}", name="{name}"
    )


def _standing(store: Store, one: Provider, year: int, today: date) -> dict[str, object]:
    taken, own = store.read(one.id, lambda unit: (unit.program.taken(year), unit.program.due_day(year)))
    submitted = [done.at for done in taken if done.step is Step.SUMMARY]
    due = program.due_day(year, own)
    told = {"due": str(due), "submitted": f"{submitted[-1]:%Y-%m-%d}" if submitted else None}
    return {"id": one.id, "name": one.name, **told, "overdue": program.is_overdue(taken, due, today)}


@provider.command("disable")
@provider_argument
@click.option("--undo", is_flag=True, help="Let the provider in again.")
def provider_disable(provider: str, undo: bool) -> None:
    """Keep a provider and all its users out, from the next call on."""
    with assembly.opened(settings.load()) as store:
        store.accounts.enable_provider(provider, undo)
    say(f"{'Enabled' if undo else 'Disabled'} provider {provider}.")


@click.group()
def user() -> None:
    """Users of providers."""


@user.command("add")
@provider_argument
@user_argument
@password_option
@click.option("--scope", "scopes", type=scope_type, multiple=True, help="May do this; all but admin if none.")
def user_add(provider: str, user: str, password_stdin: bool, scopes: tuple[str, ...]) -> None:
    """Add a user; without a password of your own one is generated and shown once."""
    configured = settings.load()
    shown, kept = _secret(password_stdin, configured)
    allowed = frozenset(map(Scope, scopes)) or USUAL
    with assembly.opened(configured) as store:
        store.accounts.add_user(Account(provider, user, kept, scopes=allowed))
    say(f"Added user {user} of provider {provider}.")
    _show_once(shown, password_stdin)


@user.command("rotate")
@provider_argument
@user_argument
@password_option
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]),
    help="When the passwords there are end; without it, when they are revoked.",
)
def user_rotate(provider: str, user: str, password_stdin: bool, until: datetime | None) -> None:
    """Give a user a new password, which counts at once.

    Those before count beside it, until that moment or `user keys revoke`; but one of your own takes the
    place of the one of your own before.
    """
    configured = settings.load()
    ending = _moment(until, configured)
    shown, kept = _secret(password_stdin, configured)
    with assembly.opened(configured) as store:
        store.accounts.add_secrets(provider, user, kept, until=ending)
    say(f"Renewed the password of {user}, provider {provider}.")
    if ending is not None:
        say(f"Those before end at {_written(ending)}.")
    _show_once(shown, password_stdin)


@user.command("scopes")
@provider_argument
@user_argument
@click.argument("scopes", type=scope_type, nargs=-1, required=True)
def user_scopes(provider: str, user: str, scopes: tuple[str, ...]) -> None:
    """Let a user do these things, and nothing else, from the next call on."""
    with assembly.opened(settings.load()) as store:
        store.accounts.allow(provider, user, frozenset(map(Scope, scopes)))
    say(f"User {user} of provider {provider} may now: {' '.join(scopes)}.")


@user.group()
def keys() -> None:
    """The passwords a user has: several at a time, so that a new one can take over."""


@keys.command("list")
@provider_argument
@user_argument
@as_json_option
def keys_list(provider: str, user: str, as_json: bool) -> None:
    """List a user's passwords by their keys, and never themselves."""
    with assembly.opened(settings.load()) as store:
        rows = [_row(secret) for secret in store.accounts.keys(provider, user)]
    catalogue(rows, as_json, key="{key}", kind="{kind}", created="{created}", until="{until}")


@keys.command("revoke")
@provider_argument
@user_argument
@click.argument("key")
def keys_revoke(provider: str, user: str, key: str) -> None:
    """Take a password from a user, from the next call on."""
    with assembly.opened(settings.load()) as store:
        store.accounts.revoke(provider, user, key)
    say(f"Revoked key {key} of {user}, provider {provider}.")


@user.command("list")
@provider_argument
@as_json_option
def user_list(provider: str, as_json: bool) -> None:
    """List the users of a provider."""
    with assembly.opened(settings.load()) as store:
        rows = [
            {"user": u.user, "enabled": u.enabled, "scopes": _listed(u.scopes), "keys": len(u.secrets)}
            for u in store.accounts.users(provider)
        ]
    catalogue(rows, as_json, enabled="{enabled}", user="{user}", scopes="{scopes}", keys="{keys}")


@user.command("disable")
@provider_argument
@user_argument
@click.option("--undo", is_flag=True, help="Let the user in again.")
def user_disable(provider: str, user: str, undo: bool) -> None:
    """Keep a user out, from the next call on."""
    with assembly.opened(settings.load()) as store:
        store.accounts.enable_user(provider, user, undo)
    say(f"{'Enabled' if undo else 'Disabled'} user {user} of provider {provider}.")


def _secret(from_input: bool, configured: settings.Settings) -> tuple[str, tuple[Secret, ...]]:
    """A password and what is kept of it: one read from input as a hash, one that is generated sealed."""
    secret = sys.stdin.readline().rstrip("\r\n") if from_input else new_secret()
    if len(secret) < SHORTEST_PASSWORD:
        raise click.UsageError(
            f"the password on standard input has fewer than {SHORTEST_PASSWORD} characters"
        )
    kept = hash_secret if from_input else seal_secret
    return secret, kept(secret, load_key(configured.key_file))


def _show_once(secret: str, from_input: bool) -> None:
    if not from_input:
        say(f"Password, shown this once: {secret}")


def _moment(until: datetime | None, configured: settings.Settings) -> datetime | None:
    """A moment in the gateway's zone that is still to come; of a day its end."""
    if until is None:
        return None
    end = until if until.hour or until.minute else until + timedelta(days=1)
    moment = end.replace(tzinfo=ZoneInfo(configured.zone))
    if moment <= assembly.now():
        raise click.UsageError("--until is past; `user keys revoke` ends a password at once")
    return moment


def _listed(scopes: frozenset[Scope]) -> str:
    return " ".join(scope for scope in Scope if scope in scopes)


def _row(secret: Secret) -> dict[str, str]:
    return {
        "key": secret.id,
        "kind": "generated" if secret.generated else "chosen",
        "created": _written(secret.created_at),
        "until": _written(secret.until) if secret.until else "it is revoked",
    }


def _written(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
