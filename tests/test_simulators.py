"""The simulated boards inside: what they decide, what they write down, how they fail when told to.

That each keeps its contract is seen from outside, in contract/test_boards.py.
"""

from __future__ import annotations

import socket
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from lxml import etree
from waiting import until

from gateway import simulators
from gateway.boards import ADAPTERS
from gateway.simulators import magic, wire
from gateway.simulators.board import Answer, SimulatedBoard, boards
from gateway.simulators.desk import Desk, Struck
from gateway.simulators.ledger import Ledger
from gateway.simulators.magic import MAGIC, ROSTER, TABLE, UNDONE, Mishap, Oddity, Reason, Record
from gateway.simulators.mood import Mood

ROOT = Path(__file__).parent.parent
NAMESPACE = "urn:cme-gateway:board:abim:1"
RECORD = Record("r-1", "100001", "Ada Quimby-Torres", "02-29", "202600001", "MK")
FEW_SECONDS = 5


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger."""
    kept = Ledger(tmp_path / "ledger.db")
    yield kept
    kept.close()


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    """A desk at an empty ledger, in a good mood."""
    return Desk("ABIM", ledger, Mood())


@pytest.fixture
def abim(ledger: Ledger) -> SimulatedBoard:
    """A board at an empty ledger."""
    return boards(ledger)["ABIM"]


def ended(number: str, reference: str = "r-1") -> Record:
    """A record of a learner whose board id ends so."""
    return replace(RECORD, board_id=f"9000{number}", reference=reference, activity_id=f"A-{reference}")


def row(ledger: Ledger, reference: str = "r-1") -> dict[str, Any]:
    """What the ledger has of a reference."""
    (found,) = (row for row in ledger.dump() if row["reference"] == reference)
    return found


def request(*board_ids: str, reference: str = "r") -> bytes:
    """A call to ABIM, one record for each board id."""
    records = "".join(
        f"<b:Record><b:Reference>{reference}-{number}</b:Reference><b:AbimId>{board_id}</b:AbimId>"
        "<b:FirstName>Ada</b:FirstName><b:LastName>Quimby-Torres</b:LastName><b:Birthday>0229</b:Birthday>"
        "<b:ActivityId>202600001</b:ActivityId><b:ActivityTitle>T</b:ActivityTitle>"
        "<b:ProviderId>0001234</b:ProviderId><b:CreditCode>MK</b:CreditCode><b:Points>1.25</b:Points>"
        "<b:CompletionDate>2026-03-10</b:CompletionDate></b:Record>"
        for number, board_id in enumerate(board_ids)
    )
    return envelope(f'<b:ReportCredits xmlns:b="{NAMESPACE}">{records}</b:ReportCredits>')


def envelope(content: str) -> bytes:
    """A SOAP 1.1 envelope."""
    soap = "http://schemas.xmlsoap.org/soap/envelope/"
    return f'<s:Envelope xmlns:s="{soap}"><s:Body>{content}</s:Body></s:Envelope>'.encode()


# --- the table --------------------------------------------------------------------------------------------


def test_the_page_and_the_table_say_the_same() -> None:
    """docs/boards.md lists each magic value, in the table's words and order, and no other."""
    page = (ROOT / "docs" / "boards.md").read_text("utf-8")
    listed = [line for line in page.splitlines() if line.startswith("| ") and line[2:4].isdigit()]
    end = {True: "rejected", False: "accepted"}
    assert [f"| {row.ending} | {row.does} | {end[row.reason is not None]} |" for row in TABLE] == listed


def test_the_page_names_every_kind_of_trouble_and_everybody_on_the_roster() -> None:
    """A word that the control address takes, or an id that is compared, stands in docs/boards.md."""
    page = (ROOT / "docs" / "boards.md").read_text("utf-8")
    named = [*(f"`{kind}`" for kind in Mishap), *(f"`{known}`" for known in ROSTER)]
    named += [known.name for known in ROSTER.values()]
    assert [] == [word for word in named if word not in page]


