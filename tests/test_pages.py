"""What is read by GET: contracts with the caller's own address, schemas, health, and nothing else."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable
from importlib.resources import files
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from lxml import etree

from gateway import schemas
from gateway.intake import Limits
from gateway.pages import PLACEHOLDER, Pages
from gateway.schema import Reader

HOSTS = ("localhost", "127.0.0.1", "[::1]", "Gateway.Example")
SOAP_ADDRESS = "{http://schemas.xmlsoap.org/wsdl/soap/}address"


WELL = {"ready": True, "parts": {"database": {"ok": True, "state": "can be read and written"}}}
COUNTED = b"cme_gateway_calls_total 3.0\n"


class Site:
    """The pages, asked in process."""

    def __init__(self, ready: Callable[[], tuple[bool, dict[str, Any]]] = lambda: (True, WELL)) -> None:
        self.pages = Pages(Reader(schemas.VERSIONS, Limits()), HOSTS, ready, lambda: COUNTED)

    def get(self, url: str, **environ: Any) -> tuple[int, dict[str, str], bytes]:
        """GET an address, absolute or a path of localhost."""
        parts = urlsplit(urljoin("http://localhost", url))
        given = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": parts.path,
            "QUERY_STRING": parts.query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "8080",
            "HTTP_HOST": parts.netloc,
            "wsgi.url_scheme": parts.scheme,
        } | environ
        present = {name: value for name, value in given.items() if value is not None}
        replies: list[tuple[str, list[tuple[str, str]]]] = []
        body = b"".join(self.pages(present, lambda *reply: replies.append(reply)))
        ((status, headers),) = replies
        return int(status.split()[0]), dict(headers), body


@pytest.fixture
def site() -> Site:
    """The pages of a gateway that is ready."""
    return Site()


def address_in(contract: bytes) -> str | None:
    """The address a WSDL tells its callers to use."""
    element = next(etree.fromstring(contract).iter(SOAP_ADDRESS))
    return element.get("location")


# --- the contract ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "base",
    [
        "http://localhost",
        "http://localhost:8080",
        "https://localhost",
        "https://gateway.example:8443",
        "http://GATEWAY.example",
        "http://127.0.0.1:1",
        "http://[::1]",
        "https://[::1]:65535",
    ],
)
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_contract_names_the_address_it_was_fetched_from(site: Site, base: str, version: str) -> None:
    """Scheme, host and port of this request, and nothing else of the kept text changed."""
    status, headers, body = site.get(f"{base}/soap/{version}?wsdl")
    kept = (files("wsdl") / f"{version}.wsdl").read_bytes()
    assert (200, "text/xml; charset=utf-8") == (status, headers["Content-Type"])
    assert f"{base}/soap/{version}" == address_in(body)
    assert kept == body.replace(f"{base}/soap/".encode(), PLACEHOLDER)


@pytest.mark.parametrize("query", ["wsdl", "WSDL", "wsdl=", "wsdl&x=1", "Wsdl=1", "x=1&wsdl"])
def test_a_contract_is_asked_for_in_many_ways(site: Site, query: str) -> None:
    """Tools spell the query as they like."""
    assert site.get("/soap/v2?wsdl") == site.get(f"/soap/v2?{query}")
    assert site.get("/soap/v2?wsdl")[2] == site.get("/wsdl/v2.wsdl")[2]


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "localhost@evil.example",
        "evil.example:80",
        "localhost:80@evil.example",
        "localhost:80/evil",
        "localhost:8a",
        "localhost:123456",
        'localhost"><evil/>',
        "[localhost]",
        "[::1",
        "::1",
        "[::2]",
        "localhost:\xb2",
        " ",
        "localhost\n",
    ],
)
def test_an_untrusted_host_gets_no_contract_and_leaves_no_trace(site: Site, host: str) -> None:
    """A host that is not ours is refused, and the next caller's contract does not name it."""
    for path in ("/soap/v2?wsdl", "/wsdl/v2.wsdl"):
        status, _, body = site.get(path, HTTP_HOST=host)
        assert (400, True) == (status, body.startswith(b"S005"))
        assert b"evil" not in body
    assert "http://localhost/soap/v2" == address_in(site.get("/soap/v2?wsdl")[2])


def test_without_a_host_header_the_servers_name_counts(site: Site) -> None:
    """An HTTP/1.0 caller sends none."""
    body = site.get("/soap/v2?wsdl", HTTP_HOST=None)[2]
    assert "http://localhost:8080/soap/v2" == address_in(body)


def test_two_callers_get_each_their_own_address(site: Site) -> None:
    """Whatever was served before."""
    bases = ["http://localhost", "https://gateway.example", "http://127.0.0.1:9", "http://localhost"]
    got = [address_in(site.get(f"{base}/soap/v1?wsdl")[2]) for base in bases]
    assert [f"{base}/soap/v1" for base in bases] == got


