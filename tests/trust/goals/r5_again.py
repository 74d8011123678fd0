"""R5: what is sent sixteen times at once is done once, and what was sent before is known again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import create_engine, text

from trust.databases import databases
from trust.dump import URLS, Dump, dump
from trust.face import Form, Outcome
from trust.repeated import CONFLICT, KINDS, NAMED, Answer, Crowd, Kind
from trust.stage import Stage, staged

GOAL = "R5"
BOUND = "each once, all receipts of a key equal, 0 others let in"
AT_ONCE = 16
OTHER = 1_000  # from here on are the numbers of what is sent under a key that is not its own
_RECORD = re.compile(rb"<(m:MedicalEducationMetrics|r:ActivityReport)[ >].*</\1>", re.DOTALL)


def run(form: Form) -> Outcome:
    """Send activities and completions many times at once; on each database that was asked for."""
    keys, wrong, figures = form.pick(40, 200), [], []
    for name, database in databases(form):
        with database as url:
            outcome = _sent(form, keys, KINDS, url)
        figures.append(f"{name}{outcome.figure}")
        wrong += [f"{name}{breach}" for breach in outcome.wrong]
    did = f"{keys} keys x {AT_ONCE} at once, activities and completions"
    return Outcome(did, "; ".join(figures), BOUND, tuple(wrong))


# --- what has to hold --------------------------------------------------------------------------------


@dataclass
class Trial:
    """One kind of records on one gateway: what was found wrong, and what it has to hold in the end."""

    kind: Kind
    stage: Stage
    crowd: Crowd
    wrong: list[str] = field(default_factory=list)
    numbers: set[int] = field(default_factory=set)

    def once(self, number: int, key: str) -> None:
        """Sixteen alike: one is done, fifteen are told what that one was told."""
        answers = self.crowd.send([self.kind.body(self.stage, number, key)] * AT_ONCE)
        self.numbers.add(number)
        self._expect(f"{key}: outcomes", Counter(Success=AT_ONCE), _tally(answers, "Outcome"))
        self._expect(f"{key}: replayed", Counter(false=1, true=AT_ONCE - 1), _tally(answers, "Replayed"))
        said = {answer.body.replace(b"Replayed>false<", b"Replayed>true<") for answer in answers}
        self._expect(f"{key}: different answers", 1, len(said))

    def other(self, number: int, keys: Sequence[str]) -> None:
        """Another content under each of these keys, which are taken: refused."""
        bodies = [self.kind.body(self.stage, number, key) for key in keys]
        codes = Counter(answer.code for answer in self.crowd.send(bodies))
        self._expect("other content under a taken key: codes", Counter({CONFLICT: len(keys)}), codes)

    def rivals(self, numbers: Sequence[int], key: str) -> None:
        """Different contents under one free key: one gets it, and the others are refused."""
        answers = self.crowd.send([self.kind.body(self.stage, number, key) for number in numbers])
        codes = _tally(answers, "Outcome")
        self._expect(f"{key}: rivals", Counter({"Success": 1, CONFLICT: len(numbers) - 1}), codes)
        winners = (n for n, answer in zip(numbers, answers, strict=True) if not answer.code)
        self.numbers.update(winners)

    def mended(self, number: int, key: str) -> None:
        """What failed is tried anew each time, and is never acknowledged; mended it is done, once."""
        answers = self.crowd.send([self.kind.wrong(self.stage, number, key)] * AT_ONCE)
        self._expect(f"{key}: failed", Counter(Failure=AT_ONCE), _tally(answers, "Outcome"))
        self._expect(f"{key}: failed, replayed", Counter(false=AT_ONCE), _tally(answers, "Replayed"))
        self.once(number, key)

    def doubled(self, number: int, key: str) -> None:
        """The same record twice in one call: each is answered, and one is kept."""
        [answer] = self.crowd.send([_twice(self.kind.body(self.stage, number, key))])
        self._expect(f"{key}: doubles in a call", ["Added", "Unchanged"], answer.actions)
        self.numbers.add(number)

    def kept(self) -> Iterator[tuple[str, str]]:
        """What the database has to hold of all that."""
        return (self.kind.kept(self.stage, number) for number in self.numbers)

    def _expect(self, what: str, expected: object, found: object) -> None:
        if expected != found:
            self.wrong.append(f"{self.kind.name}, {what}: {found}, not {expected}")


def _tally(answers: Sequence[Answer], name: str) -> Counter[str]:
    return Counter(answer.told(name) for answer in answers)


def _twice(body: bytes) -> bytes:
    return _RECORD.sub(lambda record: record[0] * 2, body)


def _sent(
    form: Form,
    keys: int,
    kinds: Sequence[Kind],
    url: str | None = None,
    sabotage: Callable[[], None] | None = None,
    indexed: bool = True,
) -> Outcome:
    (folder := form.folder / ("postgresql" if url else "sqlite")).mkdir()
    with staged(folder, database=url, sabotage=sabotage, workers=2) as stage:
        before = dump(stage.database)
        if not indexed:
            _execute(stage.database, "DROP INDEX ix_receipts_key")
        stage.start()
        crowd = Crowd(str(stage.plan["bind"]))
        trials = [Trial(kind, stage, crowd) for kind in kinds]
        for trial in trials:
            _try(trial, keys)
        stage.stop()
        after = dump(stage.database)
    wrong = [breach for trial in trials for breach in trial.wrong]
    wrong += _unkept([one for trial in trials for one in trial.kept()], before, after)
    records = sum(map(len, after.records.values())) - sum(map(len, before.records.values()))
    wanted = sum(len(trial.numbers) for trial in trials)
    figure = (
        f"{records} of {wanted} records from {crowd.calls:,} calls; {len(wrong)} wrong; {crowd.busy} busy"
    )
    return Outcome("", figure, BOUND, tuple(wrong))


def _try(trial: Trial, keys: int) -> None:
    """All of it; each number is used once, and has to be one of the people there are."""
    name = trial.kind.name
    taken = [f"{name}-{number}" for number in range(keys)]
    for number, key in enumerate(taken):
        trial.once(number, key)
    for first in range(0, keys, AT_ONCE):
        trial.other(OTHER, taken[first : first + AT_ONCE])
    for turn in range(max(1, keys // 20)):
        free = OTHER + 1 + turn * (AT_ONCE + 1)
        trial.mended(free, f"{name}-mended-{turn}")
        trial.rivals(range(free + 1, free + 1 + AT_ONCE), f"{name}-rivals-{turn}")
    trial.doubled(NAMED, f"{name}-doubled")


def _unkept(wanted: Sequence[tuple[str, str]], before: Dump, after: Dump) -> Iterator[str]:
    """What the database holds otherwise than it was told, each by name."""
    there, due = (_counted(held) - _counted(before) for held in (after, before))
    due.update(wanted)
    for (name, value), times in sorted((due - there).items()):
        yield f"lost: {name} ({value}), {times} times"
    for (name, value), times in sorted((there - due).items()):
        yield f"doubled: {name} ({value}), {times} times too often"
    yield from (f"doubled: SubmissionKey {what}" for what in after.taken_twice)
    yield from (f"unsound: {what}" for what in after.unsound)
    if after.unasked:
        yield f"unasked: {after.unasked} credits of boards that no board will be asked about"


def _counted(held: Dump) -> Counter[tuple[str, str]]:
    return Counter((name, value) for name, values in held.records.items() for value in values)


# --- the control -------------------------------------------------------------------------------------


def look_apart() -> None:
    """Look for the key in a transaction of its own before the one that writes, as systems do that check
    and then act: SQLite lets one writer in at a time, and would hide that an index is missing."""
    from gateway.operations import activities, call
    from gateway.records import replace

    look, perform = call._earlier, call.perform

    def apart(made: Any, save: Any, notices: Any, store: Any, terms: Any) -> Any:
        now = terms.clock()
        found = store.read(made.caller.provider_id, lambda unit: look(made, unit, now, terms))
        return replace(found, replayed=True) if found else perform(made, save, notices, store, terms)

    call._earlier = lambda *_: None
    vars(activities)["perform"] = apart


def _no_index(form: Form) -> Outcome:
    return _sent(form, 10, KINDS[:1], sabotage=look_apart, indexed=False)


def _execute(database: str, statement: str) -> None:
    scheme, _, rest = database.partition(":")
    engine = create_engine(f"{URLS[scheme]}:{rest}")
    try:
        with engine.begin() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()


CONTROLS = {"the unique index of keys, with look and write apart": _no_index}
