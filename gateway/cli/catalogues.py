"""The commands that list what there is: schemas, boards, rules, settings."""

from __future__ import annotations

import dataclasses

import click

from gateway import assembly, boards, settings
from gateway.cli.options import as_json_option
from gateway.terminal import catalogue

BOARD = "{name}:\n{credit}"
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


@click.command("boards")
@click.option("--waiting", is_flag=True, help="List what waits for their answer instead.")
@as_json_option
def boards_(as_json: bool, waiting: bool) -> None:
    """List the certifying boards with their types of credit."""
    if waiting:
        return _waiting(as_json)
    rows = boards.catalogue()
    if not as_json:
        rows = [row | {"credit": ", ".join(row["credit_types"])} for row in rows]
    return catalogue(rows, as_json, board="{acronym}", since="{since}", credit=BOARD)


def _waiting(as_json: bool) -> None:
    """What waits for an answer; `unanswered` is what has waited for longer than a board should take."""
    configured = settings.load()
    with assembly.opened(configured) as store:
        rows = [dataclasses.asdict(backlog) for backlog in store.backlogs()]
    for row in rows:
        row["since"] = f"{row['since']:%Y-%m-%d %H:%M:%S} UTC"
        row["connected"] = "yes" if row["board"] in configured.boards else "no"
    columns = {"board": "{board}", "connected": "{connected}", "questions": "{open}"}
    catalogue(rows, as_json, **columns, since="{since}", unanswered="{unanswered}")


@click.command("rules")
@click.argument("codes", metavar="[CODE]...", nargs=-1)
@as_json_option
def rules_(codes: tuple[str, ...], as_json: bool) -> None:
    """List every code and its remedy, or look some up."""
    rows, asked = assembly.catalogue(), {code.upper() for code in codes}
    if unknown := asked - {row["code"] for row in rows}:
        raise click.BadParameter(f"there is no code {', '.join(sorted(unknown))}", param_hint="CODE")
    rows = [row for row in rows if not asked or row["code"] in asked]
    catalogue(rows, as_json, code="{code}", severity="{severity}", meaning=RULE)


@click.command("settings")
@as_json_option
def settings_(as_json: bool) -> None:
    """List every setting: name, meaning, default."""
    catalogue(settings.catalogue(), as_json, setting="{env}", meaning="{meaning}\nDefault: {default}")
