"""The pages that are made from the code are those that lie in docs/."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

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
