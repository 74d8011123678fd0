"""What an operation finds that no record alone can show: identity, closing, sending again."""

from __future__ import annotations

from gateway.records import Finding, Place, Severity
from gateway.rules.declaration import Notice

_NOTICES = (
    Notice(
        code="A900",
        field="activity_id",
        text="An update or a delete names its activity.",
        remedy="Give the ACCME Activity ID, or your own Provider Activity ID.",
        source="ETH1, docs/wire.md",
    ),
    Notice(
        code="A901",
        field="activity_id",
        text="There is no such activity among those of your provider.",
        remedy="Check the id. To report a new activity, Add it without an ACCME Activity ID: the gateway "
        "issues it.",
        source="docs/wire.md",
    ),
    Notice(
        code="A902",
        field="provider_activity_id",
        text="The ACCME Activity ID and the Provider Activity ID belong to two different activities.",
        remedy="Send the two ids of one activity, or only one of them.",
        source="docs/wire.md",
    ),
    Notice(
        code="A903",
        field="activity_id",
        severity=Severity.WARNING,
        text="The activity to add existed with other content, and was updated.",
        remedy="Send Update for an activity you reported before.",
        source="docs/wire.md",
    ),
    Notice(
        code="A904",
        field="provider_id",
        text="The ProviderID in the document is not the caller's provider.",
        remedy="Leave ProviderID out, or call with the account of that provider.",
        source="JS-ACT, SEED1",
    ),
    Notice(
        code="A905",
        field="activity_id",
        text="A closed activity is not deleted.",
        remedy="Leave it; the operator can tell what to do about an activity that was closed by mistake.",
        source="SEED1",
    ),
    Notice(
        code="A906",
        field="activity_id",
        text="A closed activity does not change.",
        remedy="Leave it as it is; the operator can tell what to do about one that was closed by mistake.",
        source="the gateway's own reading; SEED1 tells of no way back",
    ),
    Notice(
        code="A907",
        field="close",
        text="The activity cannot be closed yet.",
        remedy="Complete what is missing, then send closeActivityRecord true again.",
        source="SEED1, FAQ-status",
    ),
    Notice(
        code="A909",
        text="Not done, because another record of the same call was refused.",
        remedy="Correct the refused records and send all of them again, or send without AllOrNothing.",
        source="docs/wire.md",
    ),
    Notice(
        code="A910",
        severity=Severity.WARNING,
        text="The same content was received before.",
        remedy="Give each call a SubmissionKey, so that sending again is recognised for certain.",
        source="docs/wire.md",
    ),
    Notice(
        code="A911",
        field="provider_activity_id",
        severity=Severity.WARNING,
        text="The same activity stands in this call before, and was changed by both records.",
        remedy="Send each activity once in a call.",
        source="docs/wire.md",
    ),
    Notice(
        code="A912",
        field="provider_activity_id",
        severity=Severity.WARNING,
        text="The activity has no id of yours; sent again, it is added again.",
        remedy="Give your own Provider Activity ID, or send the ACCME Activity ID from now on.",
        source="ETH1, docs/wire.md",
    ),
)

NOWHERE = Place()
NOTICES = {notice.code: notice for notice in _NOTICES}


def finding(code: str, place: Place = NOWHERE, detail: str = "") -> Finding:
    """Tell what an operation found, in the catalogue's words; an unknown code is a KeyError.

    `detail` is a sentence of ours; a sender's value in it goes through `quoted`.
    """
    return NOTICES[code].finding(place, detail)
