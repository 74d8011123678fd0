"""The nouns of the gateway: what is reported, what is answered, and by whom.

Every record is frozen. Dates are calendar dates without a zone, amounts of credit are decimals in
steps of a quarter, amounts of money are whole units of their currency.
"""

import dataclasses

from gateway.records.activity import (
    Activity,
    Credit,
    InKindSupport,
    Location,
    MeasuredOutcome,
    MocRegistration,
    MonetarySupport,
    Status,
)
from gateway.records.audit import AuditAnchor, AuditEntry, AuditLink, AuditRow, FailedAttempt
from gateway.records.board import Backlog, Board, Claim, CreditType, Errand, Question, Reply, Run, Verdict
from gateway.records.caller import (
    USUAL,
    Account,
    Caller,
    Credentials,
    Lockout,
    Origin,
    Provider,
    Scope,
    Secret,
    Token,
)
from gateway.records.completion import (
    ClaimedCredit,
    Completion,
    CreditStatus,
    Identifier,
    Learner,
    Participant,
    Regulation,
)
from gateway.records.copied import Copied
from gateway.records.finding import Finding, Place, Severity
from gateway.records.receipt import Action, CreditResult, MissingGate, NextStatus, Outcome, Receipt, Result
from gateway.records.register import Enrolment, KeyKind, Loaded, Match, MatchKind, Registered, RegisterRow
from gateway.records.stored import (
    KeptCredit,
    KeptPayload,
    Sought,
    StoredActivity,
    StoredCredit,
    StoredParticipant,
    StoredReceipt,
)
from gateway.records.submission import ActivityEntry, CompletionEntry, LearnerAction, RecordAction

replace = dataclasses.replace  # by a name of its own, or mypy takes no changes from a dictionary

__all__ = [
    "USUAL",
    "Account",
    "Action",
    "Activity",
    "ActivityEntry",
    "AuditAnchor",
    "AuditEntry",
    "AuditLink",
    "AuditRow",
    "Backlog",
    "Board",
    "Caller",
    "Claim",
    "ClaimedCredit",
    "Completion",
    "CompletionEntry",
    "Copied",
    "Credentials",
    "Credit",
    "CreditResult",
    "CreditStatus",
    "CreditType",
    "Enrolment",
    "Errand",
    "FailedAttempt",
    "Finding",
    "Identifier",
    "InKindSupport",
    "KeptCredit",
    "KeptPayload",
    "KeyKind",
    "Learner",
    "LearnerAction",
    "Loaded",
    "Location",
    "Lockout",
    "Match",
    "MatchKind",
    "MeasuredOutcome",
    "MissingGate",
    "MocRegistration",
    "MonetarySupport",
    "NextStatus",
    "Origin",
    "Outcome",
    "Participant",
    "Place",
    "Provider",
    "Question",
    "Receipt",
    "RecordAction",
    "RegisterRow",
    "Registered",
    "Regulation",
    "Reply",
    "Result",
    "Run",
    "Scope",
    "Secret",
    "Severity",
    "Sought",
    "Status",
    "StoredActivity",
    "StoredCredit",
    "StoredParticipant",
    "StoredReceipt",
    "Token",
    "Verdict",
    "replace",
]
