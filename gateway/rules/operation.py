"""What an operation finds that no record alone can show: identity, closing, sending again."""

from __future__ import annotations

from functools import partial

from gateway.records import NOWHERE, Finding, Place, Severity
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
        text="The ACCME Activity ID and the Provider Activity ID are not those of one activity.",
        remedy="Send the two ids of one activity, or only one of them. To give it a new Provider Activity "
        "ID, update it (SaveActivity).",
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
        remedy="Leave it as it is, and a closed repeat out of the record. What was closed by mistake is "
        "opened again (ReopenActivity, scope admin), and can then be changed.",
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
        remedy="Send each activity once in a call, or the learners of enduring material once for each year.",
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
        field="AsOf",
        severity=Severity.WARNING,
        text="Only enduring material is counted as of a year; of any other activity there is one count.",
        remedy="Leave AsOf out.",
        source="SEED2, FAQ-79",
    ),
    of_activity(
        code="A919",
        field="AsOf",
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
        code="A923",
        field="activity_id",
        text="What counts as closed by its data of before November 2021 is not deleted.",
        remedy="Leave it. What was reported by mistake no longer counts as closed, and can be deleted, once "
        "it is sent without its activitySponsorship.",
        source="SEED1; SEED0 tells of closing by itself",
    ),
    of_activity(
        code="A924",
        field="repeats",
        text="Enduring material is entered once, for its whole life.",
        remedy="Leave the repeats out, and give its first and its last day.",
        source="SEED2, FAQ-79; that it has no repeats is the gateway's own reading",
    ),
    of_activity(
        code="A925",
        field="repeats",
        severity=Severity.WARNING,
        text="A regularly scheduled series is one activity with all its sessions; each repeat is another.",
        remedy="Leave the repeats out where they are sessions of the series, and delete what they became.",
        source="FAQ-10496; that it may be held anew is the gateway's own reading",
    ),
    of_activity(
        code="A926",
        field="close",
        severity=Severity.WARNING,
        text="The activity is closed, and closeActivityRecord false does not open it again.",
        remedy="Leave the switch out. What was closed by mistake is opened again by ReopenActivity (scope "
        "admin).",
        source="the gateway's own reading; SEED1 tells of no way back",
    ),
    of_activity(
        code="A927",
        field="start_date",
        text="A copy is registered with the boards of its source, and one of them does not take part in the "
        "collaboration on the dates of the copy.",
        remedy="Copy it with later dates, or take the registration out of the source first. Of a closed one, "
        "report the new activity with SaveActivity, without that board.",
        source="NEWS, SEED2",
    ),
    of_activity(
        code="A928",
        field="moc_registrations",
        severity=Severity.WARNING,
        text="Credit that was reported no longer fits the activity; it stays as it is.",
        remedy="Delete these completions and report them again (SaveLearnerActivity), or send again what "
        "they stand on.",
        source="the gateway's own reading; FAQ-7921, FAQ-7922 of what credit stands on",
    ),
    of_activity(
        code="A929",
        field="",
        severity=Severity.WARNING,
        text="Credit is reported for the activity, which has become a Draft and takes no more learners so.",
        remedy="Send again what is missing to be Active, as NextStatus lists it; or delete the completions "
        "(SaveLearnerActivity).",
        source="CHK; that what was reported stays is the gateway's own reading",
    ),
    of_activity(
        code="A932",
        field="moc_registrations",
        severity=Severity.WARNING,
        text="A credit type stands once in a registration, however it is spelled; the first was kept.",
        remedy="Name each credit type once.",
        source="MOCLIST; once is the gateway's own reading",
    ),
    of_activity(
        code="A933",
        field="repeats",
        severity=Severity.WARNING,
        text="A repeat has the day and place of the record itself, or of another repeat, and was taken once.",
        remedy="Tell each further day and place once. Two at one day and place are two records.",
        source="the gateway's own reading; SEED2 tells of each instance by its date and location",
    ),
    of_activity(
        code="A934",
        field="repeats",
        severity=Severity.WARNING,
        text="The claim date of the record lies before this repeat, and was left out of it.",
        remedy="Update this repeat by its own id with the last day on which its MOC credit may be claimed, "
        "which is needed to close it.",
        source="the gateway's own reading",
    ),
    of_activity(
        code="A935",
        field="format",
        severity=Severity.WARNING,
        text="Learner counts as of years in which the activity is not enduring material, by its format and "
        "dates of before or of now, were dropped.",
        remedy="If the change was a mistake, send the format and dates of before, and then the counts by "
        "UpdateLearnerCounts, with their AsOf.",
        source="SEED2; dropping is the gateway's own reading",
    ),
    of_activity(
        code="A930",
        field="",
        severity=Severity.WARNING,
        text="What was reported before November 2021 was migrated as PARS migrated it.",
        remedy="Send the activity anew where the migrated value is not what you mean.",
        source="SEED2",
    ),
    Notice(
        code="A931",
        severity=Severity.WARNING,
        text="More was found of this record than is listed.",
        remedy="Correct what is listed and send it again, or have the file judged by `cme-gateway check`.",
        source="docs/wire.md",
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
        remedy="Send it as it was reported; to correct it, delete it, then add it again. A new credit, or "
        "another participant, needs an id of its own.",
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
        text="The same credit or participant stands in this call before; it is kept once.",
        remedy="Send each credit, and each participant, once in a call.",
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
    of_learner(
        code="L903",
        field="StateOfLicensure",
        text="The licence of a learner to match is of a state of the USA, which StateOfLicensure names.",
        remedy="Give the state by its two letters or its name, and beside it the licence in LicenseId. A "
        "board's number belongs in BoardId with Board, an NPI in NPI.",
        source="SEED2, STATE",
    ),
    of_learner(
        code="L904",
        field="Board",
        text="The BoardId of a learner to match is of a certifying board, which Board names.",
        remedy="Give the acronym of a board that GetServiceInfo lists, and beside it its number in BoardId. "
        "A licence belongs in LicenseId with StateOfLicensure, an NPI in NPI.",
        source="XLSX-L",
    ),
)

NOTICES = {notice.code: notice for notice in (*_NOTICES, *YEARLY)}


def finding(code: str, place: Place = NOWHERE, detail: str = "") -> Finding:
    """Tell what an operation found, in the catalogue's words; an unknown code is a KeyError.

    `detail` is a sentence of ours; a sender's value in it goes through `quoted`.
    """
    return NOTICES[code].finding(place, detail)
