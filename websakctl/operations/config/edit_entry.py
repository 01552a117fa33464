"""Entries of the config, changed where they are written, or added where their like are."""

from collections.abc import Mapping
from typing import Any

from websakctl.model.address import BASE, Address
from websakctl.model.district import District
from websakctl.model.kind import Kind
from websakctl.operations.config.write_back import WriteBack, section_path
from websakctl.source.configuration import Configuration
from websakctl.source.documents import Document, Documents, plain
from websakctl.source.emitting import document as emitted
from websakctl.source.field_order import field_order, section_order
from websakctl.source.patching import Drop, Edit, Put, edits_between
from websakctl.source.sections import DEFAULTS
from websakctl.source.tree import Map
from websakctl.source.yaml_entry import under_defaults


def put_fields(config: Configuration, kind: Kind, address: Address, values: Mapping[str, Any]) -> WriteBack:
    """Give fields of an entry other values; ``None`` takes a field out."""
    origin = config.origins[address]
    path = (*section_path(origin.document, origin.section, kind.plural), origin.key)
    given = origin.section.get(origin.key) or {}
    result = WriteBack()
    for name, value in values.items():
        edits: list[Edit] = []
        if value is None:
            edits += [Drop(path=(*path, name))] if name in given else []
        elif name in given:
            edits += edits_between(plain(given[name]), value, (*path, name))
        else:
            edits.append(Put(path=(*path, name), value=value, before=fields_after(kind, name)))
        result.edit(origin.document.file, *edits)
    return result


def add_entries(
    documents: Documents,
    kind: Kind,
    scope: str,
    entries: Mapping[str, Mapping[str, Any]],
    district: District | None,
) -> tuple[WriteBack, str]:
    """Add entries to the file that has such entries already, else to one named after the kind.

    Args:
        documents: The files of the config.
        kind: Of the entries.
        scope: ``base`` or a district's slug.
        entries: Fields by the key as the file writes it.
        district: The district; ``None`` for the base.

    Returns:
        The edits, and the file's path.
    """
    folder = "config" if scope == BASE else f"districts/{scope}"
    document = _holder(documents, scope, kind, f"{folder}/{kind.plural}.yaml")
    file = document.file if document is not None else f"{folder}/{kind.plural}.yaml"
    shared = _shared(document, kind)
    written = {key: under_defaults(kind, fields, shared, district) for key, fields in entries.items()}
    result = WriteBack()
    if document is None:
        result.new[file] = emitted({kind.plural: written}, depth={})
    elif kind.plural in document.top:
        result.edit(file, *(Put(path=(kind.plural, key), value=entry) for key, entry in written.items()))
    else:
        order = section_order()
        result.edit(file, Put(path=(kind.plural,), value=written, before=order[order.index(kind.plural) + 1 :]))
    return result, file


def fields_after(kind: Kind, name: str) -> tuple[str, ...]:
    """The fields before which one goes in an entry."""
    order = field_order(kind)
    return order[order.index(name) + 1 :] if name in order else ()


def _holder(documents: Documents, scope: str, kind: Kind, file: str) -> Document | None:
    """The file that has such entries already, else the one that is named for them."""
    candidates = documents.base if scope == BASE else documents.districts.get(scope, [])
    for document in candidates:
        if isinstance(document.top.get(kind.plural), Map):
            return document
    return next((d for d in candidates if d.file == file), None)


def _shared(document: Document | None, kind: Kind) -> Mapping[str, Any]:
    defaults = document.top.get(DEFAULTS) if document is not None else None
    result = defaults.get(kind.plural) if isinstance(defaults, Map) else None
    return plain(result) if isinstance(result, Map) else {}
