"""The only place where parts are joined: settings in, a running gateway out."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from gateway import boards, findings, rules, schemas, service
from gateway.accounts import Gatekeeper
from gateway.board import Switchboard
from gateway.callouts import Asking, Breaker, Pace, Rhythm, Worker
from gateway.callouts.asking import Ask
from gateway.errors import Failed
from gateway.intake import Limits
from gateway.operations import Terms
from gateway.outbound import Waits
from gateway.pages import Pages
from gateway.schema import Reader
from gateway.sealing import load_key, make_key
from gateway.service import Gateway
from gateway.settings import Settings
from gateway.soap import SoapDoor
from storage import Store, open_store

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Clock = Callable[[], datetime]


def now() -> datetime:
    """The one clock, in UTC."""
    return datetime.now(UTC)


def limits(settings: Settings) -> Limits:
    """What bounds one call."""
    return Limits(**{field.name: getattr(settings, field.name) for field in dataclasses.fields(Limits)})


def reader(settings: Settings, bounds: Limits | None = None) -> Reader:
    """The reader of all payload versions, within the limits of one call or others."""
    return Reader(schemas.VERSIONS, bounds or limits(settings), settings.aliases)


def store(settings: Settings, clock: Clock = now) -> Store:
    """The store, with the key that seals its secrets; raises Failed without that key."""
    chunk = {name: min(adapter.most, settings.board_chunk) for name, adapter in boards.ADAPTERS.items()}
    return open_store(settings.database, load_key(settings.key_file), clock, lambda board: chunk[board])


def migrate(settings: Settings) -> bool:
    """Bring the database to the current schema; a new one gets a new key file. Says whether it did.

    Raises Failed where there are accounts but no key, since a new key could not open their secrets.
    """
    new = not Path(settings.key_file).exists()
    sealer = _NoKey() if new else load_key(settings.key_file)
    with closing(open_store(settings.database, sealer, now)) as opened:
        opened.migrate()
        if new and opened.accounts.providers():
            raise Failed(
                f"There are accounts, but no key file {settings.key_file}, which their secrets need.",
                remedy="Put it back, or name it by CME_GATEWAY_KEY_FILE; a new key could not open them.",
            )
    if new:
        make_key(settings.key_file)
    return new


class _NoKey:
    """Stands in for the key until it is made: nothing can be sealed before that."""

    def seal(self, plain: bytes) -> bytes:
        raise Failed("There is no key to seal with.")

    unseal = seal


@dataclass(frozen=True, slots=True)
class Application:
    """The gateway as one WSGI application: SOAP by POST, everything else by GET."""

    gateway: Gateway
    doors: dict[str, SoapDoor]
    pages: Pages

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Send a request to the door its path and method name."""
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "").rstrip("/")
        door = self.doors.get(path)
        if method == "POST" and door is not None:
            return door(environ, start_response)
        if method in {"GET", "HEAD"}:
            return self.pages(environ, start_response)
        if door is None:
            return _refused("404 Not Found", "GET, HEAD", start_response)
        return _refused("405 Method Not Allowed", "GET, HEAD, POST", start_response)


def catalogue() -> list[dict[str, Any]]:
    """Every code the gateway answers with, of rules, refusals and shapes, by code."""
    shapes = (
        {"code": code, "severity": str(severity), "text": text, "remedy": remedy, "source": "the XSD"}
        for code, (severity, text, remedy) in findings.SHAPE.items()
    )
    label = Reader(schemas.VERSIONS, Limits()).label
    known = [
        row | {"field": label(row["field"], row["payload"] or rules.ACTIVITY)} for row in rules.catalogue()
    ]
    columns = dict.fromkeys(known[0])
    return sorted((*known, *(columns | row for row in shapes)), key=lambda row: str(row["code"]))


