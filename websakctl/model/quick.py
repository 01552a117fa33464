"""Checks that say yes quickly: compiled from a model, for what is as it should be. On a no, pydantic says why."""

import re
from collections.abc import Callable, Iterable, Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin

from websakctl.model.shape import Judged, Limits, Managed

Check = Callable[[Any], bool]  # whether a value is valid, and need not be changed
Model = TypeVar("Model", bound=Managed)
Copy = Callable[[Any], Any]
_ANY_LENGTH = (0, 10**9)
MOST_SEEN = 10_000  # texts of a field that are remembered as right; more cost more memory than they save time


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


_known: dict[type, Quick | None] = {}


def quick(model: type[Managed]) -> Quick | None:
    """Compile a model's checks, once; ``None`` where it has a part that only pydantic can judge."""
    if model not in _known:
        try:
            _known[model] = _compiled(model)
        except _NotQuick:
            _known[model] = None
    return _known[model]


def read(model: type[Model], said: Any) -> Model:
    """Make a model of what was said.

    Raises:
        websakctl.model.shape.Invalid: If something is wrong.
    """
    checks = quick(model)
    taken = checks.take(said) if checks is not None and isinstance(said, dict) else None
    if taken is None:
        from websakctl.model.strict import judged  # with pydantic, which takes longer to load than most configs

        taken = judged(model, said)
    return _made(model, taken)


def _made(model: type[Model], values: Mapping[str, Any]) -> Model:
    fields = model.shape
    return model(**{name: _object(fields[name].annotation, value) for name, value in values.items()})


def _object(type_: Any, value: Any) -> Any:
    """A value with models where its type has them."""
    if isinstance(type_, type) and issubclass(type_, Managed):
        return _made(type_, value)
    if isinstance(value, dict):
        inner = next((part for part in get_args(type_) if part is not NoneType), None)
        if get_origin(type_) in (Union, UnionType):
            return _object(inner, value)
        return {key: _object(get_args(type_)[1], each) for key, each in value.items()}
    return value


def _compiled(model: type[Managed]) -> Quick:
    checks: dict[str, Check] = {}
    copies: dict[str, Copy] = {}
    unsaid: dict[str, Any] = {}
    for name, field in model.shape.items():
        checks[name], copy = _check(field.annotation, field.metadata)
        if copy is not None:
            copies[name] = copy
        unsaid[name] = {} if isinstance(field.default, Managed) else field.unsaid()  # which is what it is made from
    return Quick(checks, copies, unsaid, frozenset(name for name, field in model.shape.items() if field.required))


def _check(type_: Any, metadata: Iterable[Any]) -> tuple[Check, Copy | None]:
    """The check of a type with what is said beside it, and how its values are copied where they can be changed."""
    beside = [m for m in metadata if isinstance(m, Limits | Judged)]  # marks say nothing of values
    origin = get_origin(type_)
    if origin is Annotated:
        inner, *within = get_args(type_)
        return _check(inner, [*within, *beside])
    if origin in (Union, UnionType):
        return _optional([option for option in get_args(type_) if option is not NoneType], beside)
    if origin is Literal:
        return _literal(get_args(type_), beside), None
    if type_ is str:
        return _text(beside), None
    judges = [m.judge for m in beside if isinstance(m, Judged)]
    check, copy = _of_type(type_, origin, [m for m in beside if isinstance(m, Limits)])
    if judges:
        return (lambda value: check(value) and all(_accepted_by(judge)(value) for judge in judges)), copy
    return check, copy


def _of_type(type_: Any, origin: Any, limits: list[Limits]) -> tuple[Check, Copy | None]:
    if origin is list:
        (inner,) = get_args(type_)
        return _list(*_check(inner, ()), *_lengths(limits))
    if origin is dict:
        key, inner = get_args(type_)
        return _dict(_check(key, ())[0], *_check(inner, ()), *_lengths(limits))
    if isinstance(type_, type) and issubclass(type_, Managed) and not limits:
        return _model(type_)
    if type_ is bool and not limits:
        return (lambda value: value is True or value is False), None
    if type_ in (int, float):
        return _number(type_, limits), None
    raise _NotQuick


