"""The gateway under gunicorn: worker processes with a few threads each."""

from __future__ import annotations

import errno
import functools
import gc
import logging
import os
import signal
import socket
from collections.abc import Callable
from typing import Any, NoReturn

import gunicorn.util
from gunicorn.app.base import BaseApplication
from gunicorn.workers.gthread import ThreadWorker

from gateway.assembly import Application, application, ready
from gateway.errors import Failed
from gateway.settings import Settings

LINGER = 0.05
"""Seconds a worker waits for a client to hang up. gunicorn's own 2 s hold a worker's main loop, and
one client that leaves its socket open stalls everyone behind it."""

STOPS = {signal.SIGINT, signal.SIGQUIT, signal.SIGTERM}


def serve(settings: Settings, served: Callable[[], None] = lambda: None) -> None:
    """Serve until told to stop, and call `served` once calls are taken.

    Raises Failed where the address is taken or the store is not ready.
    """
    check_address(settings.bind)
    ready(settings).close()  # whatever is amiss is told here, once, and not by every worker
    logging.getLogger("gunicorn.error").setLevel(logging.WARNING)
    _hold_back_signals()
    gc.collect()
    gc.freeze()  # what is loaded now is shared by all workers and never looked at again
    _Server(settings, served).run()


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


def _hold_back_signals() -> None:
    """Keep a signal for a worker until it listens for it: one that came before would be lost, and the
    master, who tells each worker once, would wait for it as long as for a call."""
    os.register_at_fork(
        before=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, STOPS),
        after_in_parent=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS),
    )


class _Worker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threaded worker, which told to quit is gone.

    Its own would wait for a thread that waits for the rest of a half-sent call. Told twice at a time,
    as Ctrl-C does, to every process and then by the master, it would wait for a lock of its own.
    """

    def init_signals(self) -> None:
        """Listen for signals, those held back at the fork included."""
        super().init_signals()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)

    def handle_quit(self, sig: int, frame: object) -> NoReturn:
        """End at once; what was being written is rolled back."""
        os._exit(0)


class _Server(BaseApplication):  # type: ignore[misc]
    """gunicorn, told what to do by our settings and by nothing else."""

    def __init__(self, settings: Settings, served: Callable[[], None]) -> None:
        self._settings = settings
        self._served = served
        super().__init__()

    def load_config(self) -> None:
        """Set what differs from gunicorn's defaults."""
        settings = self._settings
        options: dict[str, Any] = {
            "bind": settings.bind,
            "workers": settings.workers,
            "threads": settings.threads,
            "worker_class": _Worker,
            "timeout": settings.request_timeout,
            "graceful_timeout": settings.request_timeout,
            "keepalive": 5,
            "forwarded_allow_ips": settings.forwarded_allow_ips,
            "control_socket_disable": True,  # or it opens one in the user's home
            "proc_name": "cme-gateway",
            "loglevel": "warning",
            "when_ready": lambda arbiter: self._served(),
            "post_worker_init": _hang_up_quickly,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Application:
        """Build the application, in each worker its own: connections do not outlive a fork."""
        return application(self._settings)


def _hang_up_quickly(worker: Any) -> None:
    gunicorn.util.close_graceful = functools.partial(gunicorn.util.close_graceful, timeout=LINGER)
