"""The lists of the field, written out once more from where they are known, by the keys of docs/sources.md:
a word that is dropped or misspelled in the code is found here, since the code's own lists are not asked.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from entries import COMPLETE
from payloads import TODAY, document, entry, parse
from property.test_official import Official, medbiq, official, officially  # noqa: F401  fixtures

from gateway import boards
from gateway.records import (
    Activity,
    Credit,
    Location,
    MocRegistration,
    Place,
    replace,
)
from gateway.rules import Context, judge

# MOCLIST
AREAS = {
    "ABA": """
        Ambulatory/Outpatient
        Cardiac Anesthesia
        Critical Care Medicine
        General Operative Anesthesia
        Hospice and Palliative Medicine
        Neuro Anesthesia
        Neurocritical Care
        Obstetric Anesthesia
        Pain Medicine
        Pediatric Anesthesia
        Regional Anesthesia/Acute Pain
        Sleep Medicine
        Thoracic Anesthesia
        Trauma
    """,
    "ABIM": """
        Adolescent Medicine
        Adult Congenital Heart Disease
        Advanced Heart Failure and Transplant Cardiology
        Cardiovascular Disease
        Clinical Cardiac Electrophysiology
        Critical Care Medicine
        Endocrinology, Diabetes, and Metabolism
        Gastroenterology
        Geriatric Medicine
        Hematology
        Hospice and Palliative Medicine
        Hospital Medicine
        Infectious Disease
        Internal Medicine
        Interventional Cardiology
        Medical Oncology
        Nephrology
        Neurocritical Care
        Pulmonary Disease
        Rheumatology
        Sleep Medicine
        Sports Medicine
        Transplant Hepatology
    """,
    "ABOHNS": """
        Allergy
        Facial Plastic & Reconstructive Surgery
        Head & Neck
        Laryngology
        Otology
        Neurotology
        Pediatric Otolaryngology
        Rhinology
        Sleep Medicine
        General Otolaryngology
    """,
    "ABOS": """
        Adult Reconstruction
        Foot and Ankle
        General Orthopaedics
        Musculoskeletal Oncology
        Orthopaedic Sports Medicine
        Orthopaedic Trauma
        Pediatric Orthopaedic Surgery
        Shoulder and Elbow
        Surgery of the Hand
        Surgery of the Spine
    """,
    "ABP": """
        Adolescent Medicine
        Child Abuse Pediatrics
        Developmental-Behavioral Pediatrics
        General Pediatrics
        Hospice & Palliative Medicine
        Hospital Medicine
        Medical Toxicology
        Neonatal-Perinatal Medicine
        Neurodevelopmental Disabilities
        Pediatric Cardiology
        Pediatric Critical Care Medicine
        Pediatric Emergency Medicine
        Pediatric Endocrinology
        Pediatric Gastroenterology
        Pediatric Hematology-Oncology
        Pediatric Infectious Diseases
        Pediatric Nephrology
        Pediatric Neurology
        Pediatric Pulmonology
        Pediatric Rheumatology
        Pediatric Transplant Hepatology
        Sleep Medicine
        Sports Medicine
        Professionalism/Patient Safety/Other Skills
    """,
    "ABPATH": """
        All Practice Areas (e.g. ethics)
        Surgical Pathology
        Clinical Pathology
        Blood Bank Transfusion Medicine
        Breast
        Cardiovascular
        Chemical Pathology
        Clinical Informatics
        Cytopathology
        Dermatopathology
        Endocrine
        Female Reproductive
        Forensic Pathology
        GI (incl. liver, pancreas, biliary)
        Head & Neck/Oral
        Hematology (Blood, BM)
        Hematopathology (LN, Spleen)
        Hemostasis & Thrombosis/Coagulation
        Infectious Diseases/Medical Microbiology
        Lab Management
        Male Genital
        Medical Director
        Molecular Genetic Pathology
        Neuropathology (incl. neuromuscular)
        Patient Safety
        Pediatric Pathology
        Placenta
        Pulmonary, Mediastinum
        Renal/Medical Renal
        Soft Tissue & Bone
        Transplant Pathology
        Urinary Tract
    """,
    "ABS": """
        Complex General Surgical Oncology
        Hand Surgery
        Hospice & Palliative Medicine
        Neurocritical Care
        Pediatric Surgery
        Surgical Critical Care
        Vascular Surgery
        General Surgery
        Bariatric Surgery
    """,
}
# MOCLIST, MOCG: by the label of a registration, the bare name that learners are reported with.
LABELS = {
    "ABA": {"Lifelong Learning (CME)": "Lifelong Learning", "Patient Safety": "Patient Safety"},
    "ABIM": {
        "Medical Knowledge (Part II)": "Medical Knowledge",
        "Practice Assessment (Part IV)": "Practice Assessment",
        "Patient Safety": "Patient Safety",
    },
    "ABOHNS": {
        "Lifelong Learning (CME)": "Lifelong Learning",
        "Self-Assessment Module (Part II)": "Self-Assessment Module",
        "Improvement in Medical Practice (Part IV)": "Improvement in Medical Practice",
        "Patient Safety": "Patient Safety",
    },
    "ABOS": {
        "Accredited CME": "Accredited CME",
        "Self-Assessment Examination (SAE)": "Self-Assessment Examination",
    },
    "ABP": {"Lifelong Learning and Self-Assessment (Part II)": "Lifelong Learning and Self-Assessment"},
    "ABPATH": {
        "Lifelong Learning (CME)": "Lifelong Learning",
        "Self-Assessment (Part II)": "Self-Assessment",
        "Improvement in Medical Practice (Part IV)": "Improvement in Medical Practice",
    },
    "ABS": {"Accredited CME": "Accredited CME", "Self-Assessment (Part II)": "Self-Assessment"},
    "ABTS": {
        name: name
        for name in ("Accredited CME", "Self-Assessment", "Performance in Practice", "Patient Safety")
    },
}
# JS-ACT; ACCME's commendation criteria C23 to C38
TAGS = """
    Engages Teams
    Engages Patients/Public
    Engages Students
    Advances Data Use
    Addresses Population Health
    Collaborates Effectively
    Optimizes Communication Skills
    Optimizes Technical/Procedural Skills
    Creates Individualized Learning Plans
    Utilizes Support Strategies
    Engages in Research/Scholarship
    Supports CPD for CME Team
    Demonstrates Creativity/Innovation
    Improves Performance
    Improves Healthcare Quality
    Improves Patient/Community Health
