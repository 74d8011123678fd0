"""Erasing one person, on both databases: nothing of them stays, and nothing of the others goes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from asked import statuses, worker
from canaries import a_canary, leaks, npi, said, values_of
from fakes import OTHER_PROVIDER, PROVIDER, Clock, terms
from lxml import etree
from reports import BOARD_CREDIT, CME_CREDIT, COURSE, TODAY, completion, report
from sqlalchemy import select, text

from gateway import erasing, operations, schemas
from gateway.erasing import Found, Person
from gateway.errors import NotFound, Refused
from gateway.intake import Limits
from gateway.lifecycle import lasting
from gateway.matching import Keys
from gateway.operations import Call
from gateway.records import (
    Action,
    Caller,
    Completion,
    Identifier,
    Learner,
    Provider,
    RegisterRow,
    Reply,
    Verdict,
)
from gateway.schema import Reader
from gateway.sealing import Key
from storage import Store, open_store
from storage.tables import audit, credits, metadata, payloads, receipts

KEY = Key(bytes(range(32)))
READER = Reader(schemas.VERSIONS, Limits())
SHE = a_canary(board="ABIM")
HE = a_canary(board="ABIM")
OPEN_ONES = text("SELECT id, attempt FROM questions WHERE done_at IS NULL")
HERS = values_of(SHE)
HIS = values_of(HE)


class Plain:
    """A sealer that seals nothing, so that what stays of a payload or a learner would be seen."""

    def seal(self, plain: bytes) -> bytes:
        """The same."""
        return plain

    unseal = seal


@dataclass
class Office:
    """A store with two providers and two people, and what is done there."""

    store: Store
    clock: Clock = field(default_factory=Clock)
    sent: int = 0

    def __post_init__(self) -> None:
        self.terms = replace(terms(self.clock), digest=KEY.digest)
        self.keys = Keys(KEY.digest)

    def enrol(self, *rows: RegisterRow) -> None:
        """Take people up into the register."""
        with self.store.loading as loading:
            loading.keep([self.keys.enrol(row) for row in rows])

    def save(self, *some: Completion, provider: str = PROVIDER) -> Any:
        """Report completions, and give the receipt."""
        self.sent += 1
        payload, _ = READER.write(some, READER.named("learner", "2.0"), created=self.clock.now)
        request = etree.Element("SaveLearnerActivity")
        request.append(payload)
        call = Call(
            operation="SaveLearnerActivity",
            caller=Caller(provider, "lms"),
            trace_id="t",
            version=(2, 0),
            raw=etree.tostring(request),
            digest=b"%032d" % self.sent,
        )
        entries = [report(one, number=number) for number, one in enumerate(some, 1)]
        receipt = operations.save_learner_activity(call, entries, (), self.store, self.terms)
        assert {Action.ADDED} == {result.action for result in receipt.results}, receipt
        return receipt

    def find(self, person: Person) -> Found:
        """What is kept of somebody."""
        return erasing.find(person, self.store.erasing, READER, TODAY, lambda count: None)

    def erase(self, person: Person) -> Found:
        """Erase somebody, traces and all."""
        found = self.find(person)
        erasing.erase(found, self.store.erasing, self.clock.now)
        assert self.store.erasing.scrub()
        return found

    def named(self, row: RegisterRow = SHE) -> Person:
        """Somebody by the register's key."""
        return erasing.registered(row.person, self.keys, self.store.erasing)

    def by_number(self, domain: str, value: str) -> Person:
        """Somebody by a number that was reported."""
        return erasing.reported(Identifier(domain, value), self.keys, self.store.erasing)

    def dump(self) -> bytes:
        """Every value of every table."""
        with self.store._engine.connect() as connection:
            rows = [row for table in metadata.sorted_tables for row in connection.execute(select(table))]
        return repr(rows).encode()

    def answer(self, accepted: bool = True) -> int:
        """Let a worker put the open questions to a board that says the same to all; gives how many claims."""
        callouts, claims = worker(self.store), 0
        with self.store._engine.connect() as connection:
            open_ones = connection.execute(OPEN_ONES).all()
        for question_id, attempt in open_ones:
            question = callouts.take(question_id, attempt)
            if question is not None:
                claims += len(question.claims)
                verdicts = tuple(Verdict(claim.reference, accepted) for claim in question.claims)
                callouts.record(question, Reply(verdicts), 0.0)
        return claims


