"""The four mistakes AS4 systems make with a message that is sent again, on both databases: a duplicate of
a failed message is acknowledged, a failed message can never be sent again, a retry comes under a new key,
and what was taken is forgotten when the system starts anew."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from command import Ended, run_command
from counted import Counter, person
from lxml import etree
from messages import activity, text, texts
from trust import messages
from trust.dump import dump
from trust.post import Poster, Reply
from trust.stage import Stage, staged

from gateway.errors import Conflict, StoreUnavailable
from storage.audit import Audit

UPDATE = "<act:activityRecordAction>Update</act:activityRecordAction>"
TABLES = ("receipts", "activities", "credits", "questions", "audit")
ARMED = "armed"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'gateway.db'}"
    return str(request.getfixturevalue("fresh_postgres")())


@pytest.fixture
def counter(database: str) -> Iterator[Counter]:
    """A gateway on an empty database."""
    with _begun(database) as counter:
        yield counter


@contextlib.contextmanager
def _begun(database: str) -> Iterator[Counter]:
    """A gateway that starts on a database, and ends."""
    counter = Counter(database)
    with contextlib.closing(counter.store):
        yield counter


def _update(counter: Counter, title: str) -> etree._Element:
    return counter.save("K", records=activity(extension=UPDATE, title=title))


@dataclass(frozen=True, slots=True)
class Case:
    """A message under one key that fails as long as what it speaks of is missing, and another one."""

    send: Callable[[Counter], etree._Element]
    other: Callable[[Counter], etree._Element]
    mend: Callable[[Counter], object]


CASES = {
    "activity": Case(
        lambda counter: _update(counter, "Asthma at School"),
        lambda counter: _update(counter, "Asthma in Sports"),
        lambda counter: counter.save("first", records=activity()),
    ),
    "completion": Case(
        lambda counter: counter.report(person(1)[1], key="K"),
        lambda counter: counter.report(person(2)[1], key="K"),
        lambda counter: counter.know(person(1)[0]),
    ),
}
both = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def _told(answer: etree._Element) -> tuple[str | None, str | None]:
    return text(answer, "Outcome"), text(answer, "Replayed")


# --- the four mistakes ---------------------------------------------------------------------------------


@both
def test_duplicate_of_a_failed_message_gets_no_positive_receipt(counter: Counter, case: Case) -> None:
    """However often it comes it fails, each time under a receipt of its own that says so."""
    answers = [case.send(counter) for _ in range(3)]
    assert [("Failure", "false")] * 3 == [_told(answer) for answer in answers]
    assert 3 == len({text(answer, "ReceiptId") for answer in answers})
    assert [0, 0] == [counter.count(table) for table in ("activities", "credits")]


@both
def test_resend_of_a_failed_message_is_processed(counter: Counter, case: Case) -> None:
    """The very same message under the very same key, once what it failed for is there; and then once."""
    assert ("Failure", "false") == _told(case.send(counter))
    case.mend(counter)
    done, again = case.send(counter), case.send(counter)
    assert [("Success", "false"), ("Success", "true")] == [_told(done), _told(again)]
    assert text(done, "ReceiptId") == text(again, "ReceiptId")


@both
def test_resend_after_a_fault_is_processed(
    counter: Counter, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    """A store that fails at the very end of the work leaves nothing behind: neither record nor key."""
    case.mend(counter)
    before = [counter.count(table) for table in TABLES]

    def failing(*_: object) -> None:
        raise StoreUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(Audit, "add", failing)
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                case.send(counter)
    assert before == [counter.count(table) for table in TABLES]
    assert [("Success", "false"), ("Success", "true")] == [_told(case.send(counter)) for _ in range(2)]


def test_retry_keeps_its_key(counter: Counter) -> None:
    """Under its key it is done once; the control, a retry under a new one, is done twice."""
    first, again = counter.save("K"), counter.save("K")
    assert (["Added"], 1) == (texts(again, "Action"), counter.count("activities"))
    assert text(first, "ReceiptId") == text(again, "ReceiptId")
    counter.save("another")
    assert 2 == counter.count("activities")


@both
def test_window_outlives_a_restart(database: str, case: Case) -> None:
    """A year later, and after the gateway ended in between, it is still the first receipt again; other
    content is still refused; only after 13 months is the key free."""
    with _begun(database) as counter:
        case.mend(counter)
        first = case.send(counter)
    with _begun(database) as counter:
        counter.clock.advance(days=365)
        again = case.send(counter)
        assert ("Success", "true") == _told(again)
        assert text(first, "ReceiptId") == text(again, "ReceiptId")
        with pytest.raises(Conflict):
            case.other(counter)
    with _begun(database) as counter:
        counter.clock.advance(days=31 * 13 + 1)
        assert ("Success", "false") == _told(case.send(counter))


# --- as a client meets it ------------------------------------------------------------------------------


def die_after_commit() -> None:
    """Let the worker that does the next call once armed die when all is committed and nothing answered."""
    from gateway.operations import activities, call

    perform = call.perform

    def perform_and_die(*asked: Any) -> Any:
        receipt = perform(*asked)
        with contextlib.suppress(FileNotFoundError):
            Path(ARMED).unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        return receipt

    vars(activities)["perform"] = perform_and_die


@pytest.fixture
def stage(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> Iterator[Stage]:
    """A served gateway that can be armed, on each database."""
    served = None if database.startswith("sqlite") else database
    with staged(tmp_path, database=served, sabotage=die_after_commit, workers=2) as stage:
        stage.start()
        yield stage


def _post(stage: Stage, title: str) -> Reply:
    """Add an activity without an id of its own, under a key."""
    body = messages.save_activity("", title, "Add", int(str(stage.plan["year"])), "K")
    with contextlib.closing(Poster(str(stage.plan["bind"]))) as poster:
        return poster.post(body)


def _titles(stage: Stage) -> list[str]:
    return dump(stage.database).records.get("activity None", [])


@pytest.mark.network
@pytest.mark.slow
def test_client_that_lost_its_answer_is_told_it_again(stage: Stage) -> None:
    """Whoever sends the same again after a worker died between commit and answer gets the receipt, also
    when the whole gateway was killed and started anew since; other content is refused."""
    (stage.folder / ARMED).touch()
    assert 0 == _post(stage, "Lost").status
    assert ["Lost"] == _titles(stage)
    again = _post(stage, "Lost")
    assert b"Replayed>true<" in again.body
    stage.kill_group()
    stage.start()
    assert again.body == _post(stage, "Lost").body
    assert "S004" == _post(stage, "Other").told().ours
    assert ["Lost"] == _titles(stage)


def _submit(stage: Stage, *more: str) -> Ended:
    """Submit the file with the command, from the folder of the gateway."""
    account = ("--provider", messages.PROVIDER, "--user", messages.USER)
    told = {"CME_GATEWAY_PASSWORD": messages.PASSWORD}
    return run_command(
        stage.folder, "submit", "new.xml", "--url", stage.url, *account, *more, environment=told
    )


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("key", [(), ("--key", "june")], ids=["content", "key"])
def test_submit_that_lost_its_answer_can_be_repeated(stage: Stage, key: tuple[str, ...]) -> None:
    """The command says what to do, and the same command again tells the first receipt; a new key is needed
    to have the same content taken once more."""
    body = messages.save_activity("", "Lost", "Add", int(str(stage.plan["year"])))
    [payload] = etree.fromstring(body).iter("{*}ACCMEActivities")
    (stage.folder / "new.xml").write_bytes(etree.tostring(payload))
    (stage.folder / ARMED).touch()
    lost = _submit(stage, *key)
    assert (1, True) == (lost.code, "submit the same again, with the same --key if it had one" in lost.err)
    again = _submit(stage, *key)
    assert 0 == again.code
    assert "1 added, 1 activity Draft; receipt " in again.out
    assert ("; key june-1\n" if key else "; key submit-") in again.out
    assert "taken before" in again.out
    assert ["Lost"] == _titles(stage)
    assert "taken before" not in _submit(stage, "--key", "july").out
    assert ["Lost", "Lost"] == _titles(stage)
