"""The words of the wire: formats, delivery methods and the like, as data; boards have their own files.

What the schemas enumerate stands in `xsd/`; here stands what is looked up, has old spellings, or
comes and goes with the years.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import pycountry

BIRTHDAYS = frozenset(f"{date(2000, 1, 1) + timedelta(days=number):%m-%d}" for number in range(366))
"""Every month and day there is, MM-DD: those of a leap year."""


@dataclass(frozen=True, slots=True)
class Format:
    """An activity format since November 2021 (JA, FAQ-10496), with what it asks for.

    `delivered`: whether a delivery method applies. `months`: the longest it may run, if limited.
    """

    name: str
    delivered: bool = False
    months: int | None = None


ENDURING, SERIES = "Enduring Material", "Regularly Scheduled Series"
FORMATS = (
    Format("Live Course", delivered=True),
    Format(SERIES, delivered=True, months=12),
    Format(ENDURING, delivered=True, months=36),
    Format("Journal-based CME/CE"),
    Format("Manuscript Review"),
    Format("Test-Item Writing"),
    Format("Committee Learning"),
    Format("Performance/Quality Improvement"),
    Format("Internet Searching and Learning"),
    Format("Learning from Teaching"),
    Format("Other/Blended Learning"),
)


@dataclass(frozen=True, slots=True)
class LegacyType:
    """An activity type before November 2021, and what became of it (JA, FAQ-10496)."""

    code: str
    name: str
    format: str
    delivery: str | None = None
    located: bool = False


LEGACY_TYPES = (
    LegacyType("C", "Course", "Live Course", "In-Person", located=True),
    LegacyType("IL", "Internet Live Course", "Live Course", "Live-Streamed"),
    LegacyType("RSS", "Regularly Scheduled Series", "Regularly Scheduled Series", "In-Person", located=True),
    LegacyType("EM", "Enduring Material", "Enduring Material", "Print/Other"),
    LegacyType("IEM", "Internet Activity Enduring Material", "Enduring Material", "Online"),
    LegacyType("JN", "Journal-based CME", "Journal-based CME/CE"),
    LegacyType("MR", "Manuscript Review", "Manuscript Review"),
    LegacyType("TIW", "Test Item Writing", "Test-Item Writing"),
    LegacyType("CML", "Committee Learning", "Committee Learning"),
    LegacyType("PI", "Performance Improvement", "Performance/Quality Improvement"),
    LegacyType("ISL", "Internet Searching and Learning", "Internet Searching and Learning"),
    LegacyType("LFT", "Learning from Teaching", "Learning from Teaching"),
)

IN_PERSON = "In-Person"
DELIVERY_METHODS = (IN_PERSON, "Live-Streamed", "Online", "Print/Other")
FREE = "No, it’s free"  # noqa: RUF001  the schema's own typographic apostrophe
FEES = ("Yes", FREE, "Variable")
REGISTRATIONS = ("Open to all", "Limited")
DIRECT, JOINT = "direct", "joint"
OUTCOMES = (
    "Learner Knowledge",
    "Learner Competence",
    "Learner Performance",
    "Patient Health",
    "Community Health",
)
MEASUREMENT_TYPES = ("Objective", "Subjective")
REMS_TYPES = ("Opioid Analgesic", "Mycophenolate")
CME_CREDIT = "AMA PRA Category 1"
CERTIFICATIONS = (
    "IPCE",
    CME_CREDIT,
    "Nursing",
    "Pharmacy",
    "AAPA Category 1",
    "Psychologist",
    "Optometrist",
    "Social Worker",
    "Dentist",
    "Dietetic CPEU",
    "Athletic Training CEU",
)
"""The credit systems of Joint Accreditation (JS-ACT, 2025), that of PARS among them."""

PROFESSIONS = (
    "Physician",
    "Nurse",
    "Pharmacist",
    "Pharmacy Technician",
    "Physician Assistant",
    "Psychologist",
    "Optometrist",
    "Social Worker",
    "Dentist",
    "Allied Dental Staff",
    "Registered Dietitian",
    "Dietetic Technician Registered",
    "Athletic Trainer",
)
PARTICIPANT_CATEGORIES = (
    "nurse",
    "pharmacist",
    "pharmacy technician",
    "physician assistant",
    "psychologist",
    "optometrist",
    "social worker",
    "dentist",
    "allied dental staff",
    "registered dietitians",
    "dietetic technicians registered",
    "athletic trainers",
    "other",
)
"""Who is counted by Joint Accreditation (JS-ACT, 2025) beside `physician`, which all versions know."""

PHYSICIAN, OTHERS = "physician", "non-physician"
OTHER_WORDS = {
    PHYSICIAN: ("physicians", "md", "mds"),
    OTHERS: ("non-physicians", "nonphysician", "nonphysicians", "non physician", "non physicians"),
}
"""The two categories that all versions count, and what can mean nothing else."""

OUTLINE_SOURCES = ("01_ABAMCO", "02_ABAMCO")
"""The first and the second selection from the content outline of ABA (JS-ACT)."""

OUTLINE_KEYWORDS = ("Level 3 ID", "Tag ID", "Free Text")
PHARMACY_TYPES = ("Knowledge", "Application", "Certificate Program")
PHARMACY_TOPICS = (
    "01-Disease State Management/Drug Therapy",
    "08-Pain Management",
    "99-Additional Topic Areas",
)
"""The three of the nine topics whose wording is publicly known; the schema asks for the number alone."""

SURE_OR_NOT = ("true", "false", "not sure")
COMMENDATION_TAGS = (
    "Engages Teams",
    "Engages Patients/Public",
    "Engages Students",
    "Advances Data Use",
    "Addresses Population Health",
    "Collaborates Effectively",
    "Optimizes Communication Skills",
    "Optimizes Technical/Procedural Skills",
    "Creates Individualized Learning Plans",
    "Utilizes Support Strategies",
    "Engages in Research/Scholarship",
    "Supports CPD for CME Team",
    "Demonstrates Creativity/Innovation",
    "Improves Performance",
    "Improves Healthcare Quality",
    "Improves Patient/Community Health",
)
COMPETENCIES = (
    "Patient Care and Procedural Skills",
    "Medical Knowledge",
    "Practice-based Learning and Improvement",
    "Interpersonal and Communication Skills",
    "Professionalism",
    "Systems-based Practice",
    "Provide patient-centered care",
    "Work in interdisciplinary teams",
    "Employ evidence-based practice",
    "Apply quality improvement",
    "Utilize informatics",
    "Values/Ethics",
    "Roles/Responsibilities",
    "Interprofessional Communication",
    "Teams and Teamwork",
)
IN_KIND_KINDS = (
    "Durable equipment",
    "Facilities/space",
    "Disposable supplies",
    "Animal parts or tissue",
    "Human parts or tissue",
    "Other",
)

USA = "USA"
US_STATES = frozenset(
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM "
    "NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY AS GU MP PR VI UM AA AE AP".split()
)
# States that go by other names as well, here without points and commas.
_OTHER_NAMES = {"VIRGIN ISLANDS": "VI", "US VIRGIN ISLANDS": "VI", "WASHINGTON DC": "DC", "DC": "DC"}


def folded(text: str) -> str:
    """A name as it is compared with a list, and with nothing else: in whatever case, with "and" or "&", with
    or without space round a slash."""
    return " ".join(text.casefold().replace("&", " and ").replace("/", " / ").split())


_FORMATS = {folded(format.name): format for format in FORMATS}
_LEGACY = {folded(word): type for type in LEGACY_TYPES for word in (type.code, type.name)}
_BECAME = Counter(type.format for type in LEGACY_TYPES)
_TOLD = {folded(type.format): type for type in LEGACY_TYPES if _BECAME[type.format] == 1}
"""The old types that a present format tells by its name: of those that one type alone became."""


def format_named(text: str | None) -> Format | None:
    """Find a format by its present name, its old name or its old code, however it is spelled."""
    word = folded(text or "")
    legacy = _LEGACY.get(word)
    return _FORMATS.get(word) or (_FORMATS[folded(legacy.format)] if legacy else None)


def is_format(text: str | None) -> bool:
    """Whether a format goes by that name today, however it is spelled."""
    return folded(text or "") in _FORMATS


def legacy_type_named(text: str | None) -> LegacyType | None:
    """Find an old activity type by its code or name, or that of the format it alone became."""
    word = folded(text or "")
    return _LEGACY.get(word) or _TOLD.get(word)


def legacy_type_of(format_name: str | None, delivery_methods: tuple[str, ...]) -> LegacyType | None:
    """The old type that says most of a present format; None where there was none."""
    fitting = [type for type in LEGACY_TYPES if type.format == format_name]
    exact = [type for type in fitting if type.delivery in delivery_methods]
    return next(iter(exact or fitting), None)


def state_named(text: str | None) -> str | None:
    """Two letters of a state of the USA, from them or its name; None for what is neither."""
    word = (text or "").strip().upper()
    return word if word in US_STATES else _states().get(_unsigned(word))


def _unsigned(name: str) -> str:
    """A name of a state without points and commas."""
    return " ".join(name.replace(".", "").replace(",", " ").upper().split())


@functools.cache
def _states() -> Mapping[str, str]:
    codes = {_unsigned(place.name): place.code.removeprefix("US-") for place in pycountry.subdivisions}
    return {name: code for name, code in codes.items() if code in US_STATES} | _OTHER_NAMES
