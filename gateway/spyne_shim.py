"""Lets spyne 2.14.0, of 2022, import on every Python we support; import this before spyne.

Its vendored six cannot find its own moved modules since Python 3.12, and the `cgi` module it parses
one header with is gone since 3.13. Both are put in place while spyne is imported, and what it does too
much of is turned off.
"""

from __future__ import annotations

import importlib
import logging
import sys
import types
import warnings
from email.message import Message
from typing import Any

_MOVED = {
    "collections_abc": "collections.abc",
    "http_cookies": "http.cookies",
    "urllib.parse": "urllib.parse",
    "urllib.request": "urllib.request",
    "urllib.error": "urllib.error",
}


def _parse_header(line: str) -> tuple[str, dict[str, str]]:
    """What `cgi.parse_header` did: a header's value and its parameters."""
    header = Message()
    header["content-type"] = line
    return header.get_content_type(), {str(k): str(v) for k, v in header.get_params(failobj=[])[1:]}


def _import_spyne() -> None:
    for name, now in _MOVED.items():
        sys.modules.setdefault(f"spyne.util.six.moves.{name}", importlib.import_module(now))
    real = sys.modules.get("cgi")
    cgi = sys.modules["cgi"] = types.ModuleType("cgi")
    cgi.parse_header = _parse_header  # type: ignore[attr-defined]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its own old syntax; ours are errors in the tests
            importlib.import_module("spyne.server.wsgi")
            importlib.import_module("spyne.protocol.soap")
    finally:
        del sys.modules["cgi"]
        if real is not None:
            sys.modules["cgi"] = real


def _quieten_spyne() -> None:
    const: Any = importlib.import_module("spyne.const")
    const.MIN_GC_INTERVAL = float("inf")  # or it collects inside requests, 38 ms each
    for name in ("spyne", "spyne.application.client"):  # they log whole bodies, and a trace per refusal
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


_import_spyne()
_quieten_spyne()
