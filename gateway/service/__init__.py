"""What a service version is: its operations, how a request element is read and an answer is written.

The doors hand over an operation's element and get its response element back, whatever they carry it
in. The contracts under `wsdl/` and `xsd/service/` are the source; this is their other half.
"""

from gateway.model import Names
from gateway.records import Scope
from gateway.service.activities import get_activity, get_activity_as, get_receipt, save_activity
from gateway.service.info import get_service_info
from gateway.service.learners import (
    find_learners,
    get_learner_match,
    get_status_by_credit_id,
    get_status_by_learner,
    save_learner_activity,
)
from gateway.service.request import Gateway, Operation, Request, ServiceVersion, without_payload
from gateway.shape import Judge

__all__ = ["V1", "V2", "VERSIONS", "Gateway", "Operation", "Request", "ServiceVersion"]

FIRST = {
    "SaveActivity": Operation(save_activity, Scope.SUBMIT, payload="activity"),
    "GetActivity": Operation(get_activity, Scope.READ),
    "SaveLearnerActivity": Operation(save_learner_activity, Scope.SUBMIT, payload="learner"),
    "GetLearnerStatusByLearner": Operation(get_status_by_learner, Scope.READ),
    "GetLearnerStatusByCreditId": Operation(get_status_by_credit_id, Scope.READ),
    "GetServiceInfo": Operation(get_service_info, scope=None),
}
SECOND = {
    **FIRST,
    "GetActivityAs": Operation(get_activity_as, Scope.READ),
    "GetLearnerMatch": Operation(get_learner_match, Scope.MATCH),
    "FindLearners": Operation(find_learners, Scope.READ),
    "GetReceipt": Operation(get_receipt, Scope.READ),
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
    judge=_judge("v1"),
)
V2 = ServiceVersion(
    name="v2",
    operations=SECOND,
    activity="2.0",
    judge=_judge("v2"),
)
VERSIONS = (V1, V2)
OPERATIONS = tuple(dict.fromkeys(name for version in VERSIONS for name in version.operations))
"""The names of all operations there are."""
