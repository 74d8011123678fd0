"""What is read by GET: contracts with the caller's address, schemas, versions, health."""

from __future__ import annotations

import json
import posixpath
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from gateway.answers import failed
from gateway.calls import Environ, StartResponse
from gateway.errors import GatewayError, NotFound, UntrustedHost, WrongMethod
from gateway.quoting import shown
from gateway.schema import Reader
from gateway.service import VERSIONS

Answer = tuple[str, bytes]

XML = "text/xml; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=utf-8"
METRICS = "text/plain; version=0.0.4; charset=utf-8"
TYPES = {".xsd": XML, ".wsdl": XML, ".toml": TEXT}
HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\[\]:/@\s]+)(:\d{1,5})?", re.ASCII | re.IGNORECASE)
CONTRACT = re.compile("(^|&)wsdl([=&]|$)", re.IGNORECASE)
TWIN = re.compile(r"(^|&)soap=(1\.2|12)(&|$)", re.IGNORECASE)
PLACEHOLDER = b"http://localhost/soap/"
"""The address as the kept contracts write it; everything else of them is served byte for byte."""

IN_SOAP12 = (
    (
        b'xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"',
        b'xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/"',
    ),
    (b"<soap:", b"<soap12:"),
    (b"SOAP 1.1", b"SOAP 1.2"),
)
"""What the twin of a contract says instead: its binding is to SOAP 1.2, and nothing else differs. It is
made from the kept one, so that there is one source."""


