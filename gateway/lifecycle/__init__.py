"""The statuses of an activity, what each asks for, and what moves an activity to the next."""

from gateway.lifecycle.acts import BY_DATA, TABLE, Act, Cell, Refusal, When, refusals
from gateway.lifecycle.gates import GATES, LEGACY_GATES, Gate
from gateway.lifecycle.lasting import Lasting, lasting
from gateway.lifecycle.standing import (
    CLOSE_SWITCH,
    Standing,
    missing_to_close,
    next_statuses,
    standing,
    status,
)

__all__ = [
    "BY_DATA",
    "CLOSE_SWITCH",
    "GATES",
    "LEGACY_GATES",
    "TABLE",
    "Act",
    "Cell",
    "Gate",
    "Lasting",
    "Refusal",
    "Standing",
    "When",
    "lasting",
    "missing_to_close",
    "next_statuses",
    "refusals",
    "standing",
    "status",
]
