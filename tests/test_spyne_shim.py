"""What is made of spyne before anything is asked of it."""

from __future__ import annotations

import importlib
import logging

import pytest

import gateway.spyne_shim  # noqa: F401  it is this that does it


@pytest.mark.parametrize(
    "name", ["spyne.protocol.xml", "spyne.protocol.soap.soap11", "spyne.application.client"]
)
def test_spyne_writes_no_log(name: str) -> None:
    """Not even of what is critical: what it writes has bodies in it. Another logger does."""
    assert not logging.getLogger(name).isEnabledFor(logging.CRITICAL)
    assert logging.getLogger("gateway").isEnabledFor(logging.CRITICAL)


def test_spyne_collects_no_garbage_inside_a_request() -> None:
    """However long it has been."""
    assert float("inf") == importlib.import_module("spyne.const").MIN_GC_INTERVAL