@pytest.fixture
def office(url: str) -> Any:
    """An office whose two people are in the register, with the same course at both providers."""
    store = open_store(url, Plain(), lambda: Clock().now, lasting, lambda board: 3)
    store.migrate()
    for provider, name in ((PROVIDER, "Demo Medical Society"), (OTHER_PROVIDER, "Sample College")):
        store.accounts.add_provider(Provider(provider, name))
    store.write(PROVIDER, lambda unit: unit.activities.add([COURSE]))
    store.write(OTHER_PROVIDER, lambda unit: unit.activities.add([OTHERS]))
    office = Office(store)
    office.enrol(SHE, HE)
    yield office
    store.close()


OTHERS = replace(COURSE, activity_id="202600009", provider_activity_id="OTHER-26")


def earned(learner: Learner, number: int, activity: Any = COURSE) -> Completion:
    """CME and board credit of a learner."""
    ids = f"ccid:demo:{number}a", f"ccid:demo:{number}b"
    cme, board = replace(CME_CREDIT, credit_id=ids[0]), replace(BOARD_CREDIT, credit_id=ids[1])
    reporting = OTHER_PROVIDER if activity is OTHERS else PROVIDER
    return replace(completion(learner, cme, board, activity=activity), provider_organization=reporting)


def misspelled(row: RegisterRow) -> Learner:
    """A learner whom matching refused: her number, somebody's name."""
    return replace(said(row), family_names=("Nobodyson",))


def report_them(office: Office) -> None:
    """She is reported by two providers, well and badly; he beside her and alone."""
    office.save(earned(said(SHE), 1), earned(said(HE), 2))
    office.save(earned(said(SHE), 1, OTHERS), provider=OTHER_PROVIDER)
    office.save(earned(misspelled(SHE), 3))
    elsewhere = earned(replace(said(SHE), identifiers=(Identifier("NY", "none-9"),)), 4)
    office.save(replace(elsewhere, credits=elsewhere.credits[:1]))
    office.save(earned(said(HE), 5, OTHERS), provider=OTHER_PROVIDER)


def test_nothing_of_a_person_stays(office: Office) -> None:
    """Rows of the register, credits of all providers, derived ones, raw requests: none is left."""
    report_them(office)
    assert 2 + 1 + 1 == office.answer()  # hers and his at one provider, one each at the other
    assert leaks(office.dump(), HERS)
    found = office.erase(office.named())
    assert (2 + 2 + 1 + 2, 4) == (len(found.credits), len(found.payloads))
    assert [] == leaks(office.dump(), HERS)
    with office.store._engine.connect() as connection:
        keys = set(connection.scalars(select(credits.c.learner_key)))
        assert SHE.person not in connection.scalars(select(credits.c.person)).all()
    assert office.keys.person_key(SHE.person) not in keys
    assert not office.find(office.named())


def test_others_are_untouched(office: Office) -> None:
    """His credits, his place in the register and the requests that name him alone stay as they were."""
    report_them(office)
    office.answer()
    before = office.find(office.named(HE))
    office.erase(office.named())
    after = office.find(office.named(HE))
    assert [one.row for one in before.credits] == [one.row for one in after.credits]
    assert (1, 1, 2) == (len(after.person.enrolled), len(after.payloads), len(before.payloads))
    assert leaks(office.dump(), HIS)


