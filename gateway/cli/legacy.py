"""The command that migrates what was reported before November 2021."""

from __future__ import annotations

from collections import Counter

import click

from gateway import assembly, migrating, settings
from gateway.cli.options import today
from gateway.migrating import BORN
from gateway.sealing import load_key
from gateway.terminal import bar, say


@click.command("migrate-legacy")
@click.option("--dry-run", is_flag=True, help="Show what would be changed, and change nothing.")
def migrate_legacy(dry_run: bool) -> None:
    """Migrate old activities, as PARS did in November 2021.

    Of activities that were first reported in payload 1.0: a description from the title, the format from
    the old type, a missing end, outcomes from what was evaluated, and CME Passport where they are
    registered for MOC, REMS or MIPS. What somebody has said is left alone, and so is what was closed on
    purpose. Each change is listed, and kept with its receipt.

    Safe to repeat, and beside a running gateway: a second run finds nothing. Stopped, it goes on where it
    was when it is run again.
    """
    configured = settings.load()
    label, touched, fields = assembly.reader(configured).label, 0, Counter[str]()
    with assembly.opened(configured) as store:
        size = store.legacy.size(BORN)
        with bar("Migrating", size) as update:
            terms = assembly.terms(configured, load_key(configured.key_file))
            differences = (
                migrating.differences(store.legacy, today(configured), label, lambda n: update(advance=n))
                if dry_run
                else migrating.migrate(store.legacy, store, terms, label, lambda n: update(advance=n))
            )
            for one in differences:
                touched += 1
                fields.update(change.field for change in one.changes)
                for change in one.changes:
                    say(f"{one.provider_id} {one.activity_id} {change}")
    say(f"{touched:,} of {size:,} activities of {BORN} {'would be changed' if dry_run else 'changed'}.")
    for field, count in fields.most_common():
        say(f"  {field}: {count:,}")
