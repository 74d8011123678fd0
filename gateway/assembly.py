"""The only place where parts are joined: settings in, a running gateway out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from gateway import findings, rules, schemas, service
from gateway.accounts import Gatekeeper
from gateway.errors import Failed
from gateway.intake import Limits
from gateway.operations import Terms
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
    return open_store(settings.database, load_key(settings.key_file), clock)


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
    known = [row | {"field": label(row["field"])} for row in rules.catalogue()]
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
        opened.check()
    except Failed:
        opened.close()
        raise
    for version in (*schemas.VERSIONS, *service.VERSIONS):
        version.judge.warm()
    return opened


@contextmanager
def opened(settings: Settings) -> Iterator[Store]:
    """A store for one command, closed at its end; raises Failed when key or database are not ready."""
    with closing(store(settings)) as opened:
        opened.check()
        yield opened


def application(settings: Settings, clock: Clock = now) -> Application:
    """Join the parts; raises Failed when the key is missing or the database is not ready."""
    opened = ready(settings, clock)
    gateway = Gateway(
        store=opened,
        reader=reader(settings),
        gatekeeper=Gatekeeper(opened.accounts.user, load_key(settings.key_file), settings.credential_seconds),
        terms=Terms(
            clock=clock,
            zone=ZoneInfo(settings.zone),
            key_months=settings.key_months,
            duplicate_hours=settings.duplicate_hours,
        ),
        limits=limits(settings),
    )
    return Application(
        gateway,
        {f"/soap/{version.name}": SoapDoor(version, gateway) for version in service.VERSIONS},
        Pages(gateway.reader, settings.trusted_hosts, opened.check),
    )
