"""Two providers, each asking for what is the other's: the answer is that for what there is nothing of.

Calls of every operation of both service versions are made up at random, on a real store. Each is made
twice, once with an id of the other provider and once with one that nobody has: the two answers may differ
in that id alone. What the other one keeps is the same before and after, byte by byte.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from canaries import a_canary, leaks, said, values_of
from fakes import NOW, OTHER_PROVIDER, PASSWORD, PROVIDER, USER
from housed import KEY, READER, gateway_of, housed
from lxml import etree
from messages import activity, payload, request, text, texts
from reports import BOARD_CREDIT, CME_CREDIT, COURSE, NURSE, REMS_COURSE, completion
from sqlalchemy import BinaryExpression, BindParameter, Executable, select, true
from sqlalchemy.sql.visitors import replacement_traverse

from gateway.errors import GatewayError
from gateway.matching import Keys
from gateway.records import Activity, Completion, Learner
from gateway.service import V1, V2, ServiceVersion
from storage import Store
from storage.scope import OWNER, Owned, Scope
from storage.tables import metadata

SHORT, SEED = 5_000, 20261121  # pairs of calls: each is made twice
BOTH = (PROVIDER, OTHER_PROVIDER)
WORDS = {PROVIDER: PASSWORD, OTHER_PROVIDER: "another-word-of-the-tests"}
PEOPLE = {provider: [a_canary(board="ABIM") for _ in range(6)] for provider in BOTH}
OPERATIONS = {(version.name, name) for version in (V1, V2) for name in version.operations}


@dataclass(frozen=True, slots=True)
class Own:
    """What one provider has, by what others could name it by."""

    activities: list[str]
    own_activities: list[str]
    credits: list[str]
    receipts: list[str]
    asked_keys: list[str]
    used_keys: list[str]
    pages: list[str]
    learners: list[Learner]
    years: list[str]


@dataclass
class Town:
    """A gateway with two providers; what is asked there, and what became of it."""

    store: Store
    own: dict[str, Own] = field(default_factory=dict)
    asked: set[tuple[str, str]] = field(default_factory=set)
    calls: int = 0

    def __post_init__(self) -> None:
        self.gateway = gateway_of(self.store)

    def ask(self, provider: str, operation: str, *parts: str, version: ServiceVersion = V2) -> bytes:
        """Answer a call, or say what refuses it, as its sender reads it."""
        self.calls += 1
        self.asked.add((version.name, operation))
        account = (
            f"<ProviderId>{provider}</ProviderId><User>{USER}</User><Password>{WORDS[provider]}</Password>"
        )
        xml = request(operation, *parts, credentials=account, namespace=version.namespace)
        try:
            answer = version.answer(etree.fromstring(xml), self.gateway, None, "trace")
        except GatewayError as error:
            found = [(one.code, one.text, one.remedy, one.path) for one in error.findings]
            return repr((type(error).__name__, error.code, error.text, error.remedy, found)).encode()
        return etree.tostring(answer)

    def dump(self, provider: str) -> str:
        """All that is kept of a provider."""
        with self.store._engine.connect() as connection:
            kept = (
                connection.execute(select(table).where(table.c.provider_id == provider)).all()
                for table in metadata.sorted_tables
                if "provider_id" in table.c
            )
            return "\n".join(sorted(repr(row) for rows in kept for row in rows))


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """Two providers who have reported much the same."""
    with founded(tmp_path) as town:
        yield town


@contextmanager
def founded(folder: Path) -> Iterator[Town]:
    """The same, for others than tests."""
    keys = Keys(KEY.digest)
    with housed(folder, WORDS) as store:
        with store.loading as loading:
            loading.keep([keys.enrol(row) for people in PEOPLE.values() for row in people])
        town = Town(store)
        for number, provider in enumerate(BOTH, 1):
            town.own[provider] = _settled(town, provider, number)
        yield town


def _settled(town: Town, provider: str, number: int) -> Own:
    """Let a provider report something of each kind."""
    courses = [
        replace(COURSE, activity_id=f"20260010{number}", provider_activity_id=f"OWN-{number}-A"),
        replace(REMS_COURSE, activity_id=f"20260020{number}", provider_activity_id=f"OWN-{number}-B"),
    ]
    town.store.write(provider, lambda unit: unit.activities.add(courses))
    learners = [said(row) for row in PEOPLE[provider]]
    earned = [_earned(provider, one, courses[0], f"{number}-{n}") for n, one in enumerate(learners)]
    rems = _of(provider, completion(None, activity=courses[1], participants=(NURSE,)))
    keys = [f"key-of-{number}-{n}" for n in range(2)]
    saved = [
        _save(town, provider, *some, key=key)
        for key, some in zip(keys, (earned[:3], [*earned[3:], rems]), strict=True)
    ]
    receipts = [str(text(etree.fromstring(one), "ReceiptId")) for one in saved]
    sizes = (f"<PageSize>{size}</PageSize>" for size in (1, 2, 3))
    found = [etree.fromstring(town.ask(provider, "FindLearners", *PAGE, size)) for size in sizes]
    pages = [str(text(one, "NextPageToken")) for one in found]
    credits = [str(one.credit_id) for each in earned for one in each.credits]
    years = [str(2018 + number)]
    town.ask(provider, "AcceptAgreement", f"<Year>{years[0]}</Year>")
    activities, own = (
        [str(one.activity_id) for one in courses],
        [str(one.provider_activity_id) for one in courses],
    )
    assert all(saved) and "None" not in (*receipts, *pages)
    return Own(activities, own, credits, receipts, keys[:1], keys[1:], pages, learners, years)


PAGE = ("<SubmittedFrom>2020-01-01</SubmittedFrom>",)


def _of(provider: str, said: Completion) -> Completion:
    return replace(said, provider_organization=provider)


def _earned(provider: str, learner: Learner, course: Activity, number: str) -> Completion:
    cme = replace(CME_CREDIT, credit_id=f"ccid:demo:{number}a")
    board = replace(BOARD_CREDIT, credit_id=f"ccid:demo:{number}b")
    return _of(provider, completion(learner, cme, board, activity=course))


def _written(*some: Completion, action: str = "add") -> str:
    element, _ = READER.write(some, READER.named("learner", "2.0"), created=NOW)
    return etree.tostring(element).decode().replace(">add<", f">{action}<")


def _save(town: Town, provider: str, *some: Completion, key: str) -> bytes:
    return town.ask(provider, "SaveLearnerActivity", f"<SubmissionKey>{key}</SubmissionKey>", _written(*some))


# --- calls that are made up ----------------------------------------------------------------------------

Made = tuple[str, ServiceVersion, list[str], list[str]]
"""An operation of a service version, its parts with what is the other's, and with what is nobody's."""

NOBODYS = {
    "activities": "209900077",
    "own_activities": "NOBODYS",
    "credits": "ccid:demo:nobodys",
    "receipts": "20261121-000000000000",
    "asked_keys": "key-of-nobody",
    "used_keys": "key-of-nobody-used",
    "years": "2012",
}


class Asker:
    """Makes up the calls of one provider about another's."""

    def __init__(self, random: Random, me: str, other: Own, mine: Own) -> None:
        self.random = random
        self.me = me
        self.other = other
        self.mine = mine

    def make(self) -> Made:
        """A call, of any kind."""
        (kind,) = self.random.choices(KINDS, OFTEN)
        operation, theirs, nobodys = kind(self)
        versions = [one for one in (V1, V2) if operation in one.operations]
        return operation, self.random.choice(versions), theirs, nobodys

    def _one(self, kind: str) -> tuple[str, str]:
        return self.random.choice(getattr(self.other, kind)), NOBODYS[kind]

    def _each(self, template: str, kind: str) -> tuple[list[str], list[str]]:
        theirs, nobodys = self._one(kind)
        return [template.format(theirs)], [template.format(nobodys)]

    def activity(self) -> tuple[str, list[str], list[str]]:
        """Their activity, by either id, in either version."""
        name, kind = self.random.choice(BY_EITHER_ID)
        operation = self.random.choice(["GetActivity", "GetActivityAs"])
        theirs, nobodys = self._each(f"<{name}>{{}}</{name}>", kind)
        version = ["<PayloadVersion>1.0</PayloadVersion>"] if operation == "GetActivityAs" else []
        return operation, theirs + version, nobodys + version

    def receipt(self) -> tuple[str, list[str], list[str]]:
        """Their receipt, by its id or their key."""
        name, kind = self.random.choice([("ReceiptId", "receipts"), ("SubmissionKey", "asked_keys")])
        return "GetReceipt", *self._each(f"<{name}>{{}}</{name}>", kind)

    def credit(self) -> tuple[str, list[str], list[str]]:
        """Their credit."""
        return "GetLearnerStatusByCreditId", *self._each("<CreditId>{}</CreditId>", "credits")

    def learner(self) -> tuple[str, list[str], list[str]]:
        """Their learner for their activity or mine, against their learner for nobody's."""
        learner = self.random.choice(self.other.learners)
        number = self.random.choice(learner.identifiers)
        asked = f"<LearnerId>{number.value}</LearnerId><BirthDate>{learner.birthday}</BirthDate>"
        activity = self.random.choice([*self.other.activities, *self.mine.activities])
        template = f"<ActivityId>{{}}</ActivityId>{asked}"
        return "GetLearnerStatusByLearner", [template.format(activity)], [template.format("209900077")]

    def search(self) -> tuple[str, list[str], list[str]]:
        """By their learner's name, their activity, or from their page on, against nobody's."""
        name = self.random.choice(self.other.learners).family_names[0]
        page = self.random.choice(self.other.pages)
        of_activity = [*PAGE, f"<ActivityId>{self.random.choice(self.other.activities)}</ActivityId>"]
        token = "<PageToken>{}</PageToken>"
        choices = [
            ([f"<LastName>{name}</LastName>"], ["<LastName>Nobodyson</LastName>"]),
            (of_activity, [*PAGE, "<ActivityId>209900077</ActivityId>"]),
            ([*PAGE, token.format(page)], [*PAGE, token.format(page[::-1])]),
        ]
        theirs, nobodys = self.random.choice(choices)
        return "FindLearners", theirs, nobodys

    def match(self) -> tuple[str, list[str], list[str]]:
        """Whom a provider may ask about is no question of who reported them: only its own count goes up."""
        learner = self.random.choice([*self.other.learners, *self.mine.learners])
        npi = learner.identifiers[2].value
        one = f"<Learner><LastName>{learner.family_names[0]}</LastName><NPI>{npi}</NPI></Learner>"
        return "GetLearnerMatch", [one], [one]

    def year(self) -> tuple[str, list[str], list[str]]:
        """The year in which they accepted an agreement, against one in which nobody did."""
        operation = self.random.choice(["GetProgramSummary", "AcceptAgreement", "SubmitProgramSummary"])
        return operation, *self._each("<Year>{}</Year>", "years")

    def amend(self) -> tuple[str, list[str], list[str]]:
        """Close, open, count or copy their activity, by either id."""
        operation = self.random.choice([*AMENDING])
        name, kind = self.random.choice(BY_EITHER_ID)
        theirs, nobodys = self._each(f"<{name}>{{}}</{name}>", kind)
        template = AMENDING[operation]
        return operation, [template.format(*theirs)], [template.format(*nobodys)]

    def repeats(self) -> tuple[str, list[str], list[str]]:
        """The repeats of their activity."""
        return "FindActivities", *self._each("<RepeatsOf>{}</RepeatsOf>", "activities")

    def info(self) -> tuple[str, list[str], list[str]]:
        """What is told to everybody."""
        return "GetServiceInfo", [], []

    def save(self) -> tuple[str, list[str], list[str]]:
        """Update or delete their activity, by either id."""
        action = self.random.choice(["Update", "Delete"])
        own_id, nobodys_own = self._one("own_activities")
        told = f"<act:activityRecordAction>{action}</act:activityRecordAction>"
        parts = [payload(activity(one, extension=told)) for one in (own_id, nobodys_own)]
        if self.random.random() < 0.5:
            their, nobodys = self._one("activities")
            entry = "<lom:catalog>ACCME Activity ID</lom:catalog><lom:entry>{}</lom:entry>"
            entry, mark = f"<lom:identifier>{entry}</lom:identifier>", "<lom:general>"
            parts = [
                payload(activity("X", extension=told)).replace(mark, mark + entry.format(one))
                for one in (their, nobodys)
            ]
        return "SaveActivity", [parts[0]], [parts[1]]

    def save_with_their_key(self) -> tuple[str, list[str], list[str]]:
        """A call under a key that they used for another one."""
        theirs, nobodys = self._each("<SubmissionKey>{}</SubmissionKey>", "used_keys")
        said = _of(self.me, completion(self.other.learners[0], CME_CREDIT, activity=NOBODYS_COURSE))
        return "SaveLearnerActivity", [*theirs, _written(said)], [*nobodys, _written(said)]

    def report(self) -> tuple[str, list[str], list[str]]:
        """Report their learner for their activity, or delete their credit, against nobody's."""
        learner, action = self.random.choice(self.other.learners), self.random.choice(["add", "delete"])
        activity, nobodys_activity = self._one("activities")
        credit, nobodys = self._one("credits")
        if action == "delete":
            activity = nobodys_activity = self.random.choice([activity, self.mine.activities[0]])
        else:
            credit = nobodys = self.random.choice([credit, nobodys])
        parts = [
            _written(
                _of(
                    self.me,
                    completion(
                        learner,
                        replace(CME_CREDIT, credit_id=credit_id),
                        activity=replace(COURSE, activity_id=activity_id),
                    ),
                ),
                action=action,
            )
            for credit_id, activity_id in ((credit, activity), (nobodys, nobodys_activity))
        ]
        return "SaveLearnerActivity", [parts[0]], [parts[1]]


