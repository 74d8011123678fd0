"""gunicorn as we run it: what it is told, what it may not do, and how it stops."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import Mock

import gunicorn.util
import pytest
from gunicorn.workers.gthread import ThreadWorker

from gateway import server
from gateway.errors import Failed
from gateway.settings import Settings

SETTINGS = Settings(bind="127.0.0.1:8099", workers=3, threads=5, request_timeout=7)


@contextmanager
def _taken(family: int, host: str) -> Iterator[int]:
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.bind((host, 0))
        listener.listen()
        yield listener.getsockname()[1]


def _configured() -> Any:
    return server._Server(SETTINGS, lambda: None).cfg


def test_server_is_told_what_the_settings_say() -> None:
    """Address, workers, threads and times come from the settings."""
    told = _configured()
    names = ("address", "workers", "threads", "worker_class", "timeout", "graceful_timeout")
    expected = [[("127.0.0.1", 8099)], 3, 5, server._Worker, 7, 7]
    assert expected == [getattr(told, name) for name in names]


def test_server_opens_no_socket_of_its_own() -> None:
    """gunicorn's control socket, which it would open in the user's home, stays off."""
    assert _configured().control_socket_disable is True


def test_server_speaks_once_it_listens() -> None:
    """Whoever serves is told when calls are taken, and not before."""
    told: list[str] = []
    listening = server._Server(SETTINGS, lambda: told.append("ready")).cfg.when_ready
    assert [] == told
    listening(None)
    assert ["ready"] == told


def test_worker_hangs_up_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker gives a client that leaves its socket open 0.05 s, not gunicorn's own 2 s."""
    given: list[float] = []
    monkeypatch.setattr(gunicorn.util, "close_graceful", lambda sock, timeout=2.0: given.append(timeout))
    gunicorn.util.close_graceful(None)
    _configured().post_worker_init(None)
    gunicorn.util.close_graceful(None)
    assert [2.0, server.LINGER] == given


@pytest.mark.parametrize("sent", sorted(server.STOPS), ids=str)
def test_signal_before_a_worker_listens_is_kept(sent: signal.Signals) -> None:
    """A worker that is told to stop while it starts is told of it as soon as it listens."""
    signal.pthread_sigmask(signal.SIG_BLOCK, server.STOPS)
    heard: list[int] = []
    before = {one: signal.signal(one, lambda number, frame: heard.append(number)) for one in server.STOPS}
    try:
        signal.raise_signal(sent)
        assert [] == heard
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ThreadWorker, "init_signals", lambda worker: None)
            server._Worker.init_signals(Mock(spec=server._Worker))
        assert [sent] == heard
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, server.STOPS)
        for one, handler in before.items():
            signal.signal(one, handler)


def test_worker_told_to_quit_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker told to quit waits for no thread that still reads a half-sent call, nor for itself."""
    codes: list[int] = []
    monkeypatch.setattr(os, "_exit", codes.append)
    server._Worker.handle_quit(Mock(spec=server._Worker), signal.SIGQUIT, None)
    assert [0] == codes


def test_free_address_passes() -> None:
    """An address nobody listens at can be served, by number or by name."""
    with _taken(socket.AF_INET, "127.0.0.1") as port:
        pass
    for host in ("127.0.0.1", "localhost"):
        server.check_address(f"{host}:{port}")


@pytest.mark.parametrize(
    ("family", "host", "shown"),
    [(socket.AF_INET, "127.0.0.1", "127.0.0.1"), (socket.AF_INET6, "::1", "[::1]")],
)
def test_taken_address_is_named(family: int, host: str, shown: str) -> None:
    """A port in use is one sentence that names it."""
    with _taken(family, host) as port, pytest.raises(Failed, match=rf"Port {port} of .* is in use\."):
        server.check_address(f"{shown}:{port}")


def test_foreign_address_is_named() -> None:
    """An address that is not of this machine is refused in one sentence."""
    with pytest.raises(Failed, match=r"192\.0\.2\.1:8080 cannot be served: "):
        server.check_address("192.0.2.1:8080")
