"""Activity 2.1: what is spelled in two ways, what old versions leave alone, and what is asked for only."""

from __future__ import annotations

from datetime import date

import pytest
from payloads import (
    ACTIVITIES,
    END,
    LEGACY_FORMAT,
    OWN_ID,
    READER,
    START,
    TITLE,
    V1,
    V2,
    V21,
    codes,
    document,
    entry,
    legacy,
    read,
    record,
)

from gateway.records import (
    Activity,
    ActivityEntry,
    CategoryCount,
    ContentOutline,
    MocRegistration,
    OutlineKey,
    Repeat,
    replace,
)
from gateway.rules import Context, judge
from gateway.schemas.activity import ActivityVersion

ATTESTED = MocRegistration("ABIM", practice_areas=("Nephrology",), attested=True)
NEWEST = replace(
    Activity(title="Before", born="2.1"),
    moc_registrations=(ATTESTED, replace(ATTESTED, board="ABP", attested=False)),
    other_learners=9,
    participants=(CategoryCount("nurse", 4), CategoryCount("other", 5)),
    rems_type="Mycophenolate",
    rems_identifiers=("EG-123456-001",),
    interprofessional=True,
)


@pytest.mark.parametrize(
    ("stored", "kept"), [(True, True), (False, False), (None, True)], ids=["given", "refused", "open"]
)
def test_who_registers_in_2_0_attests_where_nobody_refused(stored: bool | None, kept: bool) -> None:
    """2.0 has no word for the attestation: registering is one, but takes no refusal of 2.1 back."""
    board = (
        "<MOCRegistrations><MOCRegistration><boardName>ABIM</boardName></MOCRegistration></MOCRegistrations>"
    )
    said = entry(document(record(extension=board))).activity
    before = replace(NEWEST, moc_registrations=(replace(ATTESTED, attested=stored),))
    assert said is not None
    assert (replace(ATTESTED, attested=kept),) == V2.update(before, said).moc_registrations


def test_practice_areas_stay_with_their_boards() -> None:
    """An update by 2.0 keeps what 2.1 told of the boards that stay, in any order, and of no other."""
    boards = [MocRegistration(board, attested=True) for board in ("ABP", "ABA", "ABIM")]
    after = V2.update(NEWEST, Activity(moc_registrations=tuple(boards)))
    assert [("Nephrology",), (), ("Nephrology",)] == [one.practice_areas for one in after.moc_registrations]
    assert [False, True, True] == [one.attested for one in after.moc_registrations]


@pytest.mark.parametrize(("others", "kept"), [(9, True), (10, False), (None, False)])
@pytest.mark.parametrize("version", [V1, V2])
def test_counts_by_category_stay_while_they_are_the_sum(
    version: ActivityVersion, others: int | None, kept: bool
) -> None:
    """An old version counts other learners as one: another number makes the categories untrue."""
    after = version.update(NEWEST, Activity(other_learners=others, rems_type="Mycophenolate"))
    assert (others, kept) == (after.other_learners, after.participants == NEWEST.participants)


def test_counts_that_never_agreed_stay() -> None:
    """What 2.1 said in two ways that differ is left as it is by an update that says one of them again."""
    both = replace(NEWEST, other_learners=30)
    assert NEWEST.participants == V2.update(both, Activity(other_learners=30)).participants


@pytest.mark.parametrize(
    ("version", "type", "kept"), [(V1, None, 1), (V2, "Mycophenolate", 1), (V2, None, 0)]
)
def test_identifiers_stay_with_their_rems(version: ActivityVersion, type: str | None, kept: int) -> None:
    """An update that takes the REMS away takes its identifiers; one that cannot speak of it leaves both."""
    after = version.update(NEWEST, Activity(rems_type=type, other_learners=9))
    assert (kept, True) == (len(after.rems_identifiers), after.interprofessional)


def test_what_an_old_version_leaves_untrue_is_told() -> None:
    """A922 names what was dropped, once each; an update that agrees, or that only 2.1 could say, drops
    nothing."""
    known = replace(NEWEST, activity_id="202600001", provider_activity_id="OWN-1")
    one = entry(document(record(), version="2.0"))
    lost = [found.field for found in one.noted(known, one.onto(known)) if found.code == "A922"]
    assert ["ParticipantsByCategory", "REMSRelatedIdentifier"] == sorted(lost)
    assert [] == [found for found in one.noted(None, known) if found.code == "A922"]
    same = one.onto(known)
    assert [] == [found for found in one.noted(same, one.onto(same)) if found.code == "A922"]
    assert [] == [found for found in newest().noted(known, newest().onto(known)) if found.code == "A922"]


def newest(**parts: str) -> ActivityEntry:
    """The entry of a record of 2.1."""
    return entry(document(record(**parts), version="2.1"))