"""
# JS-ACT
CERTIFICATIONS = """
    IPCE
    AMA PRA Category 1
    Nursing
    Pharmacy
    AAPA Category 1
    Psychologist
    Optometrist
    Social Worker
    Dentist
    Dietetic CPEU
    Athletic Training CEU
"""
PROFESSIONS = """
    Physician
    Nurse
    Pharmacist
    Pharmacy Technician
    Physician Assistant
    Psychologist
    Optometrist
    Social Worker
    Dentist
    Allied Dental Staff
    Registered Dietitian
    Dietetic Technician Registered
    Athletic Trainer
"""
CATEGORIES = """
    physician
    nurse
    pharmacist
    pharmacy technician
    physician assistant
    psychologist
    optometrist
    social worker
    dentist
    allied dental staff
    registered dietitians
    dietetic technicians registered
    athletic trainers
    other
"""
SIZES = {"ABA": 14, "ABIM": 23, "ABOHNS": 10, "ABOS": 10, "ABP": 24, "ABPATH": 32, "ABS": 9}


def listed(text: str) -> list[str]:
    """The lines of a list."""
    return [line.strip() for line in text.strip().splitlines()]


def found(activity: Activity) -> list[str]:
    """The codes found of an activity of today's version."""
    judged = judge(activity, Context(TODAY, None, (2, 1)), lambda field: Place(f"/{field}"))
    return [one.code for one in judged]


# --- boards --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("board", AREAS)
def test_practice_areas_are_those_of_the_board(board: str) -> None:
    """Each is registered for without a finding, in the board's own words, and the board has no more."""
    areas = listed(AREAS[board])
    assert SIZES[board] == len(areas)
    known = [area.name for area in boards.BOARDS[board].practice_areas]
    assert sorted(areas) == sorted(known)
    moc = MocRegistration(board, Decimal("0.25"), tuple(LABELS[board]), None, tuple(areas))
    assert not {"A706", "A707"} & {*found(replace(COMPLETE, moc_registrations=(moc,)))}
    astray = replace(moc, practice_areas=("Astrology",))
    assert "A707" in found(replace(COMPLETE, moc_registrations=(astray,)))


@pytest.mark.parametrize("board", LABELS)
def test_labels_of_credit_types_mean_the_bare_names(board: str) -> None:
    """The label of a registration and the bare name of a learner's credit are one type, and there are no
    more."""
    types = boards.BOARDS[board].credit_types
    spelled = {word: type.name for type in types for word in (type.name, *type.also)}
    names = LABELS[board]
    assert names | {bare: bare for bare in names.values()} == spelled


@pytest.mark.parametrize("board", ["ABTS", "ABPMR"])
def test_unknown_practice_areas_are_not_checked(board: str) -> None:
    """Of two boards no practice areas are publicly known."""
    assert () == boards.BOARDS[board].practice_areas


