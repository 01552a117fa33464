"""What the setup of a Websak in use holds before anybody brings configuration to it."""

from typing import Any, Final

from sqlalchemy import Connection, insert

from websakctl.sandbox.settings import Seed
from websakctl.sandbox.setupapi import store
from websakctl.sandbox.setupapi.kinds import BY_NAME

_STANDARD: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("access_code", {"code": "U", "name": "Unntatt offentlighet"}),
    ("access_code", {"code": "XX", "name": "Midlertidig unntatt"}),
    ("access_code", {"code": "Z9", "name": "Gammel kode"}),
    (
        "case_type",
        {"code": "GAMMEL", "name": "Gammel sakstype", "series": "SAK", "ordering_principle": "emne", "retention": "G"},
    ),
)


def fill(connection: Connection, seed: Seed) -> None:
    """Write the rows of ``seed``; the empty one has none."""
    for name, values in _STANDARD if seed == "standard" else ():
        kind = BY_NAME[name]
        created = kind.model.model_validate(values)
        connection.execute(insert(kind.table).values(store.new_row(created.model_dump())))