def _refused(status: str, allow: str, start_response: StartResponse) -> list[bytes]:
    body = f"{status}. SOAP goes by POST to /soap/v1 or /soap/v2; / tells the rest.\n".encode()
    kind, length = ("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))
    start_response(status, [kind, length, ("Allow", allow)])
    return [body]


def ready(settings: Settings, clock: Clock = now) -> Store:
    """Open the store and compile the schemas; raises Failed when key or database are not ready."""
    opened = store(settings, clock)
    try:
        _check(opened, settings)
    except Failed:
        opened.close()
        raise
    judges = [judge for version in schemas.VERSIONS for judge in version.judges]
    for judge in (*judges, *(version.judge for version in service.VERSIONS)):
        judge.warm()
    opened.warm()
    return opened


@contextmanager
def opened(settings: Settings) -> Iterator[Store]:
    """A store for one command, closed at its end; raises Failed when key or database are not ready."""
    with closing(store(settings)) as opened:
        _check(opened, settings)
        yield opened


def _check(opened: Store, settings: Settings) -> None:
    """The database is one of this program, and the key is the one its secrets were sealed with."""
    opened.check()
    secret = opened.accounts.any_secret()
    if secret is not None:
        load_key(settings.key_file).unseal(secret)


def application(settings: Settings, clock: Clock = now) -> Application:
    """Join the parts; raises Failed when the key is missing or the database is not ready."""
    opened, key = ready(settings, clock), load_key(settings.key_file)
    gateway = Gateway(
        store=opened,
        reader=reader(settings),
        gatekeeper=Gatekeeper(opened.accounts.user, key, settings.credential_seconds),
        terms=Terms(
            clock=clock,
            zone=ZoneInfo(settings.zone),
            key_months=settings.key_months,
            duplicate_hours=settings.duplicate_hours,
            digest=key.digest,
            boards=boards.BOARDS,
            lookups=settings.match_lookups,
            misses=settings.match_misses,
        ),
        limits=limits(settings),
    )
    return Application(
        gateway,
        {f"/soap/{version.name}": SoapDoor(version, gateway) for version in service.VERSIONS},
        Pages(gateway.reader, settings.trusted_hosts, opened.check),
    )


@contextmanager
def worker(settings: Settings, ask: Ask | None = None, clock: Clock = now) -> Iterator[Worker]:
    """A worker that asks the boards that are connected; raises Failed when the store is not ready.

    `ask` stands in for the boards, where they are not to be called.
    """

    name = uuid.uuid4().hex  # a name that was ever used before would get the work of its dead namesake
    with (
        opened(settings) as store,
        closing(Switchboard(settings.boards, _waits(settings))) as switchboard,
        closing(store.queue(name)) as queue,
    ):
        breakers = {
            board: Breaker(settings.board_failures, settings.board_rest_seconds) for board in settings.boards
        }
        callouts = store.callouts(name, timedelta(hours=settings.board_patience_hours))
        asking = Asking(
            callouts, ask or switchboard.ask, pace(settings), clock, breakers, settings.board_calls
        )
        yield Worker(asking, callouts, store.workers(name), queue, rhythm(settings), clock)


def _waits(settings: Settings) -> Waits:
    return Waits(
        connect=settings.board_connect_seconds,
        read=settings.board_read_seconds,
        total=settings.board_total_seconds,
        bytes=settings.board_answer_bytes,
    )


def pace(settings: Settings) -> Pace:
    """When boards are asked again."""
    return Pace(settings.board_retry_seconds, settings.board_retry_most, settings.board_poll_seconds)


def rhythm(settings: Settings) -> Rhythm:
    """How a worker beats, looks and ends."""
    return Rhythm(
        beat=settings.worker_beat_seconds,
        silence=settings.worker_silence_seconds,
        look=settings.worker_look_seconds,
        stop=settings.worker_stop_seconds,
        keep=settings.worker_keep_hours,
        at_once=settings.board_calls,
        rate=settings.board_rate,
    )
