"""The gateway under gunicorn: worker processes with a few threads each."""

from __future__ import annotations

import errno
import functools
import gc
import logging
import socket
from typing import Any

import gunicorn.util
from gunicorn.app.base import BaseApplication

from gateway.assembly import Application, application, ready
from gateway.errors import Failed
from gateway.settings import Settings

LINGER = 0.05
"""Seconds a worker waits for a client to hang up. gunicorn's own 2 s hold a worker's main loop, and
one client that leaves its socket open stalls everyone behind it (clients.md)."""


def serve(settings: Settings) -> None:
    """Serve until told to stop; raises Failed where the address is taken or the store is not ready."""
    check_address(settings.bind)
    ready(settings).close()  # whatever is amiss is told here, once, and not by every worker
    logging.getLogger("gunicorn.error").setLevel(logging.WARNING)
    gc.collect()
    gc.freeze()  # what is loaded now is shared by all workers and never looked at again
    _Server(settings).run()


def check_address(bind: str) -> None:
    """Make sure that an address is free to be served; raises Failed, naming the port."""
    host, _, port = bind.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), int(port)))
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            raise Failed(
                f"Port {port} of {host} is in use."
                if taken
                else f"{bind} cannot be served: {error.strerror}.",
                remedy="Stop what uses it, or choose another address by CME_GATEWAY_BIND or --port.",
            ) from None


class _Server(BaseApplication):  # type: ignore[misc]
    """gunicorn, told what to do by our settings and by nothing else."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Set what differs from gunicorn's defaults."""
        settings = self._settings
        options: dict[str, Any] = {
            "bind": settings.bind,
            "workers": settings.workers,
            "threads": settings.threads,
            "worker_class": "gthread",
            "timeout": settings.request_timeout,
            "graceful_timeout": settings.request_timeout,
            "keepalive": 5,
            "forwarded_allow_ips": settings.forwarded_allow_ips,
            "control_socket_disable": True,  # or it opens one in the user's home
            "proc_name": "cme-gateway",
            "loglevel": "warning",
            "post_worker_init": _hang_up_quickly,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Application:
        """Build the application, in each worker its own: connections do not outlive a fork."""
        return application(self._settings)


def _hang_up_quickly(worker: Any) -> None:
    gunicorn.util.close_graceful = functools.partial(gunicorn.util.close_graceful, timeout=LINGER)
