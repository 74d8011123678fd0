"""What of an activity's status does not hang on the day: the store keeps it, so that statuses can be
searched for though none is ever stored."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from gateway.lifecycle.gates import GATES, LEGACY_GATES, missing
from gateway.records import Activity, Status

TO_ACTIVE = tuple(gate for gate in GATES if gate.status is Status.ACTIVE)
_ANY_DAY = date.max  # none of these gates looks at it


class Lasting(NamedTuple):
    """Whether an activity has all that Active asks for, and, first reported in 1.0, all that closed it
    then once it was over."""

    complete: bool
    complete_then: bool


def lasting(activity: Activity) -> Lasting:
    """Tell what stays true of an activity until it is changed, whatever the day."""
    return Lasting(complete(activity), complete_then(activity))


def complete(activity: Activity) -> bool:
    """Whether an activity has all that Active asks for."""
    return not missing(TO_ACTIVE, activity, _ANY_DAY)


def complete_then(activity: Activity) -> bool:
    """Whether it was first reported in 1.0, and has all that closed it then once it was over."""
    return activity.born == "1.0" and not missing(LEGACY_GATES, activity, _ANY_DAY)
