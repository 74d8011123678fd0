"""The audit log on each database: sealed into a chain, guarded, pruned, and every forgery of it named."""

# ruff: noqa: S608  the statements are a forger's, and made here

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from audited import CHAIN, FORGED, HOUR, KEY, NOW, PROVIDER, Loose, entry, heads, sealer
from sqlalchemy import text
from stored import OTHER_PROVIDER

from gateway.audit import Noted, Verified, overdue, verify
from gateway.records import Account, AuditLink, FailedAttempt
from storage import Store

ROWS = 12
KEPT = 'provider_id, at, "user", operation, outcome, receipt_id, trace_id, records, refused'


def note(store: Store, numbers: Sequence[int]) -> None:
    """Add rows, each in a transaction of its own."""
    for number in numbers:
        store.write(PROVIDER, lambda unit, new=number: unit.audit.add(entry(new)))  # type: ignore[misc]


@pytest.fixture
def sealed(store: Store, tmp_path: Path) -> Store:
    """A store with some sealed rows, and a head file that knows the last."""
    note(store, range(ROWS))
    sealer(store.trail, tmp_path).round(ending=True)
    return store


def tamper(store: Store, *statements: str) -> None:
    """Change the database as one who may drop the triggers."""
    with store._engine.connect().execution_options(writing=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE audit DISABLE TRIGGER ALL"))
            connection.execute(text("ALTER TABLE audit_anchors DISABLE TRIGGER ALL"))
        else:
            names = connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all()
            for name in names:
                connection.execute(text(f"DROP TRIGGER {name}"))
        for statement in statements:
            connection.execute(text(statement))


def verified(store: Store, folder: Path) -> Verified:
    """What verifying says."""
    return verify(store.trail, CHAIN, heads(folder).read())


def test_rows_are_sealed_and_verified(sealed: Store, tmp_path: Path) -> None:
    """Every row is in the chain, and the end of it is what the head file says."""
    assert Verified(ROWS, 0, 1, None) == verified(sealed, tmp_path)
    assert sealed.trail.end() == heads(tmp_path).read().places[ROWS].place


def test_rows_that_are_not_sealed_yet_are_counted(sealed: Store, tmp_path: Path) -> None:
    """What was added a moment ago is no fault."""
    note(sealed, [99])
    assert Verified(ROWS, 1, 1, None) == verified(sealed, tmp_path)


def test_the_chain_is_the_same_on_every_database(sealed: Store) -> None:
    """A log that is moved to another database is still whole: times are hashed as the same text."""
    assert "be38b3db" == sealed.trail.end().hash.hex()[:8]


def test_sealing_goes_on_where_it_ended(sealed: Store, tmp_path: Path) -> None:
    """Rows of later rounds, and of rounds with more rows than one transaction seals, follow."""
    note(sealed, range(20, 25))
    assert (ROWS + 2, 2) == _places(sealed.trail.seal(CHAIN.link, 2))
    assert (ROWS + 5, 3) == _places(sealed.trail.seal(CHAIN.link, 10))
    assert not sealed.trail.waiting()
    assert Verified(ROWS + 5, 0, 1, None) == verified(sealed, tmp_path)


def _places(sealed: tuple[AuditLink, int]) -> tuple[int, int]:
    return sealed[0].position, sealed[1]


def test_of_several_sealers_one_seals(store: Store, tmp_path: Path) -> None:
    """Sealers that meet, while rows are added, leave one chain without gaps."""
    sealers = [
        threading.Thread(target=lambda: [store.trail.seal(CHAIN.link, 3) for _ in range(8)]) for _ in range(3)
    ]
    adding = threading.Thread(target=note, args=(store, range(20)))
    for thread in (adding, *sealers):
        thread.start()
    for thread in (adding, *sealers):
        thread.join()
    sealer(store.trail, tmp_path).round(ending=True)
    assert Verified(20, 0, 1, None) == verified(store, tmp_path)


FORGERIES = {
    "a count": (["UPDATE audit SET records = 99 WHERE position = 5"], "Row 5 at position 5 was changed"),
    "a name": (["UPDATE audit SET \"user\" = 'eve' WHERE position = 1"], "Row 1 at position 1 was changed"),
    "a time": (
        ["UPDATE audit SET at = '2020-01-01 00:00:00.000000' WHERE position = 12"],
        "Row 12 at position 12 was changed",
    ),
    "a number": (["UPDATE audit SET id = 77 WHERE position = 5"], "Row 77 at position 5 was changed"),
    "nothing": (["UPDATE audit SET receipt_id = NULL WHERE position = 5"], "Row 5 at position 5 was changed"),
    "a hash": (["UPDATE audit SET hash = NULL WHERE position = 5"], "Row 5 at position 5 was changed"),
    "another's hash": (
        ["UPDATE audit SET hash = (SELECT hash FROM audit WHERE position = 6) WHERE position = 5"],
        "Row 5 at position 5 was changed",
    ),
    "deleted": (
        ["DELETE FROM audit WHERE position = 5"],
        "The row at position 5 is missing; row 6 at position 6 comes next.",
    ),
    "deleted in a row": (
        ["DELETE FROM audit WHERE position IN (5, 6)"],
        "The rows at positions 5 to 6 are missing; row 7 at position 7 comes next.",
    ),
    "unsealed": (
        ["UPDATE audit SET position = NULL, hash = NULL WHERE position = 5"],
        "The row at position 5 is missing",
    ),
    "deleted and closed up": (
        [
            "DELETE FROM audit WHERE position = 5",
            "UPDATE audit SET position = -position WHERE position > 5",
            "UPDATE audit SET position = -position - 1 WHERE position < 0",
        ],
        "Row 6 at position 5 was changed, or a row before it was taken out",
    ),
    "places swapped": (
        [
            "UPDATE audit SET position = -5 WHERE position = 5",
            "UPDATE audit SET position = 5 WHERE position = 9",
            "UPDATE audit SET position = 9 WHERE position = -5",
        ],
        "Row 9 at position 5 does not belong there, but row 5 of position 9: they were swapped.",
    ),
    "contents swapped": (
        [
            "CREATE TEMPORARY TABLE places AS SELECT position, hash FROM audit WHERE position IN (5, 9)",
            "UPDATE audit SET position = -5 WHERE position = 5",
            "UPDATE audit SET position = 5 WHERE position = 9",
            "UPDATE audit SET position = 9 WHERE position = -5",
            "UPDATE audit SET hash = (SELECT hash FROM places WHERE places.position = audit.position) "
            "WHERE position IN (5, 9)",
            "DROP TABLE places",
        ],
        "Row 9 at position 5 does not belong there, but row 5 of position 9: they were swapped.",
    ),
    "moved away": (
        ["UPDATE audit SET position = 4000000000 WHERE position = 5"],
        "The row at position 5 is missing",
    ),
    "tail": (
        ["DELETE FROM audit WHERE position > 9"],
        "The rows at positions 10 to 12 are missing at the end, which the head of 2026-11-21T15:04:05Z",
    ),
    "tail unsealed": (
        ["UPDATE audit SET position = NULL, hash = NULL WHERE position = 12"],
        "The row at position 12 is missing at the end",
    ),
    "front": (["DELETE FROM audit WHERE position < 3"], "The rows at positions 1 to 2 are missing"),
    "everything": (["DELETE FROM audit"], "The rows at positions 1 to 12 are missing at the end"),
    "an anchor": (
        [
            "DELETE FROM audit WHERE position < 3",
            "INSERT INTO audit_anchors SELECT position - 1, hash, hash FROM audit WHERE position = 3",
        ],
        "The anchor at position 2, where the log was pruned to, was forged.",
    ),
    "a row before the first": (
        [f"INSERT INTO audit ({KEPT}, position) SELECT {KEPT}, 0 FROM audit WHERE position = 3"],
        "Row 13 does not belong at position 0, which is taken or pruned.",
    ),
}


def said(store: Store, folder: Path, forgeries: Iterable[Sequence[str]]) -> list[str]:
    """What is said of each of these, each done to the log as it was at first."""
    tamper(store, "CREATE TABLE audit_kept AS SELECT * FROM audit")
    told = []
    for statements in forgeries:
        tamper(store, *statements)
        told.append(verified(store, folder).broken or "whole")
        again = "INSERT INTO audit SELECT * FROM audit_kept"
        tamper(store, "DELETE FROM audit", "DELETE FROM audit_anchors", again)
    return told


def test_a_forgery_is_named(sealed: Store, tmp_path: Path) -> None:
    """Whatever was done to the rows, the first that is wrong is named, and what is wrong with it."""
    found = said(sealed, tmp_path, [statements for statements, _ in FORGERIES.values()])
    meant = [told for _, told in FORGERIES.values()]
    assert meant == [told[: len(one)] for told, one in zip(found, meant, strict=True)]


ODD = [
    "UPDATE audit SET \"user\" = CAST(X'80' AS TEXT) WHERE position = 5",
    'UPDATE audit SET "user" = CAST("user" AS BLOB) WHERE position = 5',
    "UPDATE audit SET records = 6.5 WHERE position = 5",
    "UPDATE audit SET at = 'long ago' WHERE position = 5",
    "UPDATE audit SET hash = 'text' WHERE position = 5",
]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_what_only_sqlite_takes_is_named(sealed: Store, tmp_path: Path) -> None:
    """Values of types that are none of ours do not stop the verifying."""
    told = said(sealed, tmp_path, [[one] for one in ODD])
    assert ["Row 5 at position 5 was changed"] * len(ODD) == [one.partition(",")[0] for one in told]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_position_that_is_no_number_is_named(sealed: Store, tmp_path: Path) -> None:
    """Such a row stands last."""
    tamper(sealed, "UPDATE audit SET position = 'x' WHERE position = 12")
    told = "Row 12 has a position that is no number; position 12 is the next."
    assert told == verified(sealed, tmp_path).broken


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_row_that_is_no_text_is_sealed_all_the_same(sealed: Store, tmp_path: Path) -> None:
    """One row that cannot be read does not keep all later ones from being sealed."""
    note(sealed, [50])
    tamper(sealed, "UPDATE audit SET \"user\" = CAST(X'80' AS TEXT) WHERE position IS NULL")
    sealer(sealed.trail, tmp_path).round()
    assert Verified(ROWS + 1, 0, 2, None) == verified(sealed, tmp_path)


def test_without_the_hash_before_a_swap_is_not_seen(store: Store) -> None:
    """The control: it is the hash before that tells a row's place."""

    loose = Loose(KEY.prove)
    note(store, range(ROWS))
    store.trail.seal(loose.link, 100)
    statements, _ = FORGERIES["places swapped"]
    tamper(store, *statements)
    assert Verified(ROWS, 0, 0, None) == verify(store.trail, loose, Noted())


def test_a_tail_that_went_on_is_not_the_one_that_was_noted(sealed: Store, tmp_path: Path) -> None:
    """Whoever cuts the end off, and lets the gateway go on, is found by the head all the same."""
    tamper(sealed, "DELETE FROM audit WHERE position > 9")
    note(sealed, range(30, 40))
    sealer(sealed.trail, tmp_path).round(ending=True)
    broken = verified(sealed, tmp_path).broken or ""
    assert re.match("Row 1[0-9] at position 12 is not the one that the head of .* knows", broken)


def test_without_the_key_no_chain_can_be_made(sealed: Store, tmp_path: Path) -> None:
    """Whoever builds the whole chain anew, but with another key, has no row that fits."""
    tamper(sealed, "UPDATE audit SET position = NULL, hash = NULL")
    sealed.trail.seal(FORGED.link, 100)
    assert (verified(sealed, tmp_path).broken or "").startswith("Row 1 at position 1 was changed")


def test_a_log_of_some_age_should_have_heads(sealed: Store) -> None:
    """By the time of its first row; of one that cannot be read, too."""
    overdue_after = [overdue(sealed.trail, NOW + timedelta(minutes=minutes), HOUR) for minutes in (59, 61)]
    assert [False, True] == overdue_after


def test_an_empty_log_needs_no_heads(store: Store) -> None:
    """However old it is."""
    assert not overdue(store.trail, NOW + timedelta(days=9), HOUR)


GUARDED = [
    "UPDATE audit SET records = 99",
    'UPDATE audit SET "user" = "user"',
    "UPDATE audit SET position = 100 WHERE position = 5",
    "UPDATE audit SET position = NULL, hash = NULL",
    "DELETE FROM audit WHERE position = 5",
    "DELETE FROM audit",
    "DELETE FROM audit_anchors",
    "UPDATE audit_anchors SET position = 9",
]


def test_the_database_refuses_changes(sealed: Store) -> None:
    """A mistake, or a stolen connection, changes and deletes nothing."""
    sealed.trail.prune(NOW + timedelta(seconds=4), CHAIN.anchor, 100)
    before = sealed.trail.rows(-1, 100)
    refused = [_refusal(sealed, statement) for statement in GUARDED]
    assert [] == [one for one in refused if "append-only" not in one]
    assert before == sealed.trail.rows(-1, 100)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_postgresql_refuses_to_truncate(sealed: Store) -> None:
    """The quickest way to delete is closed too."""
    refused = [_refusal(sealed, f"TRUNCATE {table}") for table in ("audit", "audit_anchors")]
    assert [] == [one for one in refused if "append-only" not in one]


def _refusal(store: Store, statement: str) -> str:
    try:
        with store._engine.connect().execution_options(writing=True) as connection, connection.begin():
            connection.execute(text(statement))
    except Exception as refused:
        return str(refused)
    return "done"


def test_pruning_leaves_an_anchor(sealed: Store, tmp_path: Path) -> None:
    """What is old goes from the front, a part at a time, and the rest still follows."""
    before = NOW + timedelta(seconds=5)
    assert [3, 2, 0] == [sealed.trail.prune(before, CHAIN.anchor, 3) for _ in range(3)]
    anchor = sealed.trail.anchor()
    assert anchor is not None and (5, True) == (anchor.position, CHAIN.anchored(anchor))
    assert Verified(ROWS - 5, 0, 1, None) == verified(sealed, tmp_path)


def test_the_last_row_is_not_pruned(sealed: Store, tmp_path: Path) -> None:
    """However old all of it is: the chain goes on from its last row, heads know it."""
    for _ in range(3):
        sealed.trail.prune(NOW + timedelta(days=1), CHAIN.anchor, 100)
    note(sealed, [60])
    sealer(sealed.trail, tmp_path).round(ending=True)
    assert Verified(2, 0, 2, None) == verified(sealed, tmp_path)


def test_old_rows_behind_a_young_one_stay(store: Store, tmp_path: Path) -> None:
    """Pruning is from the front only: a clock that once was wrong leaves no hole."""
    for number in (1, 900, 2, 901):
        note(store, [number])
    sealer(store.trail, tmp_path).round(ending=True)
    assert 1 == store.trail.prune(NOW + timedelta(seconds=100), CHAIN.anchor, 100)
    assert Verified(3, 0, 1, None) == verified(store, tmp_path)


def test_an_anchor_that_heads_deny_is_named(sealed: Store, tmp_path: Path) -> None:
    """Whoever has the key but not the head file cannot prune what was noted and pretend that it was us."""
    forged = AuditLink(ROWS, bytes(32))
    hex_hash, proof = forged.hash.hex(), CHAIN.anchor(forged).hex()
    literal = "X'{}'" if sealed._engine.dialect.name == "sqlite" else "decode('{}', 'hex')"
    values = f"{ROWS}, {literal.format(hex_hash)}, {literal.format(proof)}"
    tamper(sealed, "DELETE FROM audit", f"INSERT INTO audit_anchors VALUES ({values})")
    broken = verified(sealed, tmp_path).broken or ""
    assert broken.startswith("The anchor at position 12 is not the one that the head of")


def test_failed_attempts_name_only_whom_there_is(store: Store) -> None:
    """What was typed as a user's name may be a password, or anything: unknown names are not kept."""
    store.accounts.add_user(Account(PROVIDER, "lms"))
    for provider, user in (
        (PROVIDER, "lms"),
        (PROVIDER, "hunter2"),
        (OTHER_PROVIDER, "lms"),
        ("x' --", "lms"),
    ):
        store.trail.note([_failed(provider, user)])
    told = [(row["provider_id"], row["user"]) for row in store.trail.recent(10)]
    assert [(None, None), (OTHER_PROVIDER, None), (PROVIDER, None), (PROVIDER, "lms")] == told


def _failed(provider: str | None, user: str | None) -> FailedAttempt:
    return FailedAttempt(
        at=NOW,
        provider_id=provider,
        user=user,
        operation="SaveActivity",
        outcome="Refused",
        code="S001",
        source="192.0.2.7",
        trace_id="t",
        times=3,
    )


def test_recent_rows_are_found(sealed: Store) -> None:
    """By provider, operation and time; the newest first, and no more than asked for."""
    sealed.trail.note([_failed(OTHER_PROVIDER, None)])
    trail = sealed.trail
    assert [13, 12] == [row["id"] for row in trail.recent(2)]
    assert [13] == [row["id"] for row in trail.recent(9, provider_id=OTHER_PROVIDER)]
    assert [12, 11] == [row["id"] for row in trail.recent(9, since=NOW + timedelta(seconds=10))]
    assert [] == trail.recent(9, operation="EraseLearner")