def test_her_credits_are_not_found_any_more(office: Office) -> None:
    """A status call answers as for one that never was; the receipts still stand."""
    receipt = office.save(earned(said(SHE), 1))
    caller = Caller(PROVIDER, "lms")
    assert (
        "ccid:demo:1a" == operations.get_status_by_credit_id(caller, "ccid:demo:1a", office.store).credit_id
    )
    office.erase(office.named())
    with pytest.raises(NotFound):
        operations.get_status_by_credit_id(caller, "ccid:demo:1a", office.store)
    assert receipt == operations.get_receipt(caller, receipt.id, None, office.store)
    with office.store._engine.connect() as connection:
        assert not connection.execute(select(payloads)).all()
        assert connection.execute(select(receipts)).all()


def test_a_question_on_its_way_skips_her(office: Office) -> None:
    """What was not asked is not asked any more; an answer that comes late changes nothing."""
    office.save(earned(said(SHE), 1), earned(said(HE), 2))
    office.save(earned(replace(said(SHE), suffix=None), 6, OTHERS), provider=OTHER_PROVIDER)
    callouts = worker(office.store)
    with office.store._engine.connect() as connection:
        (first, _) = connection.scalars(text("SELECT id FROM questions ORDER BY id")).all()
    taken = callouts.take(first, 1)
    assert taken is not None
    found = office.erase(office.named())
    assert ["ABIM"] == [one.board for one in found.held]
    late = Reply(tuple(Verdict(claim.reference, accepted=True) for claim in taken.claims))
    assert 0 == callouts.record(taken, late, 0.0)
    assert 0 == office.answer()
    assert not office.find(office.named()).credits
    (his,) = [one for one in office.find(office.named(HE)).credits if one.board]
    assert ["Accepted"] == statuses(office.store, his.row)


def test_it_is_noted_for_each_provider_in_numbers(office: Office) -> None:
    """One row of the audit log each: how many credits and requests, nothing of the person."""
    report_them(office)
    office.erase(office.named())
    with office.store._engine.connect() as connection:
        noted = connection.execute(select(audit).where(audit.c.operation == erasing.OPERATION)).all()
    assert [(PROVIDER, 5 + 3), (OTHER_PROVIDER, 2 + 1)] == [(row.provider_id, row.records) for row in noted]
    office.erase(office.named())
    with office.store._engine.connect() as connection:
        again = connection.execute(select(audit).where(audit.c.operation == erasing.OPERATION)).all()
    assert noted == again


def test_someone_who_is_in_no_register_is_erased_by_a_number(office: Office) -> None:
    """However the number is written; other numbers of the same provider's learners do not count."""
    stranger, other = a_canary(board="ABIM"), a_canary(board="ABIM")
    office.save(earned(said(stranger), 1), earned(said(HE), 2))
    office.save(earned(said(other), 3))
    state, licence = stranger.state, f" {stranger.licence.lower()[:3]}-{stranger.licence.lower()[3:]}"
    found = office.erase(office.by_number(state, licence))
    assert (2, 1) == (len(found.credits), len(found.payloads))
    dumped = office.dump()
    assert [] == leaks(dumped, values_of(stranger))
    assert leaks(dumped, values_of(other))


def test_a_number_leads_to_the_person_of_the_register(office: Office) -> None:
    """Then all of that person goes; one that the register has twice says nobody, and neither does none."""
    report_them(office)
    person = office.by_number("NPI", SHE.npi)
    assert (SHE.person, 7) == (person.key, len(office.find(person).credits))
    office.enrol(replace(HE, person="namesake"))
    with pytest.raises(Refused, match="several persons"):
        office.by_number("NPI", HE.npi)
    with pytest.raises(Refused, match="no number"):
        office.by_number("NPI", " - ")


def test_a_request_that_could_not_be_read_is_found(office: Office) -> None:
    """Her number in a record that was refused, or in a place where no number belongs."""
    call = f"<SaveLearnerActivity><a>board <b>{SHE.board_id}</b></a></SaveLearnerActivity>"
    harmless = f"<SaveLearnerActivity><a>board <b>{npi(999)}</b></a></SaveLearnerActivity>"
    person = office.named()
    sought = erasing._Payloads(person, frozenset(), READER, TODAY)
    assert sought.names(call.encode())
    assert not sought.names(harmless.encode())
    assert sought.names(call.replace("<b>", f'<b domain="idd:x:{SHE.board}">').encode())
    assert not sought.names(call.replace("<b>", '<b domain="idd:x:ABP">').encode())


