"""Records that have something in every field, as the store's tests keep and find them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from gateway.records import (
    Action,
    Activity,
    CategoryCount,
    ContentOutline,
    Credit,
    CreditResult,
    CreditStatus,
    Finding,
    InKindSupport,
    Location,
    MeasuredOutcome,
    MissingGate,
    MocRegistration,
    MonetarySupport,
    NextStatus,
    Outcome,
    OutlineKey,
    Receipt,
    Result,
    Severity,
    StateContent,
    Status,
    StoredReceipt,
)

NOW = datetime(2026, 3, 10, 15, 4, 5, 678901, tzinfo=UTC)
PROVIDER = "0001234"
OTHER_PROVIDER = "0005678"
OPERATION = "SaveActivity"

FULL_ACTIVITY = Activity(
    activity_id="202600001",
    provider_activity_id="SPRING-26",
    url="https://cme.example/spring",
    title="Ärztliche Fortbildung “Spring”",
    description="Line one\nline two",
    reporting_start=date(2026, 1, 1),
    reporting_end=date(2026, 12, 31),
    credits=(Credit("AMA PRA Category 1", Decimal("1.50"), ("Sample Hospital",)), Credit()),
    location=Location("Springfield", "IL", "USA"),
    start_date=date(2026, 3, 10),
    end_date=date(2026, 3, 11),
    providership="joint",
    format="Live Course",
    commercial_support=False,
    monetary_supports=(MonetarySupport(2_500_000_000, "Example Pharma", "USD"),),
    in_kind_supports=(InKindSupport("Example Devices", ("Durable equipment",)),),
    physicians=12,
    other_learners=0,
    specialties=("Cardiology",),
    legacy_type="C",
    hours_of_instruction=Decimal("2.25"),
    competencies=("Professionalism",),
    designed_competence=True,
    designed_performance=False,
    designed_outcomes=True,
    measured_competence=False,
    measured_performance=True,
    measured_outcomes=False,
    exhibit_income=1,
    other_income=2,
    expenses=3,
    delivery_methods=("In-Person", "Online"),
    passport=True,
    fee="Yes",
    registration="Limited",
    outcomes=(MeasuredOutcome("Patient Health", ("Objective", "Subjective")),),
    commendation_tags=("Advances Data Use",),
    moc_registrations=(MocRegistration("ABIM", Decimal("1.50"), ("Medical Knowledge",), date(2027, 1, 1)),),
    mips=False,
    rems_type="Mycophenolate",
    participants=(CategoryCount("nurse", 3), CategoryCount("other", None)),
    professions=("Physician", "Nurse"),
    interprofessional=True,
    content_outlines=(ContentOutline("01_ABAMCO", (OutlineKey("Tag ID", "7"),)),),
    rems_identifiers=("EG-000000-001",),
    has_state_content=False,
    state_content=(StateContent("Opioids", "Pain"), StateContent("Opioids")),
    pharmacy_type="Knowledge",
    pharmacy_topic="08-Pain Management",
    pharmacy_live_date=date(2026, 3, 10),
    pharmacy_sequence=17,
    uan_pharmacy="0000-0000-26-017-L08-P",
    uan_pharmacy_tech="0000-0000-26-017-L08-T",
    pharmacy_recertifications="not sure",
    pharmacy_content_tags="false",
    derived=frozenset({"description", "end_date"}),
    closed=True,
    born="1.0",
    repeat_of="202500007",
)


def make_receipt(
    receipt_id: str = "R1",
    *,
    at: datetime = NOW,
    key: str | None = "K1",
    holds_key: bool = True,
    digest: bytes = b"d" * 32,
    operation: str = OPERATION,
) -> StoredReceipt:
    """A receipt with something in every field of it and of its only result."""
    finding = Finding("A001", Severity.WARNING, "Text.", "Remedy.", "title", "/a[1]", 3, 4)
    gates = (NextStatus(Status.CLOSED, (MissingGate("end_date", "The end date has not passed."),)),)
    credit = CreditResult("ccid:demo:1", CreditStatus.REJECTED, "ABIM", "Not in the program.", (finding,))
    result = Result(1, Action.ADDED, "202600001", "SPRING-26", Status.ACTIVE, gates, (credit,), (finding,))
    receipt = Receipt(receipt_id, at, "2.0", Outcome.PARTIAL, (result,), replayed=True)
    return StoredReceipt(receipt, operation, digest, key, holds_key)
