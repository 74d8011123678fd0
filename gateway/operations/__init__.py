"""The verbs: one function per operation, on records and a store; no XML, no SQL, no network here."""

from gateway.operations.activities import ActivityView, get_activity, get_receipt, save_activity
from gateway.operations.call import Call, Terms
from gateway.operations.learners import (
    BIRTHDAY,
    USUAL_PAGE,
    LearnerQuery,
    Page,
    Search,
    find_learners,
    get_learner_match,
    get_status_by_credit_id,
    get_status_by_learner,
    save_learner_activity,
)

__all__ = [
    "BIRTHDAY",
    "USUAL_PAGE",
    "ActivityView",
    "Call",
    "LearnerQuery",
    "Page",
    "Search",
    "Terms",
    "find_learners",
    "get_activity",
    "get_learner_match",
    "get_receipt",
    "get_status_by_credit_id",
    "get_status_by_learner",
    "save_activity",
    "save_learner_activity",
]
