"""The commands for providers and their users."""

from __future__ import annotations

import sys

import click

from gateway import assembly, settings
from gateway.accounts import hash_secret, new_secret
from gateway.cli.options import NAME, as_json_option, provider_argument
from gateway.errors import NotFound
from gateway.records import Account, Provider
from gateway.sealing import load_key
from gateway.terminal import catalogue, say

LONGEST_NAME = 100


def _named(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if not (value.strip() and value.isprintable() and len(value) <= LONGEST_NAME):
        raise click.BadParameter(f"a name has 1 to {LONGEST_NAME} printable characters")
    return value


def _user_name(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if ":" in value:
        raise click.BadParameter("a user's name has no colon, which ends it in HTTP Basic")
    return _named(context, parameter, value)


user_argument = click.argument("user", callback=_user_name)
password_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input."
)


@click.group()
def provider() -> None:
    """Accredited providers."""


@provider.command("add")
@provider_argument
@click.argument("name", callback=_named)
def provider_add(provider: str, name: str) -> None:
    """Add a provider: seven digits and a name."""
    with assembly.opened(settings.load()) as store:
        store.accounts.add_provider(Provider(provider, name))
    say(f"Added provider {provider}.")


@provider.command("list")
@as_json_option
def provider_list(as_json: bool) -> None:
    """List the providers."""
    with assembly.opened(settings.load()) as store:
        rows = [{"id": p.id, "name": p.name, "enabled": p.enabled} for p in store.accounts.providers()]
    catalogue(rows, as_json, id="{id}", enabled="{enabled}", name="{name}")


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
def user_add(provider: str, user: str, password_stdin: bool) -> None:
    """Add a user; without a password of your own one is generated and shown once."""
    secret, configured = _secret(password_stdin), settings.load()
    with assembly.opened(configured) as store:
        sealed = hash_secret(secret, load_key(configured.key_file))
        store.accounts.add_user(Account(provider, user, sealed))
    say(f"Added user {user} of provider {provider}.")
    _show_once(secret, password_stdin)


@user.command("rotate")
@provider_argument
@user_argument
@password_option
def user_rotate(provider: str, user: str, password_stdin: bool) -> None:
    """Give a user a new password; the old one stops at once."""
    secret, configured = _secret(password_stdin), settings.load()
    with assembly.opened(configured) as store:
        store.accounts.replace_secret(provider, user, hash_secret(secret, load_key(configured.key_file)))
    say(f"Renewed the password of {user}, provider {provider}.")
    _show_once(secret, password_stdin)


@user.command("list")
@provider_argument
@as_json_option
def user_list(provider: str, as_json: bool) -> None:
    """List the users of a provider."""
    with assembly.opened(settings.load()) as store:
        if store.accounts.provider(provider) is None:
            raise NotFound("There is no such provider.", remedy=f"`{NAME} provider list` names them.")
        rows = [{"user": u.user, "enabled": u.enabled} for u in store.accounts.users(provider)]
    catalogue(rows, as_json, enabled="{enabled}", user="{user}")


@user.command("disable")
@provider_argument
@user_argument
@click.option("--undo", is_flag=True, help="Let the user in again.")
def user_disable(provider: str, user: str, undo: bool) -> None:
    """Keep a user out, from the next call on."""
    with assembly.opened(settings.load()) as store:
        store.accounts.enable_user(provider, user, undo)
    say(f"{'Enabled' if undo else 'Disabled'} user {user} of provider {provider}.")


def _secret(from_input: bool) -> str:
    secret = sys.stdin.readline().rstrip("\r\n") if from_input else new_secret()
    if not secret:
        raise click.UsageError("the password on standard input is empty")
    return secret


def _show_once(secret: str, from_input: bool) -> None:
    if not from_input:
        say(f"Password, shown this once: {secret}")