NOBODYS_COURSE = replace(COURSE, activity_id="209900077")
BY_EITHER_ID = [("ActivityId", "activities"), ("ProviderActivityId", "own_activities")]
KINDS: list[Callable[[Asker], tuple[str, list[str], list[str]]]] = [
    Asker.activity,
    Asker.receipt,
    Asker.credit,
    Asker.learner,
    Asker.search,
    Asker.match,
    Asker.info,
    Asker.save,
    Asker.save_with_their_key,
    Asker.report,
    Asker.year,
    Asker.amend,
    Asker.repeats,
]
AMENDING = {
    "CloseActivity": "{}",
    "ReopenActivity": "{}<Reason>It was not mine</Reason>",
    "CopyActivity": "{}",
    "UpdateLearnerCounts": "<LearnerCounts>{}<Physicians>7</Physicians></LearnerCounts>",
}
OFTEN = (3, 3, 3, 3, 2, 2, 1, 1, 1, 1, 1, 2, 1)  # what only reads is asked more often, being quicker
VARYING = re.compile(rb"<svc:(ReceiptId|ReceivedAt|DueDate)>[^<]*<|Receipt \d{8}-\d{12} of [-0-9: ]*UTC")


def told(answer: bytes, own: Own) -> bytes:
    """An answer without what differs from call to call, and without the ids that were asked for."""
    names = [one for kind in NOBODYS for one in getattr(own, kind)] + list(NOBODYS.values())
    wanted = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    return re.sub(wanted.encode(), b"ID", VARYING.sub(b"", answer))


