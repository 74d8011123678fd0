"""What the baseline takes, as spyne's models, and what it stores, as SQLAlchemy's."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as Amount

from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import gateway.spyne_shim  # noqa: F401  must come before spyne

from spyne import Array, Boolean, ComplexModel, Date, Decimal, Integer, Unicode

SPACE = "urn:example:baseline"
Name = Unicode(max_len=200)
Text = Unicode(max_len=4000)


class Credit(ComplexModel):  # type: ignore[misc]  # spyne has no types
    """Credit an activity is certified for."""

    __namespace__ = SPACE
    Certification = Name(min_occurs=1)
    Amount = Decimal(min_occurs=1, ge=0)
    Unit = Name


class Support(ComplexModel):  # type: ignore[misc]  # spyne has no types
    """What a commercial supporter gave."""

    __namespace__ = SPACE
    Source = Name(min_occurs=1)
    Amount = Integer(ge=0)
    Currency = Unicode(max_len=3)


class Points(ComplexModel):  # type: ignore[misc]  # spyne has no types
    """A board's points of an activity."""

    __namespace__ = SPACE
    Board = Unicode(values=["ABA", "ABIM", "ABP", "ABS"], min_occurs=1)
    CreditType = Name
    Points = Decimal(ge=0)
    ClaimUntil = Date


class Activity(ComplexModel):  # type: ignore[misc]  # spyne has no types
    """An activity."""

    __namespace__ = SPACE
    ProviderActivityId = Unicode(max_len=100, min_occurs=1)
    Title = Name(min_occurs=1)
    Description = Text
    Url = Name
    Format = Unicode(values=["Live Course", "Enduring Material", "Journal CME"], min_occurs=1)
    StartDate = Date(min_occurs=1)
    EndDate = Date(min_occurs=1)
    City = Name
    State = Unicode(max_len=2)
    Country = Unicode(max_len=3)
    Providership = Unicode(values=["direct", "joint"])
    CommercialSupport = Boolean
    Physicians = Integer(ge=0)
    OtherLearners = Integer(ge=0)
    Fee = Unicode(values=["Yes", "No"])
    Registration = Name
    Passport = Boolean
    Credits = Array(Credit)
    Supports = Array(Support)
    Registrations = Array(Points)
    Specialty = Name.customize(max_occurs="unbounded")


class Completion(ComplexModel):  # type: ignore[misc]  # spyne has no types
    """A completion with one credit."""

    __namespace__ = SPACE
    ActivityId = Unicode(pattern="[0-9]{9}", min_occurs=1)
    CreditId = Unicode(max_len=300, min_occurs=1)
    FirstName = Name(min_occurs=1)
    LastName = Name(min_occurs=1)
    BirthDate = Date(min_occurs=1)
    State = Unicode(max_len=2)
    Licence = Unicode(max_len=50)
    Npi = Unicode(pattern="[0-9]{10}")
    Board = Unicode(values=["ABA", "ABIM", "ABP", "ABS"])
    BoardId = Unicode(max_len=50)
    CreditType = Name(min_occurs=1)
    Unit = Name
    Amount = Decimal(min_occurs=1, ge=0)
    CompletedOn = Date(min_occurs=1)


class Base(DeclarativeBase):
    """All tables."""


class ActivityRow(Base):
    """A stored activity."""

    __tablename__ = "activities"
    row: Mapped[int] = mapped_column(primary_key=True)
    provider_activity_id: Mapped[str] = mapped_column(String(100), index=True)
    title: Mapped[str] = mapped_column(String(200))
    format: Mapped[str] = mapped_column(String(40))
    start_date: Mapped[date]
    end_date: Mapped[date]
    description: Mapped[str | None] = mapped_column(String(4000))


class CompletionRow(Base):
    """A stored completion."""

    __tablename__ = "completions"
    row: Mapped[int] = mapped_column(primary_key=True)
    activity_id: Mapped[str] = mapped_column(String(9), index=True)
    credit_id: Mapped[str] = mapped_column(String(300), unique=True)
    first_name: Mapped[str] = mapped_column(String(200))
    last_name: Mapped[str] = mapped_column(String(200))
    birth_date: Mapped[date]
    state: Mapped[str | None] = mapped_column(String(2))
    licence: Mapped[str | None] = mapped_column(String(50))
    npi: Mapped[str | None] = mapped_column(String(10))
    board: Mapped[str | None] = mapped_column(String(10))
    board_id: Mapped[str | None] = mapped_column(String(50))
    credit_type: Mapped[str] = mapped_column(String(200))
    unit: Mapped[str | None] = mapped_column(String(200))
    amount: Mapped[Amount]
    completed_on: Mapped[date]
