"""KS Fiks: which receiving system gets a number's mail. Asks two paths that only tell, and never fetches mail."""

from collections.abc import Iterable
from types import TracebackType
from typing import Any

import msgspec

from websakctl.consistency.receiving import Receiving
from websakctl.live.adapter import rows_of
from websakctl.live.client import open_client
from websakctl.live.errors import NotAsAgreed
from websakctl.live.runtime import Runtime
from websakctl.live.tokens import SignedGrant
from websakctl.live.transport import Reading, Traffic
from websakctl.redaction import Secret

SYSTEMS = "/api/v2/mottakersystem"
TYPES = "/api/v2/forsendelsestyper"
SCOPE = "ks:fiks"
FIKS_HOSTS = ("api.fiks.ks.no:443", "api.fiks.test.ks.no:443")  # KS's own
AT_A_TIME = 4
ANSWER = 30.0  # seconds


class FiksConnection(msgspec.Struct, frozen=True, kw_only=True):
    """Where KS Fiks is and who we are there."""

    url: str
    issuer: str
    client_id: str
    key_id: str
    integration_id: str
    integration_password: Secret
    private_key: Secret


class Fiks:
    """Asks KS Fiks. Can only read."""

    def __init__(self, connection: FiksConnection, runtime: Runtime) -> None:
        self.traffic = Traffic(runtime.clock)
        self._runtime = runtime
        self._client = open_client(
            connection.url,
            runtime,
            connections=AT_A_TIME,
            timeout=ANSWER,
            auth=SignedGrant(
                connection.issuer, connection.client_id, connection.key_id, connection.private_key, SCOPE, runtime
            ),
            headers={
                "IntegrasjonId": connection.integration_id,
                "IntegrasjonPassord": connection.integration_password.reveal(),
            },
        )
        self._reading = Reading(self._client, self.traffic, runtime)

    def __enter__(self) -> "Fiks":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def message_types(self) -> frozenset[str]:
        """The message types that KS keeps a list of.

        Raises:
            LiveError: If they cannot be read or trusted.
        """
        body = self._reading.get(TYPES).body
        types = body.get("forsendelsestyper") if isinstance(body, dict) else None
        if not isinstance(types, list) or not all(isinstance(one, str) for one in types):
            raise NotAsAgreed(f"GET {TYPES}: expected a list of message types")
        return frozenset(types)

    def receiving(self, numbers: Iterable[str]) -> dict[str, tuple[Receiving, ...]]:
        """What is registered for each number.

        Raises:
            LiveError: If any of it cannot be read or trusted; then nothing is known.
        """
        asked = list(numbers)
        with self._runtime.executor(AT_A_TIME) as pool:
            return dict(zip(asked, pool.map(self._of, asked), strict=True))

    def _of(self, number: str) -> tuple[Receiving, ...]:
        body = self._reading.get(SYSTEMS, {"organisasjonsnummer": number}).body
        rows = body.get("mottakersystemer") if isinstance(body, dict) else None
        what = f"GET {SYSTEMS}"
        return tuple(
            Receiving(
                orgnr=str(row["organisasjonsnummer"]),
                system=str(row["mottakersystem"]),
                message_type=_text(row.get("forsendelseType")),
                level=_level(row.get("niva"), what),
            )
            for row in rows_of(rows, what, ("organisasjonsnummer", "mottakersystem"))
        )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _level(value: Any, what: str) -> int | None:
    """3 or 4, written as a number or at the end of a word."""
    if value in (None, ""):
        return None
    if (last := str(value)[-1]) not in "34":
        raise NotAsAgreed(f"{what}: {value!r} is no level")
    return int(last)