def test_all_that_can_happen_is_in_the_table() -> None:
    """Each reason but that of a withdrawn record, each mishap but one that a record cannot bring, each
    oddity; and no ending twice."""
    assert set(Reason) - {Reason.WITHDRAWN} == {row.reason for row in TABLE} - {None}
    assert set(Mishap) - {Mishap.WRONG_REFERENCE} == {row.mishap for row in TABLE} - {None}
    assert set(Oddity) == {row.oddity for row in TABLE} - {None}
    assert len(TABLE) == len({row.ending for row in TABLE})


@pytest.mark.parametrize(
    ("board_id", "ending"),
    [
        ("900011", "11"),
        ("999911", "11"),
        ("ABP-900011", "11"),
        ("100011", ""),
        ("90011", ""),
        ("9000011", ""),
        ("1900011", ""),
        ("900011x", ""),
        ("900099", ""),
        ("990001", ""),
        ("9000\N{ARABIC-INDIC DIGIT ONE}1", ""),
        ("", ""),
    ],
)
def test_an_id_is_magic_by_its_last_six_digits(board_id: str, ending: str) -> None:
    """The first of them is 9, and the last two stand in the table; the roster's ids are not magic."""
    assert ending == magic.magic(board_id).ending


def test_the_ids_of_the_roster_have_six_digits() -> None:
    """They are looked up by so many, and would be magic if they were not on the roster."""
    assert all(MAGIC.fullmatch(board_id) for board_id in ROSTER)


# --- what a desk decides ----------------------------------------------------------------------------------


def test_a_reference_counts_once(desk: Desk, ledger: Ledger) -> None:
    """Reported three times, in one call and in another: one verdict, effective once."""
    first = desk.report([RECORD, RECORD]).rulings
    again = desk.report([RECORD]).rulings
    assert {(True, None)} == {(ruling.accepted, ruling.reason) for ruling in (*first, *again)}
    assert (2, True, 1) == tuple(row(ledger)[name] for name in ("received", "effective", "times_effective"))


def test_a_second_reference_for_the_same_credit_is_a_duplicate(desk: Desk, ledger: Ledger) -> None:
    """In the same call and in the next; another credit type is another credit."""
    second, third = replace(RECORD, reference="r-2"), replace(RECORD, reference="r-3")
    other = replace(RECORD, reference="r-4", credit_type="PA")
    told = [*desk.report([RECORD, second]).rulings, *desk.report([third, other]).rulings]
    assert [None, Reason.DUPLICATE, Reason.DUPLICATE, None] == [ruling.reason for ruling in told]
    assert 2 == sum(entry["times_effective"] for entry in ledger.dump())


def test_a_withdrawal_frees_the_credit_and_never_the_reference(desk: Desk, ledger: Ledger) -> None:
    """The credit can be reported anew; the old reference, come late, does not count again."""
    desk.report([RECORD])
    assert [(True, False), (True, True)] == [
        (done.held, done.again) for _ in range(2) for done in desk.withdraw(["r-1"])[0]
    ]
    assert [True] == [ruling.accepted for ruling in desk.report([replace(RECORD, reference="r-2")]).rulings]
    desk.report([RECORD])
    assert (False, 1, 2) == tuple(
        row(ledger)[name] for name in ("effective", "times_effective", "withdrawals")
    )


def test_a_record_withdrawn_before_it_comes_does_not_count(desk: Desk) -> None:
    """The withdrawal overtook the report."""
    desk.withdraw(["r-1"])
    assert [Reason.WITHDRAWN] == [ruling.reason for ruling in desk.report([RECORD]).rulings]


@pytest.mark.parametrize("row_", [row for row in TABLE if row.mishap in UNDONE], ids=lambda row: row.ending)
def test_before_some_mishaps_nothing_is_decided(desk: Desk, ledger: Ledger, row_: magic.Magic) -> None:
    """It was received, and has no verdict; after so many times all in the call have one."""
    innocent = replace(RECORD, reference="r-2")
    for times in range(1, row_.times + 1):
        with pytest.raises(Struck, match=str(row_.mishap)):
            desk.report([ended(row_.ending), innocent])
        assert (times, None) == (row(ledger)["received"], row(ledger)["verdict"])
    assert [True, True] == [ruling.accepted for ruling in desk.report([ended(row_.ending), innocent]).rulings]


