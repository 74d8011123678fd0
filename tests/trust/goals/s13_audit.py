"""S13: whatever is done to the audit log behind our back, `cme-gateway audit verify` says so.

Who does it may drop the triggers, and has the database, but neither the key nor the head file.
"""

# ruff: noqa: S608  the statements are a forger's, and made here

from __future__ import annotations

import dataclasses
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from audited import PROVIDER, Loose, entry
from sqlalchemy import text

from gateway import assembly
from gateway.audit import Chain, Heads, Refusals, Sealer, verify
from gateway.records import Provider
from gateway.sealing import load_key
from gateway.settings import Settings
from storage import Store
from storage.tables import audit
from trust.databases import databases
from trust.face import Form, Outcome

GOAL = "S13"
ROWS = 80  # that are tampered with
SPEED = 50_000  # rows verified in a second of the processor
HASHING = 20  # times what hashing alone takes, on a machine that is slower at everything
COLUMNS = (
    "provider_id at user operation outcome receipt_id trace_id records refused code source times hash".split()
)
NUMBERS = {"records", "refused", "times"}
_BOUND = f"0 unseen; >= {SPEED:,} rows/s, or <= {HASHING} times hashing"

Tampering = Callable[[random.Random], list[str]]
"""Draws the statements of one."""


def run(form: Form) -> Outcome:
    """Tamper a thousand times, verify each time; then verify many rows at once."""
    wrong, late, figures = list[str](), list[str](), []
    for name, database in databases(form):
        with database as url, _log(form.folder / ("postgresql" if url else "sqlite"), url) as log:
            seen, unseen = log.tampered(form, KINDS, 1_000)
            figure, slow = log.verified(form.pick(20_000, 200_000))
            wrong += [f"{name}{one}" for one in (*unseen, *(() if url else log.told(form)))]
            late += [f"{name}{one}" for one in slow]
            figures.append(f"{name}{seen} seen, {figure}")
    did = f"1,000 times tampered with {ROWS} rows, {len(KINDS)} ways"
    return Outcome(did, "; ".join(figures), _BOUND, tuple(wrong), late=tuple(late))


# --- what can be done to a log -------------------------------------------------------------------------


def _edit(chance: random.Random) -> list[str]:
    column, place = chance.choice(COLUMNS), chance.randint(1, ROWS)
    number = chance.randint(1_000, 2_000_000)
    another = f"(SELECT hash FROM audit WHERE position = {place % ROWS + 1})"
    value = {"at": "'2020-02-02 02:02:02.000000'", "hash": another, "provider_id": "NULL"}.get(column)
    value = value or (str(number) if column in NUMBERS else f"'{number}'")
    return [f'UPDATE audit SET "{column}" = {value} WHERE position = {place}']


def _delete(chance: random.Random) -> list[str]:
    first = chance.randint(1, ROWS)
    return [f"DELETE FROM audit WHERE position BETWEEN {first} AND {first + chance.choice((0, 0, 3))}"]


def _close_up(chance: random.Random) -> list[str]:
    """Delete one and number the rest anew."""
    place = chance.randint(1, ROWS)
    return [
        f"DELETE FROM audit WHERE position = {place}",
        f"UPDATE audit SET position = -position WHERE position > {place}",
        "UPDATE audit SET position = -position - 1 WHERE position < 0",
    ]


def _swap(chance: random.Random) -> list[str]:
    """Let each have the other's position; their hashes go along."""
    one, other = chance.sample(range(1, ROWS + 1), 2)
    return [
        f"UPDATE audit SET position = {to} WHERE position = {place}"
        for place, to in ((one, -1), (other, one), (-1, other))
    ]


def _swap_contents(chance: random.Random) -> list[str]:
    """Let each have all of the other, but for position and hash."""
    hash = "(SELECT hash FROM audit_kept WHERE audit_kept.position = audit.position)"
    return [*_swap(chance), f"UPDATE audit SET hash = {hash}"]


def _cut(chance: random.Random) -> list[str]:
    return [f"DELETE FROM audit WHERE position > {chance.randint(0, ROWS - 1)}"]


def _unseal(chance: random.Random) -> list[str]:
    place = chance.randint(1, ROWS)
    return [f"UPDATE audit SET position = NULL, hash = NULL WHERE position = {place}"]


def _append(chance: random.Random) -> list[str]:
    """Put a copy of a row behind the last, with the hash that it had."""
    kept = ", ".join(f'"{column}"' for column in COLUMNS)
    copy = f"SELECT {kept}, {ROWS + 1} FROM audit WHERE position = {chance.randint(1, ROWS)}"
    return [f"INSERT INTO audit ({kept}, position) {copy}"]


KINDS = (_edit, _edit, _delete, _close_up, _swap, _swap_contents, _cut, _unseal, _append)


# --- the log -------------------------------------------------------------------------------------------


