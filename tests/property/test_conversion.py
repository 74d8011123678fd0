"""Records become payloads and payloads records, and nothing is lost on the way but what is said to be."""

from __future__ import annotations

import copy
import functools
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

import activities
import completions
import instances
import payloads
import pytest
import xmlschema
from entries import COMPLETE
from hypothesis import given, settings
from hypothesis.strategies import SearchStrategy
from lxml import etree
from payloads import ACTIVITIES, L1, L2, LEARNERS, READER, TODAY, V1, V2, V21
from property.test_official import OURS, Official, medbiq, official, officially  # noqa: F401  two of them are fixtures

from gateway import boards, rules, samples
from gateway import vocabulary as words
from gateway.errors import Refused
from gateway.records import (
    Activity,
    ActivityEntry,
    Completion,
    CompletionEntry,
    Finding,
    Location,
    Place,
    Severity,
    replace,
)
from gateway.schema import Reading
from gateway.schemas.activity import ACTIVITY_FIELDS, ActivityVersion
from gateway.schemas.learner import LearnerVersion
from gateway.version import EMPTY, PayloadVersion

each_version = pytest.mark.parametrize("version", ACTIVITIES, ids=lambda version: version.name)

# Which fields a version has no place for, as the contract tells it (section 5), not as the tables do.
ONLY_BEFORE = {
    *("hours_of_instruction", "competencies", "exhibit_income", "other_income", "expenses"),
    *("designed_competence", "designed_performance", "designed_outcomes"),
    *("measured_competence", "measured_performance", "measured_outcomes"),
}
ONLY_SINCE = {
    "fee",
    "registration",
    "outcomes",
    "commendation_tags",
    "moc_registrations",
    "mips",
    "rems_type",
}
ONLY_LATER = {
    *("participants", "professions", "interprofessional", "content_outlines", "rems_identifiers"),
    *("has_state_content", "state_content", "pharmacy_type", "pharmacy_topic", "pharmacy_live_date"),
    *("pharmacy_sequence", "uan_pharmacy", "uan_pharmacy_tech"),
    *("pharmacy_recertifications", "pharmacy_content_tags"),
}
RESTATED = {"legacy_type"}  # it may be said in other words, those of the format and the delivery methods


def seeded(test: Callable[..., None]) -> Callable[..., None]:
    """The same examples each time: what is found is fixed or known, no surprise to the next to run this."""
    examples = settings(derandomize=True, max_examples=50)
    slow: Callable[..., None] = pytest.mark.slow(examples(test))
    return slow


def spelled(document: etree._Element) -> bytes:
    """A document as it goes over the wire."""
    return etree.tostring(document, encoding="utf-8")


def sent(activity: Activity, version: ActivityVersion) -> ActivityEntry:
    """What is read of an activity that is written in a version."""
    return payloads.entry(spelled(READER.write([activity], version)[0]))


def received(activity: Activity, version: ActivityVersion) -> Activity:
    """The activity that is read of one that is written in a version."""
    back = sent(activity, version).activity
    assert back is not None
    return back


def given_fields(activity: Activity) -> dict[str, object]:
    """The fields of an activity that hold something."""
    values = {name: getattr(activity, name) for name in ACTIVITY_FIELDS}
    return {name: value for name, value in values.items() if value not in EMPTY}


def named(findings: tuple[Finding, ...]) -> list[str]:
    """The fields that were said to be left out."""
    assert {"X040"} >= {finding.code for finding in findings}
    return sorted(finding.field for finding in findings)


# --- nothing is lost within a version ------------------------------------------------------------


@seeded
@given(activities.present)
def test_2_0_returns_what_it_was_given(activity: Activity) -> None:
    """Whatever 2.0 can say comes back as it was, and nothing else with it."""
    assert replace(activity, born="2.0") == received(activity, V2)
    assert [] == named(READER.write([activity], V2)[1])


@seeded
@given(activities.newest)
def test_2_1_returns_what_it_was_given(activity: Activity) -> None:
    """Whatever 2.1 can say comes back as it was, and nothing else with it."""
    assert replace(activity, born="2.1") == received(activity, V21)
    assert [] == named(READER.write([activity], V21)[1])