class Pages:
    """Everything that is read by GET, as a WSGI application.

    `hosts` are the host names the gateway goes by, without port: only these are written into a
    contract. `ready` says whether calls can be taken, and how everything stands, `metrics` gives theirs.
    """

    def __init__(
        self,
        reader: Reader,
        hosts: Iterable[str],
        ready: Callable[[], tuple[bool, Mapping[str, Any]]],
        metrics: Callable[[], bytes],
    ) -> None:
        self._reader = reader
        self._hosts = frozenset(host.strip("[]").lower() for host in hosts)
        self._readiness = ready
        self._metrics = metrics
        self._files = dict(file for room in ("xsd", "wsdl") for file in _files(room, files(room)))
        self._files |= dict(_twins(self._files))
        self._pages = {
            "": self._front,
            "live": self._live,
            "versions": self._versions,
            "metrics": self._counted,
        }

    def __call__(self, environ: Environ, start_response: StartResponse) -> list[bytes]:
        """Answer a GET or HEAD."""
        more: list[tuple[str, str]] = []
        try:
            status, (kind, body) = self._answered(environ)
        except GatewayError as error:
            status, (kind, body) = _refusal(error)
            more = [("Allow", "POST")] if isinstance(error, WrongMethod) else []
        except Exception as error:
            status, (kind, body) = _refusal(failed(error, secrets.token_hex(8)))
        headers = [("Content-Type", kind), ("Content-Length", str(len(body))), *more]
        start_response(f"{status.value} {status.phrase}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def has(self, path: str, query: str = "") -> bool:
        """Whether there is a page at a path; at that of an endpoint it is the contract, if asked for."""
        name = path.strip("/")
        if name.startswith("soap/"):
            return self._is_endpoint(name.removeprefix("soap/")) and bool(CONTRACT.search(query))
        return name == "ready" or name in self._pages or name in self._files or bool(self._inside(name))

    def _answered(self, environ: Environ) -> tuple[HTTPStatus, Answer]:
        if environ.get("PATH_INFO", "").strip("/") == "ready":
            return self._ready()
        return HTTPStatus.OK, self._answer(environ)

    def _answer(self, environ: Environ) -> Answer:
        path = environ.get("PATH_INFO", "").strip("/")
        if path in self._pages:
            return self._pages[path]()
        if path in self._files:
            return self._file(path, environ)
        if path.startswith("soap/"):
            return self._endpoint(path.removeprefix("soap/"), environ)
        inside = self._inside(path)
        if inside:
            return _index(path, inside)
        raise NotFound(f"There is no page /{shown(path)}.", remedy="See / for what there is.")

    def _inside(self, folder: str) -> list[str]:
        return [name for name in self._files if name.startswith(f"{folder}/")]

    def _file(self, name: str, environ: Environ) -> Answer:
        content = self._files[name]
        if name.endswith(".wsdl"):
            content = content.replace(PLACEHOLDER, f"{self._address(environ)}/soap/".encode())
        return TYPES[posixpath.splitext(name)[1]], content

    def _is_endpoint(self, version: str) -> bool:
        return re.fullmatch(r"v\d+", version) is not None and f"wsdl/{version}.wsdl" in self._files

    def _endpoint(self, version: str, environ: Environ) -> Answer:
        if not self._is_endpoint(version):
            raise NotFound("There is no such service version.", remedy="See / for those there are.")
        query = environ.get("QUERY_STRING", "")
        if CONTRACT.search(query):
            twin = TWIN.search(query)
            return self._file(f"wsdl/{version}.soap12.wsdl" if twin else f"wsdl/{version}.wsdl", environ)
        remedy = f"Its contract is /soap/{version}?wsdl."
        raise WrongMethod(f"/soap/{version} takes SOAP by POST.", remedy=remedy)

    def _address(self, environ: Environ) -> str:
        """The address the caller knows this gateway by, taken anew from each request."""
        host = environ.get("HTTP_HOST") or f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
        match = HOST.fullmatch(host)
        if match is None or match[1].strip("[]").lower() not in self._hosts:
            raise UntrustedHost
        return f"{environ['wsgi.url_scheme']}://{host}"

    def _front(self) -> Answer:
        return TEXT, FRONT.encode()

    def _live(self) -> Answer:
        return TEXT, b"alive\n"

    def _ready(self) -> tuple[HTTPStatus, Answer]:
        ready, told = self._readiness()
        status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
        return status, (JSON, json.dumps(told, indent=2).encode())

    def _counted(self) -> Answer:
        return METRICS, self._metrics()

    def _versions(self) -> Answer:
        return JSON, json.dumps(self._reader.catalogue(), indent=2).encode()


CONTRACTS = "\n".join(f"{one.contract:15} the contract of service version {one.name[1:]}" for one in VERSIONS)
FRONT = f"""cme-gateway: reporting of continuing medical education over SOAP.

{CONTRACTS}
                each in SOAP 1.1; with &soap=1.2 in SOAP 1.2
POST /services/ACCMEActivityService.svc/<Operation>   the same as plain XML, of activities
POST /services/ACCMELearnerService.svc/<Operation>    and of learners
/xsd/           the schemas, e.g. /xsd/activity/v2_1/activity.xsd
/versions       payload versions and their dates
/live /ready    health
/metrics        what was called and what waits, for Prometheus

An independent project, not affiliated with ACCME or any certifying board.
"""


def _files(name: str, folder: Traversable) -> Iterator[tuple[str, bytes]]:
    """What a data package publishes, by path: what is not in this list is not there, whatever its name."""
    for entry in folder.iterdir():
        path = f"{name}/{entry.name}"
        if entry.is_dir():
            yield from _files(path, entry)
        elif posixpath.splitext(entry.name)[1] in TYPES:
            yield path, entry.read_bytes()


def _twins(kept: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """The contracts of our own services, each in SOAP 1.2 too."""
    for path, content in kept.items():
        match = re.fullmatch(r"wsdl/(v\d+)\.wsdl", path)
        if match:
            for one, other in IN_SOAP12:
                content = content.replace(one, other)
            yield f"wsdl/{match[1]}.soap12.wsdl", content


def _index(folder: str, names: list[str]) -> Answer:
    links = "".join(f'<li><a href="/{name}">{name}</a></li>\n' for name in sorted(names))
    page = f"<!DOCTYPE html>\n<html lang=en><title>/{folder}/</title>\n<ul>\n{links}</ul>\n</html>\n"
    return HTML, page.encode()


def _refusal(error: GatewayError) -> tuple[HTTPStatus, Answer]:
    text = f"{error.code}: {error.text}\n{error.remedy}\n"
    return HTTPStatus(error.http_status), (TEXT, text.encode("utf-8", "replace"))
