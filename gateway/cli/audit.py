"""The commands for the audit log: verify, list, restored."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import click

from gateway import assembly, settings
from gateway.audit import Chain, Trail, Verified, overdue, verify
from gateway.cli.options import ACCEPTED, FAILED, as_json_option, provider_id
from gateway.sealing import load_key
from gateway.terminal import dump, err, say, show

OVERDUE = 2  # intervals after which a head must have been noted
MISSING = "No head is noted in {path}, where some should be: nobody can tell whether the end was cut off."
YET = "No head is noted in {path} yet: if the end was cut off, nobody can tell."
REMEDY = """Keep the database and the head file as they are, and find out who could write to them.
After a restore from a backup run `cme-gateway audit restored`; docs/audit.md tells the rest."""
RESTORED = "Noted in {path}: the audit log of the restored database ends at position {position:,}."


@click.group()
def audit() -> None:
    """The audit log: verify it, list it."""


@audit.command("verify")
def audit_verify() -> int:
    """Find the first row that was tampered with.

    Looks whether any was changed, moved or taken out, names the first one and exits with 1. Safe beside
    a running gateway, whose newest rows are sealed within seconds; those that are not yet are counted.
    """
    configured = settings.load()
    key = load_key(configured.key_file)
    chain, heads = Chain(key.prove), assembly.audit_heads(configured, key)
    with assembly.opened(configured) as store:
        noted = heads.read()  # before the rows, which go on meanwhile
        begun = time.perf_counter()
        found = verify(store.trail, chain, noted)
        seconds = time.perf_counter() - begun
        unwatched = not found.heads and found.rows > 0
        late = unwatched and _late(store.trail, configured.audit_head_minutes)
    say(_counted(found, seconds))
    broken = found.broken or (MISSING.format(path=heads.path) if late else None)
    if broken:
        say(f"Broken. {broken}", err)
        say(REMEDY, err)
        return FAILED
    if unwatched:
        say(YET.format(path=heads.path), err)
    return ACCEPTED


def _late(trail: Trail, minutes: int) -> bool:
    return overdue(trail, datetime.now(UTC), timedelta(minutes=OVERDUE * minutes))


def _counted(found: Verified, seconds: float) -> str:
    speed = found.rows / seconds if seconds else 0
    return (
        f"{found.rows:,} rows follow from one another, {found.unsealed:,} wait to be sealed, "
        f"{found.heads:,} head(s) were held against them; {speed:,.0f} rows a second."
    )


@audit.command("list")
@click.option("--provider", callback=lambda c, p, v: v and provider_id(c, p, v), help="Of one provider.")
@click.option("--operation", help="Of one operation, such as SaveActivity.")
@click.option("--since", type=click.DateTime(), help="From this time on (UTC).")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000))
@as_json_option
def audit_list(
    provider: str | None, operation: str | None, since: datetime | None, limit: int, as_json: bool
) -> None:
    """List the newest rows, the newest first."""
    moment = since and since.replace(tzinfo=UTC)
    with assembly.opened(settings.load()) as store:
        rows = store.trail.recent(limit, provider_id=provider, operation=operation, since=moment)
    if as_json:
        dump({**row, "hash": _hexadecimal(row["hash"])} for row in rows)
    else:
        headings = ("At (UTC)", "Provider", "User", "Operation", "Outcome", "Details")
        show(headings, map(_told, rows), folded=("At (UTC)", "Operation", "Outcome"))


def _hexadecimal(hash: object) -> str | None:
    return hash.hex() if isinstance(hash, bytes) else None


def _told(row: Mapping[str, object]) -> list[str]:
    """The cells of a row: an attempt that failed has a code, all others have counts."""
    plain = [str(row[name] or "-") for name in ("provider_id", "user", "operation", "outcome")]
    details = (
        f"{row['code']}, {row['times']} time(s) from {row['source'] or 'an unknown address'}"
        if row["code"]
        else f"{row['records']} records, {row['refused']} refused, receipt {row['receipt_id'] or '-'}"
    )
    return [str(row["at"])[:19], *plain, f"{details}, trace {row['trace_id']}"]


@audit.command("restored")
def audit_restored() -> None:
    """Note that the database was restored on purpose.

    From a backup, after which the log is shorter than it was.

    What the head file knows of later rows counts no more; without this, verify names them as missing.
    """
    configured = settings.load()
    with assembly.opened(configured) as store:
        end, heads = store.trail.end(), assembly.audit_heads(configured, load_key(configured.key_file))
    heads.restore(end, assembly.now())
    say(RESTORED.format(path=heads.path, position=end.position))
