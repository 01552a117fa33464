"""One Websak: connect to it for reading or for writing, and read the whole setup."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from types import TracebackType
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
from msgspec.structs import replace

from websakctl.live.access_groups import AccessGroupsWriter
from websakctl.live.adapter import KindReader, KindWriter, Limited, ScopeOf, Units
from websakctl.live.client import open_client
from websakctl.live.departments import KIND as DEPARTMENT_KIND
from websakctl.live.departments import DepartmentsReader
from websakctl.live.errors import Unreachable, not_a
from websakctl.live.runtime import Runtime
from websakctl.live.setup_api import SetupReader, SetupWriter
from websakctl.live.tokens import ClientCredentials
from websakctl.live.transport import RateLimiter, Reading, Traffic, Writing, cause_of, what_next_of
from websakctl.live.user_api import DEPARTMENTS, UserApi
from websakctl.model.administrator import Administrator
from websakctl.model.kind import Api, Kind
from websakctl.model.resource import State
from websakctl.redaction import Secret

if TYPE_CHECKING:
    from websakctl.live.capabilities import Capability
    from websakctl.live.lease import Lease
    from websakctl.live.routes import Route
    from websakctl.live.user_rows import RowStore
    from websakctl.live.users import People

ANSWER = 60.0  # seconds
USER_KIND, GROUP_KIND = "user", "access_group"


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """Where a Websak is and how to get in."""

    base_url: str
    setup_url: str
    token_url: str
    client_id: str
    client_secret: Secret
    root_unit: str = ""
    api_version: str | None = None
    concurrency: int = 4
    rate: float | None = None  # writes a second at the most
    answer_timeout: float = ANSWER
    runtime: Runtime = Runtime()
    user_rows: "RowStore | None" = None  # what was listed of users before; ``None``: they are read in full

    def scopes(self, *, read_only: bool) -> str:
        """OAuth scopes to ask for: a job that only reads holds no token that could write the setup."""
        setup = "setup.read" if read_only else "setup"
        return f"userapi {setup}" if self.setup_url else "userapi"

    def kinds(self, all_kinds: Mapping[str, Kind]) -> dict[str, Kind]:
        """The kinds that this Websak has an API for."""
        return {
            name: kind
            for name, kind in all_kinds.items()
            if kind.api is Api.USER or (kind.api is Api.SETUP and self.setup_url)
        }


class _Clients:
    """HTTP clients of one connection; one pool each for the two APIs."""

    def __init__(self, connection: Connection, *, read_only: bool, auth: ClientCredentials | None = None) -> None:
        auth = auth or ClientCredentials(
            connection.token_url,
            connection.client_id,
            connection.client_secret,
            connection.scopes(read_only=read_only),
            connection.runtime,
        )

        def client(url: str) -> httpx.Client:
            return open_client(
                url,
                connection.runtime,
                connections=connection.concurrency + 2,
                timeout=connection.answer_timeout,
                read_only=read_only,
                auth=auth,
            )

        self.auth = auth
        self.user = client(connection.base_url)
        self.setup = client(connection.setup_url) if connection.setup_url else None

    def close(self) -> None:
        self.user.close()
        if self.setup is not None:
            self.setup.close()


class WebsakReader:
    """Reads a Websak. It holds no client that could write. Users are read only where ``people`` says which.

    ``alike``: resources that are much like what is there; values that are equal are held once. It changes nothing of what is read.
    """

    def __init__(
        self,
        connection: Connection,
        kinds: Mapping[str, Kind],
        scope_of: ScopeOf,
        people: "People | None" = None,
        alike: State | None = None,
    ) -> None:
        self.connection = connection
        runtime = connection.runtime
        self.traffic = Traffic(runtime.clock)
        self.units = Units()
        self._clients = _Clients(connection, read_only=True)
        reading = Reading(self._clients.user, self.traffic, runtime)
        setup = Reading(self._clients.setup, self.traffic, runtime) if self._clients.setup else None
        user_api = UserApi(
            reading=reading,
            units=self.units,
            scope_of=scope_of,
            root_unit=connection.root_unit,
            api_version=connection.api_version,
            concurrency=connection.concurrency,
            alike=alike or {},
            people=people,
        ).readers()
        self.departments: DepartmentsReader = user_api[DEPARTMENTS]
        self._kinds = connection.kinds(kinds)
        self._readers: dict[str, KindReader] = {}
        for name, kind in self._kinds.items():
            if kind.api is Api.SETUP and setup is not None:
                self._readers[name] = SetupReader(setup, kind, scope_of, alike or {})
            elif kind.endpoint in user_api:
                self._readers[name] = user_api[kind.endpoint]
        self._reading, self._setup = reading, setup

    def __enter__(self) -> "WebsakReader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._clients.close()

    def read(self, only: Iterable[str] | None = None) -> State:
        """List every kind once, several at the same time.

        Raises:
            LiveError: If any part cannot be read or trusted; then nothing is known.
        """
        chosen = {name: reader for name, reader in self._readers.items() if only is None or name in only}
        self._clients.auth.token()  # one token before the threads start
        pool = self.connection.runtime.executor(max(1, self.connection.concurrency))
        patient = True
        try:
            users = chosen.pop(USER_KIND, None)  # they are in units, and in groups
            groups = chosen.pop(GROUP_KIND, None)  # units name them
            parts = [groups.read()] if groups is not None else []
            first = sorted(chosen, key=lambda name: name != DEPARTMENT_KIND)  # the longest answer by far
            reading = {name: pool.submit(chosen[name].read) for name in first}
            parts += [reading[name].result() for name in chosen]
            if users is not None:
                parts.append(users.read())
        except KeyboardInterrupt:
            patient = False  # whoever presses Ctrl-C does not wait for a slow server
            raise
        finally:
            pool.shutdown(wait=patient, cancel_futures=True)
        return {resource.address: resource for part in parts for resource in part}

    def with_ties(self, users: State, units: Collection[str]) -> State:
        """The same users with what ties them to units besides the one that they are in.

        Raises:
            LiveError: If any part cannot be read or trusted; then nothing is known.
        """
        from websakctl.live.users import UsersReader

        reader = self._readers[USER_KIND]
        if not isinstance(reader, UsersReader) or not users or not units:
            return users
        return {user.address: user for user in reader.with_ties(users.values(), units)}

    @property
    def unsupported(self) -> dict[str, frozenset[str]]:
        """Fields by kind that this Websak has no place for; known once the kind was read."""
        return {name: reader.unsupported for name, reader in self._readers.items() if isinstance(reader, Limited)}

    @property
    def unchecked(self) -> tuple[str, ...]:
        """What could not be looked at although the config speaks of it, in words."""
        return tuple(filter(None, (getattr(reader, "unchecked", "") for reader in self._readers.values())))

    def find(self, kind: str) -> KindReader:
        """The reader of one kind."""
        return self._readers[kind]

    def administrators(self, live: State) -> list[Administrator]:
        """Active users that may administer, with their units; a unit that has ended keeps nobody in."""
        from websakctl.live.administrators import read_administrators

        units = {
            r.handle.id: a for a, r in live.items() if r.handle is not None and r.active and a.kind == DEPARTMENT_KIND
        }
        return read_administrators(self._reading, units)

    def token(self) -> str:
        """Fetch a token, to see that the client is let in."""
        return self._clients.auth.token()

    def info_status(self) -> int:
        """The status of the User API's sign of life; what it says is not documented, and older servers have none (404)."""
        try:
            with self.traffic.count():
                return self._clients.user.get("/api/info").status_code
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise Unreachable(f"GET /api/info: {cause_of(error)}", what_next_of(error)) from None

    def setup_info(self) -> dict[str, Any] | None:
        """What the Setup API says of itself; ``None`` where there is none.

        Raises:
            NotAsAgreed: If it is no object.
        """
        if self._setup is None:
            return None
        body = self._setup.get("/info").body
        if not isinstance(body, dict):
            raise not_a("JSON object", "GET /info", body)
        return body

    def missing_routes(self, kind: str) -> "list[Route]":
        """Operations of the User API that a kind needs and this server lacks.

        Raises:
            LiveError: If it cannot be found out.
        """
        from websakctl.live.routes import missing_routes

        with self.traffic.count():
            return missing_routes(self._clients.user, kind, self.departments.version())

    def changed_users(self, day: date) -> list[str]:
        """Codes of the users that were changed on a day or later, by whomever.

        Raises:
            LiveError: If the list cannot be read or trusted.
        """
        from websakctl.live.adapter import composed, rows_of
        from websakctl.live.user_rows import PATH

        path = f"{PATH}/changes/{day.isoformat()}"
        answer = self._reading.get(path, absent=(204, 404))
        rows = rows_of(answer.body, f"GET {path}", ("gidId",)) if answer.status == 200 else []
        return [composed(row.get("code")).upper() or f"#{row['gidId']}" for row in rows]

    def capabilities(self) -> "tuple[Capability, ...]":
        """What the User API and the Setup API answer to reads.

        Raises:
            Unreachable: If nothing answers.
        """
        from websakctl.live.capabilities import USER_PATHS, probe

        result = [probe(self._clients.user, path) for path in USER_PATHS]
        if self._clients.setup is not None:
            endpoints = [kind.endpoint for kind in self._kinds.values() if kind.api is Api.SETUP]
            result.extend(
                replace(probe(self._clients.setup, f"/{endpoint}?limit=1"), path=f"setup/{endpoint}")
                for endpoint in endpoints
            )
        return tuple(result)

    def required_fields(self, openapi_url: str = "") -> dict[str, tuple[str, ...]]:
        """Required fields by schema, of the Setup API's own document and of the one at ``openapi_url``."""
        from websakctl.live.capabilities import read_required

        result = read_required(self._setup, ["/openapi.json"]) if self._setup is not None else {}
        return {**result, **(read_required(self._reading, [openapi_url]) if openapi_url else {})}