@seeded
@given(activities.legacy)
def test_1_0_returns_what_it_was_given(activity: Activity) -> None:
    """Whatever 1.0 can say comes back as it was; what comes back with it is marked as derived."""
    back = received(activity, V1)
    gained = given_fields(back).keys() - given_fields(activity).keys()
    assert given_fields(activity) == {k: v for k, v in given_fields(back).items() if k not in gained}
    assert gained | {"format"} == back.derived
    assert [] == named(READER.write([activity], V1)[1])


@pytest.mark.parametrize("closed", [True, False])
def test_close_switch_returns(closed: bool) -> None:
    """Since 2.0 the close switch says whether the activity is closed; 1.0 has none."""
    activity = replace(_invented(V2, 1)[0], closed=closed)
    assert [closed] * 2 == [sent(activity, version).close for version in (V2, V21)]
    assert None is sent(activity, V1).close


@each_version
def test_samples_return_as_they_were(version: ActivityVersion) -> None:
    """The samples of a version come back whole, with no finding but what 1.0 derives."""
    for activity in _invented(version, 200):
        entry = sent(activity, version)
        assert {"X033"} >= set(payloads.codes(entry))
        assert entry.activity is not None
        whole = version.complete(replace(activity, born=version.name))
        assert whole == replace(entry.activity, derived=whole.derived)


# --- nothing is lost through the store ---------------------------------------------------------------


@seeded
@given(activities.read_as_1_0)
def test_update_by_2_0_loses_nothing_of_1_0(activity: Activity) -> None:
    """A 1.0 record, updated by the 2.0 document made from it, is in 1.0 what it was."""
    updated = sent(activity, V2).onto(activity)
    assert given_fields(activity) == given_fields(received(updated, V1))


@seeded
@given(activities.read_as_2_0.filter(lambda activity: words.legacy_type_of(activity.format, ()) is not None))
def test_update_by_1_0_loses_nothing_of_2_0(activity: Activity) -> None:
    """A 2.0 record, updated by the 1.0 document made from it, is in 2.0 what it was; gaps may be filled."""
    updated = sent(activity, V1).onto(activity)
    assert given_fields(activity).items() <= given_fields(received(updated, V2)).items()


@seeded
@given(activities.read_as_2_1)
@pytest.mark.parametrize("version", [V1, V2], ids=lambda version: version.name)
def test_update_by_an_old_version_loses_nothing_of_2_1(version: ActivityVersion, activity: Activity) -> None:
    """A 2.1 record, updated by the document an old version makes of it, is in 2.1 what it was."""
    if words.legacy_type_of(activity.format, ()) is None and version is V1:
        return  # 1.0 cannot say such a format
    updated = sent(activity, version).onto(activity)
    assert given_fields(activity).items() <= given_fields(received(updated, V21)).items()


@seeded
@given(activities.read_as_1_0 | activities.read_as_2_0)
def test_update_by_2_1_loses_nothing_of_an_old_version(activity: Activity) -> None:
    """A record of an old version, updated by the 2.1 document made from it, is in each what it was."""
    updated = sent(activity, V21).onto(activity)
    for version in (V1, V2):
        assert given_fields(received(activity, version)) == given_fields(received(updated, version))


@seeded
@given(activities.stored)
@each_version
def test_update_by_its_own_reading_changes_nothing(version: ActivityVersion, activity: Activity) -> None:
    """What is read of a record and sent back as it is leaves each of its fields as it was."""
    if words.legacy_type_of(activity.format, ()) is None and version is V1:
        return  # 1.0 cannot say such a format, so its update leaves none and the rules refuse it
    updated = given_fields(sent(activity, version).onto(activity))
    restated = RESTATED if version is not V1 else set()
    kept = {k: v for k, v in given_fields(activity).items() if k not in restated}
    assert kept.items() <= updated.items()
    filled = {"description", "end_date", "passport", "delivery_methods"} if version is V1 else set[str]()
    typed = {"legacy_type"} if activity.born == "1.0" else set[str]()
    assert filled | typed >= updated.keys() - given_fields(activity).keys()


@pytest.mark.parametrize("born", ["2.0", "2.1"])
@pytest.mark.parametrize("closed", [True, False])
def test_a_complete_activity_read_in_1_0_and_sent_back_is_as_it_was(born: str, closed: bool) -> None:
    """A type that it does not have is no change, which a closed one would refuse."""
    activity = replace(COMPLETE, closed=closed, born=born)
    assert activity == sent(activity, V1).onto(activity)
    assert "IL" == V1.update(activity, replace(received(activity, V1), legacy_type="IL")).legacy_type


