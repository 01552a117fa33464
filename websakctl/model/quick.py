"""Checks that say yes quickly: compiled from a kind's model, for what is as it should be. On a no, pydantic says why."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, MaxLen, MinLen
from pydantic import AfterValidator, BaseModel
from pydantic.fields import FieldInfo

from websakctl.model import marks

Check = Callable[[Any], bool]  # whether a value is valid, and need not be changed
Model = TypeVar("Model", bound=BaseModel)
Copy = Callable[[Any], Any]


class _NotQuick(Exception):
    """A part of the model that only pydantic can judge."""


class Quick(NamedTuple):
    """The checks of one model.

    ``unsaid`` has every field in the model's order, with its default; ``required`` are those that have none.
    """

    checks: Mapping[str, Check]
    copies: Mapping[str, Copy]  # of the fields whose values are lists or mappings
    unsaid: Mapping[str, Any]
    required: frozenset[str]

    def take(self, said: Mapping[str, Any]) -> dict[str, Any] | None:
        """Every field of a resource, as pydantic would give them; ``None`` where it is for pydantic to say."""
        checks = self.checks
        for name, value in said.items():
            check = checks.get(name)
            if check is None or not check(value):
                return None
        if not self.required <= said.keys():
            return None
        values = {**self.unsaid, **said}
        for name, copy in self.copies.items():
            values[name] = copy(values[name])
        return values


@cache
def quick(model: type[BaseModel]) -> Quick | None:
    """Compile a model's checks; ``None`` where it has a part that only pydantic can judge."""
    try:
        return _compiled(model)
    except _NotQuick:
        return None


def read(model: type[Model], said: Any) -> Model:
    """Make a model of what was said, as ``model_validate`` does, without it where all is right.

    Raises:
        pydantic.ValidationError: If something is wrong.
    """
    checks = quick(model)
    taken = checks.take(said) if checks is not None and isinstance(said, dict) else None
    return model.model_validate(said) if taken is None else _made(model, taken)


def _made(model: type[Model], values: Mapping[str, Any]) -> Model:
    fields = model.model_fields
    return model.model_construct(**{name: _object(fields[name].annotation, value) for name, value in values.items()})


def _object(type_: Any, value: Any) -> Any:
    """A value with models where its type has them."""
    if isinstance(type_, type) and issubclass(type_, BaseModel):
        return _made(type_, value)
    if isinstance(value, dict):
        inner = next((part for part in get_args(type_) if part is not NoneType), None)
        if get_origin(type_) in (Union, UnionType):
            return _object(inner, value)
        return {key: _object(get_args(type_)[1], each) for key, each in value.items()}
    return value


def _compiled(model: type[BaseModel]) -> Quick:
    decorators = model.__pydantic_decorators__
    if decorators.model_validators or decorators.validators:
        raise _NotQuick
    judged = {name for validator in decorators.field_validators.values() for name in validator.info.fields}
    if model.model_config.get("extra") != "forbid" or not model.model_config.get("strict"):
        raise _NotQuick
    checks: dict[str, Check] = {}
    copies: dict[str, Copy] = {}
    unsaid: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if field.alias is not None or field.validate_default or field.discriminator is not None:
            raise _NotQuick
        checks[name], copy = _check(field.annotation, field.metadata)
        if judged & {name, "*"}:
            checks[name] = _never  # what it says of a value that is said, only pydantic can tell
        if copy is not None:
            copies[name] = copy
        if field.is_required():
            unsaid[name] = None
        elif isinstance(field.default_factory, type) and issubclass(field.default_factory, BaseModel):
            unsaid[name] = {}  # which is what it is made from
        else:
            unsaid[name] = field.get_default(call_default_factory=True)
    required = frozenset(name for name, field in model.model_fields.items() if field.is_required())
    return Quick(checks, copies, unsaid, required)


def _never(_: Any) -> bool:
    return False


def _check(type_: Any, metadata: Iterable[Any]) -> tuple[Check, Copy | None]:
    """The check of a type with what is said beside it, and how its values are copied where they can be changed."""
    beside = [m for m in _flat(metadata) if type(m).__module__ != marks.__name__]
    origin = get_origin(type_)
    if origin is Annotated:
        inner, *within = get_args(type_)
        return _check(inner, [*within, *beside])
    if origin in (Union, UnionType):
        return _optional([option for option in get_args(type_) if option is not NoneType], beside)
    if origin is Literal:
        return _literal(get_args(type_), beside), None
    if origin is list:
        (inner,) = get_args(type_)
        return _list(*_check(inner, ()), *_lengths(beside))
    if origin is dict:
        key, inner = get_args(type_)
        return _dict(_check(key, ())[0], *_check(inner, ()), *_lengths(beside))
    if isinstance(type_, type) and issubclass(type_, BaseModel):
        return _model(type_, beside)
    if type_ is str:
        return _text(beside), None
    if type_ is bool and not beside:
        return (lambda value: value is True or value is False), None
    if type_ in (int, float):
        return _number(type_, beside), None
    raise _NotQuick


