"""The verbs: one function per operation, on records and a store; no XML, no SQL, no network here."""

from gateway.operations.activities import ActivityView, get_activity, get_receipt, save_activity
from gateway.operations.call import Call, Terms
from gateway.operations.closing import close_activity, reopen_activity
from gateway.operations.copying import OF_THE_COPY, Copy, copy_activity
from gateway.operations.counting import Counted, update_learner_counts
from gateway.operations.learners import (
    BIRTHDAY,
    LearnerQuery,
    get_learner_match,
    get_status_by_credit_id,
    get_status_by_learner,
    save_learner_activity,
)
from gateway.operations.paging import USUAL_PAGE
from gateway.operations.program import accept_agreement, get_program_summary, submit_program_summary
from gateway.operations.searching import (
    ActivityPage,
    ActivitySearch,
    Page,
    Search,
    find_activities,
    find_learners,
)

__all__ = [
    "BIRTHDAY",
    "OF_THE_COPY",
    "USUAL_PAGE",
    "ActivityPage",
    "ActivitySearch",
    "ActivityView",
    "Call",
    "Copy",
    "Counted",
    "LearnerQuery",
    "Page",
    "Search",
    "Terms",
    "accept_agreement",
    "close_activity",
    "copy_activity",
    "find_activities",
    "find_learners",
    "get_activity",
    "get_learner_match",
    "get_program_summary",
    "get_receipt",
    "get_status_by_credit_id",
    "get_status_by_learner",
    "reopen_activity",
    "save_activity",
    "save_learner_activity",
    "submit_program_summary",
    "update_learner_counts",
]
