"""A provider's receipts, the payloads they were given for, and the audit."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest
from sqlalchemy import select
from stored import NOW, OPERATION, OTHER_PROVIDER, PROVIDER, make_receipt

from gateway.errors import Busy
from gateway.records import AuditEntry, Outcome, StoredReceipt, replace
from storage import Store, sealed
from storage.tables import audit, payloads

DAY = timedelta(days=1)
SINCE = NOW - 395 * DAY
PAYLOAD = b"<SaveActivity>" + b"\x00\xff" * 500


def add(store: Store, *receipts: StoredReceipt, provider: str = PROVIDER) -> None:
    """Store receipts, each in a transaction of its own."""
    for receipt in receipts:
        store.write(provider, lambda unit, new=receipt: unit.receipts.add(new, PAYLOAD, SINCE))  # type: ignore[misc]


def by_key(
    store: Store, key: str, operation: str = OPERATION, provider: str = PROVIDER
) -> StoredReceipt | None:
    """The receipt that answers for a key."""
    return store.read(provider, lambda unit: unit.receipts.by_key(operation, key, SINCE))


def test_every_field_comes_back(store: Store) -> None:
    """A receipt is found by id and by key, equal in every field, its time aware and in UTC."""
    stored = make_receipt()
    add(store, stored)
    assert stored == store.read(PROVIDER, lambda unit: unit.receipts.by_id("R1"))
    assert stored == by_key(store, "K1")
    assert stored == store.read(PROVIDER, lambda unit: unit.receipts.latest_with_key("K1"))


def test_unknown_is_none(store: Store) -> None:
    """What is not there is None, whichever way it is looked for."""
    none = store.read(
        PROVIDER,
        lambda unit: (
            unit.receipts.by_id("R9"),
            unit.receipts.by_key(OPERATION, "K9", SINCE),
            unit.receipts.latest_with_key("K9"),
            unit.receipts.same_content(OPERATION, b"9", SINCE),
        ),
    )
    assert (None,) * 4 == none


def test_payload_is_kept_sealed(store: Store) -> None:
    """The bytes come back as they were received, and lie on disk sealed and compressed."""
    add(store, make_receipt())
    with store._engine.connect() as connection:
        content = connection.execute(select(payloads.c.sealed)).scalar_one()
    assert PAYLOAD == sealed.payload(content, store._sealer)
    assert (False, True) == (b"SaveActivity" in content, len(content) < len(PAYLOAD))


def test_key_answers_for_one_receipt(store: Store) -> None:
    """A key is held once per provider and operation; other operations and providers have their own."""
    add(store, make_receipt("R1"))
    with pytest.raises(Busy):
        add(store, make_receipt("R2"))
    elsewhere = make_receipt("R3", operation="CloseActivity")
    add(store, elsewhere)
    add(store, make_receipt("R4"), provider=OTHER_PROVIDER)
    assert elsewhere == by_key(store, "K1", "CloseActivity")
    assert make_receipt("R4") == by_key(store, "K1", provider=OTHER_PROVIDER)


def test_freed_key_does_not_answer(store: Store) -> None:
    """A receipt that does not hold its key is found by it, and does not answer for it."""
    failed = make_receipt("R1", holds_key=False)
    add(store, failed)
    assert None is by_key(store, "K1")
    assert failed == store.read(PROVIDER, lambda unit: unit.receipts.latest_with_key("K1"))
    add(store, make_receipt("R2", at=NOW + DAY), make_receipt("R3", holds_key=False))
    assert make_receipt("R2", at=NOW + DAY) == by_key(store, "K1")


def test_expired_key_is_freed_by_the_next(store: Store) -> None:
    """A key older than asked for does not answer, and the next receipt takes it over."""
    old, edge = make_receipt("R1", at=SINCE - DAY), make_receipt("R2", at=SINCE, key="K2")
    add(store, old, edge)
    assert None is by_key(store, "K1")
    assert edge == by_key(store, "K2")
    new = make_receipt("R3")
    add(store, new)
    assert new == by_key(store, "K1")
    assert replace(old, holds_key=False) == store.read(PROVIDER, lambda unit: unit.receipts.by_id("R1"))


def test_latest_with_key_is_the_newest_of_any_operation(store: Store) -> None:
    """Of all receipts for one key the newest counts; of one moment, the one stored last."""
    newest = make_receipt("R2", at=NOW + DAY, operation="CloseActivity")
    add(store, make_receipt("R1"), newest, make_receipt("R3", operation="CopyActivity"))
    assert newest == store.read(PROVIDER, lambda unit: unit.receipts.latest_with_key("K1"))
    last = make_receipt("R4", at=NOW + DAY, operation="ReopenActivity")
    add(store, last)
    assert last == store.read(PROVIDER, lambda unit: unit.receipts.latest_with_key("K1"))


def test_same_content_is_found_whatever_the_key(store: Store) -> None:
    """The newest receipt for the same content is found, unless it is too old or another's."""
    newest = make_receipt("R2", key=None, holds_key=False, at=NOW + DAY)
    add(store, make_receipt("R1"), newest, make_receipt("R3", digest=b"other", key="K3"))

    def same(store: Store, days: int, provider: str = PROVIDER) -> StoredReceipt | None:
        since = NOW + days * DAY
        return store.read(provider, lambda unit: unit.receipts.same_content(OPERATION, b"d" * 32, since))

    assert newest == same(store, 0)
    assert newest == same(store, 1)
    assert None is same(store, 2)
    assert None is same(store, 0, OTHER_PROVIDER)


