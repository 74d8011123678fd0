"""The register of learners, and how often it was asked."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
)

from storage.tables.columns import metadata, provider
from storage.values import Moment

# The register of learners: keyed hashes, of which only equality can be asked.
register = Table(
    "register",
    metadata,
    Column("id", LargeBinary, primary_key=True),  # of person, licence and board id: a load may be repeated
    Column("person", String, nullable=False),
    Column("licence_key", LargeBinary),
    Column("npi_key", LargeBinary),
    Column("board_key", LargeBinary),
    Column("form_key", LargeBinary, nullable=False),  # last name, birthday, state: as PARS's form asks
    Column("family", LargeBinary, nullable=False),
    Column("given", LargeBinary, nullable=False),
    Column("first", LargeBinary, nullable=False),
    Column("birthday", LargeBinary, nullable=False),
)
Index("ix_register_licence", register.c.licence_key)
Index("ix_register_npi", register.c.npi_key)
Index("ix_register_board", register.c.board_key)
Index("ix_register_form", register.c.form_key)
Index("ix_register_person", register.c.person)

# How often a caller asked who is who, hour by hour, so that nobody can fish.
match_counts = Table(
    "match_counts",
    metadata,
    provider(key=True),
    Column("hour", Moment, primary_key=True),
    Column("lookups", Integer, nullable=False),
    Column("misses", Integer, nullable=False),
)