# --- what is lost is listed, and nothing else ----------------------------------------------------------


def lost_in(version: ActivityVersion, activity: Activity) -> set[str]:
    """What a version cannot say of an activity, as the contract tells it."""
    held = given_fields(activity)
    if version is not V1:
        told = words.legacy_type_of(activity.format, activity.delivery_methods)
        kinds = {"in_kind_supports"} if any(one.kinds for one in activity.in_kind_supports) else set()
        type = {"legacy_type"} if told is None or told.code != activity.legacy_type else set()
        later = held.keys() & ONLY_LATER | registered_since(activity) if version is V2 else set()
        return held.keys() & (ONLY_BEFORE | type) | kinds | later
    type_said = words.legacy_type_named(received(activity, V1).legacy_type)
    methods = (type_said.delivery,) if type_said and type_said.delivery else ()
    unsaid = {
        "format": type_said is None,
        "passport": activity.passport is True,
        "delivery_methods": activity.delivery_methods != methods,
    }
    return held.keys() & (ONLY_SINCE | ONLY_LATER | {name for name, lost in unsaid.items() if lost})


def registered_since(activity: Activity) -> set[str]:
    """The registrations, where they say what only 2.1 can: practice areas, or that nobody attests."""
    said = (one.practice_areas or one.attested is not True for one in activity.moc_registrations)
    return {"moc_registrations"} if any(said) else set()


@seeded
@given(activities.stored)
@each_version
def test_what_is_lost_is_listed(version: ActivityVersion, activity: Activity) -> None:
    """Writing lists what the version has no place for, and reading back misses that and nothing more."""
    document, findings = READER.write([activity], version)
    lost = lost_in(version, activity)
    assert sorted(map(READER.label, lost)) == named(findings)
    back = payloads.entry(spelled(document)).activity
    assert back is not None
    missed = {name for name, value in given_fields(activity).items() if getattr(back, name) != value}
    assert lost - RESTATED == missed - RESTATED


def test_loss_is_noticed() -> None:
    """Negative control: each field that one version alone has is missed by the other, and no other is."""
    full = {version: _golden(version) for version in ACTIVITIES}
    assert lost_in(V2, full[V1]) >= ONLY_BEFORE
    assert lost_in(V21, full[V1]) >= ONLY_BEFORE
    assert lost_in(V1, full[V2]) >= ONLY_SINCE
    assert lost_in(V1, full[V21]) >= ONLY_SINCE | ONLY_LATER
    assert {*ONLY_LATER, "moc_registrations"} == lost_in(V2, full[V21])
    assert set() == lost_in(V21, full[V2])
    assert [set()] * 3 == [lost_in(version, full[version]) for version in ACTIVITIES]


# --- what is written is valid --------------------------------------------------------------------------


def refused(document: etree._Element, version: ActivityVersion) -> list[str]:
    """What our judge has against the records of a written document."""
    records = list(etree.fromstring(spelled(document)))
    wrong = [record for record in records if not version.judge.accepts(record)]
    return [found.text for one in wrong for found in version.judge.explain(one, lambda element: Place())]


@seeded
@given(activities.stored)
@each_version
def test_written_documents_are_ours(version: ActivityVersion, activity: Activity) -> None:
    """Our judge accepts what is written of anything a store may hold, in any version."""
    assert [] == refused(READER.write([activity], version)[0], version)


@each_version
def test_place_without_country_is_written_validly(version: ActivityVersion) -> None:
    """A city whose country is blank breaks no rule, so it is stored, and what is written of it is valid."""
    activity = replace(_invented(V2, 1)[0], location=Location(city="Duluth"))
    assert [] == [finding for finding in judged(activity) if finding.blocks]
    assert [] == refused(READER.write([activity], version)[0], version)


@pytest.mark.contract
@each_version
def test_written_documents_are_official(version: ActivityVersion, official: Official) -> None:  # noqa: F811  a fixture
    """What is written of samples of either version is valid by the official schema, in both versions."""
    made = [activity for born in ACTIVITIES for activity in _invented(born, 50)]
    spelled_out = f"activity/v{version.name.replace('.', '_')}"
    assert [] == officially(official(spelled_out), spelled_out, READER.write(made, version)[0])


