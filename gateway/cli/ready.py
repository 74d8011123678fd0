"""The command that asks the gateway of this machine whether it is ready."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any

import click

from gateway import settings
from gateway.errors import Failed, Unreachable
from gateway.settings import Settings
from gateway.terminal import say

SECONDS = 4
ALL = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104  asked, not served
"""Where a gateway is asked that takes calls at all addresses."""


@click.command()
def ready() -> None:
    """Ask the gateway served here whether it takes calls.

    At the address, and by TLS, as the settings say. Exits with 1 where it does not: for the health checks
    of containers. That no worker lives is said, and does not count.
    """
    configured = settings.load()
    ill, workers = _seen(configured)
    for name, part in ill.items():
        raise Failed(f"Not ready: {name} {part['state']}.", remedy=part["remedy"])
    say(f"Ready. Of workers {workers['state']}. {workers['remedy']}" if workers else "Ready.")


def _seen(configured: Settings) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """Which of its parts are not well, and what is to be said of workers. Raises Unreachable."""
    try:
        with closing(_connection(configured)) as connection:
            connection.request("GET", "/ready")
            told = json.load(connection.getresponse())
            workers = told.get("workers") or {}
            return (
                {name: part for name, part in told["parts"].items() if not part["ok"]},
                {name: str(workers[name]) for name in ("state", "remedy") if "state" in workers},
            )
    except (OSError, HTTPException, ValueError, LookupError, TypeError, AttributeError):
        raise Unreachable(
            f"No gateway answers at {configured.bind}.", remedy="Start it, or correct CME_GATEWAY_BIND."
        ) from None


def _connection(configured: Settings) -> HTTPConnection:
    host, _, port = configured.bind.rpartition(":")
    host = ALL.get(host, host)
    if not configured.tls_certificate:
        return HTTPConnection(host, int(port), timeout=SECONDS)
    unproven = ssl.create_default_context()
    unproven.check_hostname = False  # it is certified under another name than the one it is asked by here
    unproven.verify_mode = ssl.CERT_NONE
    return HTTPSConnection(host, int(port), timeout=SECONDS, context=unproven)