# --- words -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "field", "make", "code"),
    [
        (TAGS, "commendation_tags", str, "A604"),
        (CERTIFICATIONS, "credits", lambda name: Credit(name, Decimal(2)), "A402"),
        (PROFESSIONS, "professions", str, "A110"),
    ],
    ids=["tags", "certifications", "professions"],
)
def test_words_that_are_known_are_known(words: str, field: str, make: Any, code: str) -> None:
    """None is warned of; one that is misspelled is."""
    names = listed(words)
    assert {"commendation_tags": 16, "credits": 11, "professions": 13}[field] == len(names)
    told = replace(COMPLETE, interprofessional=True, **{field: tuple(map(make, names))})
    assert code not in found(told)
    assert code in found(replace(told, **{field: (make(names[-1] + "s"),)}))


def test_categories_of_participants_are_counted() -> None:
    """Each category is taken in a document of 2.1; all but physicians are other learners."""
    counts = "".join(
        f'<m:ParticipantsByCategory category="{name}">2</m:ParticipantsByCategory>'
        for name in listed(CATEGORIES)
    )
    one = entry(document(everything(metrics=counts), version="2.1"))
    assert one.activity is not None
    assert (2, 26) == (one.activity.physicians, one.activity.other_learners)
    assert not [found for found in one.findings if "category" in found.text]


@pytest.mark.parametrize(
    ("number", "fine"),
    [
        ("JA0000123-0000-26-001-L01-P", True),
        ("JA0000123-9999-26-1-H08-T", True),
        ("0123-0000-26-0001-L-01-P", True),
        ("JA0000123-0000-26-001-L01", False),
        ("0000-26-001-L01-P", False),
        ("JA0000123-26-001-L01-P", False),
        ("JA0000123-0000-2026-001-L01-P", False),
        ("JA0000123-0000-26-L01-P", False),
        ("JA0000123-0000-26-00001-L01-P", False),
        ("JA0000123-0000-26-001-01-P", False),
        ("JA0000123-0000-26-001-L1-P", False),
        ("JA0000123-0000-26-001-L01-P-1", False),
        ("ja0000123-0000-26-001-l01-p", False),
        ("JA0000123 0000 26 001 L01 P", False),
    ],
)
@pytest.mark.parametrize("field", ["uan_pharmacy", "uan_pharmacy_tech"])
def test_a_universal_activity_number_is_seven_parts(field: str, number: str, fine: bool) -> None:
    """Provider, designator, year, sequence, format, topic, audience (JS-ACT); a warning where one lacks."""
    fields: dict[str, Any] = {field: number}
    assert fine is ("A804" not in found(replace(COMPLETE, **fields)))


@pytest.mark.parametrize(
    ("place", "codes"),
    [
        (Location("Ponce", "PR", "USA"), set()),
        (Location("Ponce", None, "PRI"), {"A304"}),
        (Location("Ponce", "ZZ", "PRI"), {"A304"}),
        (Location("Hagatna", None, "GUM"), set()),
    ],
)
def test_puerto_rico_is_a_state(place: Location, codes: set[str]) -> None:
    """It is sent as country USA, state PR (CF); of other territories nothing is known."""
    assert codes == {code for code in found(replace(COMPLETE, location=place)) if code.startswith("A3")}


# --- the official schemas ------------------------------------------------------------------------------


def _string(name: str, text: str) -> str:
    return f"<{name}><lom:string>{text}</lom:string></{name}>"


