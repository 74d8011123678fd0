"""The leak hunt: what identifies a person is written nowhere but in answers to who may see it.

Invented learners with unlikely values go through the real doors, well and badly reported, to a served
gateway, a worker and simulated boards; then everything that was written meanwhile is searched.
"""

from __future__ import annotations

import copy
import csv
import io
import logging
import os
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from canaries import BIRTHDAY, MARK, SIX_DIGITS, a_canary, leaks, said, tokens
from command import run_command
from fakes import FakeStore, make_gateway
from lxml import etree
from served import PASSWORD, PROVIDER, USER, Served, serving
from wire import Answer, envelope, parameters, post

from gateway import assembly, samples, schemas, settings, simulators
from gateway.intake import Limits
from gateway.records import Activity, ClaimedCredit, Completion, Learner, MocRegistration, RegisterRow
from gateway.registry import COLUMNS
from gateway.schema import Reader
from gateway.service import V2
from gateway.soap import SoapDoor

Element = etree._Element

TODAY = datetime.now(UTC).date() - timedelta(days=1)  # no zone is ahead of it
POINTS = Decimal("5.00")
BOARDS = {"ABA": "Lifelong Learning", "ABIM": "Medical Knowledge", "ABOHNS": "Lifelong Learning"}
ENDINGS = "01 11 12 13 31 34 35 36 37 38 40 41 42 51 52 53 54".split()
READER = Reader(schemas.VERSIONS, Limits())
SECONDS = 10
QUICK = {
    "BOARD_RETRY_SECONDS": "0.05",
    "BOARD_RETRY_MOST": "0.1",
    "BOARD_POLL_SECONDS": "0.05",
    "BOARD_READ_SECONDS": "1",
    "BOARD_REST_SECONDS": "0.1",
    "BOARD_CHUNK": "3",
    "WORKER_LOOK_SECONDS": "0.1",
}


def _course() -> Activity:
    ended = TODAY - timedelta(days=5)
    return replace(
        samples.demo_activities(TODAY)[4],
        activity_id="202600001",
        start_date=ended,
        end_date=ended,
        reporting_start=ended,
        reporting_end=ended,
        closed=False,
        born="2.0",
        moc_registrations=tuple(
            MocRegistration(board, POINTS, (kind,), TODAY + timedelta(days=60))
            for board, kind in BOARDS.items()
        ),
    )


COURSE = _course()
KNOWN = [a_canary(ending, board) for board in BOARDS for ending in ENDINGS]
STRANGERS = [a_canary() for _ in range(20)]
PEOPLE = [*KNOWN, *STRANGERS]
WANTED = tokens(PEOPLE)


# --- what is reported --------------------------------------------------------------------------------


def report(learner: Learner, number: int, board: str | None = None) -> Completion:
    """A completion of the course, with CME credit, and with board credit if a board is named."""
    claimed = [ClaimedCredit(f"ccid:hunt:{number}", "AMA PRA Category 1", "Point", POINTS)]
    if board:
        claimed = [ClaimedCredit(f"ccid:hunt:{number}-b", BOARDS[board], "Point", POINTS)]
    return Completion(
        organization="Demo Medical Society",
        learner=learner,
        provider_organization=PROVIDER,
        activity_name=COURSE.title,
        activity_id=COURSE.activity_id,
        module_name=COURSE.title,
        status="Completed",
        completed_on=COURSE.end_date,
        credits=tuple(claimed),
    )


def written(*reports: Completion, version: str = "2.0") -> Element:
    """Completions as a sender writes them."""
    element, _ = READER.write(reports, READER.named("learner", version), created=datetime.now(UTC))
    return element


