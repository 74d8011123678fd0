"""What an activity is certified for, who paid and what it did: A4 credit, A5 support, A6 results."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from decimal import Decimal
from typing import TypeVar

from gateway.records import (
    Activity,
    Credit,
    InKindSupport,
    MeasuredOutcome,
    MonetarySupport,
    Severity,
)
from gateway.rules.certificate import is_cme
from gateway.rules.declaration import At, Context, rule
from gateway.vocabulary import CERTIFICATIONS, CME_CREDIT, COMMENDATION_TAGS, DIRECT, JOINT

Name = TypeVar("Name", bound=Hashable)

_STEP, _TOO_MUCH = Decimal("0.25"), Decimal(10_000)
_CURRENCIES = ("USD",)


def in_quarters(amount: Decimal) -> bool:
    """Whether an amount of credit or points can be granted: steps of 0.25, below 10,000."""
    # The bound comes first: the remainder of a number of thirty digits is an error, not an answer.
    return amount.is_finite() and _STEP <= amount < _TOO_MUCH and amount % _STEP == 0


def most_cme(activity: Activity) -> Decimal | None:
    """The CME credit of an activity: beside credit of other professions its AMA PRA Category 1 alone counts,
    and whatever it has where that is not named."""
    told = [one for one in activity.credits if one.amount is not None and one.amount.is_finite()]
    cme = [one for one in told if is_cme(one.certification)]
    return max((one.amount for one in cme or told if one.amount is not None), default=None)


def repeated(names: Iterable[Name | None]) -> list[tuple[int, Name]]:
    """The names that stand more than once, each once, with the place at which it stands again."""
    listed = [*names]
    if len(listed) < 2 or len({*listed}) == len(listed):  # nearly always, and cheaper than to look for them
        return []
    first, again = dict[Name, int](), dict[Name, int]()
    for n, name in enumerate(listed):
        if name is not None and first.setdefault(name, n) != n:
            again.setdefault(name, n)
    return [(n, name) for name, n in again.items()]


def _credit(amount: str, *joint_providers: str, certification: str = CME_CREDIT) -> tuple[Credit, ...]:
    return (Credit(certification, Decimal(amount), joint_providers),)


@rule(
    "A401",
    "credits",
    remedy="Give an amount from 0.25 to 9,999.75, rounded to a quarter.",
    source="JS-ACT; the upper limit is the gateway's own",
    good={"credits": _credit("90.25")},
    bad={"credits": _credit("90.1")},
)
def credit_comes_in_quarters(activity: Activity, context: Context) -> Iterable[object]:
    """An amount of credit is at least 0.25, less than 10,000, and in steps of 0.25."""
    return [
        At(f"credits[{n}]", one.amount)
        for n, one in enumerate(activity.credits)
        if one.amount is not None and not in_quarters(one.amount)
    ]


@rule(
    "A402",
    "credits",
    severity=Severity.WARNING,
    remedy=f"Write {CME_CREDIT}, unless another credit is meant.",
    source="JS-ACT, JA",
    good={
        "credits": _credit("90", certification=f"{CME_CREDIT} Credit(s)™")
        + _credit("9", certification="IPCE")
    },
    bad={"credits": _credit("90", certification="AMA PRA Category 9")},
)
def certification_is_known(activity: Activity, context: Context) -> Iterable[object]:
    """The certification of a credit is one that PARS or Joint Accreditation knows."""
    return [
        At(f"credits[{n}]", name)
        for n, credit in enumerate(activity.credits)
        if (name := credit.certification) and name not in CERTIFICATIONS and not is_cme(name)
    ]


@rule(
    "A403",
    "providership",
    severity=Severity.WARNING,
    remedy="Send joint, or leave the joint providers out.",
    source="JS-ACT, SEED1",
    good={"providership": JOINT, "credits": _credit("90", "Lakeside Heart Club")},
    bad={"providership": DIRECT, "credits": _credit("90", "Lakeside Heart Club")},
)
def direct_activity_has_no_joint_providers(activity: Activity, context: Context) -> Iterable[object]:
    """An activity of direct providership names no joint providers."""
    return activity.joint_providers if activity.providership == DIRECT else ()


@rule(
    "A404",
    "credits",
    severity=Severity.WARNING,
    remedy="Give each certification once, with its amount and all joint providers.",
    source="JS-ACT; once is the gateway's own reading",
    good={"credits": _credit("90") + _credit("45", certification="Pharmacy")},
    bad={"credits": _credit("90") + _credit("45")},
)
def certification_is_given_once(activity: Activity, context: Context) -> Iterable[object]:
    """An activity is certified once for each kind of credit."""
    again = repeated(credit.certification for credit in activity.credits)
    return [At(f"credits[{n}]", name) for n, name in again]


@rule(
    "A405",
    "interprofessional",
    severity=Severity.WARNING,
    since=(2, 1),
    remedy="Send isInterprofessional true, or leave the IPCE credit out.",
    source="JA; that the two go together is the gateway's own reading",
    good={"interprofessional": True, "credits": _credit("90", certification="IPCE")},
    bad={"interprofessional": False, "credits": _credit("90", certification="IPCE")},
)
def ipce_credit_is_for_a_team(activity: Activity, context: Context) -> bool:
    """An activity with interprofessional credit (IPCE) is not said to be of one profession alone."""
    of_team = any(credit.certification == "IPCE" for credit in activity.credits)
    return not of_team or activity.interprofessional is not False


@rule(
    "A501",
    "commercial_support",
    remedy="Send yes, or leave the sources out.",
    source="SEED1",
    good={"commercial_support": False, "monetary_supports": (), "in_kind_supports": ()},
    bad={
        "commercial_support": False,
        "monetary_supports": (MonetarySupport(500, "Northern Devices", "USD"),),
        "in_kind_supports": (),
    },
)
def unsupported_activity_names_no_source(activity: Activity, context: Context) -> Iterable[object]:
    """An activity without commercial support names no source of support."""
    supports: tuple[MonetarySupport | InKindSupport, ...] = (
        *activity.monetary_supports,
        *activity.in_kind_supports,
    )
    return [support.source for support in supports] if activity.commercial_support is False else []


@rule(
    "A502",
    "monetary_supports",
    remedy="Give the amount in whole dollars, or report the support as in kind.",
    source="SEED1, FAQ-status",
    good={"commercial_support": True, "monetary_supports": (MonetarySupport(1, "Northern Devices", "USD"),)},
    bad={"commercial_support": True, "monetary_supports": (MonetarySupport(0, "Northern Devices", "USD"),)},
)
def monetary_support_is_more_than_nothing(activity: Activity, context: Context) -> Iterable[object]:
    """An amount of monetary support is more than zero."""
    return [
        At(f"monetary_supports[{n}]", support.amount)
        for n, support in enumerate(activity.monetary_supports)
        if support.amount is not None and support.amount <= 0
    ]


@rule(
    "A503",
    "monetary_supports",
    remedy="Name who gave the money.",
    source="SEED1, FAQ-status",
    good={"commercial_support": True, "monetary_supports": (MonetarySupport(500, "Northern Devices"),)},
    bad={"commercial_support": True, "monetary_supports": (MonetarySupport(500, None, "USD"),)},
)
def monetary_support_names_its_source(activity: Activity, context: Context) -> Iterable[object]:
    """Monetary support names its source."""
    listed = enumerate(activity.monetary_supports)
    return [At(f"monetary_supports[{n}]", support.source) for n, support in listed if not support.source]


@rule(
    "A504",
    "in_kind_supports",
    severity=Severity.WARNING,
    remedy="Name who gave the support.",
    source="SEED1, FAQ-status",
    good={"commercial_support": True, "in_kind_supports": (InKindSupport("Northern Devices"),)},
    bad={"commercial_support": True, "in_kind_supports": (InKindSupport(None, ("Other",)),)},
)
def in_kind_support_names_its_source(activity: Activity, context: Context) -> Iterable[object]:
    """Support in kind names its source."""
    listed = enumerate(activity.in_kind_supports)
    return [At(f"in_kind_supports[{n}]", support.source) for n, support in listed if not support.source]


@rule(
    "A505",
    "monetary_supports",
    remedy="Convert the amount to US dollars and send USD.",
    source="JS-ACT, SEED1",
    good={"commercial_support": True, "monetary_supports": (MonetarySupport(500, "Northern Devices"),)},
    bad={"commercial_support": True, "monetary_supports": (MonetarySupport(500, "Northern Devices", "EUR"),)},
)
def monetary_support_is_in_dollars(activity: Activity, context: Context) -> Iterable[object]:
    """The currency of monetary support is USD."""
    return [
        At(f"monetary_supports[{n}]", currency)
        for n, support in enumerate(activity.monetary_supports)
        if (currency := support.currency) and currency not in _CURRENCIES
    ]


@rule(
    "A603",
    "outcomes",
    severity=Severity.WARNING,
    remedy="Give each outcome once, with all its measurement types.",
    source="JS-ACT",
    good={"outcomes": (MeasuredOutcome("Patient Health", ("Objective", "Subjective")),)},
    bad={"outcomes": (MeasuredOutcome("Patient Health", ("Objective",)), MeasuredOutcome("Patient Health"))},
)
def outcome_is_given_once(activity: Activity, context: Context) -> Iterable[object]:
    """A measured outcome is given once."""
    again = repeated(outcome.outcome for outcome in activity.outcomes)
    return [At(f"outcomes[{n}]", name) for n, name in again]


@rule(
    "A604",
    "commendation_tags",
    severity=Severity.WARNING,
    remedy="Write the tag as the menu of PARS does, such as Engages Teams.",
    source="JS-ACT, ACCME's commendation criteria",
    good={"commendation_tags": ("Engages Teams",)},
    bad={"commendation_tags": ("Engages Everybody",)},
)
def commendation_tag_is_known(activity: Activity, context: Context) -> Iterable[object]:
    """A commendation tag is one of the titles that PARS offers."""
    tags = enumerate(activity.commendation_tags)
    return [At(f"commendation_tags[{n}]", tag) for n, tag in tags if tag not in COMMENDATION_TAGS]
