"""The command door: `cme-gateway`. Exit 0 all accepted, 2 some refused, 1 failure, 64 wrong usage."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import NoReturn

import click

from gateway import __version__
from gateway.cli.options import ACCEPTED, FAILED, MISUSED, NAME, REFUSED
from gateway.errors import GatewayError, Misused, Refused
from gateway.memory import lasting
from gateway.terminal import err, say, tell

INTERRUPTED = 130


def main() -> NoReturn:
    """Run a command; every refusal and failure is one clear line, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # no locale stops a command
    logging.lastResort = logging.NullHandler()  # who logs begins it; a command says itself what is amiss
    try:
        code = cli.main(prog_name=NAME, standalone_mode=False) or ACCEPTED
        sys.stdout.flush()
        sys.exit(code)
    except click.exceptions.NoArgsIsHelpError as alone:
        say(alone.format_message(), err)
        sys.exit(MISUSED)
    except click.ClickException as wrong:
        said = wrong.format_message()
        say(f"{NAME}: {said if said.endswith(('.', '?')) else f'{said}.'}{_help_for(wrong)}", err)
        sys.exit(MISUSED)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except GatewayError as error:
        tell(error)
        sys.exit(_exit_code(error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except OSError as error:
        say(f"{NAME}: {error.filename or 'The system'}: {error.strerror}.", err)
        sys.exit(FAILED)


def _exit_code(error: GatewayError) -> int:
    if isinstance(error, Misused):
        return MISUSED
    return REFUSED if isinstance(error, Refused) else FAILED


def _help_for(wrong: click.ClickException) -> str:
    context = wrong.ctx if isinstance(wrong, click.UsageError) else None
    return f" Try: {context.command_path} --help" if context else ""


COMMANDS: Mapping[str, str] = {
    "sandbox": "running.sandbox",
    "serve": "running.serve",
    "ready": "ready.ready",
    "worker": "worker.worker",
    "migrate": "running.migrate",
    "migrate-legacy": "legacy.migrate_legacy",
    "simulate-boards": "simulate.simulate_boards",
    "provider": "accounts.provider",
    "user": "accounts.user",
    "registry": "registry.registry",
    "learner": "learners.learner",
    "audit": "audit.audit",
    "backup": "keeping.backup",
    "restore": "keeping.restore",
    "prune": "keeping.prune",
    "check": "files.check",
    "submit": "files.submit",
    "sample": "sampling.sample",
    "schemas": "catalogues.schemas",
    "boards": "catalogues.boards_",
    "rules": "catalogues.rules_",
    "settings": "catalogues.settings_",
}
"""The commands, and where they are: a module of this package, and its function."""


class Commands(click.Group):
    """Imports a command when it is asked for: all of them together take a second or two."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in alphabetical order."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command by its name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(".")
        with lasting():
            command: click.Command = getattr(import_module(f"{__name__}.{module}"), name)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name=NAME, message="%(prog)s %(version)s")
def cli() -> None:
    """Takes CME activities and completions over SOAP, asks the boards, explains every refusal.

    Exit codes: 0 all accepted, 2 some refused, 1 failure, 64 wrong usage.
    An independent project, not affiliated with ACCME or any certifying board.
    """