def misreported(row: RegisterRow, number: int) -> Iterator[Learner]:
    """Learners whom nobody knows, and learners who disagree with the register in a field each."""
    learner = said(row)
    stranger = said(STRANGERS[number % len(STRANGERS)])
    yield stranger
    yield replace(learner, given_names=stranger.given_names)
    yield replace(learner, family_names=stranger.family_names)
    yield replace(learner, identifiers=stranger.identifiers)
    yield replace(learner, identifiers=(learner.identifiers[0], stranger.identifiers[2]))
    yield replace(learner, birthday=None)
    yield replace(learner, identifiers=())
    yield replace(learner, identifiers=(*learner.identifiers, *learner.identifiers))


def misshapen(row: RegisterRow, version: str, number: int) -> Iterator[Element]:
    """A payload for each personal element and each way in which it may be wrong."""
    good = written(report(said(row), number, row.board), version=version)
    for name in (
        "Member",
        "UniqueID",
        "Name",
        "GivenName",
        "FamilyName",
        "GenerationIdentifier",
        "BirthDate",
    ):
        for spoil in SPOILT:
            payload = copy.deepcopy(good)
            element = next(payload.iter(f"{{*}}{name}"))
            spoil(element, row)
            yield payload


def _too_long(element: Element, row: RegisterRow) -> None:
    element.text = row.family * 1000


def _of_another_type(element: Element, row: RegisterRow) -> None:
    element.text = f"{BIRTHDAY.replace('-', '/')} {row.licence}"


def _with_a_child(element: Element, row: RegisterRow) -> None:
    etree.SubElement(element, "Alias").text = row.given


def _with_an_attribute(element: Element, row: RegisterRow) -> None:
    element.set("known", row.npi)


def _of_a_domain(element: Element, row: RegisterRow) -> None:
    element.set("domain", f"{row.family} {BIRTHDAY}")


def _with_a_tail(element: Element, row: RegisterRow) -> None:
    element.tail = row.family


def _typed(element: Element, row: RegisterRow) -> None:
    element.set("{http://www.w3.org/2001/XMLSchema-instance}type", row.licence)


def _twice(element: Element, row: RegisterRow) -> None:
    element.addnext(copy.deepcopy(element))


def _elsewhere(element: Element, row: RegisterRow) -> None:
    next(element.getroottree().iter("{*}Module")).append(copy.deepcopy(element))


def _in_the_extension(element: Element, row: RegisterRow) -> None:
    next(element.getroottree().iter("{*}XtensibleInfo")).append(copy.deepcopy(element))


def _misspelt(element: Element, row: RegisterRow) -> None:
    element.tag = f"{element.tag}s"


def _without_namespace(element: Element, row: RegisterRow) -> None:
    element.tag = etree.QName(element).localname


SPOILT = (
    _too_long,
    _of_another_type,
    _with_a_child,
    _with_an_attribute,
    _of_a_domain,
    _with_a_tail,
    _typed,
    _twice,
    _elsewhere,
    _in_the_extension,
    _misspelt,
    _without_namespace,
)


def asked(row: RegisterRow) -> Iterator[tuple[str, str]]:
    """Questions about a person in which a parameter is wrong: operation and content."""
    match = {
        "FirstName": row.given,
        "LastName": row.family,
        "Suffix": row.suffix,
        "BirthDate": BIRTHDAY,
        "StateOfLicensure": row.state,
        "LicenseId": row.licence,
        "Board": row.board,
        "BoardId": row.board_id,
        "NPI": row.npi,
    }
    yield "GetLearnerMatch", f"<Learner>{_elements(match)}</Learner>"
    yield "GetLearnerMatch", _elements(match)
    for content in _spoilt(match, row):
        yield "GetLearnerMatch", f"<Learner>{content}</Learner>"
    status = {"ActivityId": "202600001", "LearnerId": row.licence, "LearnerIdDomain": row.state}
    for content in _spoilt(status | {"BirthDate": BIRTHDAY}, row):
        yield "GetLearnerStatusByLearner", content
    yield "FindLearners", _elements({"LastName": row.family})
    for content in _spoilt({"LastName": row.family}, row):
        yield "FindLearners", content
    yield "GetLearnerStatusByCreditId", f"<CreditId>{_elements({'LastName': row.family})}</CreditId>"


