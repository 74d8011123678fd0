"""Learner 2.0: the same on MedBiquitous Activity Report v2, as revised in November 2018 (MBQ, JS-LRN).

REMS participants, regulations and reporting dates came, and identifiers say whose they are by a domain
name: `idd:cms.gov:NPI`. What stands after the last colon counts, so any domain name is read. Written are
NPI with that of the agency that gives it out, and all others with one that is nobody's, since neither
boards nor states have published theirs: `idd:cme-gateway.example:ABIM`.
"""

from __future__ import annotations

from lxml import etree

from gateway.fields import DATE, Field, Kind, Table
from gateway.schemas import learner as trunk
from gateway.schemas.learner import LearnerVersion
from gateway.shape import Judge
from gateway.version import Element, Head

SPACES = trunk.namespaces("v2", "urn:cme-gateway:pars:learner:2.0")

AGENCIES = {"NPI": "cms.gov"}
NOBODYS = "cme-gateway.example"

DOMAIN = Kind(trunk.domain, lambda domain: f"idd:{AGENCIES.get(domain, NOBODYS)}:{domain}")

REPORTED = (
    Field("reporting_start", "r:ReportingStartDate", DATE),
    Field("reporting_end", "r:ReportingEndDate", DATE),
)
TABLE = Table(
    (
        trunk.ORGANIZATION,
        trunk.member(DOMAIN),
        trunk.PARTICIPANTS,
        *trunk.ACTIVITY,
        trunk.REGULATIONS,
        *trunk.COMPLETED,
        *trunk.DIRECTIVES,
    ),
    SPACES,
    ("r:ReportingOrganization",),
)

_own = frozenset({"Participants", "ReportingStartDate", "ReportingEndDate", "RegulatoryInformation"})


def recognise(payload: Element) -> bool:
    """Whether a document's content is of 2.0: its namespaces, what 1.0 did not have, or idd: domains."""
    for element in payload.iter("{*}*"):
        name = etree.QName(element)
        if name.namespace == SPACES["r"] or name.localname in _own:
            return True
        if name.localname == "UniqueID" and element.get("domain", "").startswith("idd:"):
            return True
    return False


VERSION = LearnerVersion(
    number=(2, 0),
    record=f"{{{SPACES['r']}}}ActivityReport",
    table=TABLE,
    judge=Judge("learner/v2_0/learner.xsd", trunk.names(SPACES)),
    head=Head(
        f"{{{SPACES['r']}}}ActivityReports",
        Table((trunk.CREATED, *REPORTED), SPACES),
        Judge("learner/v2_0/activityreport.xsd", trunk.names(SPACES), trunk.without_records),
    ),
    recognise=recognise,
    needs=("learner", "participants"),
)