class WebsakWriter:
    """Writes to a Websak: one writer per kind. Only apply is given one.

    ``may_send`` is asked before each write leaves, and raises where it may not.
    """

    def __init__(
        self,
        connection: Connection,
        kinds: Mapping[str, Kind],
        scope_of: ScopeOf,
        units: Units,
        api_version: str,
        pace: RateLimiter | None = None,
        people: "People | None" = None,
        may_send: Callable[[], None] | None = None,
    ) -> None:
        runtime = connection.runtime
        self._runtime = runtime
        self.traffic = Traffic(runtime.clock)
        self._concurrency = max(1, connection.concurrency)
        pace = pace or RateLimiter(rate=connection.rate, clock=runtime.clock)
        self._clients = _Clients(connection, read_only=False)
        self._readers = _Clients(connection, read_only=True, auth=self._clients.auth)
        user_api = UserApi(
            reading=Reading(self._readers.user, self.traffic, runtime),
            units=units,
            scope_of=scope_of,
            root_unit=connection.root_unit,
            api_version=api_version,
            concurrency=connection.concurrency,
            alike={},
            people=people,
            look_first=self._clients.setup is None,
        ).writers(Writing(self._clients.user, self.traffic, runtime, pace, declines=True, may_send=may_send))
        self._writers: dict[str, KindWriter] = {}
        for name, kind in connection.kinds(kinds).items():
            if kind.api is Api.SETUP and self._clients.setup is not None and self._readers.setup is not None:
                self._writers[name] = SetupWriter(
                    Reading(self._readers.setup, self.traffic, runtime),
                    Writing(self._clients.setup, self.traffic, runtime, pace, may_send=may_send),
                    kind,
                    scope_of,
                )
            elif kind.endpoint in user_api:
                self._writers[name] = user_api[kind.endpoint]

    def __enter__(self) -> "WebsakWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clients.close()
        self._readers.close()

    def keep_others_out(self) -> None:
        """Know that whoever else applies waits for a lock that is held: what exists is then listed once for all creates."""
        for writer in self._writers.values():
            if isinstance(writer, AccessGroupsWriter):
                writer.keep_others_out()

    def lease(self, *, owner: str, purpose: str, lost: Callable[[str], None]) -> "Lease | None":
        """The lease to hold while writing; ``None`` where there is no Setup API."""
        if self._clients.setup is None or self._readers.setup is None:
            return None
        from websakctl.live.lease import Lease

        self.keep_others_out()
        client = self._clients.setup
        return Lease(
            client,
            Reading(self._readers.setup, self.traffic, self._runtime),
            Writing(client, self.traffic, self._runtime),
            owner=owner,
            purpose=purpose,
            lost=lost,
        )

    def read(self) -> State:
        """List every kind afresh; from then on this is what the writers go by.

        Raises:
            LiveError: If any part cannot be read or trusted; then nothing is known.
        """
        self._clients.auth.token()  # one token before the threads start
        groups = self._writers.get(GROUP_KIND)  # units name them
        parts = [groups.read()] if groups is not None else []
        with self._runtime.executor(self._concurrency) as pool:
            others = [writer for name, writer in self._writers.items() if name not in (USER_KIND, GROUP_KIND)]
            parts += pool.map(lambda writer: writer.read(), others)
        if USER_KIND in self._writers:  # they are in units, and in groups
            parts.append(self._writers[USER_KIND].read())
        return {resource.address: resource for part in parts for resource in part}

    def of(self, kind: str) -> KindWriter:
        """The writer of one kind."""
        return self._writers[kind]