def counted(**categories: int) -> str:
    """Counts of learners, by category."""
    return "".join(
        f'<m:ParticipantsByCategory category="{name.replace("_", "-")}">{count}</m:ParticipantsByCategory>'
        for name, count in categories.items()
    )


@pytest.mark.parametrize(
    ("categories", "others"),
    [
        ({"physician": 3}, None),
        ({"physician": 3, "nurse": 4, "other": 1}, 5),
        ({"nurse": 0}, 0),
        ({"non_physician": 9, "nurse": 4}, 9),
    ],
)
def test_other_learners_are_those_of_all_categories(categories: dict[str, int], others: int | None) -> None:
    """Who counts by category need not add up; who does both is taken at both words."""
    activity = newest(metrics=counted(**categories)).activity
    assert activity is not None
    assert (categories.get("physician"), others) == (activity.physicians, activity.other_learners)
    named = {name: count for name, count in categories.items() if "physician" not in name}
    assert named == {one.category: one.count for one in activity.participants}


def categorised(version: ActivityVersion, **counts: int) -> ActivityEntry:
    """The entry of a record with counts by category, in any version."""
    made = (legacy if version is V1 else record)(metrics=counted(**counts))
    return entry(document(made, version=version.name))


@pytest.mark.parametrize("version", ACTIVITIES)
@pytest.mark.parametrize(
    ("said", "others"),
    [("physicians", "non_physicians"), ("Physicians", "nonphysician"), ("MD", "Non_Physicians"), ("mds", "")],
)
def test_a_physician_is_one_in_other_words_too(version: ActivityVersion, said: str, others: str) -> None:
    """What can mean nothing else is read as it is meant, and never as other learners."""
    counts = {said: 84} | ({others: 3} if others else {})
    activity = categorised(version, **counts).activity
    assert activity is not None
    assert (84, 3 if others else None, ()) == (
        activity.physicians,
        activity.other_learners,
        activity.participants,
    )


def test_two_words_for_physicians_have_to_agree() -> None:
    """As the same word twice."""
    one = categorised(V21, physician=3, physicians=4)
    assert (["X032"], None) == (codes(one), one.activity)


@pytest.mark.parametrize(("version", "code"), [*zip(ACTIVITIES, ("X034", "X034", "A605"), strict=True)])
def test_a_word_that_may_mean_physicians_is_told_the_right_ones(version: ActivityVersion, code: str) -> None:
    """Both of them, whether it is counted or set aside."""
    one = categorised(version, doctors=84)
    assert one.activity is not None
    judged = judge(one.activity, Context(date(2026, 11, 21), None, version.number), one.place)
    (found,) = (found for found in (*one.findings, *judged) if found.code == code)
    assert "doctors" in found.text
    assert "Write physician " in found.remedy
    assert "non-physician" in found.remedy


KEYWORD = '<lom:keyword source="{}" id="{}"><lom:string>{}</lom:string></lom:keyword>'


def outlined(source: str, keyword: str, value: str) -> str:
    """A selection from a content outline in its own block."""
    return (
        f"<ContentOutlineSelections><ContentOutlineSource>{source}</ContentOutlineSource><ContentOutlineKeys>"
        f"<ContentKeyword>{keyword}</ContentKeyword><ContentKeywordValue>{value}</ContentKeywordValue>"
        "</ContentOutlineKeys></ContentOutlineSelections>"
    )


def test_an_outline_is_one_however_it_is_spelled() -> None:
    """Keywords of the lom and the block of 2025 say the same; what both say is said once."""
    first, second, third = (
        ("01_ABAMCO", "Tag ID", "7"),
        ("01_ABAMCO", "Free Text", "blocks"),
        ("02_ABAMCO", "Tag ID", "8"),
    )
    keywords = OWN_ID + TITLE + KEYWORD.format(*first) + KEYWORD.format(*third)
    block = f"<ContentOutlines>{outlined(*first)}{outlined(*second)}</ContentOutlines>"
    one = newest(general=keywords, extension=block)
    assert one.activity is not None
    assert (
        ContentOutline("01_ABAMCO", (OutlineKey("Tag ID", "7"), OutlineKey("Free Text", "blocks"))),
        ContentOutline("02_ABAMCO", (OutlineKey("Tag ID", "8"),)),
    ) == one.activity.content_outlines
    assert () == one.findings