def test_one_call_serves_several_magic_learners(desk: Desk) -> None:
    """The first one's mishap counts for all of them: the chunk gets through at the second call."""
    people = [ended("31", "r-1"), ended("35", "r-2"), ended("40", "r-3")]
    assert [Mishap.RESET, None] == [desk.report(people).mishap for _ in range(2)]


def test_a_ticket_outlives_its_process(tmp_path: Path) -> None:
    """The ledger has what it is for; another board's is unknown, and so is one never given."""
    for given in (True, False):
        ledger = Ledger(tmp_path / "ledger.db")
        desk = Desk("ABS", ledger, Mood())
        if given:
            ticket = desk.take_in([RECORD], at_once=False).ticket or ""
        collected = desk.collect(ticket)
        assert collected is not None and [True] == [ruling.accepted for ruling in collected.rulings]
        assert [None, None] == [Desk("ABOS", ledger, Mood()).collect(ticket), desk.collect("none")]
        ledger.close()


def test_the_ledger_is_kept_without_a_personal_value(tmp_path: Path, desk: Desk, ledger: Ledger) -> None:
    """Neither the name, nor the birthday, nor the board id is in the file, nor in what it prints."""
    desk.report([RECORD])
    desk.take_in([replace(RECORD, reference="r-2", activity_id="other")], at_once=False)
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"r-2" in written
    assert [] == [value for value in (b"100001", b"Quimby", b"02-29") if value in written]
    assert "Quimby" not in repr(RECORD)


def test_what_a_failed_call_did_is_not_kept(ledger: Ledger) -> None:
    """A page is one transaction: an error in the middle leaves the ledger as it was."""
    with pytest.raises(ZeroDivisionError), ledger.page("ABIM", ["r-1"]) as page:
        page.entries["r-1"].received = 1 // 0
    assert [] == ledger.dump()


