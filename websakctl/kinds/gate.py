"""Readiness gate (klarsjekk): something that must be in order before a district goes live."""

from typing import Annotated, Literal

from websakctl.expressions import problem_of
from websakctl.model.entry import Entry
from websakctl.model.kind import Api, Kind, Removal, Scoping
from websakctl.model.marks import Check, Key, Ref
from websakctl.model.patterns import matching
from websakctl.model.types import Name, Text

JMESPath = Annotated[Text, Check(problem=problem_of, help="the language is JMESPath: https://jmespath.org")]


class Gate(Entry, frozen=True, kw_only=True):
    """A preparation of every district. Judged by the tool where it can tell, else attested by those who know."""

    code: Annotated[str, Key(), matching(r"[A-ZÆØÅ0-9-]{2,40}", "2 to 40 capitals, digits and hyphens")]
    name: Name
    check: (
        Literal[
            "org-tree",
            "users",
            "licences",
            "mail-routes",
            "altinn-access",
            "main-number",
            "old-base",
            "committees",
            "publishing",
            "access-review",
        ]
        | None
    ) = None
    match: JMESPath | None = None  # what it finds is in the way
    after: Annotated[str | None, Ref(kind="gate")] = None
    next: Text | None = None


KIND = Kind(
    name="gate",
    plural="gates",
    model=Gate,
    api=Api.CONFIG,
    endpoint="",
    scoping=Scoping.BASE,
    on_removal=Removal.DELETE,
    title="readiness gate (klarsjekk): what must be in order before a district goes live",
    renames=False,
    example="OPPLAERING-LEDERE: {name: Opplæring av ledere, next: Hold kurset og legg ved deltakerlisten}",
)