def _elements(told: dict[str, str]) -> str:
    return "".join(f"<{name}>{value}</{name}>" for name, value in told.items())


def _spoilt(told: dict[str, str], row: RegisterRow) -> Iterator[str]:
    for name, value in told.items():
        others = {other: said for other, said in told.items() if other != name}
        for wrong in (
            f"<{name}>{value * 1000}</{name}>",
            f"<{name}>{row.family} {BIRTHDAY} {row.npi}</{name}>",
            f"<{name}>{value}<Alias>{row.family}</Alias></{name}>",
            f'<{name} known="{row.family}">{value}</{name}>',
            f"<{name}>{value}</{name}>" * 2,
            f"<{name}s>{value}</{name}s>",
            f"{row.family}<{name}>{value}</{name}>{BIRTHDAY}",
        ):
            yield _elements(others) + wrong


def unreadable(row: RegisterRow, payload: Element) -> Iterator[bytes]:
    """Messages that break within what is personal."""
    call = envelope("v2", "SaveLearnerActivity", parameters() + etree.tostring(payload).decode())
    name = f">{row.family}<".encode()
    yield call.replace(name, name + b"<<")
    yield call.replace(name, f">{row.family}&{row.given};<".encode())
    yield call.replace(name, f">{row.family}\x01<".encode())
    yield f'<!DOCTYPE a [<!ENTITY b "{row.family}">]>'.encode() + call
    yield call.replace(b"domain=", b"domain=" + row.licence.encode())
    yield call[: call.index(name) + 10]
    yield call.decode().encode("utf-32")


# --- the hunting ground --------------------------------------------------------------------------------


@dataclass
class Written:
    """Everything that was written, by what wrote it."""

    folder: Path
    papers: dict[str, bytes] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)

    def keep(self, name: str, content: bytes | str) -> None:
        """Take a paper up."""
        self.papers[name] = content.encode() if isinstance(content, str) else content

    @property
    def found(self) -> bytes:
        """What searches found."""
        return b"".join(
            etree.tostring(hit) for one in self.answers for hit in one.root.iter("{*}FindLearnersResult")
        )

    def heard(self, answer: Answer) -> None:
        """Take an answer up; what a search found is for who may see it, and no paper."""
        self.answers.append(answer)
        if next(answer.root.iter("{*}FindLearnersResult"), None) is None:
            self.keep(f"answer {len(self.answers)}", etree.tostring(answer.root, encoding="unicode"))


@pytest.fixture(scope="module")
def hunt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Written]:
    """A gateway, boards and a worker that have met all these people, and all they wrote."""
    folder, own = (tmp_path_factory.mktemp(name) for name in ("hunt", "own"))
    temporary = folder / "tmp"
    temporary.mkdir()
    with pytest.MonkeyPatch.context() as patch, simulators.serving(ledger=folder / "ledger.db") as boards:
        patch.setenv("TMPDIR", str(temporary))
        found = Written(folder)
        with serving(f"sqlite:///{folder / 'gateway.db'}", folder) as served:
            environment = _environment(folder, {board: boards.url(board) for board in BOARDS})
            _prepare(found, own, environment)
            _send(found, served)
            _crash(found, served)
            _watch(found, served)
            _command(found, served, own, environment)
            _work(found, environment)
            _read_the_database(found)
        for path in sorted(folder.rglob("*")):
            found.keep(f"name of {path.name}", str(path.relative_to(folder)))
            if path.is_file():
                found.keep(str(path.relative_to(folder)), path.read_bytes())
        yield found


def _environment(folder: Path, boards: dict[str, str]) -> dict[str, str]:
    told = {
        **QUICK,
        "DATABASE": f"sqlite:///{folder / 'gateway.db'}",
        "KEY_FILE": str(folder / "gateway.key"),
        "BOARDS": ",".join(f"{board}={url}" for board, url in boards.items()),
    }
    return {f"CME_GATEWAY_{name}": value for name, value in told.items()}


