"""What each service version offers, by hand: contracts and served gateways are held to it."""

from __future__ import annotations

_SHARED = {
    "SaveActivity",
    "GetActivity",
    "GetServiceInfo",
    "SaveLearnerActivity",
    "GetLearnerStatusByLearner",
    "GetLearnerStatusByCreditId",
}
OPERATIONS = {
    "v1": _SHARED,
    "v2": _SHARED
    | {"GetActivityAs", "GetReceipt", "GetLearnerMatch", "FindLearners"}
    | {"FindActivities", "UpdateLearnerCounts", "CloseActivity", "ReopenActivity", "CopyActivity"}
    | {"GetProgramSummary", "AcceptAgreement", "SubmitProgramSummary"},
}
