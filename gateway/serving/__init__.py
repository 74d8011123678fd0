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
TURN = 0.2
"""Seconds between looks at deadlines, and at the master: whose master is gone ends, and holds its port no
longer."""
MOST_HEAD = 64 * 1024
"""Bytes of the head of a request; one that has more is refused (431)."""
LINGER = 2.0
"""Seconds that more of a refused request is waited for, which is dropped: closed at once, a client that goes
on sending would not see why."""
MOST_BEYOND = 8 << 20
"""Bytes that are read, and dropped, of a refused request beyond what a body may have: most clients look for
an answer only when all is sent. Read no further, a sender is cut off, and may not see why."""


def threads(settings: Settings) -> int:
    """How many threads a worker needs."""
    return at_once(settings) + settings.queue + SPARE
