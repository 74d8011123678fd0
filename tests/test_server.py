"""The gateway served: what the servers are told, how signals are kept, which addresses are free."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from gunicorn.workers.gthread import ThreadWorker
from msgspec.structs import replace

from gateway import server
from gateway.errors import Failed, Misused
from gateway.serving import SPARE, STOPS, under_gunicorn
from gateway.serving.connection import Patience
from gateway.serving.worker import PatientWorker
from gateway.settings import Settings

SETTINGS = Settings(
    bind="127.0.0.1:8099",
    workers=3,
    at_once=2,
    queue=5,
    request_timeout=7,
    header_seconds=3,
    body_seconds=4,
    body_rate=99,
    max_call_bytes=5000,
)


@contextmanager
def _taken(family: int, host: str) -> Iterator[int]:
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.bind((host, 0))
        listener.listen()
        yield listener.getsockname()[1]


def _configured() -> Any:
    return under_gunicorn._Server(SETTINGS, lambda: None).cfg


def test_server_is_told_what_the_settings_say() -> None:
    """Address, workers, threads and times come from the settings."""
    told = _configured()
    names = ("address", "workers", "threads", "timeout", "graceful_timeout")
    expected = [[("127.0.0.1", 8099)], 3, 2 + 5 + SPARE, 7, 7]
    assert expected == [getattr(told, name) for name in names]


def test_workers_are_told_what_the_settings_say() -> None:
    """How long a client is waited for, and how much it may send, comes from the settings."""
    worker = _configured().worker_class
    assert issubclass(worker, PatientWorker)
    assert (Patience(3, 4, 99), 5000) == (worker.patience, worker.most)


def test_application_starts_and_ends_with_its_worker() -> None:
    """What runs beside the calls is started in each worker, and stopped at its end, if it came so far."""
    told, worker = _configured(), Mock()
    told.post_worker_init(worker)
    worker.wsgi.start.assert_called_once_with()
    told.worker_exit(None, worker)
    worker.wsgi.stop.assert_called_once_with()
    told.worker_exit(None, Mock(spec=[]))


def test_server_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for a server that is not there, the command says how to get it."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Misused, match="granian is not installed") as refused:
        server.serve(Settings(server="granian"))
    assert "cme-gateway[granian]" in refused.value.remedy


@pytest.mark.parametrize(
    ("server_name", "certificate", "key", "said"),
    [
        ("gunicorn", "a.pem", "b.pem", "granian"),
        ("granian", "none.pem", "none.pem", "No such file"),
        ("granian", "text.pem", "text.pem", "no certificate"),
        ("granian", "text.pem", "", "No TLS"),
    ],
)
def test_tls_that_cannot_be_is_told_before_anything_is_served(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, server_name: str, certificate: str, key: str, said: str
) -> None:
    """Missing and wrong files are wrong usage, told with their names."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.pem").write_text("text")
    told = replace(SETTINGS, server=server_name, tls_certificate=certificate, tls_key=key)
    with pytest.raises(Misused) as refused:
        server.serve(told)
    assert said in refused.value.text + refused.value.remedy


def test_server_opens_no_socket_of_its_own() -> None:
    """gunicorn's control socket, which it would open in the user's home, stays off."""
    assert _configured().control_socket_disable is True


def test_server_speaks_once_it_listens() -> None:
    """Whoever serves is told when calls are taken, and not before."""
    told: list[str] = []
    listening = under_gunicorn._Server(SETTINGS, lambda: told.append("ready")).cfg.when_ready
    assert [] == told
    listening(None)
    assert ["ready"] == told


@pytest.mark.parametrize("sent", sorted(STOPS), ids=str)
def test_signal_before_a_worker_listens_is_kept(sent: signal.Signals) -> None:
    """A worker that is told to stop while it starts is told of it as soon as it listens."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    heard: list[int] = []
    before = {one: signal.signal(one, lambda number, frame: heard.append(number)) for one in STOPS}
    try:
        signal.raise_signal(sent)
        assert [] == heard
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ThreadWorker, "init_signals", lambda worker: None)
            PatientWorker.init_signals(Mock(spec=PatientWorker))
        assert [sent] == heard
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
        for one, handler in before.items():
            signal.signal(one, handler)


def test_worker_told_to_quit_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker told to quit waits for no thread that still reads a half-sent call, nor for itself."""
    codes: list[int] = []
    monkeypatch.setattr(os, "_exit", codes.append)
    PatientWorker.handle_quit(Mock(spec=PatientWorker), signal.SIGQUIT, None)
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
    with _taken(family, host) as port, pytest.raises(Failed, match=rf"Port {port} of .* is in use\.") as told:
        server.check_address(f"{shown}:{port}")
    assert "by CME_GATEWAY_BIND." in told.value.remedy  # serve has no --port


def test_foreign_address_is_named() -> None:
    """An address that is not of this machine is refused in one sentence."""
    with pytest.raises(Failed, match=r"192\.0\.2\.1:8080 cannot be served: "):
        server.check_address("192.0.2.1:8080")


def test_address_that_becomes_free_is_waited_for() -> None:
    """What a killed server left behind gives its address up in a moment, and so long is waited."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        threading.Timer(0.1, listener.close).start()
        server.check_address(f"127.0.0.1:{port}", 30.0)