def cross(town: Town, pairs: int) -> None:
    """Let both ask for what is the other's, in turns; raises AssertionError where one sees or changes it."""
    random = Random(SEED)
    for turn in range(10):
        me, other = BOTH if turn % 2 else BOTH[::-1]
        before = town.dump(other)
        asker = Asker(random, me, town.own[other], town.own[me])
        for _ in range(pairs // 10):
            operation, version, theirs, nobodys = asker.make()
            seen = town.ask(me, operation, *theirs, version=version)
            unseen = town.ask(me, operation, *nobodys, version=version)
            assert told(seen, asker.other) == told(unseen, asker.other), (operation, theirs, nobodys)
        assert before == town.dump(other)


@pytest.mark.slow
def test_nobody_sees_or_changes_what_is_the_others(town: Town) -> None:
    """Ten thousand calls of every operation: no row seen, none changed; ids of others are unknown ids."""
    cross(town, SHORT)
    assert 10_000 <= town.calls
    assert OPERATIONS == town.asked


def test_each_sees_its_own(town: Town) -> None:
    """The control of all this: to whom it belongs, each id is known."""
    for provider in BOTH:
        own = town.own[provider]
        asked = [("GetActivity", f"<ActivityId>{one}</ActivityId>") for one in own.activities]
        asked += [("GetReceipt", f"<ReceiptId>{one}</ReceiptId>") for one in own.receipts]
        asked += [
            ("GetReceipt", f"<SubmissionKey>{one}</SubmissionKey>")
            for one in (*own.asked_keys, *own.used_keys)
        ]
        asked += [("GetLearnerStatusByCreditId", f"<CreditId>{one}</CreditId>") for one in own.credits]
        asked += [("FindLearners", f"<LastName>{one.family_names[0]}</LastName>") for one in own.learners]
        for operation, part in asked:
            answer = etree.fromstring(town.ask(provider, operation, part))
            assert texts(answer, "ActivityId") or texts(answer, "CreditId"), (operation, part)
        found = town.ask(provider, "FindLearners", *PAGE)
        others = PEOPLE[BOTH[provider == PROVIDER]]
        assert all(leaks(found, values_of(row)) for row in PEOPLE[provider])
        assert not any(leaks(found, values_of(row)) for row in others)


def _unbound(statement: Executable) -> Any:
    """A statement that has lost the condition on the provider."""

    def lose(part: Any, **_: object) -> Any:
        bound = isinstance(part, BinaryExpression) and isinstance(part.right, BindParameter)
        return true() if bound and part.right.key == OWNER else None

    return replacement_traverse(statement, {}, lose)  # type: ignore[call-overload]  # too narrow a type


def _loose(owned: Owned) -> Owned:
    return replace(owned, statement=_unbound(owned.statement)) if owned.key == OWNER else owned


READING = {
    "activities": "storage.repositories._FOUND",
    "activities to be changed": "storage.repositories._LOCKED",
    "activities that are named": "storage.repositories._HELD",
    "receipts by id": "storage.repositories._BY_ID",
    "receipts by key": "storage.repositories._BY_KEY",
    "the latest receipt": "storage.repositories._WITH_KEY",
    "the steps of a year": "storage.program._TAKEN",
    "credits by id": "storage.credits._BY_CREDIT_ID",
    "a credit's standing": "storage.credits._STANDING",
}


@pytest.mark.parametrize("name", READING.values(), ids=READING.keys())
def test_a_query_without_its_provider_is_noticed(
    town: Town, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: any one query that forgets whose rows it may touch is found out."""
    module, _, constant = name.rpartition(".")
    kept = getattr(__import__(module, fromlist=["x"]), constant)
    loose = [_loose(one) for one in kept] if isinstance(kept, list) else _loose(kept)
    monkeypatch.setattr(name, loose)
    with pytest.raises(AssertionError):
        cross(town, 1_000)


def test_a_search_without_its_provider_is_noticed(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for queries that are built call by call."""
    plain = Scope.run

    def run(self: Scope, owned: Owned, *values: Any) -> Any:
        return plain(self, _loose(owned), *values)

    monkeypatch.setattr(Scope, "run", run)
    with pytest.raises(AssertionError):
        cross(town, 100)
