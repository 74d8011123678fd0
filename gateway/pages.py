"""What is read by GET: contracts with the caller's address, schemas, versions, health."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Callable, Iterable, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from gateway.errors import GatewayError, NotFound, Refused
from gateway.schema import Reader

Environ = Mapping[str, Any]
StartResponse = Callable[..., Any]
Answer = tuple[str, bytes]

XML = "text/xml; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
JSON = "application/json; charset=utf-8"
TYPES = {".xsd": XML, ".wsdl": XML, ".toml": TEXT}
PLACEHOLDER = b"http://localhost/soap/"
"""The address as the kept contracts write it; everything else of them is served byte for byte."""


class UntrustedHost(Refused):
    """The Host of the request is not one this gateway goes by."""

    code = "S005"
    remedy = "Call it by a name it knows; the operator lists those in CME_GATEWAY_TRUSTED_HOSTS."


class Pages:
    """Everything that is read by GET, as a WSGI application.

    `hosts` are the host names the gateway goes by, without port: only these are written into a
    contract. `check` raises when the store is not ready.
    """

    def __init__(self, reader: Reader, hosts: Iterable[str], check: Callable[[], None]) -> None:
        self._reader = reader
        self._hosts = frozenset(host.strip("[]").lower() for host in hosts)
        self._check = check

    def __call__(self, environ: Environ, start_response: StartResponse) -> list[bytes]:
        """Answer a GET or HEAD."""
        try:
            status, (kind, body) = "200 OK", self._answer(environ)
        except GatewayError as error:
            status = f"{error.http_status} {'Not Found' if isinstance(error, NotFound) else 'Refused'}"
            kind, body = TEXT, f"{error.code}: {error.text}\n{error.remedy}\n".encode()
        start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _answer(self, environ: Environ) -> Answer:
        path = environ.get("PATH_INFO", "/")
        room, _, rest = path.strip("/").partition("/")
        if room == "soap":
            return self._endpoint(rest.strip("/"), environ)
        if room == "wsdl" and rest.endswith(".wsdl"):
            return self._contract(rest, environ)
        if room in {"xsd", "wsdl"}:
            return TYPES.get(posixpath.splitext(rest)[1], TEXT), _file(files(room), rest).read_bytes()
        pages = {"": self._front, "live": self._live, "ready": self._ready, "versions": self._versions}
        page = pages.get(room)
        if page is None or rest:
            raise NotFound(f"There is no page {path[:60]}.", remedy="See / for what there is.")
        return page()

    def _endpoint(self, version: str, environ: Environ) -> Answer:
        if environ.get("QUERY_STRING", "").lower().partition("&")[0].partition("=")[0] == "wsdl":
            return self._contract(f"{version}.wsdl", environ)
        raise Refused(
            f"/soap/{version[:20]} takes SOAP by POST.", remedy=f"Its contract is /soap/{version[:20]}?wsdl."
        )

    def _contract(self, name: str, environ: Environ) -> Answer:
        text = _file(files("wsdl"), name).read_bytes()
        return XML, text.replace(PLACEHOLDER, f"{self._address(environ)}/soap/".encode())

    def _address(self, environ: Environ) -> str:
        """The address the caller knows this gateway by, taken anew from each request."""
        host = environ.get("HTTP_HOST") or f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
        if name.strip("[]").lower() not in self._hosts:
            raise UntrustedHost()
        return f"{environ['wsgi.url_scheme']}://{host}"

    def _front(self) -> Answer:
        return TEXT, FRONT.encode()

    def _live(self) -> Answer:
        return TEXT, b"alive\n"

    def _ready(self) -> Answer:
        self._check()
        return JSON, json.dumps({"ready": True, "database": "ok"}).encode()

    def _versions(self) -> Answer:
        spans = self._reader.lifespans
        rows = [
            {
                "payload": version.payload,
                "version": version.name,
                "namespace": version.namespace,
                **{
                    name: str(day) if (day := getattr(spans[version.payload, version.name], name)) else None
                    for name in ("introduced", "deprecated", "sunset")
                },
            }
            for version in self._reader.versions
        ]
        return JSON, json.dumps(rows, indent=2).encode()


FRONT = """cme-gateway: reporting of continuing medical education over SOAP.

/soap/v1?wsdl   the contract of service version 1
/soap/v2?wsdl   the contract of service version 2
/xsd/           the schemas, e.g. /xsd/activity/v2_0/activity.xsd
/versions       payload versions and their dates
/live /ready    health

An independent project, not affiliated with ACCME or any certifying board.
"""


def _file(folder: Traversable, name: str) -> Traversable:
    """A file of a data package; names that lead elsewhere are unknown."""
    steps = name.split("/")
    known = posixpath.splitext(name)[1] in TYPES
    if not known or not all(step and step[0] != "." for step in steps):
        raise NotFound("There is no such file.", remedy="See /versions for the schemas there are.")
    for step in steps:
        folder = folder / step
    if not folder.is_file():
        raise NotFound("There is no such file.", remedy="See /versions for the schemas there are.")
    return folder
