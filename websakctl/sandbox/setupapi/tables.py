"""The tables of the Setup API. Columns are named as the fields in an answer."""

from typing import Any, Final

from sqlalchemy import JSON, Boolean, Column, Float, Index, Integer, String, Table, Text

from websakctl.sandbox.database import METADATA

# Keys are listed in the order of their code points, whatever the database's own language is.
_KEY: Final = String().with_variant(String(collation="C"), "postgresql")


def _kept() -> tuple[Column[Any], ...]:
    """Make the columns that every object has besides its own."""
    return (
        Column("active", Boolean, nullable=False),
        Column("etag", String, nullable=False),
        Column("updated_at", String, nullable=False),
    )


access_code: Final = Table(
    "setup_access_code",
    METADATA,
    Column("code", _KEY, primary_key=True),
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("legal_basis", JSON, nullable=False),
    Column("basis_chosen_per_case", Boolean, nullable=False),
    Column("screening_level", Integer),
    Column("screening_years", Integer),
    Column("publishable", String, nullable=False),
    Column("temporary", Boolean, nullable=False),
    *_kept(),
)

case_type: Final = Table(
    "setup_case_type",
    METADATA,
    Column("code", _KEY, primary_key=True),
    Column("name", Text, nullable=False),
    Column("series", Text, nullable=False),
    Column("ordering_principle", Text, nullable=False),
    Column("class_code", Text),
    Column("access_code", _KEY),
    Column("screening_level", Integer),
    Column("legal_basis", Text),
    Column("retention", String, nullable=False),
    Column("retention_years", Integer),
    Column("retention_basis", Text),
    Column("publish", Boolean, nullable=False),
    Column("personal_data", Boolean, nullable=False),
    *_kept(),
    Index("setup_case_type_access_code", "access_code"),
)

sub_org: Final = Table(
    "setup_sub_org",
    METADATA,
    Column("orgnr", _KEY, primary_key=True),
    Column("name", Text, nullable=False),
    Column("district", Text, nullable=False),
    Column("unit", String),
    Column("channel", String, nullable=False),
    Column("message_types", JSON, nullable=False),
    Column("level", Integer),
    Column("readers", JSON, nullable=False),
    Column("daily_routine", Text),
    Column("arrives", String),
    Column("valid_from", String),
    Column("valid_to", String),
    Column("batch", _KEY),
    *_kept(),
    Index("setup_sub_org_batch", "batch"),
)

licence: Final = Table(
    "setup_licence",
    METADATA,
    Column("code", _KEY, primary_key=True),
    Column("product", Text, nullable=False),
    Column("bought", Integer, nullable=False),
    Column("valid_from", String),
    Column("valid_to", String),
    Column("allotments", JSON, nullable=False),
    *_kept(),
)

rollout_batch: Final = Table(
    "setup_rollout_batch",
    METADATA,
    Column("code", _KEY, primary_key=True),
    Column("name", Text, nullable=False),
    Column("go_live", String),
    Column("districts", JSON, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("pause_reason", Text),
    *_kept(),
)

lease: Final = Table(
    "setup_lease",  # at most one row
    METADATA,
    Column("id", String, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("acquired_at", Float, nullable=False),  # seconds since 1970, to tell within a second which came first
    Column("expires_at", Float, nullable=False),
)

idempotency: Final = Table(
    "setup_idempotency",  # the first answer to every key
    METADATA,
    Column("key", String, primary_key=True),
    Column("fingerprint", String, nullable=False),
    Column("location", Text, nullable=False),
    Column("etag", String, nullable=False),
    Column("answer", Text, nullable=False),
)
