"""What the commands share: exit codes, and the options that mean the same everywhere."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import click

from gateway.settings import Settings

ACCEPTED, FAILED, REFUSED, MISUSED = 0, 1, 2, 64
NAME = "cme-gateway"


def today(configured: Settings) -> date:
    """The calendar day of the one zone that decides."""
    return datetime.now(ZoneInfo(configured.zone)).date()


def provider_id(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """Take a provider id of seven digits; anything else is wrong usage."""
    if len(value) != 7 or not value.isascii() or not value.isdigit():
        raise click.BadParameter("a provider id has seven digits, leading zeros included")
    return value


provider_argument = click.argument("provider", callback=provider_id)
as_json_option = click.option("--json", "as_json", is_flag=True, help="For programs: a list of objects.")
