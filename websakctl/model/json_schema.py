"""The JSON Schema (2020-12) of what a file may say."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args, get_origin

import msgspec

from websakctl.model.entry import fields_of, is_model, unwrapped
from websakctl.model.patterns import shown


def json_schema(model: type[msgspec.Struct]) -> dict[str, Any]:
    """An object with the fields of a class; the classes that it holds stand in its ``$defs``."""
    choices = {frozenset(values): list(values) for values in _choices(model)}
    merged: dict[str, Any] = _translated(msgspec.json.schema(model), choices)
    definitions = merged["$defs"]
    schema: dict[str, Any] = definitions.pop(model.__name__)
    return {**schema, "$defs": definitions} if definitions else schema


def _choices(annotation: Any) -> Iterator[tuple[Any, ...]]:
    """The values of every ``Literal`` within a type, in the order in which they are written."""
    type_ = unwrapped(annotation)[0]
    if get_origin(type_) is Literal:
        yield get_args(type_)
        return
    for part in [f.annotation for f in fields_of(type_).values()] if is_model(type_) else get_args(type_):
        yield from _choices(part)


def _translated(schema: Any, choices: Mapping[frozenset[Any], list[Any]]) -> Any:
    """The same with the patterns that JSON Schema has, and with choices in their own order: msgspec sorts them."""
    if isinstance(schema, list):
        return [_translated(part, choices) for part in schema]
    if not isinstance(schema, dict):
        return schema
    result: dict[str, Any] = {}
    for name, part in schema.items():
        if name == "pattern" and isinstance(part, str):
            result[name] = shown(part)
        elif name == "enum":
            result[name] = choices.get(frozenset(part), part)
        else:
            result[name] = _translated(part, choices)
    return result