@pytest.mark.parametrize("start", ["/soap/v1?wsdl", "/soap/v2?wsdl", "/wsdl/v1.wsdl", "/wsdl/v2.wsdl"])
def test_every_import_can_be_fetched(site: Site, start: str) -> None:
    """Walking every schemaLocation from a contract as served reaches schemas only, each with 200."""
    seen, todo = set(), [f"http://localhost:8080{start}"]
    while todo:
        url = todo.pop()
        status, headers, body = site.get(url)
        assert (200, "text/xml; charset=utf-8") == (status, headers["Content-Type"]), url
        for element in etree.fromstring(body).iter("{*}import", "{*}include"):
            location = urljoin(url, element.get("schemaLocation", "nowhere"))
            if location not in seen:
                seen.add(location)
                todo.append(location)
    assert 8 <= len(seen)
    assert all("/xsd/" in url for url in seen)


# --- files ---------------------------------------------------------------------------------------------


def test_schemas_are_served_byte_for_byte(site: Site) -> None:
    """Every schema of the package, and versions.toml, under its own path."""
    index = site.get("/xsd/")[2].decode()
    names = re.findall(r'href="([^"]+)"', index)
    assert {"/xsd/versions.toml", "/xsd/fault/v1/fault.xsd", "/xsd/activity/v2_0/activity.xsd"} <= {*names}
    for name in names:
        status, headers, body = site.get(name)
        kept = files("xsd").joinpath(*name.split("/")[2:]).read_bytes()
        assert (200, str(len(kept)), kept) == (status, headers["Content-Length"], body)


@pytest.mark.parametrize("folder", ["/xsd", "/xsd/", "/wsdl/", "/xsd/activity/", "/xsd/activity/v2_0"])
def test_a_folder_lists_its_files_as_links(site: Site, folder: str) -> None:
    """For people: every link leads somewhere below, and works."""
    status, headers, body = site.get(folder)
    assert (200, "text/html; charset=utf-8") == (status, headers["Content-Type"])
    links = re.findall(r'href="([^"]+)"', body.decode())
    assert links
    assert all(link.startswith(folder.rstrip("/") + "/") for link in links)
    assert {200} == {site.get(link)[0] for link in links}


@pytest.mark.parametrize(
    "path",
    [
        "/xsd/../setup.cfg",
        "/xsd/../gateway/errors.py",
        "/xsd/./versions.toml",
        "/xsd//versions.toml",
        "/xsd/%2e%2e/setup.cfg",
        "/xsd/..\\setup.cfg",
        "/xsd/__init__.py",
        "/wsdl/__init__.py",
        "/xsd/__pycache__",
        "/xsd/versions.toml\x00.xsd",
        "/xsd/" + "x" * 5000 + ".xsd",
        "/xsd/activity/v9_9/activity.xsd",
        "//etc/passwd",
        "/etc/passwd",
        "/soap",
        "/soap/",
        "/soap/v9?wsdl",
        "/soap/v2.soap12?wsdl",
        "/soap/../v2?wsdl",
        "/soap/v2/extra",
        "/live/extra",
        "/nothing",
        "/xs",
        "/\xff\xfe",
    ],
)
def test_what_is_not_published_is_not_there(site: Site, path: str) -> None:
    """Names that lead elsewhere are as unknown as any other: 404, in one short text."""
    name, _, query = path.partition("?")
    status, headers, body = site.get("/", PATH_INFO=name, QUERY_STRING=query)
    assert (404, "text/plain; charset=utf-8") == (status, headers["Content-Type"])
    assert 300 > len(body)


def test_the_endpoint_itself_is_not_read(site: Site) -> None:
    """A browser at /soap/v2 is told to POST by 405 with Allow, and where the contract is; others get none."""
    for path in ("/soap/v1", "/soap/v2", "/soap/v2?wsd", "/soap/v2?x=wsdl", "/soap/v2?soap=1.2"):
        status, headers, body = site.get(path)
        assert (405, "POST") == (status, headers["Allow"])
        assert body.startswith(b"S013") and f"{path[:8]}?wsdl".encode() in body
    assert "Allow" not in site.get("/nothing")[1]


# --- the rest ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["/", "/live", "/ready", "/versions", "/soap/v2?wsdl", "/soap/v2", "/xsd/", "/xsd/versions.toml", "/no"],
)
def test_head_tells_the_same_without_the_body(site: Site, path: str) -> None:
    """The same status and headers, its length too."""
    status, headers, body = site.get(path)
    assert (status, headers, b"") == site.get(path, REQUEST_METHOD="HEAD")
    assert str(len(body)) == headers["Content-Length"]


def test_the_front_page_names_what_there_is(site: Site) -> None:
    """Every path it names answers."""
    body = site.get("/")[2].decode()
    paths = re.findall(r"^(/\S+)(?: (/\S+))?", body, re.MULTILINE)
    named = [path for pair in paths for path in pair if path]
    assert {"/soap/v1?wsdl", "/soap/v2?wsdl", "/xsd/", "/versions", "/live", "/ready", "/metrics"} == {*named}
    assert {200} == {site.get(path)[0] for path in named}
    assert "not affiliated" in body


