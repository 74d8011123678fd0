"""All doors on one fake store, called in process with whatever a request's surroundings may be."""

from __future__ import annotations

import io
from typing import Any

from fakes import Clock, FakeStore, make_gateway

from gateway import service
from gateway.calls import Door
from gateway.intake import Limits
from gateway.plain import PlainDoor
from gateway.soap import SoapDoor

Raw = tuple[str, dict[str, str], bytes]


class Doors:
    """Both service versions in SOAP, and both services of plain XML, without records."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.store = FakeStore()
        gateway = make_gateway(self.store, Clock(), limits)
        self.gateway = gateway
        self.doors: dict[str, Door] = {
            version.name: SoapDoor(version, gateway) for version in service.VERSIONS
        }
        self.doors |= {path: PlainDoor(path, gateway) for path in service.SERVICES}

    def send(self, body: bytes, version: str = "v2", **environ: Any) -> Raw:
        """Send a body by POST, as SOAP 1.1 if not told otherwise; None takes a key out of the environment.

        Gives status line, headers and body.
        """
        replies: list[tuple[str, list[tuple[str, str]]]] = []
        given = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": f"/soap/{version}",
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "wsgi.url_scheme": "http",
            "CONTENT_TYPE": "text/xml; charset=utf-8",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        } | environ
        present = {name: value for name, value in given.items() if value is not None}
        content = b"".join(self.doors[version](present, lambda *reply: replies.append(reply)))
        ((status, headers),) = replies
        return status, dict(headers), content

    def send_plain(self, operation: str, body: bytes, at: str | None = None, **environ: Any) -> Raw:
        """Send a body by POST as plain XML, to the operation's address or that of another service."""
        places = service.addresses_of(operation) or (f"{service.SERVICES[0]}/{operation}",)
        place = at or places[0].rpartition("/")[0]
        known = {"PATH_INFO": f"{place}/{operation}", "CONTENT_TYPE": "application/xml; charset=utf-8"}
        return self.send(body, place, **(known | environ))
