"""New entries of a kind, begun from a list: of one's own, or from the business register."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from websakctl.model.address import BASE, Address
from websakctl.model.kind import Kind
from websakctl.model.resource import Resource, State
from websakctl.operations.change.make_plan import ConfigInput
from websakctl.operations.config.adopt import adopt
from websakctl.operations.config.write_back import WriteBack
from websakctl.source.configuration import Configuration

Rows = Mapping[tuple[str, str], Mapping[str, Any]]  # fields by scope and full key


def begin(
    root: Path, config: Configuration, kinds: Mapping[str, Kind], kind: Kind, rows: Rows
) -> tuple[WriteBack, dict[str, str], int]:
    """Write an entry for every row that the config does not have; what it has is left as it is.

    Args:
        root: The config repository.
        config: Sound.
        kinds: All kinds.
        kind: Of the rows.
        rows: What the list says; the rest has its default.

    Returns:
        What is written and left out, the files' texts, and how many rows the config has already.

    Raises:
        NotWritten: If the config would not be valid.
    """
    state = {
        address: Resource(address=address, fields=_fields(config, kind, address, fields))
        for (scope, key), fields in rows.items()
        if (address := Address(kind.name, scope, key)) not in config.whole
    }
    known: State = {**config.whole, **state}
    inputs = ConfigInput(config=config, kinds=dict(kinds))
    result, files = adopt(root, inputs, known, sorted(state))
    return result, files, len(rows) - len(state)


def _fields(config: Configuration, kind: Kind, address: Address, given: Mapping[str, Any]) -> dict[str, Any]:
    """All fields as a live object has them: what is not given has its default."""
    fields = {**kind.defaults, **{name: value for name, value in given.items() if value is not None}}
    for name in kind.defaults_to_key:
        fields[name] = given.get(name) or address.key
    if kind.key_mirror is not None:
        fields[kind.key_mirror] = address.key
    district = config.districts.get(address.scope)
    if address.scope != BASE and district is not None and kind.root_key is not None:
        top = district.full_key(kind.root_key)
        for name, ref in kind.references.items():
            if ref.same_scope and ref.kind == kind.name and not fields.get(name) and address.key != top:
                fields[name] = top
    return fields
