"""Joining the parts: a key is made once and never by mistake, and what is missing is one clear refusal."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from asked import a_credit, put
from entries import TODAY
from fakes import NOW, PASSWORD, PROVIDER, USER
from messages import SVC

from gateway import assembly
from gateway.accounts import hash_secret
from gateway.application import Application
from gateway.errors import Failed, Misused
from gateway.records import Account, Provider
from gateway.sealing import load_key
from gateway.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a gateway that is not there yet."""
    return Settings(database=f"sqlite:///{tmp_path / 'gateway.db'}", key_file=str(tmp_path / "gateway.key"))


def add_account(settings: Settings) -> None:
    """Add the tests' provider and user."""
    store = assembly.store(settings)
    store.accounts.add_provider(Provider(PROVIDER, "Demo Medical Society"))
    secret = hash_secret(PASSWORD, load_key(settings.key_file))
    store.accounts.add_user(Account(PROVIDER, USER, secret))
    store.close()


def ask(
    application: Application, method: str, path: str, query: str = ""
) -> tuple[str, dict[str, str], bytes]:
    """Ask an application, in process."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "CONTENT_LENGTH": "0",
        "wsgi.input": io.BytesIO(),
    }
    replies: list[Any] = []
    body = b"".join(application(environ, lambda *reply: replies.append(reply)))
    return replies[0][0], dict(replies[0][1]), body


def test_migrate_makes_a_key_once(settings: Settings) -> None:
    """The first run makes it, the second leaves it, byte for byte, and says so."""
    assert assembly.migrate(settings)[0]
    key = Path(settings.key_file).read_bytes()
    assert not assembly.migrate(settings)[0]
    assert key == Path(settings.key_file).read_bytes()
    assert 0o600 == Path(settings.key_file).stat().st_mode & 0o777


def test_migrate_makes_no_second_key_for_old_secrets(settings: Settings) -> None:
    """Where accounts exist, a new key could not open their secrets: it is refused, and none is made."""
    assembly.migrate(settings)
    add_account(settings)
    Path(settings.key_file).unlink()
    with pytest.raises(Failed, match=settings.key_file) as failed:
        assembly.migrate(settings)
    assert "Put it back" in failed.value.remedy
    assert not Path(settings.key_file).exists()


def test_migrate_makes_a_new_key_for_an_empty_database(settings: Settings) -> None:
    """The control of the test above: without accounts nothing is lost by it."""
    assembly.migrate(settings)
    Path(settings.key_file).unlink()
    assert assembly.migrate(settings)[0]


def test_without_a_key_nothing_is_served(settings: Settings) -> None:
    """One refusal in our words, naming the key file and what to do."""
    with pytest.raises(Failed) as failed:
        assembly.application(settings)
    assert settings.key_file in failed.value.text
    assert "migrate" in failed.value.remedy


def test_without_a_database_nothing_is_served(settings: Settings) -> None:
    """One refusal that says to migrate; looking for the database does not make one."""
    assembly.migrate(settings)
    database = Path(settings.database.removeprefix("sqlite:///"))
    database.unlink()
    with pytest.raises(Failed) as failed:
        assembly.application(settings)
    assert "migrate" in failed.value.remedy
    assert not database.exists()


@pytest.mark.parametrize("heads", ["none/audit.heads", "."])
@pytest.mark.parametrize(
    "start", [assembly.ready, lambda wrong: assembly.worker(wrong).__enter__()], ids=["serve", "worker"]
)
def test_a_head_file_that_cannot_be_written_is_told_at_the_start(
    settings: Settings, tmp_path: Path, heads: str, start: Callable[[Settings], object]
) -> None:
    """And not with the first row that is sealed; looking makes none."""
    assembly.migrate(settings)
    wrong = msgspec.structs.replace(settings, audit_heads=str(tmp_path / heads))
    with pytest.raises(Failed) as caught:
        start(wrong)
    assert str(tmp_path / heads) in caught.value.text
    assert "CME_GATEWAY_AUDIT_HEADS" in caught.value.remedy
    assembly.ready(settings).close()
    assert not list(tmp_path.glob("*.heads*"))


@pytest.mark.parametrize(("board", "told"), [("ABIM", []), ("ABS", ["ABIM (2)"])])
def test_a_worker_warns_of_boards_it_has_no_address_for(
    settings: Settings, caplog: pytest.LogCaptureFixture, board: str, told: list[str]
) -> None:
    """Their questions would wait for ever, and their breaker is closed."""
    assembly.migrate(settings)
    add_account(settings)
    with closing(assembly.store(settings)) as store:
        put(store, a_credit())
        put(store, a_credit())
    with assembly.worker(msgspec.structs.replace(settings, boards={board: "http://127.0.0.1:9/"})):
        warned = [line for line in caplog.messages if "CME_GATEWAY_BOARDS" in line]
    assert told == [line.rpartition(": ")[2] for line in warned]


def test_what_is_ready_is_served(settings: Settings) -> None:
    """The control of the two above, with the clock and the endpoints where they belong."""
    assembly.migrate(settings)
    application = assembly.application(settings, lambda: NOW)
    try:
        assert TODAY == application.gateway.terms.day(application.gateway.terms.clock())
        assert {"/soap/v1", "/soap/v2"} == {*application.doors}
        assert {
            "/services/ACCMEActivityService.svc",
            "/services/ACCMELearnerService.svc",
        } == {*application.services}
        assert ("200 OK", True) == (
            ask(application, "GET", "/ready")[0],
            json.loads(ask(application, "GET", "/ready")[2])["ready"],
        )
    finally:
        application.gateway.store.close()  # type: ignore[attr-defined]


def test_an_alias_of_no_version_is_told_before_anything_is_served(settings: Settings) -> None:
    """The one who starts it is told the setting and the versions there are."""
    wrong = msgspec.structs.replace(settings, aliases={"urn:x": "activity:9.9"})
    with pytest.raises(Misused, match="CME_GATEWAY_ALIASES") as caught:
        assembly.ready(wrong)
    assert "2.1" in caught.value.remedy


def test_a_request_goes_to_the_door_of_its_path_and_method(settings: Settings) -> None:
    """SOAP by POST, pages by GET and HEAD; what else is asked is told what there is."""
    assembly.migrate(settings)
    application = assembly.application(settings)
    try:
        got = {
            (method, path): ask(application, method, path)[0].split()[0]
            for method, path in (
                ("POST", "/soap/v2"),
                ("POST", "/soap/v1/"),
                ("GET", "/live"),
                ("HEAD", "/live"),
                ("PUT", "/soap/v2"),
                ("POST", "/soap/v3"),
                ("DELETE", "/nothing"),
                ("POST", "/services/ACCMEActivityService.svc/SaveActivity"),
                ("GET", "/services/ACCMEActivityService.svc/SaveActivity/"),
                ("POST", "/services/ACCMELearnerService.svc"),
                ("POST", "/services/ACCMELearnerService.svc/SaveActivity/more"),
                ("POST", "/services"),
            )
        }
        soap, plain = ["500", "500", "200", "200", "405", "404", "404"], ["400", "405", "404", "404", "404"]
        assert [*soap, *plain] == list(got.values())
        status, headers, body = ask(application, "PUT", "/soap/v2")
        assert ("405 Method Not Allowed", "POST") == (status, headers["Allow"])
        for query in ("wsdl", "soap=1.2&WSDL"):
            status, headers, _ = ask(application, "PUT", "/soap/v2", query)
            assert ("405 Method Not Allowed", "GET, HEAD, POST") == (status, headers["Allow"])
        assert b"/soap/v1 or /soap/v2" in body
        assert SVC.encode() not in body
        for path in ("/", "/live", "/ready", "/metrics", "/versions", "/xsd", "/wsdl/v2.wsdl"):
            status, headers, _ = ask(application, "POST", path)
            assert ("405 Method Not Allowed", "GET, HEAD") == (status, headers["Allow"])
        assert "Allow" not in ask(application, "POST", "/nothing")[1]
    finally:
        application.gateway.store.close()  # type: ignore[attr-defined]


def test_the_catalogue_has_every_code_once_in_order() -> None:
    """Rules, notices, refusals and shapes; each row of the same columns, in the words of the wire."""
    rows = assembly.catalogue()
    codes = [row["code"] for row in rows]
    assert codes == sorted(codes)
    twice = {code for code in codes if codes.count(code) > 1}
    assert twice == set()
    assert {"A101", "A901", "S001", "X001", "X020"} <= {*codes}
    assert 1 == len({tuple(row) for row in rows})
    assert all(row["text"] and row["remedy"] for row in rows)
    assert [] == [row["code"] for row in rows if "_" in (row["field"] or "")]


@pytest.mark.parametrize(
    ("database", "told", "expected"),
    [("sqlite:///a.db", 0, 1), ("postgresql://db.example/cme", 0, 2), ("sqlite:///a.db", 3, 3)],
)
def test_database_says_how_many_calls_are_worked_on(database: str, told: int, expected: int) -> None:
    """One at a time with SQLite, which has one writer, two elsewhere, or as many as was said."""
    assert expected == assembly.at_once(Settings(database=database, at_once=told))


class Part:
    """Says what is done to it."""

    def __init__(self, name: str, log: list[str]) -> None:
        self.name, self.log = name, log

    def start(self) -> None:
        """Begin."""
        self.log.append(f"start {self.name}")

    def stop(self) -> None:
        """End."""
        self.log.append(f"stop {self.name}")


def test_parts_end_in_the_order_opposite_to_their_start(settings: Settings) -> None:
    """What leans on another part is stopped before it."""
    assembly.migrate(settings)
    log: list[str] = []
    made = assembly.application(settings)
    application = dataclasses.replace(made, parts=(Part("a", log), Part("b", log)))
    application.start()
    application.stop()
    made.gateway.store.close()  # type: ignore[attr-defined]
    assert ["start a", "start b", "stop b", "stop a"] == log
