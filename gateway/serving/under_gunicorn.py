"""The gateway under gunicorn, which keeps the worker processes, with workers of our own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from gateway.application import Application
from gateway.assembly import application
from gateway.serving import threads
from gateway.serving.connection import Patience
from gateway.serving.worker import PatientWorker
from gateway.settings import Settings


def run(settings: Settings, served: Callable[[], None]) -> None:
    """Serve until told to stop, and call `served` once calls are taken."""
    _Server(settings, served).run()


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
            "threads": threads(settings),
            "worker_class": _worker(settings),
            "timeout": settings.request_timeout,
            "graceful_timeout": settings.request_timeout,
            "keepalive": 5,
            "forwarded_allow_ips": settings.forwarded_allow_ips,
            "control_socket_disable": True,  # or it opens one in the user's home
            "proc_name": "cme-gateway",
            "loglevel": "error",
            "logger_class": _Logger,
            "when_ready": lambda arbiter: self._served(),
            "post_worker_init": lambda worker: worker.wsgi.start(),
            "worker_exit": _end,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Application:
        """Build the application, in each worker its own: connections do not outlive a fork."""
        return application(self._settings)


class _Logger(Logger):  # type: ignore[misc]
    """gunicorn's logs, which go the way of all others (gateway.logs)."""

    def setup(self, cfg: Any) -> None:
        """Write nowhere, and hand on."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


def _worker(settings: Settings) -> type[PatientWorker]:
    patience = Patience(settings.header_seconds, settings.body_seconds, settings.body_rate)
    return type("Worker", (PatientWorker,), {"patience": patience, "most": settings.max_call_bytes})


def _end(server: Any, worker: Any) -> None:
    """Stop what runs beside the calls; a worker that failed before it had an application has none."""
    if hasattr(worker, "wsgi"):
        worker.wsgi.stop()
