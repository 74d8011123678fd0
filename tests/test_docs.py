"""The pages that are made from the code are those that lie in docs/."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from gateway import service

ROOT = Path(__file__).parent.parent


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("catalogues", ROOT / "tools" / "catalogues.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["lifecycle.md", "rules.md", "settings.md"])
def test_generated_pages_are_current(name: str) -> None:
    """A catalogue in docs/ says what the code says; `make docs` makes it anew."""
    page = (ROOT / "docs" / name).read_text("utf-8")

    assert _tool().pages()[name] == page


def test_every_operation_stands_beside_its_scope() -> None:
    """The table of scopes in docs/accounts.md names each operation once, beside what it is asked for."""
    page = (ROOT / "docs" / "accounts.md").read_text("utf-8")
    table = page.partition("| scope |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", table, re.MULTILINE)
    told = sorted((name, scope) for scope, names in rows for name in names.split(", "))
    known = {name: one.scope for version in service.VERSIONS for name, one in version.operations.items()}
    assert sorted((name, str(scope)) for name, scope in known.items() if scope is not None) == told
    [free] = (name for name, scope in known.items() if scope is None)
    assert f"{free} needs no account." in page