def test_credit_is_withdrawn_first(office: Office) -> None:
    """Accepted credit is put to its board as a withdrawal; when it is answered no board is listed."""
    office.save(earned(said(SHE), 1), earned(said(HE), 2))
    office.answer()
    found = office.find(office.named())
    assert 1 == len(found.held)
    assert 1 == erasing.withdraw(found, office.store, office.clock.now)
    assert 1 == len(office.find(office.named()).held)
    assert 1 == office.answer()
    left = office.find(office.named())
    assert ([], 2) == (left.held, len(left.credits))
    assert 0 == erasing.withdraw(left, office.store, office.clock.now)
    office.erase(office.named())
    assert [] == leaks(office.dump(), HERS)


def board_only(learner: Learner, number: int) -> Completion:
    """Board credit alone, which yields CME credit once it is accepted."""
    both = earned(learner, number)
    return replace(both, credits=both.credits[1:])


def living(office: Office) -> list[int]:
    """The rows of her credits that live."""
    return [one.row for one in office.find(office.named()).credits if one.living]


def test_a_verdict_after_the_search_is_withdrawn_too(office: Office) -> None:
    """What a board accepts between the search and the deletion is put to it, and what it yielded goes."""
    office.save(board_only(said(SHE), 1), board_only(said(HE), 2))
    found = office.find(office.named())
    assert 2 == office.answer()
    assert 2 == len(living(office))
    assert 1 == erasing.withdraw(found, office.store, office.clock.now)
    assert [] == living(office)
    assert 1 == office.answer()
    assert [] == office.find(office.named()).held


def test_what_was_deleted_and_is_still_held_is_withdrawn(office: Office) -> None:
    """A repeat takes deleted credit of which no board was told, and what it yielded; once is enough."""
    office.save(board_only(said(SHE), 1), board_only(said(HE), 2))
    office.answer()
    (row,) = [one.row for one in office.find(office.named()).credits if one.board]
    office.store.write(PROVIDER, lambda unit: unit.credits.delete([row]))
    assert (1, 0) == (len(office.find(office.named()).held), office.answer())
    assert 1 == erasing.withdraw(office.find(office.named()), office.store, office.clock.now)
    assert ([], 1) == (living(office), office.answer())
    assert 0 == erasing.withdraw(office.find(office.named()), office.store, office.clock.now)
    assert ["Accepted"] * 2 == [str(one.status) for one in office.find(office.named(HE)).credits]


def files(folder: Path) -> bytes:
    """Every byte of the database, its log included."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("gateway.db*")))


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_no_byte_stays_in_the_file(office: Office, tmp_path: Path) -> None:
    """Neither in free pages nor in the log, though rows were changed and pages moved before."""
    for number in range(100, 200, 5):
        others = [said(a_canary(board="ABIM")) for _ in range(5)]
        office.save(*(earned(one, number + n) for n, one in enumerate(others)))
    report_them(office)
    office.answer()
    key = office.keys.person_key(SHE.person)
    assert key in files(tmp_path)
    assert leaks(files(tmp_path), HERS)
    person = office.named()
    office.erase(person)
    written = files(tmp_path)
    assert key not in written
    assert not any(number in written for number in person.numbers)
    assert not leaks(written, HERS)
    assert leaks(written, HIS)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_without_scrubbing_bytes_stay(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above; and that others in the way are told."""
    from storage import erasing as rows

    report_them(office)
    erasing.erase(office.find(office.named()), office.store.erasing, office.clock.now)
    assert leaks(files(tmp_path), HERS)
    monkeypatch.setattr(rows, "TRIES", 1)
    with office.store._engine.connect() as reader:
        reader.execute(select(credits)).all()
        assert not office.store.erasing.scrub()
    assert office.store.erasing.scrub()
    assert not leaks(files(tmp_path), HERS)
