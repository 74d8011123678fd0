"""The programmes an activity belongs to beside MOC: A8, of REMS, of states, of pharmacy."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gateway.records import Activity, Severity, StateContent
from gateway.rules.declaration import At, Context, rule
from gateway.vocabulary import REMS_TYPES

_REMS_IDENTIFIER = re.compile("EG-[0-9]{6}-[0-9]{3}")
# Provider, joint designator, year, sequence, format, topic, audience; the last three as they are known.
_UAN = re.compile("[A-Z0-9]{4,12}-[0-9]{4}-[0-9]{2}-[0-9]{1,4}-[A-Z]-?[0-9]{2}-[A-Z]")
_OPIOIDS = (StateContent("Opioids", "Prescribing"),)


@rule(
    "A801",
    "rems_identifiers",
    since=(2, 1),
    remedy="Give the number of the grant as you received it, such as EG-123456-001.",
    source="JS-ACT",
    good={"rems_type": REMS_TYPES[0], "rems_identifiers": ("EG-123456-001",)},
    bad={"rems_type": REMS_TYPES[0], "rems_identifiers": ("EG-1234-1",)},
)
def rems_identifier_has_its_shape(activity: Activity, context: Context) -> Iterable[object]:
    """A REMS related identifier is EG, six digits and three digits, with hyphens between them."""
    numbers = enumerate(activity.rems_identifiers)
    return [At(f"rems_identifiers[{n}]", one) for n, one in numbers if not _REMS_IDENTIFIER.fullmatch(one)]


@rule(
    "A802",
    "has_state_content",
    since=(2, 1),
    remedy="Send HasStateContentTags true, or leave the tags out.",
    source="JS-ACT; the contradiction is the gateway's own reading",
    good={"has_state_content": False, "state_content": ()},
    bad={"has_state_content": False, "state_content": _OPIOIDS},
)
def untagged_activity_has_no_tags(activity: Activity, context: Context) -> Iterable[object]:
    """An activity that is said to have no content tags of states has none."""
    tags = activity.state_content if activity.has_state_content is False else ()
    return [tag.domain for tag in tags]


@rule(
    "A803",
    "state_content",
    severity=Severity.WARNING,
    since=(2, 1),
    remedy="Give at least one StateContent, or send HasStateContentTags false.",
    source="JS-ACT; that one asks for the other is the gateway's own reading",
    good={"has_state_content": True, "state_content": _OPIOIDS},
    bad={"has_state_content": True, "state_content": ()},
)
def tagged_activity_has_a_tag(activity: Activity, context: Context) -> bool:
    """An activity that is said to have content tags of states has one."""
    return not activity.has_state_content or bool(activity.state_content)


@rule(
    "A804",
    "uan_pharmacy",
    severity=Severity.WARNING,
    since=(2, 1),
    remedy="Give the UAN as ACPE has issued it.",
    source="JS-ACT; the lengths are the gateway's own reading",
    good={"uan_pharmacy": "JA0000123-0000-26-001-L01-P"},
    bad={"uan_pharmacy": "26-001"},
)
def universal_activity_number_has_its_parts(activity: Activity, context: Context) -> Iterable[object]:
    """A Universal Activity Number is provider, designator, year, sequence, format, topic and audience."""
    numbers = {"uan_pharmacy": activity.uan_pharmacy, "uan_pharmacy_tech": activity.uan_pharmacy_tech}
    return [At(field, one) for field, one in numbers.items() if one and not _UAN.fullmatch(one)]


@rule(
    "A805",
    "rems_type",
    severity=Severity.WARNING,
    since=(2, 1),
    remedy=f"Give the REMSType: {' or '.join(REMS_TYPES)}.",
    source="JS-ACT; that one needs the other is the gateway's own reading",
    good={"rems_type": REMS_TYPES[1], "rems_identifiers": ()},
    bad={"rems_type": None, "rems_identifiers": ("EG-123456-001",)},
)
def rems_identifier_stands_beside_its_type(activity: Activity, context: Context) -> bool:
    """A REMS related identifier is given together with the type of REMS."""
    return not activity.rems_identifiers or bool(activity.rems_type)