def test_health(site: Site) -> None:
    """Alive without asking the store, ready when the store is."""
    assert (200, b"alive\n") == site.get("/live")[::2]
    status, headers, body = site.get("/ready")
    assert (200, "application/json; charset=utf-8") == (status, headers["Content-Type"])
    assert WELL == json.loads(body)


def test_a_gateway_that_is_not_ready_says_so() -> None:
    """503 with the same page; the gateway is alive all the same."""
    ill = {
        "ready": False,
        "parts": {"database": {"ok": False, "state": "cannot be read", "remedy": "Start it."}},
    }
    site = Site(lambda: (False, ill))
    status, headers, body = site.get("/ready")
    assert (503, "application/json; charset=utf-8") == (status, headers["Content-Type"])
    assert ill == json.loads(body)
    assert 200 == site.get("/live")[0]


def test_metrics_are_served_as_prometheus_reads_them(site: Site) -> None:
    """Its text format, by its version."""
    status, headers, body = site.get("/metrics")
    assert (200, "text/plain; version=0.0.4; charset=utf-8") == (status, headers["Content-Type"])
    assert COUNTED == body


def test_a_mistake_of_ours_is_500_without_pythons_words(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing of an exception leaves; the log has its kind and place."""

    def ready() -> tuple[bool, dict[str, Any]]:
        raise ZeroDivisionError

    status, _, body = Site(ready).get("/ready")
    assert (500, True) == (status, body.startswith(b"S900"))
    assert b"Zero" not in body
    assert "ZeroDivisionError" in caplog.text


def test_versions_tells_the_dates(site: Site) -> None:
    """Each payload version with its namespace and dates, as JSON."""
    rows = json.loads(site.get("/versions")[2])
    every = [("activity", version) for version in ("1.0", "2.0", "2.1")]
    every += [("learner", version) for version in ("1.0", "2.0")]
    assert every == [(row["payload"], row["version"]) for row in rows]
    assert all(row["introduced"] and row["deprecated"] is None for row in rows)
    spaces = [f"urn:cme-gateway:pars:{payload}:{version}" for payload, version in every]
    assert spaces == [row["namespace"] for row in rows]


def test_only_known_kinds_of_files_are_published(site: Site) -> None:
    """The control of the list: Python files lie in the same folders and are not in it."""
    names = re.findall(r'href="([^"]+)"', (site.get("/xsd/")[2] + site.get("/wsdl/")[2]).decode())
    assert {".xsd", ".wsdl", ".toml"} == {posixpath.splitext(name)[1] for name in names}
    assert (files("xsd") / "__init__.py").is_file()


# --- the twin --------------------------------------------------------------------------------------------

SOAP12 = "{http://schemas.xmlsoap.org/wsdl/soap12/}"
SOAP11 = "{http://schemas.xmlsoap.org/wsdl/soap/}"


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_contract_has_a_twin_in_soap_12(site: Site, version: str) -> None:
    """The same operations at the same address, bound to SOAP 1.2; without its binding it is the same."""
    twin, kept = (etree.fromstring(site.get(f"/soap/{version}?wsdl{more}")[2]) for more in ("&soap=1.2", ""))
    [address] = twin.iter(f"{SOAP12}address")
    assert f"http://localhost/soap/{version}" == address.get("location")
    assert not [*twin.iter(f"{SOAP11}*")] and not [*kept.iter(f"{SOAP12}*")]
    for one in [*twin.iter(f"{SOAP12}*")]:
        one.tag = SOAP11 + etree.QName(one).localname
    shapes = [[(one.tag, dict(one.attrib)) for one in tree.iter(etree.Element)] for tree in (twin, kept)]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize(
    "query",
    [
        "wsdl&soap=1.2",
        "WSDL&soap=1.2",
        "wsdl&SOAP=1.2",
        "wsdl&x&soap=12",
        "wsdl=&soap=1.2",
        "soap=1.2&wsdl",
        "x=1&soap=12&WSDL=",
    ],
)
def test_the_twin_is_asked_for_in_many_ways(site: Site, query: str) -> None:
    """And lies beside the contract as a file."""
    assert site.get("/wsdl/v2.soap12.wsdl")[2] == site.get(f"/soap/v2?{query}")[2]


@pytest.mark.parametrize("query", ["wsdl&soap=1.1", "wsdl&soap=1.20", "wsdl&xsoap=1.2", "wsdl&soap=", "wsdl"])
def test_any_other_wish_gets_the_contract_itself(site: Site, query: str) -> None:
    """Negative control: the twin is for those who ask for it."""
    assert site.get("/wsdl/v2.wsdl")[2] == site.get(f"/soap/v2?{query}")[2]