# --- completions ------------------------------------------------------------------------------------

CREATED = datetime(2026, 6, 1, 8, 15, tzinfo=UTC)
LATER = {"participants": "Participant", "regulations": "CompliantToRegulation"}


def completed(document: etree._Element) -> list[Completion]:
    """What is read of a written document of completions, without a finding."""
    reading = payloads.read(spelled(document))
    assert () == reading.notices
    assert [()] * len(reading.entries) == [entry.findings for entry in reading.entries]
    return [entry.completion for entry in reading.entries]


@pytest.mark.parametrize(
    ("version", "said"), [(L1, completions.named), (L2, completions.present)], ids=["1.0", "2.0"]
)
def test_a_completion_returns_as_it_was(version: LearnerVersion, said: SearchStrategy[Completion]) -> None:
    """Whatever a version can say of a completion comes back as it was, valid and with nothing lost."""

    @settings(derandomize=True, max_examples=50)
    @given(said)
    def returns(completion: Completion) -> None:
        document, lost = READER.write([completion], version, created=CREATED)
        assert () == lost
        assert version.judge.accepts(etree.fromstring(spelled(document)))
        assert [completion] == completed(document)

    returns()


@seeded
@given(completions.present)
def test_what_1_0_cannot_say_of_a_completion_is_listed(completion: Completion) -> None:
    """Up and down again loses what 1.0 has no place for, and each loss is told; all else is as it was."""
    document, lost = READER.write([completion], L1, created=CREATED)
    if completion.learner is None:
        assert ["X047"] == [one.code for one in lost]
        assert None is document.find(f".//{L1.record}")
        return
    assert version_accepts(L1, document)
    [down] = completed(document)
    up = completed(READER.write([down], L2, created=CREATED)[0])
    assert [replace(completion, **dict.fromkeys(LATER, ()))] == up
    assert sorted(label for name, label in LATER.items() if getattr(completion, name)) == named(lost)


def version_accepts(version: LearnerVersion, document: etree._Element) -> bool:
    """Whether a version's judge accepts a written document as a whole."""
    return version.judge.accepts(etree.fromstring(spelled(document)))


@pytest.mark.contract
@pytest.mark.parametrize("version", LEARNERS, ids=lambda version: version.name)
def test_written_completions_are_official(version: LearnerVersion, official: Official) -> None:  # noqa: F811  a fixture
    """What is written of samples is valid by the official schema."""
    day = date(2026, 11, 21)
    activity = replace(samples.demo_activities(day)[3], activity_id="202600006", rems_type="Mycophenolate")
    made = samples.completions(version.number, 100, 3, day, activity, "0001234")
    document, _ = READER.write([one.completion for one in made], version, created=CREATED)
    spelled_out = f"learner/v{version.name.replace('.', '_')}"
    assert [] == officially(official(spelled_out), spelled_out, document)


# --- whatever comes in ---------------------------------------------------------------------------------

CASES = 500
NASTY = (
    *("", " ", "\n\t", "0", "-1", "1E999999999", "NaN", "9" * 30, "٣", "+", "true", "yes", "2026-02-30"),
    *("2026-03-10T25:00:00", "9999-12-31", "0000-01-01", "-2026-03-10", "2026-03-10+25:00", "{0}", "%s"),
    *(
        "'",
        '"]|//*[',
        "x" * 5_000,
        "\U0001f9ea",
        "\u202e",
        "Provider Activity ID",
        "ACCME Activity ID",
        "IEM",
    ),
)
NAMES = ("title", "string", "credits", "Country", "XtensibleInfo", "lom", "MOCRegistration", "a", "é")
FOREIGN = (None, "urn:example:vendor", V1.namespace, V2.namespace, *V1.table.namespaces.values())
XSI = "http://www.w3.org/2001/XMLSchema-instance"
ATTRIBUTES = (
    *("category", "currency", "supportSource", "language", "schemaVersion", "unknown"),
    *(f"{{{XSI}}}type", f"{{{XSI}}}nil", f"{{{XSI}}}schemaLocation", "{urn:example:vendor}mark"),
    "{http://www.w3.org/XML/1998/namespace}lang",
)
Mutation = Callable[[etree._Element, Random], None]


