"""The commands that list what there is: schemas, rules, settings."""

from __future__ import annotations

import click

from gateway import assembly, settings
from gateway.cli.options import (
    as_json_option,
)
from gateway.terminal import catalogue

RULE = "{field}: {text}\n{remedy}"


@click.command()
@as_json_option
def schemas(as_json: bool) -> None:
    """List the payload versions and their dates."""
    rows = assembly.reader(settings.load()).catalogue()
    told = {"payload": "{payload}", "version": "{version}", "namespace": "{namespace}"}
    catalogue(
        rows, as_json, **told, dates="introduced {introduced}\ndeprecated {deprecated}\nsunset {sunset}"
    )


@click.command("rules")
@as_json_option
def rules_(as_json: bool) -> None:
    """List every code the gateway answers with, and what to do."""
    catalogue(assembly.catalogue(), as_json, code="{code}", severity="{severity}", meaning=RULE)


@click.command("settings")
@as_json_option
def settings_(as_json: bool) -> None:
    """List every setting: name, meaning, default."""
    catalogue(settings.catalogue(), as_json, setting="{env}", meaning="{meaning}\nDefault: {default}")
