"""S11: nobody sees or changes what is another provider's, whatever is asked for.

The calls are those of tests/property/test_tenants.py, which makes them up, on a store and without HTTP.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from trust.face import Form, Outcome

GOAL = "S11"
BOUND = "0 rows seen or changed; every operation asked"
TENANTS = Path(__file__).parents[2] / "property" / "test_tenants.py"


def run(form: Form) -> Outcome:
    """Let two providers ask for what is the other's."""
    tenants = _tenants()
    return _crossed(form, tenants, form.pick(1_000, 10_000), tenants.OPERATIONS)


def _tenants() -> ModuleType:
    """The tests that make up the calls; they are in no package."""
    spec = importlib.util.spec_from_file_location("tenants", TENANTS)
    assert spec is not None
    assert spec.loader is not None
    sys.modules["tenants"] = tenants = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tenants)
    return tenants


def _crossed(form: Form, tenants: ModuleType, pairs: int, operations: set[Any]) -> Outcome:
    wrong: list[str] = []
    with tenants.founded(form.folder) as town:
        try:
            tenants.cross(town, pairs)
        except AssertionError as told:
            wrong.append(f"something of the other was seen or changed: {str(told)[:60]}")
        missing = operations - town.asked
    wrong += [f"{name} of {version} was not asked" for version, name in sorted(missing)]
    did = f"calls of two providers for what is the other's, {len(operations)} operations"
    return Outcome(did, f"{len(wrong)} wrong in {town.calls:,} calls", BOUND, tuple(wrong))


# --- the control -------------------------------------------------------------------------------------


@contextmanager
def _unbound(tenants: ModuleType) -> Iterator[None]:
    """Take the provider out of one query."""
    from storage import repositories

    kept = repositories._BY_ID
    repositories._BY_ID = tenants._loose(kept)
    try:
        yield
    finally:
        repositories._BY_ID = kept


def _receipts_of_all(form: Form) -> Outcome:
    tenants = _tenants()
    with _unbound(tenants):
        return _crossed(form, tenants, 1_000, set())


CONTROLS = {"a query is bound to its provider": _receipts_of_all}