def test_a_file_that_is_no_ledger_is_let_go_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection nobody closes is complained of wherever Python happens to be when it finds it."""
    (tmp_path / "other.csv").write_text("a,b\n" * 100)
    connect, made = sqlite3.connect, list[sqlite3.Connection]()

    def remembered(*args: Any, **options: Any) -> sqlite3.Connection:
        made.append(connect(*args, **options))
        return made[-1]

    monkeypatch.setattr("gateway.simulators.ledger.sqlite3.connect", remembered)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        Ledger(tmp_path / "other.csv")
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        made.pop().execute("SELECT 1")


def test_threads_agree_on_what_counts(desk: Desk, ledger: Ledger) -> None:
    """The same credit under twenty references at once: one of them counts."""
    people = [replace(RECORD, reference=f"r-{number}") for number in range(20)]
    threads = [threading.Thread(target=desk.report, args=([one],)) for one in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (20, 1) == (len(ledger.dump()), sum(entry["times_effective"] for entry in ledger.dump()))


# --- trouble on purpose -----------------------------------------------------------------------------------


def draws(mood: Mood, count: int = 200) -> list[Mishap | None]:
    """What befalls so many calls."""
    return [mood.draw() for _ in range(count)]


def test_trouble_is_drawn_by_its_seed() -> None:
    """The same seed, the same mishaps; about the share that was asked for; none unasked."""
    mood = Mood()
    assert [None] * 200 == draws(mood)
    mood.trouble(0.3, seed=7)
    first = draws(mood)
    mood.trouble(0.3, seed=7)
    assert first == draws(mood)
    assert 40 <= sum(drawn is not None for drawn in first) <= 80
    mood.trouble(0.3, seed=8)
    assert first != draws(mood)


@pytest.mark.parametrize(
    ("line", "state", "share", "latency"),
    [
        ("dead", "dead", 0, 0),
        ("silent", "silent", 0, 0),
        ("flaky 0.3", "alive", 0.3, 0),
        ("flaky 1 500", "alive", 1, 0),
        ("flaky 0.5 12 reset drip\n", "alive", 0.5, 0),
        ("slow 0.25", "alive", 0, 0.25),
    ],
)
def test_a_board_does_what_its_control_says(line: str, state: str, share: float, latency: float) -> None:
    """And `alive` ends it all."""
    mood = Mood()
    mood.obey(line)
    told = mood.told()
    assert (state, share, latency) == (told["state"], told["share"], told["latency"])
    mood.obey("alive")
    assert ("alive", 0, 0) == (mood.state, mood.told()["share"], mood.latency)


@pytest.mark.parametrize(
    "line", ["", "well", "dead now", "flaky", "flaky 2", "flaky x", "flaky 0.1 3 sad", "slow", "slow x"]
)
def test_what_a_control_does_not_know_changes_nothing(line: str) -> None:
    """It is answered by what there is."""
    mood = Mood()
    with pytest.raises(ValueError, match=r"^Say alive, dead"):
        mood.obey(line)
    assert ("alive", 0) == (mood.state, mood.told()["share"])


def test_drawn_trouble_befalls_withdrawals_and_tickets_too(ledger: Ledger) -> None:
    """Every call to a board can fail, not only reports; and nothing was done where it says so."""
    mood = Mood()
    desk = Desk("ABS", ledger, mood)
    ticket = desk.take_in([RECORD], at_once=False).ticket or ""
    mood.trouble(1, kinds=["503"])
    for call in (lambda: desk.withdraw(["r-1"]), lambda: desk.collect(ticket), lambda: desk.report([RECORD])):
        with pytest.raises(Struck, match="503"):
            call()
    assert (0, True) == (row(ledger)["withdrawals"], row(ledger)["effective"])
    mood.trouble(1, kinds=["wrong-reference"])
    collected = desk.collect(ticket)
    assert collected is not None and ["r-1-x"] == [ruling.reference for ruling in collected.rulings]
    assert ["r-1-x"] == [done.reference for done in desk.withdraw(["r-1"])[0]]


# --- the service ------------------------------------------------------------------------------------------


def test_a_call_is_answered_by_an_envelope(abim: SimulatedBoard) -> None:
    """HTTP 200, and the verdicts in another order than the records."""
    answer = abim.answer(request("100001", "900011"), "text/xml", f'"{NAMESPACE}/ReportCredits"')
    body = etree.fromstring(answer.body)[0][0]
    assert (200, f"{{{NAMESPACE}}}ReportCreditsResponse") == (answer.status, body.tag)
    assert [("r-1", "false"), ("r-0", "true")] == [(one[0].text, one[1].text) for one in body]


@pytest.mark.parametrize(
    ("body", "content_type", "action"),
    [
        (b"", "text/xml", ""),
        (b"<a", "text/xml", ""),
        (b"<a/>", "text/xml", ""),
        (envelope(""), "text/xml", ""),
        (envelope("<Nonsense/>"), "text/xml", ""),
        (envelope(f'<Nonsense xmlns="{NAMESPACE}"/>'), "text/xml", ""),
        (envelope(f'<ReportCredits xmlns="{NAMESPACE}"/>'), "text/xml", ""),
        (envelope(f'<ReportCreditsResponse xmlns="{NAMESPACE}"/>'), "text/xml", ""),
        (b"<!DOCTYPE a []>" + request("100001"), "text/xml", ""),
        (request(*["100001"] * 101), "text/xml", ""),
        (request("100001").replace(b"0229", b"Quimby"), "text/xml", ""),
        (request("100001"), "application/json", ""),
        (request("100001"), "text/xml", '"urn:other/WithdrawCredits"'),
    ],
)
def test_what_does_not_keep_the_contract_is_a_fault(
    abim: SimulatedBoard, ledger: Ledger, body: bytes, content_type: str, action: str
) -> None:
    """Of the sender, well-formed, quoting nothing; and nothing is on record."""
    answer = abim.answer(body, content_type, action)
    fault = etree.fromstring(answer.body)[0][0]
    assert (500, "soap:Client") == (answer.status, fault.findtext("faultcode"))
    assert b"Quimby" not in answer.body
    assert [] == ledger.dump()


def test_there_is_a_board_for_every_adapter(ledger: Ledger) -> None:
    """The nine of the collaboration, each served from the contract its adapter is pinned to."""
    served = boards(ledger)
    assert set(ADAPTERS) == set(served)
    for acronym, adapter in ADAPTERS.items():
        kept = (ROOT / "wsdl" / "boards" / adapter.wsdl).read_bytes()
        assert kept == served[acronym].contract(f"http://localhost/boards/{acronym}")


# --- the wire ---------------------------------------------------------------------------------------------


@pytest.fixture
def served(tmp_path: Path) -> Iterator[simulators.Boards]:
    """The boards on a free port."""
    with simulators.serving(ledger=tmp_path / "ledger.db") as boards_:
        yield boards_


def post(boards_: simulators.Boards, body: bytes, timeout: float = FEW_SECONDS) -> requests.Response:
    """Send a call to ABIM."""
    headers = {"Content-Type": "text/xml; charset=utf-8"}
    return requests.post(
        boards_.url("ABIM"), data=body, headers=headers, timeout=timeout, allow_redirects=False
    )


def well(response: requests.Response) -> bool:
    """Whether an answer has a verdict on the one record that was sent."""
    return b">r-0</" in response.content and b"true</" in response.content


@pytest.mark.network
@pytest.mark.parametrize(
    ("kind", "status", "starts"),
    [
        ("500", 500, b"<html>"),
        ("503", 503, b"Busy."),
        ("fault", 500, b"<?xml"),
        ("malformed", 200, b"<?xml"),
        ("wrong-reference", 200, b"<?xml"),
        ("huge", 200, b"<?xml"),
        ("empty", 200, b""),
        ("html", 200, b"<html>"),
        ("redirect", 307, b""),
    ],
)
def test_a_mishap_with_an_answer(
    served: simulators.Boards, monkeypatch: pytest.MonkeyPatch, kind: str, status: int, starts: bytes
) -> None:
    """Each with its status and content; once it is over, the same call is answered well."""
    monkeypatch.setattr(wire, "HUGE_BYTES", 1 << 20)
    served.trouble("ABIM", share=1, kinds=[kind])
    response = post(served, request("100001"))
    assert (status, True) == (response.status_code, response.content.startswith(starts))
    assert well(response) is (kind == "huge") and (kind != "huge" or len(response.content) > 1 << 20)
    served.trouble("ABIM", share=0)
    assert well(post(served, request("100001")))
    assert {kind: 1, "answered": 1} == served.told("ABIM")["calls"]


@pytest.mark.network
@pytest.mark.parametrize("kind", ["reset", "cut", "silence"])
def test_a_mishap_without_an_answer(served: simulators.Boards, kind: str) -> None:
    """The connection ends, or nothing comes; once it is over, the same call is answered well."""
    served.trouble("ABIM", share=1, kinds=[kind])
    with pytest.raises(requests.RequestException):
        assert post(served, request("100001"), timeout=0.3).content is None
    served.trouble("ABIM", share=0)
    assert well(post(served, request("100001")))


@pytest.mark.network
def test_a_drip_is_slower_than_any_deadline(served: simulators.Boards) -> None:
    """Bytes keep coming, so that no read timeout trips, and the answer is far from whole."""
    served.trouble("ABIM", share=1, kinds=["drip"])
    body = request("100001")
    head = f"POST /boards/ABIM HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    host, port = served.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), FEW_SECONDS) as connection:
        connection.sendall(head.encode() + body)
        pieces = [connection.recv(4096) for _ in range(4)]
    assert all(pieces) and len(b"".join(pieces).partition(b"\r\n\r\n")[2]) < 8


@pytest.mark.network
def test_a_board_can_die_and_come_back(served: simulators.Boards) -> None:
    """Dead it resets, silent it says nothing, its neighbours go on; alive it has lost nothing."""
    assert well(post(served, request("100001")))
    served.kill("ABIM")
    with pytest.raises(requests.ConnectionError):
        post(served, request("100001"))
    served.kill("ABIM", silent=True)
    with pytest.raises(requests.Timeout):
        post(served, request("100001"), timeout=0.2)
    assert 200 == requests.get(f"{served.url('ABP')}?wsdl", timeout=FEW_SECONDS).status_code
    served.revive("ABIM")
    assert well(post(served, request("100001")))
    assert [(2, 1)] == [(entry["received"], entry["times_effective"]) for entry in served.ledger()]


@pytest.mark.network
def test_the_control_address_tells_and_is_told(served: simulators.Boards) -> None:
    """A line by POST, how all are by GET; a word it does not know is refused with those it does."""
    control = f"{served.address}/control"
    assert "dead" == requests.post(f"{control}/ABIM", data="dead", timeout=FEW_SECONDS).json()["state"]
    told = requests.get(control, timeout=FEW_SECONDS).json()
    assert (9, "dead", "alive") == (len(told), told["ABIM"]["state"], told["ABP"]["state"])
    refused = requests.post(f"{control}/ABIM", data="sad", timeout=FEW_SECONDS)
    assert (400, True) == (refused.status_code, refused.text.startswith("Say alive"))
    assert "alive" == requests.post(f"{control}/ABIM", data="alive", timeout=FEW_SECONDS).json()["state"]


@pytest.mark.network
@pytest.mark.parametrize(("host", "named"), [("bench.example:81", True), ('"><x/>', False)])
def test_a_contract_has_the_address_the_caller_knows(
    served: simulators.Boards, host: str, named: bool
) -> None:
    """So that it is of use from another machine; what is no host's name stays out of it."""
    url = f"{served.url('ABIM')}?wsdl"
    contract = requests.get(url, headers={"Host": host}, timeout=FEW_SECONDS).content
    address = f"http://{host}/boards/ABIM" if named else served.url("ABIM")
    assert f'location="{address}"'.encode() in contract


