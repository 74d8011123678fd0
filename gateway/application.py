"""The gateway as one WSGI application: which door a request goes to, and what runs beside the calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from gateway.calls import Door, Environ, StartResponse
from gateway.pages import Pages
from gateway.service import Gateway


class Part(Protocol):
    """What runs beside the calls in a process that serves them, in threads of its own."""

    def start(self) -> None:
        """Begin; called in the serving process, since threads do not outlive a fork."""

    def stop(self) -> None:
        """End, once the last call is answered."""


@dataclass(frozen=True, slots=True)
class Application:
    """The gateway as one WSGI application: SOAP and plain XML by POST, everything else by GET.

    `doors` stand at their paths; what is at or one step under the path of one of the `services` is its own.
    Whoever serves it calls `start` in the process that serves, and `stop` at its end.
    """

    gateway: Gateway
    doors: Mapping[str, Door]
    services: Mapping[str, Door]
    pages: Pages
    parts: tuple[Part, ...] = ()

    def start(self) -> None:
        """Start what runs beside the calls."""
        for part in self.parts:
            part.start()

    def stop(self) -> None:
        """Stop what runs beside the calls, the last one first."""
        for part in reversed(self.parts):
            part.stop()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Send a request to the door its path and method name."""
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "").rstrip("/")
        service = self.services.get(path) or self.services.get(path.rpartition("/")[0])
        if service is not None:
            return service(environ, start_response)
        door = self.doors.get(path)
        if method == "POST" and door is not None:
            return door(environ, start_response)
        if method in {"GET", "HEAD"}:
            return self.pages(environ, start_response)
        read = ["GET", "HEAD"] if self.pages.has(path, environ.get("QUERY_STRING", "")) else []
        allow = ", ".join((*read, *(["POST"] if door is not None else [])))
        status = "405 Method Not Allowed" if allow else "404 Not Found"
        return _refused(status, allow, self.doors, start_response)


def _refused(status: str, allow: str, soap: Iterable[str], start_response: StartResponse) -> list[bytes]:
    body = f"{status}. SOAP goes by POST to {' or '.join(soap)}; / tells the rest.\n".encode()
    kind, length = ("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))
    start_response(status, [kind, length, *([("Allow", allow)] if allow else [])])
    return [body]