def _optional(others: list[Any], beside: list[Any]) -> tuple[Check, Copy | None]:
    if len(others) != 1:
        raise _NotQuick
    check, copy = _check(others[0], beside)
    optional = copy and (lambda value: None if value is None else copy(value))
    return (lambda value: value is None or check(value)), optional


def _flat(metadata: Iterable[Any]) -> Iterable[Any]:
    for one in metadata:
        if isinstance(one, FieldInfo):
            yield from _flat(one.metadata)
        else:
            yield one


def _literal(values: tuple[Any, ...], beside: list[Any]) -> Check:
    if beside or len({type(value) for value in values} & {str, int}) != 1:
        raise _NotQuick
    known = frozenset(values)
    kinds = frozenset(map(type, values))
    return lambda value: type(value) in kinds and value in known


def _text(beside: list[Any]) -> Check:
    shortest, longest = _lengths([m for m in beside if isinstance(m, MinLen | MaxLen)])
    patterns = [m.pattern for m in beside if hasattr(m, "pattern")]
    after: list[Any] = [m.func for m in beside if isinstance(m, AfterValidator)]
    if len(beside) != len(patterns) + len(after) + sum(isinstance(m, MinLen | MaxLen) for m in beside):
        raise _NotQuick
    tests = [*map(_anchored, patterns), *map(_accepted_by, after)]
    fits = tests[0] if len(tests) == 1 else lambda value: all(test(value) for test in tests)
    seen: set[str] = set()  # many texts stand in a config many times

    def fitting(value: str) -> bool:
        if shortest <= len(value) <= longest and fits(value):
            seen.add(value)
            return True
        return False

    return lambda value: type(value) is str and (value in seen or fitting(value))


def _anchored(pattern: str) -> Callable[[str], Any]:
    """A pattern that stands for a whole text; in Python ``$`` would allow a line end after it."""
    if not pattern.startswith("^") or not pattern.endswith("$") or "|" in re.sub(r"\([^()]*\)", "", pattern):
        raise _NotQuick
    return re.compile(pattern[1:-1]).fullmatch


def _accepted_by(validator: Callable[[Any], Any]) -> Check:
    def accepted(value: Any) -> bool:
        try:
            return bool(validator(value) == value)
        except (ValueError, AssertionError):
            return False

    return accepted


def _number(type_: Any, beside: list[Any]) -> Check:
    low, above, high = -(10**18), -(10**19), 10**18
    for limit in beside:
        if isinstance(limit, Ge) and isinstance(limit.ge, int):
            low = limit.ge
        elif isinstance(limit, Gt) and isinstance(limit.gt, int):
            above = limit.gt
        elif isinstance(limit, Le) and isinstance(limit.le, int):
            high = limit.le
        else:
            raise _NotQuick
    return lambda value: type(value) is type_ and low <= value <= high and value > above


def _lengths(beside: list[Any]) -> tuple[int, int]:
    shortest, longest = 0, 10**9
    for limit in beside:
        if isinstance(limit, MinLen):
            shortest = limit.min_length
        elif isinstance(limit, MaxLen):
            longest = limit.max_length
        else:
            raise _NotQuick
    return shortest, longest


def _list(check: Check, copy: Copy | None, shortest: int, longest: int) -> tuple[Check, Copy]:
    def whole(value: Any) -> bool:
        return isinstance(value, list) and shortest <= len(value) <= longest and all(map(check, value))

    return whole, list if copy is None else lambda value: list(map(copy, value))


def _dict(key: Check, check: Check, copy: Copy | None, shortest: int, longest: int) -> tuple[Check, Copy]:
    def whole(value: Any) -> bool:
        if not isinstance(value, dict) or not shortest <= len(value) <= longest:
            return False
        return all(map(key, value)) and all(map(check, value.values()))

    return whole, dict if copy is None else lambda value: {name: copy(inner) for name, inner in value.items()}


def _model(model: type[BaseModel], beside: list[Any]) -> tuple[Check, Copy]:
    if beside:
        raise _NotQuick
    compiled = _compiled(model)

    def taken(value: Any) -> Any:
        return compiled.take(value)

    return (lambda value: isinstance(value, dict) and compiled.take(value) is not None), taken
