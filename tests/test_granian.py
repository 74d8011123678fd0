"""granian as we use it: a request becomes the same WSGI environment as under gunicorn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.accounts import Proxies
from gateway.serving import MOST_HEAD

under_granian = pytest.importorskip("gateway.serving.under_granian", reason="granian is not installed")

HEADERS = [("host", "cme.example"), ("content-type", "text/xml"), ("soapaction", '""')]
PROXY = Proxies("192.0.2.1, 2001:db8::/32")
MOST = 1000


def _scope(*headers: tuple[str, str], client: str = "192.0.2.1:5000", **more: Any) -> Any:
    known = {
        "method": "POST",
        "path": "/soap/v2",
        "query_string": "a=b",
        "server": "127.0.0.1:8080",
        "client": client,
        "scheme": "http",
        "http_version": "1.1",
        "headers": SimpleNamespace(items=lambda: [*HEADERS, *headers]),
    }
    return SimpleNamespace(**known | more)


def _environ(*headers: tuple[str, str], **more: Any) -> dict[str, Any]:
    environ = under_granian._environ(_scope(*headers, **more), PROXY)
    assert environ is not None
    return dict(environ)


def test_request_is_written_as_wsgi_has_it() -> None:
    """Method, path, query, both ends and the header fields stand under their WSGI names."""
    environ = _environ(("content-length", "5"), path="/soap/v2%20%c3%a9")
    expected = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/soap/v2 Ã©",
        "QUERY_STRING": "a=b",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8080",
        "REMOTE_ADDR": "192.0.2.1",
        "HTTP_HOST": "cme.example",
        "HTTP_SOAPACTION": '""',
        "CONTENT_TYPE": "text/xml",
        "CONTENT_LENGTH": "5",
    }
    assert expected == {name: environ[name] for name in expected}


def test_repeated_fields_are_joined_and_disguised_ones_left_out() -> None:
    """A field that comes twice is one with both values; one with an underscore would pass for another."""
    environ = _environ(("x-a", "1"), ("x-a", "2"), ("x_forwarded_proto", "https"), ("content_length", "9"))
    assert "1,2" == environ["HTTP_X_A"]
    assert {"HTTP_X_FORWARDED_PROTO", "CONTENT_LENGTH"}.isdisjoint(environ)


@pytest.mark.parametrize(
    "headers",
    [
        [("content-length", "5"), ("content-length", "5")],
        [("content-length", "5"), ("transfer-encoding", "chunked")],
    ],
)
def test_length_that_is_said_twice_is_refused(headers: list[tuple[str, str]]) -> None:
    """Where the length of a body could be read in two ways, nothing is read."""
    assert under_granian._environ(_scope(*headers), PROXY) is None


@pytest.mark.parametrize(
    ("codings", "plain"),
    [
        ([], True),
        (["chunked"], True),
        (["Chunked"], True),
        (["gzip, chunked"], False),
        (["gzip", "chunked"], False),
    ],
)
def test_coded_body_is_not_taken_for_what_it_says(codings: list[str], plain: bool) -> None:
    """A body that is coded in any way but in chunks is none that can be read, as under gunicorn."""
    environ = _environ(*(("transfer-encoding", coding) for coding in codings))
    assert plain == under_granian._is_plain(environ)


@pytest.mark.parametrize(
    ("client", "said", "scheme"),
    [
        ("192.0.2.1:5000", "https", "https"),
        ("[2001:db8::9]:5000", "HTTPS", "https"),
        ("192.0.2.2:5000", "https", "http"),
        ("192.0.2.1:5000", "javascript", "http"),
    ],
)
def test_proxy_says_how_it_was_called(client: str, said: str, scheme: str) -> None:
    """A trusted proxy, and nobody else, says that the caller used TLS."""
    assert scheme == _environ(("x-forwarded-proto", said), client=client)["wsgi.url_scheme"]


def test_every_proxy_may_be_trusted() -> None:
    """An asterisk stands for all addresses, as under gunicorn."""
    fields = {"HTTP_X_FORWARDED_PROTO": "https"}
    assert "https" == under_granian._scheme("http", "198.51.100.7", fields, Proxies("*"))


@pytest.mark.parametrize(
    ("headers", "more", "large"),
    [
        ([("x-a", "a" * 65_000)], {}, False),
        ([("x-a", "a" * 66_000)], {}, True),
        ([(f"x-{number}", "a" * 1_000) for number in range(66)], {}, True),
        ([("x-a", "a" * 33_000)], {"query_string": "b" * 33_000}, True),
    ],
)
def test_large_head_is_refused(headers: list[tuple[str, str]], more: dict[str, str], large: bool) -> None:
    """As under gunicorn, whose limit is that of a whole head: nothing of it is given to the application."""
    scope = _scope(*headers, **more)
    assert large == (under_granian._head(scope) > MOST_HEAD)
    if large:
        status, told, _ = asyncio.run(_face(30.0)._answer(scope, None))
        assert (431, True) == (status, ("Connection", "close") in told)


# --- bodies --------------------------------------------------------------------------------------------


def _face(seconds: float) -> Any:
    face = object.__new__(under_granian._Face)
    face._settings = SimpleNamespace(max_call_bytes=MOST)
    face._patience = under_granian.Patience(head=seconds, body=seconds, rate=1.0)
    return face


def _read(face: Any, *pieces: bytes | None, **environ: str) -> bytes:
    """The body of a request in these pieces; None never comes."""

    async def protocol() -> AsyncIterator[bytes]:
        for piece in pieces:
            if piece is None:
                await asyncio.Event().wait()
            else:
                yield piece

    read: Callable[[], Any] = lambda: face._input(protocol(), environ)  # noqa: E731  made where it runs
    return bytes(asyncio.run(read()).read())


def test_body_is_read_whole() -> None:
    """All pieces, in their order."""
    assert b"abcdef" == _read(_face(30.0), b"abc", b"", b"def")


def test_slow_body_cannot_be_read() -> None:
    """A body that does not come in time is not taken for whole, though in chunks it does not say what is
    missing; nor is one that is coded."""
    with pytest.raises(ConnectionResetError):
        _read(_face(0.01), b"abc", None)
    with pytest.raises(ConnectionResetError):
        _read(_face(30.0), b"abc", HTTP_TRANSFER_ENCODING="gzip, chunked")


def test_large_body_is_read_as_far_as_it_shows() -> None:
    """One byte more than is taken is enough to refuse it."""
    assert MOST + 1 == len(_read(_face(30.0), bytes(MOST), bytes(MOST), None))


@pytest.mark.parametrize(("announced", "large"), [("1000", False), ("1001", True), ("", False), ("x", False)])
def test_announced_length_is_enough_to_refuse(announced: str, large: bool) -> None:
    """A body that is announced as too large is not read at all."""
    assert large == _face(30.0)._is_large({"CONTENT_LENGTH": announced})
