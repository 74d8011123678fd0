"""Commands that run a client script of another language in tests/contract; they skip where they cannot."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "contract"


def node(script: str) -> list[str]:
    """The command of a node-soap script."""
    if shutil.which("node") is None:
        pytest.skip("not run: node is not installed")
    if not (HERE / "node" / "node_modules" / "soap").is_dir():
        pytest.skip("not run: npm ci was not run in tests/contract/node")
    return ["node", str(HERE / "node" / f"{script}.js")]


def php(script: str) -> list[str]:
    """The command of a PHP SoapClient script."""
    if shutil.which("php") is None:
        pytest.skip("not run: php is not installed")
    modules = subprocess.run(["php", "-m"], capture_output=True, text=True, check=True)  # noqa: S607
    if "soap" not in modules.stdout.split():
        pytest.skip("not run: php has no soap extension")
    return ["php", str(HERE / f"{script}.php")]