def _optional(others: list[Any], beside: list[Any]) -> tuple[Check, Copy | None]:
    if len(others) != 1:
        raise _NotQuick
    inner = others[0]
    if get_origin(inner) is Annotated:
        inner, *within = get_args(inner)
        beside = [*(m for m in within if isinstance(m, Limits | Judged)), *beside]
    if inner is str:
        return _text(beside, or_none=True), None
    check, copy = _check(inner, beside)
    optional = copy and (lambda value: None if value is None else copy(value))
    return (lambda value: value is None or check(value)), optional


def _literal(values: tuple[Any, ...], beside: list[Any]) -> Check:
    if beside or len({type(value) for value in values} & {str, int}) != 1:
        raise _NotQuick
    known = frozenset(values)
    kinds = frozenset(map(type, values))
    return lambda value: type(value) in kinds and value in known


def _text(beside: list[Any], *, or_none: bool = False) -> Check:
    shortest, longest, tests = *_ANY_LENGTH, []
    for said in beside:
        if isinstance(said, Judged):
            tests.append(_accepted_by(said.judge))
            continue
        if said.ge is not None or said.gt is not None or said.le is not None:
            raise _NotQuick
        shortest, longest = max(shortest, said.min_length or 0), min(longest, said.max_length or longest)
        if said.pattern is not None:
            tests.append(_anchored(said.pattern))
    fits = tests[0] if len(tests) == 1 else lambda value: all(test(value) for test in tests)
    seen: set[str] = set()  # many texts stand in a config many times

    def fitting(value: str) -> bool:
        if shortest <= len(value) <= longest and fits(value):
            if len(seen) < MOST_SEEN:
                seen.add(value)
            return True
        return False

    if or_none:  # not a check within a check: most fields are such
        return lambda value: value is None or (type(value) is str and (value in seen or fitting(value)))
    return lambda value: type(value) is str and (value in seen or fitting(value))


def _anchored(pattern: str) -> Callable[[str], Any]:
    """A pattern that stands for a whole text; in Python ``$`` would allow a line end after it."""
    if not pattern.startswith("^") or not pattern.endswith("$") or "|" in re.sub(r"\([^()]*\)", "", pattern):
        raise _NotQuick
    compiled: list[Callable[[str], Any]] = []

    def test(value: str) -> Any:
        if not compiled:  # when the first text comes: most patterns are of kinds that a config has none of
            compiled.append(re.compile(pattern[1:-1]).fullmatch)
        return compiled[0](value)

    return test


def _accepted_by(judge: Callable[[Any], Any]) -> Check:
    def accepted(value: Any) -> bool:
        try:
            return bool(judge(value) == value)
        except (ValueError, AssertionError):
            return False

    return accepted


def _number(type_: Any, limits: list[Limits]) -> Check:
    low, above, high = -(10**18), -(10**19), 10**18
    for said in limits:
        if said.min_length is not None or said.max_length is not None or said.pattern is not None:
            raise _NotQuick
        low = low if said.ge is None else said.ge
        above = above if said.gt is None else said.gt
        high = high if said.le is None else said.le
    return lambda value: type(value) is type_ and low <= value <= high and value > above


def _lengths(limits: list[Limits]) -> tuple[int, int]:
    shortest, longest = _ANY_LENGTH
    for said in limits:
        if said.ge is not None or said.gt is not None or said.le is not None or said.pattern is not None:
            raise _NotQuick
        shortest, longest = said.min_length or shortest, said.max_length or longest
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


def _model(model: type[Managed]) -> tuple[Check, Copy]:
    compiled = _compiled(model)

    def taken(value: Any) -> Any:
        return compiled.take(value)

    return (lambda value: isinstance(value, dict) and compiled.take(value) is not None), taken
