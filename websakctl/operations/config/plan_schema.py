"""JSON Schema (2020-12) of the plan as JSON, format version 1: what scripts and policies may rely on."""

from typing import Any

from websakctl.plan.change import Action
from websakctl.plan.document import FORMAT_VERSION

_TEXT: dict[str, Any] = {"type": "string"}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
_DIGEST: dict[str, Any] = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
_ADDRESS: dict[str, Any] = {"type": "string", "pattern": "^[a-z_]+/[a-z0-9-]+/.+$"}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _access() -> dict[str, Any]:
    persons = {"type": "object", "additionalProperties": {"type": "integer", "minimum": 1}}  # by scope
    counted = dict.fromkeys(("gained", "lost", "wider", "narrower", "unknown"), persons)
    code = {
        "code": _TEXT,
        "sensitive": {"type": "boolean"},
        "text": _TEXT,
        **counted,
        "assumed": {**_list({"type": "integer"}), "description": "Rules of docs/access.md that nobody has confirmed."},
        "at_least": {"type": "boolean", "description": "Of some persons it is not known, so there may be more."},
    }
    return _object(
        {
            "computed": {"type": "boolean"},
            "why_not": {"type": ["string", "null"]},
            "codes": _list(_object(code)),
            "gaps": _list(_TEXT),
        }
    )


def plan_schema() -> dict[str, Any]:
    """The schema of ``plan --format json`` and of a saved plan."""
    actions = {"enum": [action.value for action in Action]}
    field = _object({"path": _TEXT, "before": {}, "after": {}})
    source = {
        "anyOf": [
            {"type": "null"},
            _object(
                {"file": _TEXT, "line": {"type": "integer", "minimum": 1}, "column": {"type": "integer", "minimum": 1}}
            ),
        ]
    }
    follows = {"type": "object", "additionalProperties": {"type": "integer", "minimum": 1}}  # by kind
    change = {
        "address": _ADDRESS,
        "kind": _TEXT,
        "scope": _TEXT,
        "key": _TEXT,
        "action": actions,
        "fields": _list({"$ref": "#/$defs/field"}),
        "reason": _TEXT,
        "source": source,
        "requires": _list(_ADDRESS),
        "shared": _COUNT,
        "follows": follows,
        "name": _TEXT,
    }
    group = {
        "kind": _TEXT,
        "action": actions,
        "key": _TEXT,
        "fields": _list({"$ref": "#/$defs/field"}),
        "scopes": _list(_TEXT),
        "addresses": {**_list(_ADDRESS), "minItems": 1},
        "shared": _COUNT,
        "exception": {"type": "boolean"},
        "follows": follows,
        "name": _TEXT,
    }
    step = _object({"address": _ADDRESS, "what": _TEXT})
    step["properties"] |= {"id": _TEXT, "change": {"$ref": "#/$defs/change"}}  # where people set the whole kind
    merged = _object(
        {
            "format_version": {"const": FORMAT_VERSION},
            "tool_version": _TEXT,
            "environment": _TEXT,
            "created_at": {
                "type": "string",
                "format": "date-time",
                "description": "To the hundredth of a second; the four digits after it show that nothing was edited.",
            },
            "config_digest": _DIGEST,
            "live_digest": _DIGEST,
            "summary": _object(
                {
                    **{action.value: _COUNT for action in Action},
                    "unchanged": _COUNT,
                    "unmanaged": _COUNT,
                    "manual": _COUNT,
                }
            ),
            "changes": _list({"$ref": "#/$defs/change"}),
            "groups": _list({"$ref": "#/$defs/group"}),
            "warnings": _list(_TEXT),
            "findings": _list(_object({"guard": _TEXT, "count": _COUNT, "message": _TEXT, "allow": _TEXT})),
            "unmanaged": _list(_ADDRESS),
            "manual": _list(step),
            "protected": {"type": "boolean"},
            "scopes": _list(_TEXT),
            "made_from": {
                **_object(
                    {
                        "districts": _list(_TEXT),
                        "kinds": _list(_TEXT),
                        "targets": _list(_TEXT),
                        "prune": _list(_TEXT),
                        "run": {"type": ["string", "null"]},
                        "matches": {"type": "boolean"},
                        "keep_manual": {"type": "boolean"},
                        "access": {"type": "boolean"},
                    }
                ),
                "description": "The selection and --prune that it was made with, or the run that it takes back: `apply FILE` makes it again from these.",
            },
            "by_hand": {
                **_list(_object({"address": _ADDRESS, "fields": _list(_TEXT)})),
                "description": "What it would undo that somebody changed by hand in Websak: `--keep-manual-changes` leaves it out.",
            },
            "access": {
                "anyOf": [{"type": "null"}, _access()],
                "description": "Who can read documents with an access code afterwards; null: the plan touches nothing of that.",
            },
            "digest": _DIGEST,
        }
    )
    merged["properties"]["signature"] = {
        "type": "string",
        "pattern": "^[0-9a-f]{64}$",
        "description": "HMAC-SHA256 with the state key over digest and created_at; there only where the environment has one.",
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "websakctl: a plan",
        **merged,
        "$defs": {"field": field, "change": _object(change), "group": _object(group)},
    }
