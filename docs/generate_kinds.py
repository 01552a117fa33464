"""Write docs/kinds.md from the kinds themselves: ``python docs/generate_kinds.py``."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from websakctl.kinds import all_kinds
from websakctl.model.json_schema import json_schema
from websakctl.model.kind import Api, Kind, Removal, Scoping
from websakctl.model.marks import ConfigOnly, CreateOnly, Overridable, Ref, Stepwise, Unique, WriteOnly
from websakctl.operations.config.explain import type_in_words, value_when_omitted
from websakctl.operations.config.schema import schema_of_kind

PAGE = Path(__file__).with_name("kinds.md")
APIS = {
    Api.USER: "User API (the vendor's)",
    Api.SETUP: "Setup API (this project's own contract)",
    Api.MANUAL: "people, from a work list",
    Api.CONFIG: "nothing: it steers this tool",
}
PLACES = {
    Scoping.BASE: "once for all districts, in `config/`",
    Scoping.DISTRICT: "in each district: in its folder, or under `each_district:`",
    Scoping.BOTH: "in `config/` for all, in a district's folder, or under `each_district:`",
}
REMOVALS = {
    Removal.DEACTIVATE: "it is deactivated; it comes back when it comes back into the config",
    Removal.DELETE: "it is deleted",
    Removal.MANUAL: "a step for a person: the API offers no removal",
}


ABOUT_THE_TOOL = {
    "previously": "old keys: it is renamed, not recreated",
    "status": "`example`: made up, so it passes no gate; never sent",
    "protected": "its removal must be allowed by name",
    "valid_from": "not made before this day; never sent",
    "valid_to": "deactivated after this day; never sent",
    "read_in": "units in which somebody must be able to read it, by local key; never sent",
    "sensitive": "whoever may read it is looked at; never sent",
    "owner": "who answers for it; never sent",
    "einnsyn_code": "what eInnsyn knows the unit by; never sent",
    "confidential_readers": "who reads confidential mail in Altinn; never sent",
}


def page() -> str:
    """The whole page."""
    parts = [
        "# Kinds",
        "",
        "What can be managed, field by field. This page is made from the code: `make docs` writes it.",
        "How the YAML is put together: [configuration.md](configuration.md).",
        "",
        "| kind | section | through | where |",
        "|---|---|---|---|",
        *(
            f"| [`{k.name}`](#{k.name}) | `{k.plural}:` | {APIS[k.api]} | {PLACES[k.scoping]} |"
            for k in all_kinds().values()
        ),
    ]
    for kind in all_kinds().values():
        parts += ["", *_kind(kind)]
    return "\n".join(parts) + "\n"


def _kind(kind: Kind) -> Iterator[str]:
    yield f"## {kind.name}"
    yield ""
    yield f"{kind.title[0].upper()}{kind.title[1:]}."
    yield ""
    yield "```yaml"
    yield f"{kind.plural}:"
    yield from (f"  {line}" for line in kind.example.splitlines())
    yield "```"
    yield ""
    pattern = json_schema(kind.model)["properties"][kind.key_field].get("pattern", "")
    yield f"- Key: `{kind.key_field}`" + (f", which matches `{pattern}`." if pattern else ".")
    if kind.local_keys:
        yield "- In a district the key is local: the district's prefix is put before it."
    if kind.api is not Api.CONFIG:
        yield f"- Leaving the config: {REMOVALS[kind.on_removal]}."
    yield ""
    schema = schema_of_kind(kind)
    if not schema["properties"]:
        return
    yield "| field | type | omitted | remarks |"
    yield "|---|---|---|---|"
    for name, field in schema["properties"].items():
        required = name in schema.get("required", [])
        default = "**required**" if required else value_when_omitted(kind, name, required)
        remarks = "; ".join(_remarks(kind, name))
        yield f"| `{name}` | {type_in_words(field, schema.get('$defs', {}))} | {default} | {remarks} |"


def _marks(kind: Kind, name: str) -> tuple[Any, ...]:
    return kind.fields[name].marks


def _remarks(kind: Kind, name: str) -> Iterator[str]:
    for mark in _marks(kind, name):
        match mark:
            case Ref(kind="district"):
                yield "slugs of districts"
            case Ref(kind=other, same_scope=True):
                yield f"key of a [`{other}`](#{other}) of the same district"
            case Ref(kind=other):
                yield f"key of a [`{other}`](#{other})"
            case Overridable():
                yield "a district may override it"
            case CreateOnly():
                yield "sent when it is made; the API cannot change it"
            case Unique():
                yield "unique in the whole base"
            case WriteOnly(needed=needed):
                yield "the API never tells it: compared with what was last applied"
                if needed:
                    yield f"while it is omitted, no {kind.name} is replaced"
            case Stepwise():
                yield "set by requests of its own"
            case ConfigOnly():
                yield ABOUT_THE_TOOL[name]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
