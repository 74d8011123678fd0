"""The command that loads the register of learners."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import TextIOWrapper
from pathlib import Path

import click

from gateway import assembly, settings
from gateway.cli.options import ACCEPTED, REFUSED
from gateway.matching import Keys
from gateway.registry import TOLD, Report, load
from gateway.sealing import load_key
from gateway.terminal import bar, err, say


@click.group()
def registry() -> None:
    """The register that learners are matched against."""


@registry.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def registry_import(file: Path) -> int:
    """Load a register: CSV in UTF-8, one row a licence.

    Its first line names the columns, in any order: person, state, licence, npi, board, board_id, given,
    family, suffix, birth_md (MM-DD). Whoever has several licences has several rows with one value of person.

    Safe to repeat, and beside a running gateway. Rows that cannot be read are told with line and
    column, all others are loaded. Nothing is taken out: rows that the file no longer has stay.
    """
    configured = settings.load()
    keys = Keys(load_key(configured.key_file).digest)
    with (
        assembly.opened(configured) as store,
        file.open("rb") as binary,
        store.loading as loading,
    ):
        lines = TextIOWrapper(binary, "utf-8-sig", errors="replace", newline="")
        report = _shown(load(lines, keys, loading.keep), binary.tell, file.stat().st_size)
    _tell(report)
    return REFUSED if report.refused else ACCEPTED


def _shown(reports: Iterator[Report], at: Callable[[], int], size: int) -> Report:
    """The last report; on a terminal, how far the file is read shows."""
    report = Report()
    with bar("Loading", size) as update:
        for report in reports:  # noqa: B007  the last one is the answer
            update(completed=at())
    return report


def _tell(report: Report) -> None:
    for wrong in report.told:
        say(f"  line {wrong.line}: {wrong.column or 'the row'} {wrong.reason}.", err)
    if report.refused > TOLD:
        say(f"  and {report.refused - TOLD:,} more.", err)
    say(
        f"{report.read:,} rows read: {report.added:,} added, {report.changed:,} changed, "
        f"{report.unchanged:,} unchanged, {report.refused:,} refused."
    )
