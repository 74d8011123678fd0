"""What an operation finds that no record alone can show: identity, closing, sending again."""

from __future__ import annotations

from functools import partial

from gateway.records import Finding, Place, Severity
from gateway.rules.declaration import Notice, Subject
from gateway.rules.yearly import YEARLY

of_activity = partial(Notice, subject=Subject.ACTIVITY)
of_completion = partial(Notice, subject=Subject.COMPLETION)
of_learner = partial(Notice, subject=Subject.PERSON, personal=True)

# A909 and A910 are of a call as a whole, whatever it carries: their letter only tells where they came
# up first, since a code never changes.
_NOTICES = (
    of_activity(
        code="A900",
        field="activity_id",
        text="An update or a delete names its activity.",
        remedy="Give the ACCME Activity ID, or your own Provider Activity ID.",
        source="ETH1, docs/wire.md",
    ),
    of_activity(
        code="A901",
        field="activity_id",
        text="There is no such activity among those of your provider.",
        remedy="Check the id. To report a new activity, Add it without an ACCME Activity ID: the gateway "
        "issues it.",
        source="docs/wire.md",
    ),
    of_activity(
        code="A902",
        field="provider_activity_id",
        text="The ACCME Activity ID and the Provider Activity ID belong to two different activities.",
        remedy="Send the two ids of one activity, or only one of them.",
        source="docs/wire.md",
    ),
    of_activity(
        code="A903",
        field="activity_id",
        severity=Severity.WARNING,
        text="The activity to add existed with other content, and was updated.",
        remedy="Send Update for an activity you reported before.",
        source="docs/wire.md",
    ),
    of_activity(
        code="A904",
        field="provider_id",
        text="The ProviderID in the document is not the caller's provider.",
        remedy="Leave ProviderID out, or call with the account of that provider.",
        source="JS-ACT, SEED1",
    ),
    of_activity(
        code="A905",
        field="activity_id",
        text="A closed activity is not deleted.",
        remedy="Leave it. What was closed by mistake is opened again (ReopenActivity, scope admin), and can "
        "then be deleted.",
        source="SEED1",
    ),
    of_activity(
        code="A906",
        field="activity_id",
        text="A closed activity does not change.",
        remedy="Leave it as it is. What was closed by mistake is opened again (ReopenActivity, scope admin), "
        "and can then be changed.",
        source="the gateway's own reading; SEED1 tells of no way back",
    ),
    of_activity(
        code="A907",
        field="close",
        text="The activity cannot be closed yet.",
        remedy="Complete what is missing, then close it: by closeActivityRecord true, or CloseActivity.",
        source="SEED1, FAQ-status",
    ),
    of_activity(
        code="A908",
        field="activity_id",
        text="An activity for which learners are reported is not deleted.",
        remedy="Delete its learners' credits and participants first (SaveLearnerActivity, delete).",
        source="SEED1",
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
    of_activity(
        code="A911",
        field="provider_activity_id",
        severity=Severity.WARNING,
        text="The same activity stands in this call before, and was changed by both records.",
        remedy="Send each activity once in a call.",
        source="docs/wire.md",
    ),
    of_activity(
        code="A912",
        field="provider_activity_id",
        severity=Severity.WARNING,
        text="The activity has no id of yours; sent again, it is added again.",
        remedy="Give your own Provider Activity ID, or send the ACCME Activity ID from now on.",
        source="ETH1, docs/wire.md",
    ),
    of_activity(
        code="A913",
        field="activity_id",
        text="Only a closed activity is reopened.",
        remedy="Change it as it is: it is open.",
        source="the gateway's own reading; SEED1 tells of no way back",
    ),
    of_activity(
        code="A914",
        field="activity_id",
        text="What counts as closed by its data of before November 2021 is not reopened.",
        remedy="Send the correction: it takes changes and learners as it is.",
        source="the gateway's own reading; SEED0 tells of closing by itself",
    ),
    of_activity(
        code="A915",
        field="provider_activity_id",
        text="Repeats of an activity that is stored are found again by its Provider Activity ID alone.",
        remedy="Send a Provider Activity ID of yours with the record.",
        source="docs/wire.md",
    ),
    of_activity(
        code="A916",
        field="provider_activity_id",
        text="The Provider Activity ID for the copy is that of an activity you have.",
        remedy="Give another one, or update the activity that has it.",
        source="docs/wire.md",
    ),
    of_activity(
        code="A917",
        field="physicians",
        text="A count says how many physicians completed the activity, or how many other learners, or both.",
        remedy="Give Physicians, OtherLearners, or both; 0 will do.",
        source="SEED1",
    ),
    of_activity(
        code="A918",
        field="as_of",
        severity=Severity.WARNING,
        text="Only enduring material is counted as of a year; of any other activity there is one count.",
        remedy="Leave AsOf out.",
        source="SEED2, FAQ-79",
    ),
    of_activity(
        code="A919",
        field="as_of",
        text="Enduring material is counted as of a year in which it is offered, up to this year.",
        remedy="Check AsOf and the dates of the activity.",
        source="SEED2, FAQ-79",
    ),
    of_activity(
        code="A920",
        field="physicians",
        text="The count of enduring material is of all learners since it began, so it never falls.",
        remedy="Give all learners up to 31 December of the year; correct an earlier figure by sending that "
        "year again.",
        source="SEED2, FAQ-79",
    ),
    of_activity(
        code="A921",
        field="moc_registrations",
        text="Learners have credit of a board which gives all of them the registered points, so it stays "
        "registered, and for these points.",
        remedy="Leave the registration and its points. To correct them, delete the learners' credits of that "
        "board first (SaveLearnerActivity, delete), and add them again afterwards.",
        source="TIPS, FAQ-7921; refusing is the gateway's own reading",
    ),
    of_activity(
        code="A922",
        field="participants",
        severity=Severity.WARNING,
        text="What was reported of it before no longer agrees with what is reported now, and was dropped.",
        remedy="Report it again, in a version that has a place for it.",
        source="docs/wire.md",
    ),
    of_activity(
        code="A930",
        field="",
        severity=Severity.WARNING,
        text="What was reported before November 2021 was migrated as PARS migrated it.",
        remedy="Send the activity anew where the migrated value is not what you mean.",
        source="SEED2",
    ),
    of_completion(
        code="C901",
        field="activity_id",
        text="There is no such activity among those of your provider.",
        remedy="Check the id, or report the activity first (SaveActivity); the answer has its id.",
        source="LRNTUT, AMC",
    ),
    of_completion(
        code="C902",
        field="credit_id",
        text="It was reported before under this id, with other content; what is reported does not change.",
        remedy="Send it as it was reported; to correct it, delete it, then add it again. A new credit needs "
        "an id of its own.",
        source="AMC, JS-LRN",
    ),
    of_completion(
        code="C903",
        field="credit_id",
        text="The learner's credit of this board and type was reported for this activity before, under "
        "another CreditID.",
        remedy="Leave it if that one is Accepted or Submitted. If it is Rejected or wrong, delete it by its "
        "CreditID, then add this one.",
        source="JS-LRN; once per learner, activity, board and type is the gateway's own reading",
    ),
    of_completion(
        code="C904",
        field="credit_id",
        text="There is nothing of the kind to delete among what your provider has reported.",
        remedy="Check the id; what was deleted before need not be deleted again.",
        source="docs/wire.md",
    ),
    of_completion(
        code="C905",
        field="credit_id",
        text="The credit to delete belongs to another activity or another learner.",
        remedy="Send the CreditID with the activity and the learner it was reported for.",
        source="docs/wire.md",
    ),
    of_completion(
        code="C906",
        field="provider_id",
        text="The provider in the record is not the caller's.",
        remedy="Send your own provider id, or call with the account of that provider.",
        source="JS-LRN, WS2025",
    ),
    of_completion(
        code="C907",
        field="credit_id",
        severity=Severity.WARNING,
        text="The same credit stands in this call before; it is kept once.",
        remedy="Send each credit once in a call.",
        source="docs/wire.md",
    ),
    of_completion(
        code="C911",
        field="credit_id",
        severity=Severity.WARNING,
        text="The credit was rejected before; sent again unchanged it stays rejected.",
        remedy="Correct the cause, delete the credit, then add it again.",
        source="FAQ-valid, AMC",
    ),
    of_learner(
        code="L901",
        field="learner",
        severity=Severity.WARNING,
        text="Nobody in the register of learners fits, so the credits are rejected.",
        remedy="Check names, birthday and numbers with the learner, delete the credits, then add them again.",
        source="FAQ-mismatch, SEED2",
    ),
    of_learner(
        code="L902",
        field="learner",
        severity=Severity.WARNING,
        text="Several people in the register of learners fit, so the credits are rejected.",
        remedy="Add a number of the learner: a state licence, NPI or board number; then delete the credits "
        "and add them again.",
        source="MBQ, SEED2",
    ),
)

NOWHERE = Place()
NOTICES = {notice.code: notice for notice in (*_NOTICES, *YEARLY)}


def finding(code: str, place: Place = NOWHERE, detail: str = "") -> Finding:
    """Tell what an operation found, in the catalogue's words; an unknown code is a KeyError.

    `detail` is a sentence of ours; a sender's value in it goes through `quoted`.
    """
    return NOTICES[code].finding(place, detail)
