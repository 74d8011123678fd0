"""The gateway served: an address, worker processes, and an end in which no call is lost."""

from __future__ import annotations

import errno
import importlib.util
import os
import signal
import socket
import ssl
import time
from collections.abc import Callable

from gateway import __version__, logs, metrics
from gateway.assembly import ready
from gateway.errors import Failed, Misused
from gateway.memory import lasting
from gateway.serving import STOPS
from gateway.settings import Settings

PORT_SECONDS = 2.0
"""Seconds to wait for an address: workers whose master was killed hold it for a moment."""


Run = Callable[[Settings, Callable[[], None]], None]


def serve(settings: Settings, served: Callable[[], None] = lambda: None) -> None:
    """Serve until told to stop, and call `served` once calls are taken.

    Raises Failed where the address is taken or the store is not ready, Misused where the server is
    not installed or cannot serve the certificate.
    """
    run = _server(settings.server)
    _check_tls(settings)
    check_address(settings.bind, PORT_SECONDS)
    with lasting():  # and shared by all workers
        ready(settings).close()  # whatever is amiss is told here, once, and not by every worker
        logs.begin(settings.log_format, settings.log_level)
    _count_together(settings)
    _hold_back_signals()
    master = os.getpid()
    logs.note("serving", address=settings.bind, server=settings.server, version=__version__)
    try:
        run(settings, served)
    finally:
        if os.getpid() == master:  # a worker leaves by the same way
            logs.note("served no longer", address=settings.bind)
            metrics.share_no_more()


def _count_together(settings: Settings) -> None:
    """Have the workers count into one folder."""
    metrics.share(metrics.folder_for(settings.bind, settings.metrics_folder))


def _server(name: str) -> Run:
    if importlib.util.find_spec(name) is None:
        raise Misused(f"{name} is not installed.", remedy=f"Install it: pip install 'cme-gateway[{name}]'.")
    if name == "granian":
        from gateway.serving import under_granian

        return under_granian.run
    from gateway.serving import under_gunicorn

    return under_gunicorn.run


def _check_tls(settings: Settings) -> None:
    """A certificate and its key belong together, and with the server that can use them."""
    files = settings.tls_certificate, settings.tls_key
    if not any(files):
        return
    if settings.server != "granian":
        raise Misused("Only granian can end TLS itself.", remedy="Use --server granian, or a proxy.")
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(*files, password=lambda: "")
    except ssl.SSLError:
        raise Misused(f"No TLS with {' and '.join(files)}: no certificate and key of it.") from None
    except OSError as error:
        raise Misused(f"No TLS with {' and '.join(files)}: {error.strerror}.") from None


def url(settings: Settings) -> str:
    """Where it is served."""
    return f"http{'s' if settings.tls_certificate else ''}://{settings.bind}"


def check_address(bind: str, seconds: float = 0.0, by: str = "CME_GATEWAY_BIND") -> None:
    """Make sure that an address is free to be served, waiting for it so long.

    Raises Failed, naming the port, and `by` what another one is chosen.
    """
    deadline = time.monotonic() + seconds
    while (error := _trouble(bind)) is not None:
        taken = error.errno == errno.EADDRINUSE
        if taken and time.monotonic() < deadline:
            time.sleep(0.05)
            continue
        host, _, port = bind.rpartition(":")
        raise Failed(
            f"Port {port} of {host} is in use." if taken else f"{bind} cannot be served: {error.strerror}.",
            remedy=f"Stop what uses it, or choose another address by {by}.",
        )


def _trouble(bind: str) -> OSError | None:
    """What the system says against an address."""
    host, _, port = bind.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), int(port)))
        except OSError as error:
            return error
    return None


def _hold_back_signals() -> None:
    """Keep a signal for a worker until it listens for it: one that came before would be lost, and the
    master, who tells each worker once, would wait for it as long as for a call."""
    os.register_at_fork(
        before=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, STOPS),
        after_in_parent=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS),
    )