def everything(metrics: str = "") -> str:
    """A record with every element that MBQ has of it, but for what PARS wants otherwise (6.3, 6.4)."""
    credit = (
        "<hx:accreditingBody>ACCME</hx:accreditingBody>"
        "<hx:activityCertification>AMA PRA Category 1</hx:activityCertification>"
        "<hx:creditType>CME</hx:creditType><hx:creditUnit>Point</hx:creditUnit>"
        "<hx:pacing>learner paced</hx:pacing><hx:accreditedProvider>Demo</hx:accreditedProvider>"
        "<hx:nonAccreditedProvider>Lakeside Heart Club</hx:nonAccreditedProvider>"
        "<hx:releaseDate>2026-03-10</hx:releaseDate><hx:expirationDate>2027-03-10</hx:expirationDate>"
        "<hx:numberOfCredits>2</hx:numberOfCredits>"
    )
    education = (
        "<hx:expirationDate>2027-03-10</hx:expirationDate><hx:creditsAvailable>yes</hx:creditsAvailable>"
        f"<hx:credits>{credit}</hx:credits><hx:targetAudience>"
        "<hx:audienceCategory>professional</hx:audienceCategory>"
        f"{_string('hx:profession', 'Physician')}{_string('hx:specialty', 'Internal Medicine')}"
        f"{_string('hx:readingLevel', 'high')}</hx:targetAudience><hx:activityLocation><a:ID>1</a:ID>"
        "<a:Organization>Demo</a:Organization><a:StreetAddressLine>1 Quay</a:StreetAddressLine>"
        "<a:City>Duluth</a:City><a:StateOrProvince>MN</a:StateOrProvince><a:PostalCode>55802</a:PostalCode>"
        "<a:Region>North</a:Region><a:District>1</a:District><a:Country>"
        "<a:CountryName>United States</a:CountryName><a:CountryCode>USA</a:CountryCode></a:Country>"
        "<hx:room>1</hx:room><hx:building>A</hx:building></hx:activityLocation>"
        "<hx:startDateTime>2026-03-10T00:00:00</hx:startDateTime>"
        "<hx:endDateTime>2026-03-11T00:00:00</hx:endDateTime>"
        "<hx:activitySponsorship>joint</hx:activitySponsorship>"
        "<hx:participationModality>conference/workshop</hx:participationModality>"
        f"<hx:activityDelivery>live</hx:activityDelivery>{_string('hx:activityFormat', 'Live Course')}"
        f"<hx:offLabelUse>no</hx:offLabelUse>{_string('hx:offLabelDescription', 'None')}"
        "<hx:commercialSupport>yes</hx:commercialSupport>"
        f"{_string('hx:commercialSupportAcknowledgement', 'Thanks')}"
        "<hx:relevantFinancialRelationship>no</hx:relevantFinancialRelationship>"
        f"{_string('hx:relevantFinancialRelationshipDisclosure', 'None')}<hx:contact>Desk</hx:contact>"
    )
    general = (
        "<lom:identifier><lom:catalog>Provider Activity ID</lom:catalog><lom:entry>ALL</lom:entry>"
        f"</lom:identifier>{_string('lom:title', 'Everything')}<lom:language>en</lom:language>"
        f"{_string('lom:description', 'All of it')}"
        '<lom:keyword id="Level 3 ID" source="01_ABAMCO"><lom:string>1.2.3</lom:string></lom:keyword>'
        f"{_string('lom:coverage', 'All')}"
    )
    counted = "".join(
        f"<m:{name}>1</m:{name}>"
        for name in (
            "NumberOfDistinctHostsOrVisitors",
            "NumberOfSuccessfulPageRequests",
            "NumberOfParticipantsCompletingActivity",
        )
    )
    return (
        "<m:MedicalEducationMetrics><m:ReportDescription><m:RespondentCategory>CME</m:RespondentCategory>"
        "<m:ReportingStartDate>2026-03-10</m:ReportingStartDate>"
        "<m:ReportingEndDate>2026-03-11</m:ReportingEndDate></m:ReportDescription><m:ActivityDescription>"
        f"<lom:lom><lom:general>{general}</lom:general><lom:technical/><hx:healthcareMetadata>"
        f"<hx:healthcareEducation>{education}</hx:healthcareEducation></hx:healthcareMetadata></lom:lom>"
        '<m:CommercialSupportAmount currency="USD" supportSource="Northern Devices">500'
        "</m:CommercialSupportAmount></m:ActivityDescription><m:ParticipantActivityEvaluation/>"
        "<m:KnowledgeAssessment/><m:ParticipationMetrics><m:TargetedAudience>9</m:TargetedAudience>"
        "<m:RegisteredParticipants>9</m:RegisteredParticipants>"
        "<m:NumberOfParticipantsReceivingCredit>9</m:NumberOfParticipantsReceivingCredit>"
        f"<m:CreditsAwarded>{credit}</m:CreditsAwarded>{counted}{metrics}"
        '<m:ParticipantsByProfession profession="Nurse">1</m:ParticipantsByProfession>'
        '<m:ParticipantsBySpecialty specialty="Otology">1</m:ParticipantsBySpecialty>'
        "<m:Comments>None.</m:Comments></m:ParticipationMetrics><m:XtensibleInfo/>"
        "</m:MedicalEducationMetrics>"
    )


@pytest.mark.parametrize("version", ["2.0", "2.1"])
def test_every_official_element_may_stand(version: str) -> None:
    """Nothing that MBQ allows is refused: what PARS does not use is set aside with a warning."""
    one = entry(document(everything(), version=version))
    assert [] == [f"{each.code} {each.text} {each.remedy}" for each in one.findings if each.blocks]
    assert one.activity is not None
    judged = judge(one.activity, Context(TODAY, None, (2, int(version[-1]))), one.place)
    assert [] == [each.code for each in judged if each.blocks]
    assert ("Everything", Location("Duluth", "MN", "USA")) == (one.activity.title, one.activity.location)


def test_what_stands_there_is_official(official: Official) -> None:  # noqa: F811  a fixture
    """Control: the document with every element is one that MBQ allows."""
    version = "activity/v2_1"
    assert [] == officially(official(version), version, parse(document(everything(), version="2.1")))