def _prepare(found: Written, own: Path, environment: dict[str, str]) -> None:
    """The course, and the register with rows that are wrong between those that are right."""
    with assembly.opened(settings.load(environment)) as store:
        store.write(PROVIDER, lambda unit: unit.activities.add([COURSE]))
    lines = [_cells(row) for row in KNOWN]
    wrong = [
        replace(STRANGERS[0], birthday=f"{BIRTHDAY}-{MARK}"),
        replace(STRANGERS[1], state=STRANGERS[1].family),
        replace(STRANGERS[2], npi=STRANGERS[2].licence),
        replace(STRANGERS[3], board=""),
        replace(STRANGERS[4], given="G" * 600 + MARK),
    ]
    lines += [_cells(row) for row in wrong]
    text = io.StringIO()
    csv.writer(text).writerows([COLUMNS, *lines, [*lines[0], MARK]])
    text.write(f'"{STRANGERS[5].family}"{BIRTHDAY},"')
    (own / "register.csv").write_text(text.getvalue())
    (own / "headless.csv").write_text(text.getvalue().partition("\n")[2])
    for name in ("register.csv", "register.csv", "headless.csv"):
        ended = run_command(own, "registry", "import", name, environment=environment)
        found.keep(f"import of {name} {len(found.papers)}", ended.out + ended.err)


def _cells(row: RegisterRow) -> list[str]:
    return [getattr(row, "birthday" if column == "birth_md" else column) for column in COLUMNS]


def _send(found: Written, served: Served) -> None:
    """Everything that can be said of people, over SOAP."""

    def save(service: str, payload: Element, **asked: str) -> None:
        said = parameters(**asked) + etree.tostring(payload).decode()
        found.heard(post(served, service, envelope(service, "SaveLearnerActivity", said)))

    good = [report(said(row), number, row.board) for number, row in enumerate(KNOWN)]
    save("v1", written(*good[::2], version="1.0"))
    save("v2", written(*good[1::2]), SubmissionKey="hunt-1")
    wrong = [report(one, 1000 + number) for number, one in enumerate(misreported(KNOWN[0], 1))]
    for asked_for in ({"ValidateOnly": "true"}, {"AllOrNothing": "true"}, {}):
        save("v2", written(*wrong), **asked_for)
    save("v2", written(report(said(KNOWN[2]), 1), report(said(KNOWN[3]), 2)), SubmissionKey="hunt-1")
    for number, version in enumerate(("1.0", "2.0"), 20):
        for payload in misshapen(KNOWN[number], version, 2000 + number):
            save(f"v{version[0]}", payload)
    for body in unreadable(KNOWN[0], written(report(said(KNOWN[0]), 3000))):
        found.heard(post(served, "v2", body))
    for operation, content in asked(KNOWN[30]):
        for service in ("v1", "v2"):
            found.heard(post(served, service, envelope(service, operation, parameters() + content)))
    receipts = next(answer for answer in found.answers if answer.texts("ReceiptId")).texts("ReceiptId")
    found.heard(post(served, "v2", envelope("v2", "GetReceipt", parameters(ReceiptId=receipts[0]))))


def _crash(found: Written, served: Served) -> None:
    """The same with a database that has lost a table: failures of our own."""
    with closing(sqlite3.connect(found.folder / "gateway.db", isolation_level=None)) as database:
        for table in ("credits", "register"):
            database.execute(f"ALTER TABLE {table} RENAME TO elsewhere")
            payload = etree.tostring(written(report(said(KNOWN[5]), 4000))).decode()
            match = next(content for operation, content in asked(KNOWN[5]) if operation == "GetLearnerMatch")
            for operation, content in (
                ("SaveLearnerActivity", payload),
                ("GetLearnerMatch", match),
                ("FindLearners", f"<LastName>{KNOWN[5].family}</LastName>"),
            ):
                found.heard(post(served, "v2", envelope("v2", operation, parameters() + content)))
            database.execute(f"ALTER TABLE elsewhere RENAME TO {table}")


