"""What files say, as classes: the base of every kind and section, and what its fields are."""

from collections.abc import Mapping
from copy import copy
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, TypeGuard, Union, get_args, get_origin

import msgspec


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The base of every class of what files say: typed fields, no unknown ones, limits in ``msgspec.Meta``.

    The constructor checks nothing; ``websakctl.model.validation.convert`` checks what a file says.
    """


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field: its type, the marks and limits beside the type in ``Annotated``, and its default."""

    annotation: Any  # as it is written
    default: Any  # ``msgspec.NODEFAULT``: required
    type: Any  # of a value that is not ``None``, without ``Annotated``
    marks: tuple[Any, ...]  # what stands beside the type
    optional: bool  # ``None`` is a value

    @property
    def required(self) -> bool:
        """Whether a file must give it."""
        return self.default is msgspec.NODEFAULT

    def omitted(self) -> Any:
        """A copy of the default; ``None`` where there is none."""
        return None if self.required else copy(self.default)


@cache
def fields_of(model: type[msgspec.Struct]) -> Mapping[str, Field]:
    """The fields of a class by name; those of the classes that it stands on come first."""
    return {info.name: _field(info) for info in msgspec.structs.fields(model)}


def _field(info: msgspec.structs.FieldInfo) -> Field:
    type_, marks, optional = unwrapped(info.type)
    default = info.default if info.default_factory is msgspec.NODEFAULT else info.default_factory()
    return Field(annotation=info.type, default=default, type=type_, marks=marks, optional=optional)


def unwrapped(annotation: Any) -> tuple[Any, tuple[Any, ...], bool]:
    """A type without what stands beside it and without ``None``; what stands beside it; and whether ``None`` is a value."""
    alongside: tuple[Any, ...] = ()
    optional = False
    while not isinstance(annotation, type):
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation, *more = get_args(annotation)
            alongside = (*more, *alongside)
            continue
        options = [option for option in get_args(annotation) if option is not NoneType]
        if origin not in (Union, UnionType) or len(options) != 1:
            break
        annotation, optional = options[0], True
    return annotation, alongside, optional


def is_model(annotation: Any) -> TypeGuard[type[msgspec.Struct]]:
    """Whether the type is a class with fields."""
    return isinstance(annotation, type) and issubclass(annotation, msgspec.Struct)
