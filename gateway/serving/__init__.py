"""The gateway under a server: how requests come in whole, and how processes begin and end.

A thread waits for no client: a request is handed to one when it is whole, and an answer is sent by
whoever holds the connection. So five hundred slow clients cost five hundred sockets, and nothing else.
"""

import signal

from gateway.assembly import at_once
from gateway.settings import Settings

STOPS = {signal.SIGINT, signal.SIGQUIT, signal.SIGTERM}
SPARE = 4
"""Threads beyond those that work or wait: they refuse whoever is one too many, and show pages."""


def threads(settings: Settings) -> int:
    """How many threads a worker needs."""
    return at_once(settings) + settings.queue + SPARE