def _watch(found: Written, served: Served) -> None:
    """What operators look at, and what a caller may have written into a log by it."""
    for path in ("/ready", "/metrics", "/versions", f"/soap/{KNOWN[4].family}"):
        parent = f"00-{KNOWN[4].npi}-{KNOWN[4].licence}-01"
        asked_for = urllib.request.Request(served.url + path, headers={"traceparent": parent})  # noqa: S310  ours
        try:
            with urllib.request.urlopen(asked_for, timeout=5) as answer:  # noqa: S310  likewise
                found.keep(path, answer.read())
        except urllib.error.HTTPError as refusal:
            with refusal:
                found.keep(f"status of {path.partition(MARK)[0]}", str(refusal.code))


def _command(found: Written, served: Served, own: Path, environment: dict[str, str]) -> None:
    """The commands that take files, each with records that are right and wrong."""
    (own / "good.xml").write_bytes(etree.tostring(written(report(said(KNOWN[6]), 5000))))
    (own / "unknown.xml").write_bytes(etree.tostring(written(report(said(STRANGERS[6]), 5001))))
    for number, payload in enumerate(misshapen(KNOWN[7], "2.0", 5002)):
        (own / f"bad-{number}.xml").write_bytes(etree.tostring(payload))
    (own / "broken.xml").write_text(f"<ACCMELearnerReports><a>{KNOWN[8].family}</b>")
    files = sorted(path.name for path in own.glob("*.xml"))
    sender = ["--url", served.url, "--provider", PROVIDER, "--user", USER]
    told = environment | {"CME_GATEWAY_PASSWORD": PASSWORD}
    for arguments in (
        ["check", *files],
        ["check", "--json", *files],
        ["submit", *sender, *files],
        ["submit", *sender, "--validate-only", "--json", "--errors", "errors.xml", *files],
    ):
        ended = run_command(own, *arguments, environment=told)
        found.keep(f"command {' '.join(arguments[:2])} {len(found.papers)}", ended.out + ended.err)
    for whose, value in (
        (STRANGERS[0].state, STRANGERS[0].licence),
        ("NPI", KNOWN[9].npi),
        (MARK, BIRTHDAY),
    ):
        typed = f"{whose}\n{value}\nn\n".encode()
        ended = run_command(own, "learner", "erase", stdin=typed, environment=environment)
        found.keep(f"learner erase {len(found.papers)}", ended.out + ended.err)