def test_another_providers_receipt_is_out_of_reach(store: Store) -> None:
    """No receipt of another provider is found."""
    add(store, make_receipt())
    found = store.read(
        OTHER_PROVIDER,
        lambda unit: (
            unit.receipts.by_id("R1"),
            unit.receipts.by_key(OPERATION, "K1", SINCE),
            unit.receipts.latest_with_key("K1"),
        ),
    )
    assert (None,) * 3 == found


def test_time_is_compared_across_zones(store: Store) -> None:
    """A moment is the same moment in whatever zone it is told."""
    add(store, make_receipt())
    chicago = NOW.astimezone(timezone(timedelta(hours=-6)))
    found = store.read(PROVIDER, lambda unit: unit.receipts.by_key(OPERATION, "K1", chicago))
    assert make_receipt() == found


def test_time_without_zone_is_not_stored(store: Store) -> None:
    """A time without a zone is a failure of ours, rather than being taken for UTC."""
    with pytest.raises(ValueError, match="zone"):
        add(store, make_receipt(at=NOW.replace(tzinfo=None)))


def test_audit_is_appended(store: Store) -> None:
    """Entries are kept in their order with every field, and with room for a seal."""
    entry = AuditEntry(
        at=NOW,
        provider_id=PROVIDER,
        user="lms",
        operation=OPERATION,
        outcome="Success",
        receipt_id="R1",
        trace_id="t-1",
        records=3,
        refused=1,
    )
    refused = replace(entry, receipt_id=None, outcome="S001")
    for each in (entry, refused):
        store.write(PROVIDER, lambda unit, new=each: unit.audit.add(new))  # type: ignore[misc]
    with store._engine.connect() as connection:
        rows = connection.execute(select(audit).order_by(audit.c.id)).mappings().all()
    kept = [AuditEntry(**{name: row[name] for name in AuditEntry.__slots__}) for row in rows]
    assert ([entry, refused], [None, None]) == (kept, [row["hash"] for row in rows])


def test_same_content_overlooks_failures(store: Store) -> None:
    """A failure after it does not hide the receipt for what was done with the same content."""
    done = make_receipt("R1", key=None, holds_key=False)
    later = make_receipt("R2", key=None, holds_key=False, at=NOW + DAY)
    failed = replace(later, receipt=replace(later.receipt, outcome=Outcome.FAILURE))
    add(store, done, failed)

    found = store.read(PROVIDER, lambda unit: unit.receipts.same_content(OPERATION, b"d" * 32, SINCE))

    assert done == found
