"""Admission: few work, some wait in order, everyone else is told at once."""

from __future__ import annotations

import contextlib
import io
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import replace

import pytest
from fakes import Clock, FakeStore, make_gateway
from waiting import until

from gateway.admission import Admission
from gateway.errors import Busy
from gateway.service import VERSIONS
from gateway.soap import SoapDoor

PATIENCE = 30  # seconds after which a test that hangs is given up


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads that call."""
    with ThreadPoolExecutor(32) as pool:
        yield pool


def _at_last(admission: Admission, work: Callable[[], None]) -> None:
    """Have it done where there is hardly any patience: a slow machine may take longer to begin."""
    while True:
        with contextlib.suppress(Busy):
            return admission.run(work)


class Work:
    """A call at work until it may end."""

    def __init__(self, admission: Admission, pool: ThreadPoolExecutor) -> None:
        self._begun, self.may_end = threading.Event(), threading.Event()
        self.future = pool.submit(_at_last, admission, self._do)
        assert self._begun.wait(PATIENCE)

    def _do(self) -> None:
        self._begun.set()
        assert self.may_end.wait(PATIENCE)


def _come(pool: ThreadPoolExecutor, admission: Admission, name: int, served: list[int]) -> Future[None]:
    """Someone who comes, and waits in the queue when this returns."""
    waiting = admission.waiting
    future = pool.submit(admission.run, lambda: served.append(name))
    until(lambda: admission.waiting == waiting + 1, "one more waits")
    return future


def test_only_so_many_work_at_once(pool: ThreadPoolExecutor) -> None:
    """However many come, there are never more at work than may be, and always the same few threads."""
    admission, threads, at_work, most = Admission(2, 200, PATIENCE), set[int](), list[int](), list[int]()

    def work() -> None:
        at_work.append(1)
        most.append(len(at_work))
        threads.add(threading.get_ident())
        at_work.pop()

    for future in [pool.submit(admission.run, work) for _ in range(200)]:
        future.result(PATIENCE)
    assert 2 >= max(most)
    assert 2 >= len(threads)
    until(lambda: (0, 0) == (admission.working, admission.waiting), "nobody is there any more")


def test_who_waits_comes_in_order(pool: ThreadPoolExecutor) -> None:
    """Places are given in the order of arrival."""
    admission, served = Admission(1, 10, PATIENCE), list[int]()
    first = Work(admission, pool)
    futures = [_come(pool, admission, name, served) for name in range(10)]
    assert (1, 10) == (admission.working, admission.waiting)
    first.may_end.set()
    for future in futures:
        future.result(PATIENCE)
    assert list(range(10)) == served


def test_one_too_many_is_told_at_once(pool: ThreadPoolExecutor) -> None:
    """A full queue refuses, says when to come back, and keeps nobody's place."""
    admission, served = Admission(1, 1, PATIENCE), list[int]()
    first = Work(admission, pool)
    second = _come(pool, admission, 1, served)
    with pytest.raises(Busy) as refused:
        admission.run(lambda: served.append(2))
    first.may_end.set()
    second.result(PATIENCE)
    assert ([1], 1, "S902") == (served, refused.value.retry_after, refused.value.code)
    until(lambda: (0, 0) == (admission.working, admission.waiting), "nobody is there any more")


def test_who_waits_too_long_is_told(pool: ThreadPoolExecutor) -> None:
    """Waiting has an end; whoever gave up is not worked for, and leaves no gap in the queue."""
    admission, served = Admission(1, 1, 0.001), list[int]()
    first = Work(admission, pool)
    for _ in range(3):
        with pytest.raises(Busy):
            admission.run(lambda: served.append(1))
        assert 0 == admission.waiting
    first.may_end.set()
    first.future.result(PATIENCE)
    _at_last(admission, lambda: served.append(2))
    assert [2] == served


def test_who_works_for_long_is_not_told(pool: ThreadPoolExecutor) -> None:
    """Only waiting has an end: work that has begun may be stored already, and is seen through."""
    admission = Admission(1, 0, 0.001)
    slow = Work(admission, pool)
    threading.Event().wait(0.05)
    slow.may_end.set()
    assert slow.future.result(PATIENCE) is None


@pytest.mark.parametrize("trouble", [ZeroDivisionError, TimeoutError])
def test_trouble_at_work_frees_the_place(trouble: type[Exception]) -> None:
    """A call that fails gives its place back, and what went wrong is told as it is."""

    def fail() -> None:
        raise trouble

    admission = Admission(1, 0, PATIENCE)
    for _ in range(2):
        with pytest.raises(trouble):
            admission.run(fail)
        until(lambda: 0 == admission.working, "its place is free again")


def test_work_knows_whose_it_is() -> None:
    """What belongs to a call in its own thread belongs to it where its work is done."""
    trace: ContextVar[str] = ContextVar("trace")
    trace.set("abc")
    assert "abc" == Admission().run(trace.get)


def test_refusal_is_a_fault_that_says_when_to_come_back(pool: ThreadPoolExecutor) -> None:
    """Over SOAP whoever finds no place gets a fault of ours, HTTP 503, and Retry-After."""
    admission = Admission(1, 0, PATIENCE)
    gateway = replace(make_gateway(FakeStore(), Clock()), admission=admission)
    busy = Work(admission, pool)
    told: list[tuple[str, dict[str, str]]] = []
    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": "text/xml",
        "CONTENT_LENGTH": "4",
        "wsgi.input": io.BytesIO(b"<a/>"),
    }
    door = SoapDoor(VERSIONS[-1], gateway)
    body = b"".join(door(environ, lambda status, headers: told.append((status, dict(headers)))))
    busy.may_end.set()
    [(status, headers)] = told
    assert ("503 Service Unavailable", "1") == (status, headers["Retry-After"])
    assert b"Server</faultcode>" in body
    assert b"S902" in body
