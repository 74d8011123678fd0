"""What is open of a provider's year, or wrong with what is said of it."""

from __future__ import annotations

from gateway.records import Severity
from gateway.rules.declaration import Notice

YEARLY = (
    Notice(
        code="P901",
        field="Agreement",
        text="The annual agreement has not been accepted.",
        remedy="Send AcceptAgreement for the year.",
        source="SEED2, SEED3",
    ),
    Notice(
        code="P902",
        field="Activities",
        text="Activities of the year are Drafts.",
        remedy="Complete or delete them. FindActivities with the Status Draft, DateFrom 1 January and "
        "DateUntil 31 December of the year lists them.",
        source="SEED2, SEED3",
    ),
    Notice(
        code="P903",
        field="Activities",
        text="Activities that ended in the year are not closed.",
        remedy="Close them. FindActivities with the Status Ready to Close, DateFrom 1 January and DateUntil "
        "31 December of the year lists them.",
        source="SEED2, SEED3",
    ),
    Notice(
        code="P904",
        field="Learner Counts",
        text="Enduring material that goes on after the year has no learners as of 31 December.",
        remedy="Send them by UpdateLearnerCounts, as of the year. GetProgramSummary names the activities.",
        source="SEED2, SEED3",
    ),
    Notice(
        code="P905",
        field="Contacts",
        text="Nobody has said that your organisation's contacts were reviewed.",
        remedy="Review them, then send ContactsReviewed true with AcceptAgreement or SubmitProgramSummary.",
        source="SEED2, SEED3",
    ),
    Notice(
        code="P906",
        field="Program Summary",
        text="The program summary has not been submitted.",
        remedy="Send SubmitProgramSummary for the year, once it is over and all other steps are done.",
        source="SEED2, SEED3",
    ),
    Notice(
        code="P907",
        field="Year",
        text="The year is not over.",
        remedy="Send the program summary of a year that is over.",
        source="SEED2; that none is submitted earlier is the gateway's own reading",
    ),
    Notice(
        code="P908",
        field="Year",
        text="The year has not begun.",
        remedy="Accept the agreement of a year that has.",
        source="SEED2; that none is accepted earlier is the gateway's own reading",
    ),
    Notice(
        code="P909",
        field="Year",
        severity=Severity.WARNING,
        text="The program summary is late.",
        remedy="Nothing: it is taken. Tell your accreditor, if it asks.",
        source="SEED2, SEED3",
    ),
    Notice(
        code="P910",
        field="Program Summary",
        severity=Severity.WARNING,
        text="The year's figures are others than those that were submitted.",
        remedy="If the new ones are right, send SubmitProgramSummary again.",
        source="the gateway's own reading",
    ),
)