def drop(element: etree._Element, chance: Random) -> None:
    """Leave an element out."""
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def duplicate(element: etree._Element, chance: Random) -> None:
    """Say an element again, once or often."""
    for _ in range(chance.choice((1, 1, 30))):
        element.addnext(copy.deepcopy(element)) if element.getparent() is not None else None


def move(element: etree._Element, chance: Random) -> None:
    """Put an element somewhere else."""
    places = [one for one in element.getroottree().iter() if element not in (one, *one.iterancestors())]
    if places:
        chance.choice(places).append(element)


def swell(element: etree._Element, chance: Random) -> None:
    """Put an element into itself, a few times or too often."""
    for _ in range(chance.choice((1, 3, 70))):
        element.append(etree.Element(element.tag))


def rename(element: etree._Element, chance: Random) -> None:
    """Give an element another name."""
    element.tag = etree.QName(etree.QName(element).namespace, chance.choice(NAMES)).text


def retag(element: etree._Element, chance: Random) -> None:
    """Put an element, alone or with all that is in it, into another namespace."""
    namespace = chance.choice(FOREIGN)
    for one in chance.choice(([element], list(element.iter()))):
        one.tag = etree.QName(namespace, etree.QName(one).localname).text


def corrupt(element: etree._Element, chance: Random) -> None:
    """Write something else, in an element or behind it."""
    if chance.random() < 0.9 or element.getparent() is None:
        element.text = chance.choice(NASTY)
    else:
        element.tail = chance.choice(NASTY)


def mark(element: etree._Element, chance: Random) -> None:
    """Add an attribute."""
    element.set(chance.choice(ATTRIBUTES), chance.choice(("true", "USD", "physician", *NASTY)))


def nil(element: etree._Element, chance: Random) -> None:
    """Say that an element is not there."""
    element.set(f"{{{XSI}}}nil", chance.choice(("true", "1", "false")))


MUTATIONS: tuple[Mutation, ...] = (drop, duplicate, move, swell, rename, retag, corrupt, corrupt, mark, nil)


@functools.cache
def bases() -> tuple[bytes, ...]:
    """Documents that are right: kept ones, samples, and random instances of the schemas."""
    golden = sorted((Path(__file__).parents[1] / "golden").glob("*/*.xml"))
    kept = [path.read_bytes() for path in golden if ".as_" not in path.name]
    invented = [spelled(READER.write(_invented(version, 3), version)[0]) for version in ACTIVITIES]
    models = [
        (xmlschema.XMLSchema(OURS / version.judge.entry), version.wrapper)
        for version in (*ACTIVITIES, *LEARNERS)
    ]
    drawn = [
        instances.instance(model, wrapper, Random(seed)) for model, wrapper in models for seed in range(2)
    ]
    return (*kept, *invented, *map(spelled, drawn))


def mutated(seed: int) -> bytes:
    """A document that was right once."""
    chance = Random(seed)
    root = etree.fromstring(chance.choice(bases()), etree.XMLParser(remove_comments=True))
    for _ in range(chance.randint(1, 3)):
        anywhere, outside = list(root.iter()), [root, *root]
        chance.choice(MUTATIONS)(chance.choice(chance.choice((anywhere, anywhere, outside))), chance)
    return spelled(root)


def explained(told: Refused | Finding) -> bool:
    """Whether a refusal or finding says what is wrong and what to do, in words that are not Python's."""
    said = f"{told.text} {told.remedy}"
    whole = re.fullmatch("[A-Z][0-9]{3}", told.code) and told.text.strip() and told.remedy.strip()
    pythons = re.search(r"\bNone\b|NoneType|Traceback|<class|lxml|object at 0x|Decimal\(", said)
    return bool(whole) and pythons is None and len(said) < 1_000


def judged(activity: Activity, version: PayloadVersion = V2) -> tuple[Finding, ...]:
    """What the rules find in an activity."""
    context = rules.Context(TODAY, "0001234", version.number)
    return rules.judge(activity, context, lambda field: Place())


def consequence(xml: bytes) -> str:
    """What becomes of a document: taken, or refused as a whole or in part. All that is said is explained."""
    reading = attempted(xml)
    if isinstance(reading, Refused):
        assert explained(reading), reading
        assert all(map(explained, reading.findings)), reading.findings
        return "document refused"
    for entry in reading.entries:
        check(entry, reading.version)
    return "taken" if all(map(record_of, reading.entries)) else "record refused"


