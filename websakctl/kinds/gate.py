"""Readiness gate (klarsjekk): something that must be in order before a district goes live."""

from typing import Annotated, Literal

from websakctl.model.kind import Api, Kind, Removal, Scoping
from websakctl.model.marks import Key, Ref
from websakctl.model.shape import Judged, Limits, Managed, Unfit
from websakctl.model.types import Name, Text


def _jmespath(expression: str) -> str:
    import jmespath

    try:
        jmespath.compile(expression)
    except (ValueError, RecursionError) as error:  # its own are ValueErrors
        why = str(error).splitlines()[0]
        raise Unfit("jmespath", f"this is not JMESPath: {why}") from None
    return expression


class Gate(Managed):
    """A preparation of every district. Judged by the tool where it can tell, else attested by those who know."""

    code: Annotated[str, Key(), Limits(pattern=r"^[A-ZÆØÅ0-9-]{2,40}$")]
    name: Name
    check: (
        Literal["org-tree", "users", "licences", "mail-routes", "main-number", "old-base", "committees", "publishing"]
        | None
    ) = None
    match: Annotated[Text, Judged(_jmespath)] | None = None  # what it finds is in the way
    after: Annotated[str | None, Ref("gate")] = None
    next: Text | None = None


KIND = Kind(
    name="gate",
    plural="gates",
    model=Gate,
    api=Api.CONFIG,
    endpoint="",
    scoping=Scoping.BASE,
    on_removal=Removal.DELETE,
    title="readiness gate: what must be in order before a district goes live",
    renames=False,
    example="OPPLAERING-LEDERE: {name: Opplæring av ledere, next: Hold kurset og legg ved deltakerlisten}",
)
