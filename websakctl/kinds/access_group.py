"""Access group (tilgangsgruppe): who may see what is shielded for a group."""

from typing import Annotated

from websakctl.model.kind import Api, Kind, Named, Removal, Scoping
from websakctl.model.marks import ConfigOnly, Key
from websakctl.model.patterns import matching
from websakctl.model.types import Text


class AccessGroup(Named, frozen=True, kw_only=True):
    """A general access group; the API knows its name only, and offers neither rename nor removal."""

    name: Annotated[
        str,
        Key(),
        matching(
            r"[^/\s\x00-\x1f\x7f-\x9f](?:[^/\x00-\x1f\x7f-\x9f]*[^/\s\x00-\x1f\x7f-\x9f])?",
            "1 to 70 characters on one line, without slashes and without blanks around them",
            min_length=1,
            max_length=70,
        ),
    ]
    owner: Annotated[Text | None, ConfigOnly()] = None  # who answers for who is in it: a role, and no person
    protected: Annotated[bool, ConfigOnly()] = False


KIND = Kind(
    name="access_group",
    plural="access_groups",
    model=AccessGroup,
    api=Api.USER,
    endpoint="access_groups",
    scoping=Scoping.BOTH,
    on_removal=Removal.MANUAL,
    title="access group (tilgangsgruppe)",
    local_keys=True,
    reactivates=False,
    renames=False,
    example="LEDERE: {}",
)
