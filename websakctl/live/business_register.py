"""The business register (Enhetsregisteret) over its open API: what stands below a district, and single numbers."""

from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any

from websakctl.consistency.business_register import Registered, Standing
from websakctl.live.client import open_client
from websakctl.live.errors import NotAsAgreed
from websakctl.live.runtime import Runtime
from websakctl.live.transport import Reading, Traffic

SIZE = 1000
WINDOW = 10_000  # (page + 1) * size may not be more: the register's own limit
AT_A_TIME = 4  # no rate is published; this is polite
_ANSWER = 30.0  # seconds
_STANDINGS = {400: Standing.UNKNOWN, 404: Standing.UNKNOWN, 410: Standing.REMOVED}
_UNITS, _SUB_UNITS = "enheter", "underenheter"


class BusinessRegister:
    """Asks the register. Needs no key, and can only read."""

    def __init__(self, url: str, runtime: Runtime) -> None:
        self.traffic = Traffic(runtime.clock)
        self._runtime = runtime
        self._client = open_client(url, runtime, connections=AT_A_TIME, timeout=_ANSWER)
        self._reading = Reading(self._client, self.traffic, runtime)

    def __enter__(self) -> "BusinessRegister":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def below(self, numbers: Iterable[str]) -> dict[str, list[Registered]]:
        """All that stands below each number, at any depth.

        Raises:
            LiveError: If any part cannot be read or trusted; then nothing is known.
        """
        asked = list(numbers)
        with self._runtime.executor(AT_A_TIME) as pool:
            return dict(zip(asked, pool.map(lambda number: list(self._walk(number)), asked), strict=True))

    def _walk(self, top: str) -> Iterator[Registered]:
        """Units stand below units (``/enheter``), and sub-units below each of them (``/underenheter``)."""
        todo, seen = [top], {top}
        while todo:
            parent = todo.pop()
            for unit in self._listed(_UNITS, parent):
                if unit.orgnr not in seen:  # the register should hold no circle; we would not get out of one
                    seen.add(unit.orgnr)
                    todo.append(unit.orgnr)
                    yield unit
            yield from self._listed(_SUB_UNITS, parent)

    def _listed(self, what: str, parent: str) -> Iterator[Registered]:
        page, count, total = 0, 0, None
        while total is None or count < total:
            if (page + 1) * SIZE > WINDOW:
                raise NotAsAgreed(
                    f"the register lists more than {WINDOW} {what} below {parent}, and shows no more",
                    "compare with its bulk file: websakctl suborgs check --file FILE",
                )
            query = {"overordnetEnhet": parent, "size": SIZE, "page": page}
            rows, total = _page(self._reading.get(f"/{what}", query).body, what)
            if not rows and count < total:
                raise NotAsAgreed(f"GET /{what}: {total} were announced below {parent}, {count} came")
            yield from (registered(row) for row in rows)
            count, page = count + len(rows), page + 1

    def look_up(self, numbers: Iterable[str]) -> dict[str, Registered]:
        """What the register says of single numbers.

        Raises:
            LiveError: If any of them cannot be read or trusted.
        """
        asked = list(numbers)
        with self._runtime.executor(AT_A_TIME) as pool:
            return dict(zip(asked, pool.map(self._one, asked), strict=True))

    def _one(self, number: str) -> Registered:
        result = self._single(_SUB_UNITS, number)
        return self._single(_UNITS, number) if result.standing is Standing.UNKNOWN else result

    def _single(self, what: str, number: str) -> Registered:
        answer = self._reading.get(f"/{what}/{number}", absent=tuple(_STANDINGS))
        if answer.status in _STANDINGS:
            return Registered(orgnr=number, standing=_STANDINGS[answer.status])
        unit = registered(answer.body)
        if unit.orgnr != number:
            raise NotAsAgreed(f"GET /{what}/{number}: the answer is about {unit.orgnr}")
        return unit


def _page(body: Any, what: str) -> tuple[list[Any], int]:
    """The rows of a page and how many there are in all; an empty result has no ``_embedded``."""
    try:
        rows = body.get("_embedded", {}).get(what, [])
        total = body["page"]["totalElements"]
    except (AttributeError, KeyError, TypeError):
        raise NotAsAgreed(f"GET /{what}: expected a page of the register") from None
    if not isinstance(rows, list) or not isinstance(total, int):
        raise NotAsAgreed(f"GET /{what}: expected a page of the register")
    return rows, total


def registered(row: Any) -> Registered:
    """Read one unit as the register writes it; deleted ones have few fields.

    Raises:
        NotAsAgreed: If it is no unit.
    """
    if not isinstance(row, Mapping) or not isinstance(row.get("organisasjonsnummer"), str):
        raise NotAsAgreed("the register: a unit without organisasjonsnummer")
    form = row.get("organisasjonsform")
    return Registered(
        orgnr=row["organisasjonsnummer"],
        name=_text(row.get("navn")) or "",
        form=(_text(form.get("kode")) or "") if isinstance(form, Mapping) else "",
        parent=_text(row.get("overordnetEnhet")),
        deleted=_text(row.get("slettedato")),
        closed=_text(row.get("nedleggelsesdato")),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