@pytest.mark.network
def test_what_is_not_there_is_not_found(served: simulators.Boards) -> None:
    """By GET and POST; the front page says what there is, and the ledger is JSON."""
    for path in ("/boards/ABEM", "/boards/", "/other", "/elsewhere/ABEM", "/control/ABEM"):
        url = served.address + path
        assert 404 == requests.get(url, timeout=FEW_SECONDS).status_code
        assert 404 == requests.post(url, data="x", timeout=FEW_SECONDS).status_code
    assert "/boards/ACRONYM" in requests.get(served.address, timeout=FEW_SECONDS).text
    assert [] == requests.get(f"{served.address}/ledger", timeout=FEW_SECONDS).json()


@pytest.mark.network
def test_the_end_does_not_wait_for_anybody(tmp_path: Path) -> None:
    """With a client that holds its connection, one that is dripped on, one that waits in silence and one
    that waits for a slow board: each of them would wait for a minute."""
    with simulators.serving(ledger=tmp_path / "ledger.db") as boards_, requests.Session() as session:
        session.get(boards_.address, timeout=FEW_SECONDS)
        waiting = [threading.Thread(target=_try, args=(boards_, number)) for number in ("32", "33", "23")]
        for thread in waiting:
            thread.start()
        until(lambda: len(boards_.ledger()) == len(waiting), "all of them are at the boards")
    for thread in waiting:
        thread.join(FEW_SECONDS)
    assert [False] * len(waiting) == [thread.is_alive() for thread in waiting]


def _try(boards_: simulators.Boards, number: str) -> None:
    try:
        post(boards_, request(f"9000{number}", reference=number), timeout=wire.IDLE_SECONDS)
    except requests.RequestException:
        return  # as it should be


def test_an_answer_is_what_it_says() -> None:
    """The kinds of mishap that are handled on the wire are all but those that stand in the answer."""
    assert set(Mishap) - {Mishap.FAULT, Mishap.WRONG_REFERENCE} == set(wire.MISHAPS)
    assert Answer(200, b"", wire.XML).mishap is None
