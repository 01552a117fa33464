"""The tables a Websak keeps, and the only two ways into them: to read and to write."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Engine,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    StaticPool,
    String,
    Table,
    Text,
    create_engine,
    event,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.engine import make_url

METADATA: Final = MetaData()

# Days and moments are kept as ISO 8601 text: they are answered as they stand, and compare in order.
# Lists are kept as JSON text. Columns are named after the field in the answer, in snake case.

department: Final = Table(
    "department",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("external_id", String),
    Column("code", String),
    Column("parent_department_id", Integer),  # no foreign key: the real server leaves dangling parents possible
    Column("abbreviation", String),
    Column("name", String),
    Column("unit", String),
    Column("group", String),
    Column("valid_from_date", String),
    Column("valid_to_date", String),
    Column("journal_unit_id", String),
    Column("archive_unit", String),
    Column("manager_user_id", String),
    Column("level", String),
    Column("mail_distribution_group", String),
    Column("intralink", String),
    Column("div2", String),
    Column("div3", String),
    Column("div4", String),
    Column("div5", String),
    Column("postal_no", String),
    Column("contact", String),
    Column("addr", String),
    Column("addr2", String),
    Column("addr3", String),
    Column("addr4", String),
    Column("phone", String),
    Column("phone2", String),
    Column("mobile", String),
    Column("place", String),
    Column("country_id", String),
    Column("email_addr", String),
    Column("email_addr2", String),
    Column("emails", Text),  # JSON list
    Column("title", String),
    Column("url", String),
    Column("visiting_address", String),
    Column("personal_or_organization_number", String),
    Column("local_admin_access_group", String),
    Column("distribution_case", String),
    Column("can_perform_disclosure_review", Boolean),
    Column("text_template_from_gid_id", String),
    Index("department_abbreviation", "abbreviation", unique=True),
    Index("department_external_id", "external_id"),
    Index("department_code", "code"),
    Index("department_parent", "parent_department_id"),
)

user: Final = Table(
    "websak_user",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("code", String),
    Column("username", String),
    Column("user_type", String, nullable=False),
    Column("is_secondary_user", Boolean, nullable=False),
    Column("external_id", String),
    Column("access_template_id", String),
    Column("department_id", Integer),
    Column("name", String),
    Column("title", String),
    Column("national_no", String),
    Column("country_id", String),
    Column("postal_no", String),
    Column("contact", String),
    Column("addr", String),
    Column("addr2", String),
    Column("addr3", String),
    Column("addr4", String),
    Column("phone", String),
    Column("phone2", String),
    Column("mobile", String),
    Column("email_addr", String),
    Column("email_addr2", String),
    Column("mail_addresses", Text, nullable=False),  # JSON list
    Column("primary_mail", String),  # the first of them, folded: what a secondary user is matched by
    Column("language_id", String),
    Column("account_number", String),
    Column("note", String),
    Column("place", String),
    Column("municipality_no", String),
    Column("visiting_address", String),
    Column("misc1", String),
    Column("misc2", String),
    Column("misc3", String),
    Column("misc4", String),
    Column("misc5", String),
    Column("leave_from", String),
    Column("leave_to", String),
    Column("category_id", String),
    Column("default_archive_section_id", String),
    Column("default_department_id", String),
    Column("default_journal_unit", String),
    Column("valid_from", String),
    Column("expires_on", String),  # the last day the user is active, YYYY-MM-DD
    Column("access_to_zones", Text, nullable=False),  # JSON list of environment ids
    Column("user_accesses", Text, nullable=False),  # JSON list of login mappings
    Column("access_codes", Text, nullable=False),  # JSON list, in the order they were given
    Column("changed_at", String, nullable=False),
    Index("user_code", "code"),
    Index("user_username", "username"),
    Index("user_primary_mail", "primary_mail"),
)

user_role: Final = Table(
    "user_role",
    METADATA,
    Column("role_id", Integer, primary_key=True, autoincrement=False),  # the assignment
    Column("user_id", Integer, ForeignKey("websak_user.id"), nullable=False, index=True),
    Column("id", String, nullable=False),  # the kind of role
    Column("description", String),
    Column("department_list", String, nullable=False),
    Column("archive_list", String, nullable=False),
    Column("journal_unit_list", String, nullable=False),
    Column("grade_list", String, nullable=False),
)

access_group: Final = Table(
    "access_group",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", String, nullable=False, index=True),  # not unique: the real server does not see to it
    Column("general", Boolean, nullable=False),
    Column("created_by_id", String),
    Column("from_date", String),
    Column("to_date", String),
)

membership: Final = Table(
    "access_group_member",
    METADATA,
    Column("group_id", Integer, ForeignKey("access_group.id"), primary_key=True),
    Column("user_id", Integer, ForeignKey("websak_user.id"), primary_key=True, index=True),
    Column("from_date", String, nullable=False),
    Column("to_date", String),  # set when it ended; the row stays
)

environment: Final = Table(
    "environment",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("reference_id", String),
    Column("name", String),
    Column("zone_id", Integer, nullable=False),
    Column("zone_name", String),
    Column("zone_description", String),
    Column("zone_write_protected", Boolean, nullable=False),
    Column("zone_is_sensitive", Boolean, nullable=False),
    Column("zone_priority", Integer, nullable=False),
)

effect: Final = Table(
    "effect",
    METADATA,
    Column("seq", Integer, primary_key=True),
    Column("method", String, nullable=False),
    Column("path", String, nullable=False),
    Column("operation", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("key", String, nullable=False),
    Column("at", String, nullable=False),
    sqlite_autoincrement=True,
)

# Where each table starts to count. The ranges lie apart, so that an id of one thing is never taken for another's.
FIRST_ID: Final[dict[str, int]] = {
    "department": 1001,
    "websak_user": 20001,
    "access_group": 301,
    "user_role": 7001,
    "environment": 1,
}

# The request being answered: method and path as they came in. Set by the app around every request.
current_request: ContextVar[tuple[str, str]] = ContextVar("current_request", default=("-", "-"))

# What readers are shown instead of the present, when a test asks for a stale read.
stale_view: ContextVar[Connection | None] = ContextVar("stale_view", default=None)

_WRITING: Final = "sandbox_writing"
_ADVISORY_LOCK: Final = 0x5745_4253  # any number that every server of this kind agrees on


class Database:
    """One database and its writer's turn.

    SQLite takes one writer at a time, and several rules here look before they write; so writers take turns within
    the process, and ``BEGIN IMMEDIATE`` (or an advisory lock) makes them do so between processes.
    """

    def __init__(self, engine: Engine, *, in_memory: bool) -> None:
        self.engine = engine
        self._turn = threading.Lock()
        # A database in memory is one connection, so readers have to take turns with writers too.
        self._reading: AbstractContextManager[Any] = self._turn if in_memory else nullcontext()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction to read in; it never waits for a writer, unless the database is in memory."""
        if (past := stale_view.get()) is not None:
            yield past
            return
        with self._reading, self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open the only writing transaction; commit at the end, roll back on any exception."""
        with self._turn, self.engine.connect().execution_options(**{_WRITING: True}) as connection, connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            yield connection

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


def open_database(url: str) -> Database:
    """Open the database at ``url`` and make the tables that are missing."""
    sqlite = make_url(url).get_backend_name() == "sqlite"
    in_memory = sqlite and make_url(url).database in (None, "", ":memory:")
    if in_memory:
        engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
    else:
        engine = create_engine(url, pool_size=16, max_overflow=48, pool_pre_ping=not sqlite)
    if sqlite:
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    database = Database(engine, in_memory=in_memory)
    with database.write() as connection:
        METADATA.create_all(connection)
    return database


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Take transactions out of the driver's hands, and let readers go on while one writes."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout=20000")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get(_WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def next_id(connection: Connection, table: Table) -> int:
    """Name the id that the next row of ``table`` gets; only inside ``Database.write``."""
    (key,) = table.primary_key.columns
    highest = connection.execute(select(func.max(key))).scalar()
    return FIRST_ID[table.name] if highest is None else int(highest) + 1


def record_effect(connection: Connection, operation: str, kind: str, key: str) -> None:
    """Note that the current request did ``operation``, in the same transaction as the write itself.

    Args:
        connection: The writing transaction.
        operation: Short name such as ``department.create``.
        kind: What was written, such as ``department``.
        key: Its natural key.
    """
    method, path = current_request.get()
    connection.execute(
        insert(effect).values(method=method, path=path, operation=operation, kind=kind, key=key, at=now())
    )


def now() -> str:
    """Tell the time in UTC, to the second, the way it is kept."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