@dataclass
class _Log:
    """Sealed rows in a database, with everything that is needed to verify them."""

    settings: Settings
    store: Store
    chain: Chain
    heads: Heads

    def tampered(self, form: Form, kinds: tuple[Tampering, ...], times: int) -> tuple[str, list[str]]:
        """Tamper so many times, each time with what was there at first; what was seen, and what was not."""
        chance = random.Random(form.seed)
        noted = self.heads.read()
        unseen: Counter[str] = Counter()
        self._do("CREATE TABLE audit_kept AS SELECT * FROM audit")
        for _ in range(times):
            kind = chance.choice(kinds)
            self._do(*kind(chance))
            if verify(self.store.trail, self.chain, noted).broken is None:
                unseen[kind.__name__.strip("_")] += 1
            self._do("DELETE FROM audit", "INSERT INTO audit SELECT * FROM audit_kept")
        whole = verify(self.store.trail, self.chain, noted).broken
        missed = [f"unseen: {count} of kind {name}" for name, count in sorted(unseen.items())]
        false = [f"false alarm: {whole}"] if whole else []
        return f"{times - unseen.total():,} of {times:,}", [*missed, *false]

    def verified(self, rows: int) -> tuple[str, list[str]]:
        """How many rows are verified in a second of the processor, the best of three; and beside hashing."""
        self.fill(rows - ROWS)
        noted = self.heads.read()
        took = min(_seconds(lambda: verify(self.store.trail, self.chain, noted)) for _ in range(3))
        content = b"x" * 190  # as long as a row
        hashing = min(_seconds(lambda: [self.chain.link(content, ()) for _ in range(rows)]) for _ in range(3))
        speed, times = rows / took, took / hashing
        figure = f"{speed:,.0f} rows/s, {times:.0f} times hashing"
        return figure, [f"slow: {figure}"] if speed < SPEED and times > HASHING else []

    def told(self, form: Form) -> list[str]:
        """What is wrong with what the command says: whole as it is, and broken with one row changed."""
        whole = self._command()
        self._do(*_cut(random.Random(form.seed)))
        broken = self._command()
        return [
            f"the command: {ended.returncode} {ended.stderr.strip()[:200]}"
            for ended, code, words in ((whole, 0, ""), (broken, 1, "missing"))
            if ended.returncode != code or words not in ended.stderr
        ]

    def _command(self) -> subprocess.CompletedProcess[str]:
        told = {"DATABASE": self.settings.database, "KEY_FILE": self.settings.key_file}
        environment = {f"CME_GATEWAY_{name}": value for name, value in told.items()}
        command = [sys.executable, "-m", "gateway.cli", "audit", "verify"]
        return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True)

    def _do(self, *statements: str) -> None:
        with self.store._engine.connect().execution_options(writing=True) as connection, connection.begin():
            for statement in statements:
                connection.execute(text(statement))

    def fill(self, rows: int) -> None:
        """Add rows, seal them, and stop."""
        some = [_columns(number) for number in range(rows)]
        with self.store._engine.connect().execution_options(writing=True) as connection, connection.begin():
            connection.execute(audit.insert(), some)
        Sealer(self.store.trail, self.chain, self.heads, Refusals(), assembly.now).round(ending=True)

    def disarm(self) -> None:
        """Take the triggers away, as one may who has the database."""
        if self.store._engine.dialect.name == "postgresql":
            return self._do("ALTER TABLE audit DISABLE TRIGGER USER")
        names = "audit_unchanged audit_sealed_once audit_kept".split()
        return self._do(*(f"DROP TRIGGER {name}" for name in names))


def _columns(number: int) -> dict[str, Any]:
    """A row, also of those columns that only failed attempts have."""
    failed = {"code": "S001", "source": "192.0.2.7", "times": 1 + number}
    return dataclasses.asdict(entry(number)) | failed


def _seconds(work: Callable[[], object]) -> float:
    """What it takes of the processor: others may be using it too."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


@contextmanager
def _log(folder: Path, url: str | None, kind: type[Chain] = Chain) -> Iterator[_Log]:
    """A log of some sealed rows, whose gateway has stopped."""
    folder.mkdir()
    settings = Settings(
        database=url or f"sqlite:///{folder / 'gateway.db'}", key_file=str(folder / "gateway.key")
    )
    assembly.migrate(settings)
    key = load_key(settings.key_file)
    with assembly.opened(settings) as store:
        store.accounts.add_provider(Provider(PROVIDER, "Demo Medical Society"))
        chain = kind(key.prove)
        log = _Log(settings, store, chain, assembly.audit_heads(settings, key))
        log.fill(ROWS)
        log.disarm()
        yield log


# --- the controls ------------------------------------------------------------------------------------


def _without_the_hash_before(form: Form) -> Outcome:
    with _log(form.folder / "log", None, Loose) as log:
        seen, unseen = log.tampered(form, (_swap,), 50)
    return Outcome("50 swaps", f"{seen} seen", _BOUND, tuple(unseen))


def _without_the_heads(form: Form) -> Outcome:
    with _log(form.folder / "log", None) as log:
        log.heads = Heads(form.folder / "none", log.chain, timedelta(hours=1))
        seen, unseen = log.tampered(form, (_cut,), 50)
    return Outcome("50 tails cut", f"{seen} seen", _BOUND, tuple(unseen))


CONTROLS = {
    "the hash of the row before": _without_the_hash_before,
    "the head file": _without_the_heads,
}
