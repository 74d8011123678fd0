"""The commands that run the gateway: sandbox, serve, migrate."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from gateway import assembly, settings
from gateway.cli.options import ACCEPTED, FAILED, NAME
from gateway.records import Migrated
from gateway.service import VERSIONS
from gateway.terminal import say

if TYPE_CHECKING:
    from gateway.sandbox import Sandbox

SERVING = """
Serving on {url} until Ctrl-C. The data is in {data}.
Contracts: {contracts}
Account:   ProviderId {provider}, User {user}, Password {password}
Boards:    {boards}/control, magic values in docs/boards.md

Try, in another terminal:
  export CME_GATEWAY_PASSWORD={password}
  {command} sample activity --count 3 > activities.xml
  {command} check activities.xml
  {command} submit activities.xml --url {url} --provider {provider} --user {user}
  {command} sample learner --count 3 > learners.xml
  {command} submit learners.xml --url {url} --provider {provider} --user {user}"""


@click.command()
@click.option("--host", help="Loopback only; else as CME_GATEWAY_BIND has it: 127.0.0.1.")
@click.option("--port", type=click.IntRange(1, 65535), help="Else as CME_GATEWAY_BIND has it: 8080.")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Keep the database there.")
@click.option("--demo", is_flag=True, help="Submit the samples, print what came back, and stop.")
def sandbox(host: str | None, port: int | None, data: Path | None, demo: bool) -> int:
    """The whole system on loopback, with samples to try."""
    from gateway import demo as show
    from gateway import sandbox as room

    configured = settings.load()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # told to stop, it clears up as after Ctrl-C
    with room.sandbox(host, port, data, configured) as served:
        well = show.demonstrate(served.url, configured)
        if demo:
            return ACCEPTED if well else FAILED
        try:
            say(_serving(served, data))
            served.watch()
        except KeyboardInterrupt:
            return ACCEPTED


def _serving(served: Sandbox, data: Path | None) -> str:
    from gateway import sandbox as room

    return SERVING.format(
        url=served.url,
        contracts=" and ".join(served.url + version.contract for version in VERSIONS),
        boards=served.boards,
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


@click.command()
@click.option("--server", type=click.Choice(["gunicorn", "granian"]), help="What serves; else as set.")
def serve(server: str | None) -> None:
    """Serve the gateway."""
    from gateway.server import serve, url

    configured = settings.load()
    if server is not None:
        configured = replace(configured, server=server)
    serve(configured, lambda: say(f"Serving on {url(configured)} until Ctrl-C."))


@click.command()
def migrate() -> None:
    """Bring the database to the current schema.

    A new one gets a key file, without which nobody can log in: keep a copy apart from the database.
    """
    configured = settings.load()
    made_key, done = assembly.migrate(configured)
    if made_key:
        say(f"Made the key file {configured.key_file}: keep a copy apart from the database.")
    say(_told(done))


def _told(done: Migrated) -> str:
    """What became of the database: whether the version before can still work with it hangs on that."""
    if done.before is None:
        return f"Made the database at schema {done.after}."
    if done.before == done.after:
        return f"The database is already at schema {done.after}; nothing to do."
    return f"Migrated the database from schema {done.before} to {done.after}."
