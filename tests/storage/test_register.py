"""The register of learners in the store: looked up, counted, loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import event, inspect
from stored import NOW, OTHER_PROVIDER, PROVIDER

from gateway.errors import Failed
from gateway.records import Enrolment, KeyKind, Loaded, Registered, replace
from storage import Store, Unit, values

LICENCE, NPI, BOARD, FORM = (bytes((kind,)) + bytes(16) for kind in KeyKind)
ROW = Enrolment(b"id-1", "P1", LICENCE, NPI, BOARD, FORM, b"family", b"given", b"first", b"birthday")
KEPT = Registered("P1", b"family", b"given", b"first", b"birthday")
OTHER = Enrolment(b"id-2", "P2", None, NPI, None, FORM, b"f", b"g", b"1", b"b")
UNKNOWN = bytes((KeyKind.NPI,)) + b"\xff" * 16
SCATTERED = {"ix_register_licence", "ix_register_npi", "ix_register_board", "ix_register_form"}


def _find(store: Store, *keys: bytes) -> dict[bytes, list[Registered]]:
    return store.read(PROVIDER, lambda unit: unit.register.find(keys))


def _spend(store: Store, provider: str, lookups: int, misses: int) -> tuple[int, int]:
    return store.write(provider, lambda unit: unit.register.spend(lookups, misses))


def _indexes(store: Store) -> set[str | None]:
    return {index["name"] for index in inspect(store._engine).get_indexes("register")}


@pytest.fixture
def statements(store: Store) -> Iterator[list[str]]:
    """The statements that the store runs from here on."""
    ran: list[str] = []

    def note(*executed: object) -> None:
        ran.append(str(executed[2]))

    event.listen(store._engine, "before_cursor_execute", note)
    yield ran
    event.remove(store._engine, "before_cursor_execute", note)


def test_rows_are_found_by_each_of_their_keys(store: Store) -> None:
    """Licence, NPI, board id and form find the rows that have them; an unknown key is not there."""
    with store.loading as loading:
        loading.keep([ROW, OTHER])
    assert {LICENCE: [KEPT], BOARD: [KEPT]} == _find(store, LICENCE, BOARD, UNKNOWN)
    both = _find(store, NPI, FORM)
    assert {NPI, FORM} == both.keys()
    assert [{"P1", "P2"}] * 2 == [{row.person for row in rows} for rows in both.values()]
    assert {} == _find(store)


def test_key_is_of_its_kind_only(store: Store) -> None:
    """The bytes of a key that stand in another column find nothing."""
    with store.loading as loading:
        loading.keep([replace(ROW, npi_key=LICENCE, licence_key=None)])
    assert {} == _find(store, LICENCE)


def test_many_keys_take_few_questions(store: Store, statements: list[str]) -> None:
    """For 6,000 keys of three kinds three queries are run."""
    kinds = (KeyKind.LICENCE, KeyKind.NPI, KeyKind.BOARD)
    keys = [bytes((kind,)) + number.to_bytes(16, "big") for kind in kinds for number in range(2_000)]
    rows = [replace(ROW, id=key, npi_key=key, licence_key=None, board_key=None) for key in keys[2_000:4_000]]
    store.loading.keep(rows)
    statements.clear()
    assert set(keys[2_000:4_000]) == _find(store, *keys, *keys).keys()
    assert 3 == sum(statement.startswith("SELECT") for statement in statements)


def test_more_keys_than_one_question_takes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys beyond the size of a question are asked for in the next one."""
    monkeypatch.setattr(values, "CHUNK", 1)
    keys = [bytes((KeyKind.NPI, number)) for number in range(3)]
    store.loading.keep([replace(ROW, id=key, npi_key=key) for key in keys])
    assert set(keys) == _find(store, *keys).keys()


# --- loading -----------------------------------------------------------------------------------------


def test_load_may_be_repeated(store: Store) -> None:
    """Rows are new, then unchanged, then changed where they differ; the rest stays as it is."""
    changed = replace(ROW, family=b"changed", npi_key=None)
    with store.loading as loading:
        results = [loading.keep(rows) for rows in ([ROW, OTHER], [ROW, OTHER], [changed, OTHER], [])]
    assert [Loaded(2, 0, 0), Loaded(0, 0, 2), Loaded(0, 1, 1), Loaded()] == results
    assert {LICENCE: [replace(KEPT, family=b"changed")]} == _find(store, LICENCE)
    assert ["P2"] == [row.person for row in _find(store, NPI)[NPI]]


def test_later_of_two_rows_of_one_id_counts(store: Store) -> None:
    """A row that comes twice in a chunk is kept once, as it came last."""
    changed = replace(ROW, family=b"changed")
    assert Loaded(1, 1, 1) == store.loading.keep([ROW, ROW, changed])
    assert {LICENCE: [replace(KEPT, family=b"changed")]} == _find(store, LICENCE)


def test_indexes_wait_for_the_first_load_only(store: Store) -> None:
    """An empty register is loaded without indexes, which stand at the end; later loads keep them up."""
    seen = []
    for row in (ROW, OTHER):
        with store.loading as loading:
            seen.append(_indexes(store) & SCATTERED)
            loading.keep([row])
        assert _indexes(store) >= SCATTERED
    assert [set(), SCATTERED] == seen


def test_load_that_was_stopped_is_finished_by_the_next(store: Store) -> None:
    """Indexes that a killed load left out are made by the next one; so they are when a load fails."""
    store.loading.__enter__()
    store.loading.keep([ROW])
    assert set() == _indexes(store) & SCATTERED
    with pytest.raises(ZeroDivisionError), store.loading:
        raise ZeroDivisionError
    assert _indexes(store) >= SCATTERED


def test_load_goes_on_beside_others(url: str, store: Store, open_one: Callable[[str], Store]) -> None:
    """Between two chunks another process writes and finds what is loaded so far."""
    other = open_one(url)
    with store.loading as loading:
        loading.keep([ROW])
        assert (1, 0) == _spend(other, PROVIDER, 1, 0)
        assert {LICENCE: [KEPT]} == _find(other, LICENCE)
        loading.keep([OTHER])
    assert 2 == len(_find(other, NPI)[NPI])


# --- counting ----------------------------------------------------------------------------------------


def test_questions_are_counted_by_provider_and_hour(
    store: Store, url: str, open_one: Callable[[str], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was asked adds up within the hour, for each provider alone, and begins anew in the next."""
    assert [(3, 1), (5, 3)] == [_spend(store, PROVIDER, *spent) for spent in ((3, 1), (2, 2))]
    assert (1, 0) == _spend(store, OTHER_PROVIDER, 1, 0)
    assert (5, 3) == _spend(store, PROVIDER, 0, 0)
    later = open_one(url)
    monkeypatch.setattr(later, "_clock", lambda: NOW + timedelta(hours=1))
    assert (1, 1) == _spend(later, PROVIDER, 1, 1)


def test_only_a_unit_that_is_kept_counts(store: Store) -> None:
    """A unit that reads cannot count, and one that is dropped has not."""
    with pytest.raises(Failed):
        store.read(PROVIDER, lambda unit: unit.register.spend(1, 0))

    def forgotten(unit: Unit) -> None:
        unit.register.spend(7, 7)
        unit.forget()

    store.write(PROVIDER, forgotten)
    assert (1, 0) == _spend(store, PROVIDER, 1, 0)
