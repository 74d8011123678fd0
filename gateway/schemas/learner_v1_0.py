"""Learner 1.0: completions with CME and board credit, on MedBiquitous Activity Report v1.

The first version on the trunk in `learner.py`: one learner, one activity, any number of credits. REMS
participants and regulations came later (JS-LRN, docs/sources.md).
"""

from __future__ import annotations

from gateway.fields import Table
from gateway.schemas import learner as trunk
from gateway.schemas.learner import LearnerVersion
from gateway.shape import Judge
from gateway.version import Element, Head

SPACES = trunk.namespaces("v1", "urn:cme-gateway:pars:learner:1.0")

TABLE = Table(
    (
        trunk.ORGANIZATION,
        trunk.member(trunk.DOMAIN),
        *trunk.ACTIVITY,
        *trunk.COMPLETED,
        *trunk.DIRECTIVES,
    ),
    SPACES,
    ("r:ReportingOrganization", "r:Member", "r:Activity"),
)


def recognise(payload: Element) -> bool:
    """Whether a document's content is of 1.0: whatever is not of a later version is."""
    return True


VERSION = LearnerVersion(
    number=(1, 0),
    record=f"{{{SPACES['r']}}}ActivityReport",
    table=TABLE,
    judge=Judge("learner/v1_0/learner.xsd", trunk.names(SPACES)),
    head=Head(
        f"{{{SPACES['r']}}}ActivityReports",
        Table((trunk.CREATED,), SPACES),
        Judge("learner/v1_0/activityreport.xsd", trunk.names(SPACES), trunk.without_records),
    ),
    recognise=recognise,
    needs=("learner",),
)
