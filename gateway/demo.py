"""What the sandbox shows when it starts: the samples on their way through the first service version and
the newest."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from gateway import assembly, lifecycle, samples
from gateway.client import GatewayClient
from gateway.records import Activity, Completion, CreditStatus, LearnerAction, replace
from gateway.samples import DemoCompletion
from gateway.sandbox import CREDENTIALS
from gateway.schema import Reader
from gateway.service import NEWEST, VERSIONS, ServiceVersion
from gateway.settings import Settings
from gateway.terminal import say, show

Clients = Mapping[str, GatewayClient]
DONE = {"Added", "Unchanged"}
PATIENCE = 60  # seconds for the boards to decide
FIRST = VERSIONS[0]
REPORTABLE = "DMS-DEMO-4"  # the course that is over and not closed yet


@dataclass(frozen=True, slots=True)
class Shown:
    """One sample on its way: what came back, and whether that is what was to be expected."""

    sent_as: str
    activity: Activity
    result: Any
    expected: bool


def demonstrate(url: str, settings: Settings) -> bool:
    """Save the samples through two service versions and read them back; let the boards decide.

    Prints two tables; says whether everything was as expected.
    """
    today = datetime.now(ZoneInfo(settings.zone)).date()
    activities = [
        replace(activity, closed=bool(activity.outcomes)) for activity in samples.demo_activities(today)
    ]
    with _client(url, FIRST) as first, _client(url, NEWEST) as newest:
        return _demonstrated({FIRST.name: first, NEWEST.name: newest}, activities, today)


def _client(url: str, service: ServiceVersion) -> closing[GatewayClient]:
    return closing(GatewayClient(url, CREDENTIALS, service.name))


def _demonstrated(clients: Clients, activities: Iterable[Activity], today: date) -> bool:
    shown = [
        *_shown(clients, FIRST, samples.demo_legacy_activities(today), today),
        *_shown(clients, NEWEST, activities, today),
    ]
    say(f"Samples, saved over SOAP and read back in payload versions {', '.join(_versions(_reader()))}:")
    show(("Sent as", "ActivityId", "Action", "Status", "OK", "Title"), map(_row, shown))
    course = next(one.activity for one in shown if one.activity.provider_activity_id == REPORTABLE)
    credits = [
        *_credits(clients, FIRST, samples.demo_completions(course)[:2]),
        *_credits(clients, NEWEST, samples.demo_completions(course)[2:]),
    ]
    say("\nCompletions, matched, and board credit decided by the simulated ABIM:")
    show(("Sent as", "Credit", "Board", "Status", "OK", "Reason"), map(_credit_row, credits))
    return all(one.expected for one in shown) and all(one.expected for one in credits)


def _shown(
    clients: Clients, service: ServiceVersion, activities: Iterable[Activity], today: date
) -> Iterator[Shown]:
    client, newest, reader = clients[service.name], clients[NEWEST.name], _reader()
    versions = _versions(reader)
    payload, _ = reader.write(activities, reader.named("activity", service.activity))
    answer = client.call("SaveActivity", ACCMEActivities=client.typed(payload))
    sent = [entry.activity for entry in reader.read(payload, today).entries]
    for activity, wanted, result in zip(activities, sent, answer.Result, strict=True):
        back = {name: _read_back(newest, reader, result.ActivityId, name, today) for name in versions}
        assert wanted is not None
        expected = (
            result.Action in DONE
            and result.Status == lifecycle.status(replace(wanted, closed=activity.closed), today)
            and _content(back[service.activity]) == _content(wanted)
            and all(other.title == wanted.title for other in back.values())
        )
        known = replace(wanted, activity_id=result.ActivityId)
        yield Shown(f"{service.name}, {service.activity}", known, result, expected)


def _read_back(
    client: GatewayClient, reader: Reader, activity_id: str, version: str, today: date
) -> Activity:
    answer = client.call("GetActivityAs", ActivityId=activity_id, PayloadVersion=version)
    activity: Activity | None = reader.read(answer._value_1, today).entries[0].activity
    assert activity is not None
    return activity


def _content(activity: Activity) -> Activity:
    return replace(activity, activity_id=None, closed=False)


def _reader() -> Reader:
    return assembly.reader(Settings())


def _versions(reader: Reader) -> list[str]:
    return [version.name for version in reader.versions_of("activity")]


def _row(one: Shown) -> Sequence[str]:
    result = one.result
    ok = "yes" if one.expected else "NO"
    return one.sent_as, result.ActivityId, result.Action, result.Status, ok, one.activity.title or ""


# --- completions -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Decided:
    """One credit of the demo as it stands in the end, and whether that is what was to be expected."""

    sent_as: str
    credit: Any
    expected: bool


def _credits(
    clients: Clients, service: ServiceVersion, completions: Sequence[DemoCompletion]
) -> Iterator[Decided]:
    client, version = clients[service.name], service.learner
    said = [one.completion for one in completions]
    if any(result.Action not in DONE for result in _reported(client, version, said)):
        # Of an earlier day, when the same activity ended earlier: corrected as any sender would do it.
        _reported(client, version, said, LearnerAction.DELETE)
        _reported(client, version, said)
    for one in completions:
        for credit, status in zip(one.completion.credits, one.expected, strict=True):
            told = _decided(client, str(credit.credit_id))
            yield Decided(f"{service.name}, {version}", told, told.Status == status)


def _reported(
    client: GatewayClient,
    version: str,
    said: Sequence[Completion],
    action: LearnerAction = LearnerAction.ADD,
) -> Sequence[Any]:
    reader = _reader()
    payload, _ = reader.write(said, reader.named("learner", version), created=datetime.now(UTC))
    for asked in payload.iter("{*}LearnerRecordAction"):
        asked.text = action
    answer = client.call("SaveLearnerActivity", ACCMELearnerReports=client.typed(payload))
    results: Sequence[Any] = answer.Result
    return results


def _decided(client: GatewayClient, credit_id: str) -> Any:
    """A credit as soon as it is decided, or as it stands when patience ends."""
    deadline = time.monotonic() + PATIENCE
    while True:
        (credit,) = client.call("GetLearnerStatusByCreditId", CreditId=credit_id)
        if credit.Status != CreditStatus.SUBMITTED or time.monotonic() > deadline:
            return credit
        time.sleep(0.2)


def _credit_row(one: Decided) -> Sequence[str]:
    credit, ok = one.credit, "yes" if one.expected else "NO"
    return one.sent_as, credit.CreditId, credit.Board or "CME", credit.Status, ok, credit.Reason or ""
