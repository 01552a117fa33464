"""A resource whose kind is known: its fields by name, so that the type checker sees a typo."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any, Generic, TypeVar, get_args, get_origin

import msgspec

from websakctl.model.address import Address
from websakctl.model.entry import Entry, fields_of, is_model, unwrapped
from websakctl.model.resource import Resource

Model = TypeVar("Model", bound=Entry)


class Typed(msgspec.Struct, Generic[Model], frozen=True, kw_only=True):
    """One resource: its address, and its fields as its kind's class."""

    address: Address
    value: Model


def typed(model: type[Model], key_field: str, resource: Resource) -> Typed[Model]:
    """Give a resource's fields as its kind's class. Nothing is checked again: its references are full keys by now.

    Raises:
        TypeError: If a required field is not there.
    """
    known = fields_of(model)
    values = {name: value for name, value in resource.fields.items() if name in known}
    for name, build in _holding_models(model):
        if name in values:
            values[name] = build(values[name])
    values[key_field] = resource.address.key
    return Typed(address=resource.address, value=model(**values))


Build = Callable[[Any], Any]


@cache
def _holding_models(model: type[Entry]) -> tuple[tuple[str, Build], ...]:
    """The fields whose values hold classes of their own, each with what makes them."""
    result = ((name, _builder(field.type)) for name, field in fields_of(model).items())
    return tuple((name, build) for name, build in result if build is not None)


def _builder(annotation: Any) -> Build | None:
    type_ = unwrapped(annotation)[0]
    if is_model(type_):
        return lambda value: None if value is None else type_(**value)
    inner = _builder(get_args(type_)[-1]) if get_origin(type_) in (list, dict) else None
    return None if inner is None else partial(_each, inner)


def _each(build: Build, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: build(inner) for key, inner in value.items()}
    return [build(inner) for inner in value] if isinstance(value, list) else value
