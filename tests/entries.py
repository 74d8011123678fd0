"""Activities as they come out of a reader, ready to be saved: the tests' own sample content."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial

from gateway import samples
from gateway.records import Activity, ActivityEntry, Finding, Place, RecordAction
from gateway.schemas import activity_v1_0, activity_v2_0
from gateway.schemas.activity import ActivityVersion

TODAY = date(2026, 11, 21)  # in Chicago, at fakes.NOW

DRAFT = Activity(
    provider_activity_id="SPRING-27",
    title="Asthma in Schools",
    format="Live Course",
    start_date=date(2027, 1, 10),
    end_date=date(2027, 1, 11),
    reporting_start=date(2027, 1, 1),
    reporting_end=date(2027, 12, 31),
    born="2.0",
)
OTHER = replace(DRAFT, provider_activity_id="AUTUMN-27", title="Sleep in Shift Work")
COMPLETE = replace(samples.demo_activities(TODAY)[4], born="2.0")
LEGACY = activity_v1_0.complete(replace(samples.demo_legacy_activities(TODAY)[0], born="1.0"))


def entry(
    activity: Activity | None,
    action: str | None = None,
    *,
    close: bool | None = None,
    number: int = 1,
    provider_id: str | None = None,
    findings: tuple[Finding, ...] = (),
    version: ActivityVersion = activity_v2_0.VERSION,
) -> ActivityEntry:
    """A record of a submission; every field stands at the path that is its name."""
    return ActivityEntry(
        number,
        activity,
        action=RecordAction(action) if action else None,
        close=close,
        provider_id=provider_id,
        onto=partial(version.update, incoming=activity or Activity()),
        findings=findings,
        place=lambda field: Place(f"/{field}", number),
        activity_id=activity.activity_id if activity else None,
        provider_activity_id=activity.provider_activity_id if activity else None,
    )


def only_ids(activity_id: str | None = None, own_id: str | None = None) -> Activity:
    """What a Delete holds."""
    return Activity(activity_id=activity_id, provider_activity_id=own_id, born="2.0")
