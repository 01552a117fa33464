"""The words of the config for a live object: loading, the other way round."""

from collections.abc import Mapping
from typing import Any

from websakctl.model.address import Address
from websakctl.model.district import District
from websakctl.model.kind import Kind
from websakctl.model.validation import ValidationError, convert, to_values

FACTS = ("name", "short_name", "slug", "number", "orgnr")


class Unsayable(Exception):
    """The config has no words for this object; the message says why."""


def local_key(kind: Kind, key: str, district: District | None) -> str:
    """The key that the YAML says.

    Raises:
        Unsayable: If the district's prefix is not before it.
    """
    if district is None or not kind.local_keys:
        return key
    if not key.startswith(f"{district.prefix}-"):
        raise Unsayable(f"its key does not begin with {district.prefix}-, as those of {district.slug} do")
    return district.local_key(key)


def written_fields(
    kind: Kind, address: Address, fields: Mapping[str, Any], district: District | None
) -> dict[str, Any]:
    """The fields that an entry must say to come out as this object, in the kind's order; what is omitted has its default.

    Args:
        kind: Its kind.
        address: Its address; the key is the full one.
        fields: Its values, as read from Websak.
        district: The district it belongs to; ``None`` for the base.

    Raises:
        Unsayable: If no entry can come out so.
    """
    local = local_key(kind, address.key, district)
    if kind.key_mirror is not None and fields.get(kind.key_mirror) != address.key:
        raise Unsayable(f"Websak has no {kind.key_mirror.replace('_', ' ')} for it: the plan would give it one")
    values = {name: fields[name] for name in kind.managed_fields if fields.get(name) not in (None, [], {})}
    for name in kind.defaults_to_key:
        if values.get(name) == address.key:
            del values[name]
    if district is not None:
        _localise(kind, values, district, local)
    try:
        result = to_values(convert(kind.model, {**values, kind.key_field: address.key}), defaults=False)
    except ValidationError as error:
        raise Unsayable(f"the config would not take it ({error})") from None
    result.pop(kind.key_field, None)
    return result


def _localise(kind: Kind, values: dict[str, Any], district: District, local: str) -> None:
    for name, ref in kind.references.items():
        if not ref.same_scope:
            continue
        own = ref.kind == kind.name and kind.root_key is not None
        if name not in values:
            if own and local != kind.root_key:
                raise Unsayable("it stands beside the district's own top unit, not below it")
            continue
        if not values[name].startswith(f"{district.prefix}-"):
            if ref.or_base:
                continue
            raise Unsayable(f"its {name} {values[name]} is not of {district.slug}")
        values[name] = district.local_key(values[name])
        if own and values[name] == kind.root_key and local != kind.root_key:
            del values[name]


def value_when_omitted(kind: Kind, name: str, district: District | None) -> Any:
    """What to write for a field that would best be omitted, where a default of the file says otherwise."""
    ref = kind.references.get(name)
    if district is not None and ref is not None and ref.same_scope and ref.kind == kind.name:
        return kind.root_key
    return kind.fields[name].omitted()


def under_defaults(
    kind: Kind, entry: Mapping[str, Any], defaults: Mapping[str, Any], district: District | None
) -> dict[str, Any]:
    """The same entry in a file whose defaults say some of it already."""
    merged = {**{name: value_when_omitted(kind, name, district) for name in defaults if name not in entry}, **entry}
    order = [name for name in kind.fields if name in merged]
    return {name: merged[name] for name in order if name not in defaults or merged[name] != defaults[name]}


def filled(text: Any, facts: Mapping[str, str]) -> Any:
    """A template's value with the district's facts put in."""
    if isinstance(text, str):
        for name, value in facts.items():
            text = text.replace(f"{{{name}}}", value)
        return text
    if isinstance(text, Mapping):
        return {filled(k, facts): filled(v, facts) for k, v in text.items()}
    return [filled(v, facts) for v in text] if isinstance(text, list) else text


def in_template(value: Any, district: District) -> list[Any]:
    """What a template may say that comes out as ``value`` in this district: as it is, or with facts left open."""
    if not isinstance(value, str) or "{" in value:
        return [value]
    result = [value]
    facts = district.placeholders()
    for name, fact in facts.items():
        merged = value == fact
        if merged or (name in ("district.name", "district.short_name") and fact in value):
            result.append(value.replace(fact, f"{{{name}}}"))
    return result
