"""What a service version is: its operations, how a request element is read and an answer is written.

The doors hand over an operation's element and get its response element back, whatever they carry it
in. The contracts under `wsdl/` and `xsd/service/` are the source; this is their other half.
"""

from gateway.model import Names
from gateway.records import Scope
from gateway.service.activities import (
    close_activity,
    copy_activity,
    find_activities,
    get_activity,
    get_activity_as,
    get_receipt,
    reopen_activity,
    save_activity,
    update_learner_counts,
)
from gateway.service.addresses import LEARNERS, SERVICES
from gateway.service.element import without_payload
from gateway.service.info import get_service_info
from gateway.service.learners import (
    find_learners,
    get_learner_match,
    get_status_by_credit_id,
    get_status_by_learner,
    save_learner_activity,
)
from gateway.service.program import accept_agreement, get_program_summary, submit_program_summary
from gateway.service.request import Gateway, Operation, Request, ServiceVersion
from gateway.shape import Judge

__all__ = [
    "NEWEST",
    "OPERATIONS",
    "SERVICES",
    "V1",
    "V2",
    "VERSIONS",
    "Gateway",
    "Operation",
    "Request",
    "ServiceVersion",
    "addresses_of",
]

FIRST = {
    "SaveActivity": Operation(save_activity, Scope.SUBMIT, payload="activity"),
    "GetActivity": Operation(get_activity, Scope.READ),
    "SaveLearnerActivity": Operation(save_learner_activity, Scope.SUBMIT, payload="learner", at=(LEARNERS,)),
    "GetLearnerStatusByLearner": Operation(get_status_by_learner, Scope.READ, at=(LEARNERS,)),
    "GetLearnerStatusByCreditId": Operation(get_status_by_credit_id, Scope.READ, at=(LEARNERS,)),
    "GetServiceInfo": Operation(get_service_info, scope=None, at=SERVICES),
}
SECOND = {
    **FIRST,
    "GetActivityAs": Operation(get_activity_as, Scope.READ),
    "FindActivities": Operation(find_activities, Scope.READ),
    "UpdateLearnerCounts": Operation(update_learner_counts, Scope.SUBMIT, rows="LearnerCounts"),
    "CloseActivity": Operation(close_activity, Scope.SUBMIT),
    "ReopenActivity": Operation(reopen_activity, Scope.ADMIN),
    "CopyActivity": Operation(copy_activity, Scope.SUBMIT),
    "GetLearnerMatch": Operation(get_learner_match, Scope.MATCH, rows="Learner", at=(LEARNERS,)),
    "FindLearners": Operation(find_learners, Scope.READ, at=(LEARNERS,)),
    "GetReceipt": Operation(get_receipt, Scope.READ, at=SERVICES),
    "GetProgramSummary": Operation(get_program_summary, Scope.READ),
    "AcceptAgreement": Operation(accept_agreement, Scope.SUBMIT),
    "SubmitProgramSummary": Operation(submit_program_summary, Scope.SUBMIT),
}

PERSONAL = ("Learner", "LearnerId", "LearnerIdDomain", "BirthDate", "LastName")
"""The parameters that say something of a person: no finding shows what they hold."""


def _judge(version: str) -> Judge:
    names = Names(personal=frozenset(f"{{urn:cme-gateway:service:{version}}}{name}" for name in PERSONAL))
    return Judge(f"service/{version}/service.xsd", names, amend=without_payload)


V1 = ServiceVersion(
    name="v1",
    operations=FIRST,
    activity="1.0",
    learner="1.0",
    judge=_judge("v1"),
)
V2 = ServiceVersion(
    name="v2",
    operations=SECOND,
    activity="2.1",
    learner="2.0",
    judge=_judge("v2"),
)
VERSIONS = (V1, V2)
NEWEST = VERSIONS[-1]
OPERATIONS = tuple(dict.fromkeys(name for version in VERSIONS for name in version.operations))
"""The names of all operations there are."""


def addresses_of(name: str) -> tuple[str, ...]:
    """The paths at which an operation is found as plain XML; none where there is no such operation."""
    for version in VERSIONS:
        if name in version.operations:
            return tuple(f"{service}/{name}" for service in version.operations[name].at)
    return ()
