"""JSON Schema (2020-12) for editors: of one kind's entry, or of a whole file."""

from collections.abc import Mapping
from typing import Any

from websakctl.model.json_schema import json_schema
from websakctl.model.kind import Kind, Scoping
from websakctl.model.vocabulary import word_for
from websakctl.source.configuration import Configuration
from websakctl.source.districts import DistrictSection
from websakctl.source.settings_file import SettingsFile

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of_kind(kind: Kind, codes: Mapping[str, list[str]] | None = None) -> dict[str, Any]:
    """One entry of a kind, as YAML has it: without the key, which is the mapping's.

    Args:
        kind: Which.
        codes: Keys that exist, by kind: what an editor offers where a field refers to one. Others are allowed too, since
            the schema may be older than the config; ``validate`` knows.
    """
    schema = json_schema(kind.model)
    schema["properties"].pop(kind.key_field, None)
    for name, field in schema["properties"].items():
        word = word_for(kind.name, name)
        if word is not None:
            field["title"] = word.english
            field["description"] = f"{word.norwegian}: {word.meaning}" if word.norwegian else word.meaning
        ref = kind.references.get(name)
        if (
            ref is not None and not ref.any_scope and codes and codes.get(ref.kind)
        ):  # codes of persons are for no file in git
            _offer(field, codes[ref.kind])
    schema["required"] = [name for name in schema.get("required", []) if name != kind.key_field]
    return {"$schema": DIALECT, **schema, "title": kind.title}


def _offer(field: dict[str, Any], keys: list[str]) -> None:
    """Let an editor offer keys for a text, for the items of a list, or for the keys of a mapping."""
    offered = {"anyOf": [{"enum": sorted(keys)}, {"type": "string"}]}
    if field.get("type") == "array":
        field["items"] = offered
    elif field.get("type") == "object":
        field["properties"] = dict.fromkeys(sorted(keys), field.get("additionalProperties", {}))
    else:
        field["anyOf"] = [{"enum": sorted(keys)}, *field.get("anyOf", [{"type": "string"}])]
        field.pop("type", None)


def codes_of(config: Configuration) -> dict[str, list[str]]:
    """Keys that exist, by kind, as the files write them: local ones in districts."""
    result: dict[str, set[str]] = {"district": set(config.districts)}
    for address in config.whole:
        district = config.districts.get(address.scope)
        result.setdefault(address.kind, set()).add(district.local_key(address.key) if district else address.key)
    return {kind: sorted(keys) for kind, keys in result.items()}


def schema_of_files(kinds: dict[str, Kind], codes: Mapping[str, list[str]] | None = None) -> dict[str, Any]:
    """Any file below config/ and districts/ but config/websak.yaml.

    No field is required here: a file's ``defaults:`` may give it. ``validate`` says what is missing.
    """
    definitions: dict[str, Any] = {}

    def section(kind: Kind) -> dict[str, Any]:
        entry = schema_of_kind(kind, codes)
        entry.pop("$schema")
        entry.pop("required")
        definitions.update(entry.pop("$defs", {}))
        definitions[kind.name] = entry
        return {
            "type": ["object", "null"],
            "description": kind.title,
            "additionalProperties": {"anyOf": [{"$ref": f"#/$defs/{kind.name}"}, {"type": "null"}]},
        }

    def override(kind: Kind) -> dict[str, Any]:
        properties = {
            name: value for name, value in definitions[kind.name]["properties"].items() if name in kind.overridable
        }
        about = {
            "reason": {"type": "string"},
            "owner": {"type": "string"},
            "until": {"type": "string", "format": "date"},
        }
        return {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {**properties, **about},
                "required": ["reason", "owner"],
                "additionalProperties": False,
            },
        }

    sections = {kind.plural: section(kind) for kind in kinds.values()}
    own = {kind.plural: sections[kind.plural] for kind in kinds.values() if kind.scoping is not Scoping.BASE}
    overrides = {kind.plural: override(kind) for kind in kinds.values() if kind.overridable}
    district = json_schema(DistrictSection)
    partial = {
        kind.plural: {
            "type": "object",
            "properties": definitions[kind.name]["properties"],
            "additionalProperties": False,
        }
        for kind in kinds.values()
    }
    return {
        "$schema": DIALECT,
        "title": "websakctl: a file of the config",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            **sections,
            "each_district": {
                "type": "object",
                "properties": own,
                "additionalProperties": False,
                "description": "made once in every district; {district.name} and the like are filled in",
            },
            "defaults": {
                "type": "object",
                "properties": partial,
                "additionalProperties": False,
                "description": "fields that this file's entries have unless they say otherwise",
            },
            "district": district,
            "overrides": {
                "type": "object",
                "properties": overrides,
                "additionalProperties": False,
                "description": "what this district has otherwise than the base gives it",
            },
        },
        "$defs": definitions,
    }


def schema_of_settings() -> dict[str, Any]:
    """config/websak.yaml."""
    return {"$schema": DIALECT, **json_schema(SettingsFile)}