def attempted(xml: bytes) -> Reading | Refused:
    """What is read of a document, or why it is not."""
    try:
        return payloads.read(xml)
    except Refused as refusal:
        return refusal


def check(entry: ActivityEntry | CompletionEntry, version: PayloadVersion) -> None:
    """An entry is whole or explains why not, and whatever is asked of it afterwards can be answered."""
    assert rules.MOST_COUNTED >= len(entry.findings)
    assert all(explained(found) and found.path for found in entry.findings), entry.findings
    assert (record_of(entry) is None) == any(finding.blocks for finding in entry.findings)
    assert all(entry.place(name).path for name in version.fields)
    if isinstance(entry, CompletionEntry):
        check_completion(entry, version)
        return
    if entry.activity is None:
        return
    updated = entry.onto(Activity())
    found = judged(updated, version)
    assert all(map(explained, found)), found
    if Severity.ERROR not in {finding.severity for finding in found}:
        for one in ACTIVITIES:
            assert [] == refused(READER.write([updated], one)[0], one)


def record_of(entry: ActivityEntry | CompletionEntry) -> Activity | Completion | None:
    """The record of an entry."""
    return entry.activity if isinstance(entry, ActivityEntry) else entry.completion


def check_completion(entry: CompletionEntry, version: PayloadVersion) -> None:
    """A completion that was read can be judged by its rules, each finding with its place."""
    if entry.completion is None:
        return
    context = rules.CompletionContext(
        today=TODAY, version=version.number, boards=boards.BOARDS, action=entry.action
    )
    found = rules.judge(entry.completion, context, entry.place)
    assert all(explained(one) and one.path for one in found), found


def test_findings_of_a_record_are_bounded() -> None:
    """A record is told at most 20 findings, of which one names what was derived and one how many are left
    out."""
    vendors = "".join(f'<v:a{number} xmlns:v="urn:example:vendor"/>' for number in range(25))
    entry = payloads.entry(payloads.document(payloads.legacy(extension=vendors), version="1.0"))
    assert entry.activity is not None
    told = rules.told((*entry.noted(None, entry.activity), *entry.findings))
    assert (20, "X033", "A931") == (len(told), told[0].code, told[-1].code)


@pytest.mark.slow
def test_whatever_comes_in_is_answered() -> None:
    """500 spoilt documents are read, or refused with code, text and remedy; never anything else."""
    seen = Counter(consequence(mutated(seed)) for seed in range(CASES))
    assert CASES == seen.total()
    # Else the documents are not spoilt enough, or too much, to say anything.
    assert {"taken", "record refused", "document refused"} == set(seen)
    assert min(seen.values()) >= CASES // 50


@pytest.mark.parametrize("mutation", [*dict.fromkeys(MUTATIONS)], ids=lambda mutation: mutation.__name__)
def test_each_mutation_bites(mutation: Mutation) -> None:
    """Negative control: each mutation by itself changes most of the documents."""
    changed = 0
    for seed in range(20):
        root = payloads.parse(bases()[seed % len(bases())])
        before = spelled(root)
        mutation(Random(seed).choice(list(root.iter())), Random(seed))
        changed += before != spelled(root)
    assert changed >= 12


def test_unexplained_refusal_is_noticed() -> None:
    """Negative control: a text without a remedy, or in Python's words, does not count as explained."""
    right = Finding("X001", Severity.ERROR, "It is empty.", "Fill it.")
    wrong = ({"remedy": ""}, {"text": " "}, {"code": ""}, {"text": "'NoneType' object has no attribute"})
    assert explained(right)
    assert [] == [change for change in wrong if explained(replace(right, **change))]


def _invented(version: ActivityVersion, count: int) -> list[Activity]:
    made = samples.activities(version.number, count, 11, date(2026, 11, 21))
    return [sample.activity for sample in made]


def _golden(version: ActivityVersion) -> Activity:
    folder = f"activity_v{version.name.replace('.', '_')}"
    message = Path(__file__).parents[1] / "golden" / folder / "everything.xml"
    activity = payloads.entry(message.read_bytes()).activity
    assert activity is not None
    return activity