@pytest.mark.parametrize(
    ("general", "extension", "path"),
    [
        (KEYWORD.format("02_ABAMCO", "Tag ID", "8"), "", "lom:keyword"),
        (
            "",
            f"<ContentOutlines>{outlined('x', 'Tag ID', '8')}</ContentOutlines>",
            "act:ContentOutlineSelections",
        ),
        ("", "", "act:ContentOutlines/act:ContentOutlineSelections"),
    ],
)
def test_a_finding_of_an_outline_points_at_what_was_written(general: str, extension: str, path: str) -> None:
    """Its place is the keyword or the block, whichever stands; where neither does, that of the block."""
    place = newest(general=OWN_ID + TITLE + general, extension=extension).place("content_outlines")
    assert place.path.endswith(path)


@pytest.mark.parametrize(
    ("keyword", "code"),
    [
        ("<lom:keyword><lom:string>x</lom:string></lom:keyword>", "X031"),
        (KEYWORD.format("x", "y", "z"), "X034"),
    ],
)
def test_a_keyword_of_no_known_outline_is_set_aside(keyword: str, code: str) -> None:
    """Any other keyword is official, not used here, and named in a warning; so are the known outlines
    where it names another."""
    one = newest(general=OWN_ID + TITLE + keyword)
    assert ([code], True) == (codes(one), one.activity is not None)
    assert ("01_ABAMCO or 02_ABAMCO" in one.findings[0].remedy) is (code == "X034")


SELECTED = KEYWORD.format("01_ABAMCO", "Level 3 ID", "1.2.3")


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_what_a_newer_version_reads_is_told_so(version: str) -> None:
    """Of an outline, a profession and a category 2.1 is named; not of what no version reads, nor of what
    stands once too often."""
    nurse = "<hx:profession><lom:string>Nurse</lom:string></hx:profession>"
    audience = f"<hx:targetAudience>{nurse}</hx:targetAudience>"
    body = record(
        education=START + END + LEGACY_FORMAT * 2 + audience,
        general=OWN_ID + TITLE + SELECTED + KEYWORD.format("x", "y", "z"),
        metrics='<m:ParticipantsByCategory category="nurse">3</m:ParticipantsByCategory>',
    )
    one = entry(document(body, version=version))
    remedies = [(found.field, "activity 2.1" in found.remedy) for found in one.findings]
    assert [
        ("ParticipantsByCategory", True),
        ("keyword", True),
        ("keyword", False),
        ("profession", True),
        ("string", False),
    ] == sorted(remedies, key=lambda told: (told[0], not told[1]))
    (selected,) = [found for found in one.findings if found.path.endswith("keyword[1]")]
    assert "Send the record in activity 2.1, which reads it, or leave it out." == selected.remedy
    assert all(f"in activity {version}" not in found.remedy for found in one.findings)


AGAIN = "<StartDate>2026-04-13</StartDate>"


def test_repeats_are_asked_for_and_not_stored() -> None:
    """Further dates and places are the entry's, not the activity's, and are never written back."""
    place = "<City>Halifax</City><Country>can</Country>"
    several = "".join(f"<RepeatInstance>{one}</RepeatInstance>" for one in (AGAIN, AGAIN + place))
    one = newest(extension=f"<RepeatInstances>{several}</RepeatInstances>")
    day = date(2026, 4, 13)
    assert (Repeat(day), Repeat(day, city="Halifax", country="CAN")) == one.repeats
    assert one.place("repeats[1].country").path.endswith("act:RepeatInstance[2]/act:Country")
    assert one.activity is not None
    written, lost = READER.write([one.activity], V21)
    assert (None, ()) == (written.find(".//{*}RepeatInstances"), lost)
    assert () == newest().repeats


# --- found by its content -------------------------------------------------------------------------------

PLACE = (
    "<hx:activityLocation><a:City>Duluth</a:City><a:Country><a:CountryCode>USA</a:CountryCode></a:Country>"
    "</hx:activityLocation>"
)


@pytest.mark.parametrize(
    ("parts", "version"),
    [
        (
            {"extension": f"<RepeatInstances><RepeatInstance>{AGAIN}</RepeatInstance></RepeatInstances>"},
            "2.1",
        ),
        ({"extension": "<isInterprofessional>true</isInterprofessional>"}, "2.1"),
        ({"metrics": counted(physician=1, nurse=2)}, "2.1"),
        ({"general": OWN_ID + TITLE + KEYWORD.format("01_ABAMCO", "Tag ID", "7")}, "2.1"),
        ({"metrics": counted(physician=1, non_physician=2)}, "2.0"),
        ({"education": PLACE + START + END}, "2.0"),
        ({"general": OWN_ID + TITLE + KEYWORD.format("x", "y", "z")}, "2.0"),
    ],
)
def test_a_document_without_a_namespace_is_of_the_version_it_looks_like(
    parts: dict[str, str], version: str
) -> None:
    """What only 2.1 has makes it one; what 2.0 has as well does not."""
    assert version == read(document(record(**parts), namespace="")).version.name
