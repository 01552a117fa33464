"""Readiness gate (klarsjekk): something that must be in order before a district goes live."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from websakctl.model.kind import Api, Kind, Managed, Removal, Scoping
from websakctl.model.marks import Key, Ref
from websakctl.model.types import Name, Text


def _jmespath(expression: str) -> str:
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        jmespath.compile(expression)
    except JMESPathError as error:
        why = str(error).splitlines()[0]
        raise PydanticCustomError("jmespath", "this is not JMESPath: {why}", {"why": why}) from None
    return expression


class Gate(Managed):
    """A preparation of every district. Judged by the tool where it can tell, else attested by those who know."""

    code: Annotated[str, Key(), Field(pattern=r"^[A-ZÆØÅ0-9-]{2,40}$")]
    name: Name
    check: (
        Literal["org-tree", "users", "licences", "mail-routes", "main-number", "old-base", "committees", "publishing"]
        | None
    ) = None
    match: Annotated[Text, AfterValidator(_jmespath)] | None = None  # what it finds is in the way
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
