"""What is said of an invented activity since 2.1 alone: for states, boards and Joint Accreditation."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from gateway import vocabulary as words
from gateway.records import Activity, CategoryCount, ContentOutline, Credit, OutlineKey, StateContent, replace

Fields = dict[str, Any]

_SUBJECTS = (
    StateContent("Opioids", "Prescribing"),
    StateContent("Opioids", "Tapering"),
    StateContent("Human Trafficking"),
)
_TEAM = (
    ("Nursing", "Nurse", "nurse"),
    ("Psychologist", "Psychologist", "psychologist"),
    ("Social Worker", "Social Worker", "social worker"),
    ("Dietetic CPEU", "Registered Dietitian", "registered dietitians"),
    ("Athletic Training CEU", "Athletic Trainer", "athletic trainers"),
)
_PHARMACY = ("Pharmacy", "Pharmacist", "pharmacist")
_AREAS = {
    "ABA": "Pain Medicine",
    "ABIM": "Internal Medicine",
    "ABP": "General Pediatrics",
    "ABOHNS": "Otology",
}


def added(chance: Random, activity: Activity) -> Activity:
    """An activity of 2.0 with what its sender says in 2.1; a draft says no more than before."""
    if not activity.credits:
        return activity
    told = replace(activity, **_registered(chance, activity), **_tagged(chance, activity))
    return replace(told, **_joint(chance, told)) if chance.random() < 0.3 else told


def _registered(chance: Random, activity: Activity) -> Fields:
    areas = [(one, _AREAS.get(one.board or "", "")) for one in activity.moc_registrations]
    boards = {one.board for one in activity.moc_registrations}
    return {
        "moc_registrations": tuple(
            replace(one, practice_areas=(area,) if area else ()) for one, area in areas
        ),
        "content_outlines": _outlined(chance) if "ABA" in boards else (),
    }


def _outlined(chance: Random) -> tuple[ContentOutline, ...]:
    sources = words.OUTLINE_SOURCES[: chance.randint(1, 2)]
    return tuple(ContentOutline(source, _keys(chance)) for source in sources)


def _keys(chance: Random) -> tuple[OutlineKey, ...]:
    codes = (f"{chance.randint(1, 4)}.{chance.randint(1, 9)}.{number}" for number in range(1, 3))
    return (
        *(OutlineKey("Level 3 ID", code) for code in codes),
        OutlineKey("Tag ID", f"{chance.randint(1, 99)}"),
    )


def _tagged(chance: Random, activity: Activity) -> Fields:
    tags = tuple(chance.sample(_SUBJECTS, chance.randint(1, 2))) if chance.random() < 0.3 else ()
    grants = (f"EG-{chance.randrange(10**6):06}-{number:03}" for number in range(1, chance.randint(2, 3)))
    return {
        "has_state_content": bool(tags),
        "state_content": tags,
        "rems_identifiers": tuple(grants) if activity.rems_type else (),
    }


def _joint(chance: Random, activity: Activity) -> Fields:
    """Planned by and for a team: its professions, their credits, and who came of them."""
    amount, partners = activity.credits[0].amount, activity.joint_providers
    team = chance.sample(_TEAM, chance.randint(1, 3)) + ([_PHARMACY] if chance.random() < 0.5 else [])
    shared = (Credit(words.CME_CREDIT, amount, partners), Credit("IPCE", amount))
    return {
        "interprofessional": True,
        "credits": (*shared, *(Credit(certification, amount) for certification, _, _ in team)),
        "professions": ("Physician", *(profession for _, profession, _ in team)),
        **(_of_pharmacy(chance, activity) if _PHARMACY in team else {}),
        **(
            _came(chance, [category for _, _, category in team])
            if activity.other_learners is not None
            else {}
        ),
    }


def _came(chance: Random, categories: Sequence[str]) -> Fields:
    counts = tuple(CategoryCount(one, chance.randint(0, 60)) for one in (*categories, "other"))
    return {"participants": counts, "other_learners": sum(one.count or 0 for one in counts)}


def _of_pharmacy(chance: Random, activity: Activity) -> Fields:
    number, topic = chance.randint(1, 9_999), chance.choice(words.PHARMACY_TOPICS)
    day = activity.start_date
    known = f"JA0001234-0000-{day:%y}-{number:03}-L{topic[:2]}" if day else None
    return {
        "pharmacy_type": chance.choice(words.PHARMACY_TYPES),
        "pharmacy_topic": topic,
        "pharmacy_live_date": day,
        "pharmacy_sequence": number,
        "uan_pharmacy": known and f"{known}-P",
        "uan_pharmacy_tech": known and f"{known}-T",
        "pharmacy_recertifications": chance.choice(words.SURE_OR_NOT),
        "pharmacy_content_tags": chance.choice(words.SURE_OR_NOT),
    }