def _work(found: Written, environment: dict[str, str]) -> None:
    """A worker asks the boards until all is answered, or long enough."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("CME_GATEWAY_")}
    with (found.folder / "worker.log").open("wb") as log:
        told = [sys.executable, "-m", "gateway.cli", "worker"]
        process = subprocess.Popen(told, env={**inherited, **environment}, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + SECONDS
            while process.poll() is None and time.monotonic() < deadline and _waiting(found.folder):
                time.sleep(0.2)
        finally:
            process.terminate()
            process.wait()


def _waiting(folder: Path) -> int:
    with _reading(folder) as database:
        row = database.execute("SELECT count(*) FROM questions WHERE done_at IS NULL").fetchone()
        return int(row[0])


@contextmanager
def _reading(folder: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(folder / "gateway.db", timeout=30)) as database:
        yield database


def _read_the_database(found: Written) -> None:
    """Each value of each table by itself, those of the durable queue included."""
    with _reading(found.folder) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            rows = database.execute(f'SELECT * FROM "{table}"').fetchall()  # noqa: S608  our own tables
            values = [
                str(value).encode() if not isinstance(value, bytes) else value
                for row in rows
                for value in row
            ]
            found.keep(f"table {table}", b"\n".join(values))


# --- what has to hold ------------------------------------------------------------------------------------


@pytest.mark.network
@pytest.mark.slow
def test_nothing_that_was_written_names_a_person(hunt: Written) -> None:
    """Logs, output, answers, faults, findings, tables, files, names of files: no value of anybody."""
    found = {name: hits[:3] for name, paper in hunt.papers.items() if (hits := leaks(paper, WANTED))}
    assert not found, "\n".join(f"{name}: {hits}" for name, hits in list(found.items())[:20])


@pytest.mark.network
@pytest.mark.slow
def test_the_hunt_went_everywhere(hunt: Written) -> None:
    """Its control: what was searched holds what it is to hold."""
    codes = {code for answer in hunt.answers for code in answer.texts("Code")}
    assert {"X001", "X012", "X020", "X022", "X023", "X025", "X026", "S901"} <= codes, sorted(codes)
    actions = [action for answer in hunt.answers for action in answer.texts("Action")]
    assert {"Added", "Refused"} <= set(actions)
    assert b"board asked" in hunt.papers["worker.log"]
    assert b"database error" in hunt.papers["serve.log"]
    assert b'"operation":"SaveLearnerActivity"' in hunt.papers["serve.log"]
    assert (
        b'cme_gateway_records_total{action="Added",operation="SaveLearnerActivity"}'
        in hunt.papers["/metrics"]
    )
    with _reading(hunt.folder) as database:
        told = dict(database.execute("SELECT status, count(*) FROM credits GROUP BY status").fetchall())
        assert {"Accepted", "Rejected"} <= told.keys()
        (asked_for,) = database.execute("SELECT count(*) FROM workflow_status").fetchone()
    assert asked_for
    assert leaks(hunt.found, WANTED)
    assert {"gateway.db", "ledger.db", "gateway.key", "table credits", "table payloads"} <= hunt.papers.keys()


@pytest.mark.network
@pytest.mark.slow
def test_a_planted_leak_is_found(hunt: Written) -> None:
    """Each kind of value, in each form in which it could be written."""
    import base64

    row = next(one for one in KNOWN if one.board == SIX_DIGITS)
    for value in (row.given, row.family, row.suffix, row.licence, row.npi, row.board_id, BIRTHDAY):
        text = f"learner {value} is refused"
        for paper in (
            text.encode(),
            text.encode("utf-16"),
            base64.b64encode(text.encode()),
            text.upper().encode(),
        ):
            assert leaks(hunt.papers["serve.log"] + paper, WANTED), (value, paper)
    assert not leaks(b"2026-01-01 00:00:00.900001 trace 1234567 900001234", WANTED)


class Quoting(Exception):
    """A mistake of ours whose text quotes what was sent."""


@pytest.mark.parametrize("operation", ["SaveLearnerActivity", "GetLearnerMatch", "FindLearners"])
def test_a_mistake_of_ours_does_not_quote_what_it_met(
    operation: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither in the log nor in the fault: its kind is told and where it happened."""
    row = KNOWN[0]
    store = FakeStore()
    store.broken = Quoting(f"{row.family} {BIRTHDAY} {row.npi}")
    door = SoapDoor(V2, make_gateway(store, lambda: datetime.now(UTC)))
    contents: dict[str, Any] = {
        "SaveLearnerActivity": etree.tostring(written(report(said(row), 1))).decode(),
        "GetLearnerMatch": f"<Learner><LastName>{row.family}</LastName></Learner>",
        "FindLearners": f"<LastName>{row.family}</LastName>",
    }
    from fakes import PASSWORD as WORD
    from fakes import PROVIDER as SOMEBODY
    from fakes import USER as NAME

    account = _elements({"ProviderId": SOMEBODY, "User": NAME, "Password": WORD})
    with caplog.at_level(logging.DEBUG):
        answer = _told(door, envelope("v2", operation, account + contents[operation]))
    assert "Quoting" in caplog.text
    assert [] == leaks(caplog.text.encode() + answer, WANTED)


def _told(door: SoapDoor, body: bytes) -> bytes:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/soap/v2",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "text/xml",
        "wsgi.input": io.BytesIO(body),
    }
    return b"".join(door(environ, lambda *_: None))
