"""Make a class of what a file says, or say everything that is wrong with it."""

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from functools import cache, partial
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

import msgspec

from websakctl.model.entry import fields_of, is_model, unwrapped
from websakctl.model.marks import Check
from websakctl.model.patterns import shown

Model = TypeVar("Model", bound=msgspec.Struct)
Path = tuple[str | int, ...]
Constraints = tuple[Any, ...]  # what stands beside a type: ``msgspec.Meta`` and ``Check``
Passes = Callable[[Any], bool]
_LIMITS = ("max_length", "min_length", "pattern", "le", "lt", "ge", "gt")  # in the order in which they are told
_TYPES: dict[Any, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a mapping",
}


class Fault(StrEnum):
    """In which way a value is wrong."""

    MISSING = "missing"
    UNKNOWN = "unknown"
    TYPE = "type"
    CHOICE = "choice"
    LIMIT = "limit"
    CHECK = "check"


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a value.

    ``expected`` is what was expected there: the type, the values to choose from, the limit, the check, or the fields that exist.
    """

    path: Path
    fault: Fault
    expected: Any = None
    limit: str = ""  # which limit of ``msgspec.Meta``
    counts_items: bool = False  # the limit is one of items, not of characters
    reported: str = ""  # what a check says
    words: str = ""  # what a pattern means, to stand after "write"
    limits: Constraints = ()  # what stands beside the type of a value of another type

    @property
    def message(self) -> str:
        """What is wrong, to stand after the name of the field; what a check says stands alone. See :meth:`about`."""
        match self.fault:
            case Fault.MISSING:
                return "is missing"
            case Fault.UNKNOWN:
                return "is an unknown field"
            case Fault.TYPE:
                return f"should be {_TYPES.get(self.expected, 'something else')}"
            case Fault.CHOICE:
                return f"should be {_either(self.expected)}"
            case Fault.LIMIT:
                if self.words:
                    return f"should be {self.words}"
                return _beyond(self.limit, self.expected, "item" if self.counts_items else "character")
            case Fault.CHECK:
                return self.reported

    def about(self, name: str) -> str:
        """What is wrong with the field called ``name``, as a sentence of its own."""
        match self.fault:
            case Fault.UNKNOWN:
                return f"unknown field '{name}'"
            case Fault.CHECK:
                return self.reported
            case _:
                return f"{name} {self.message}"


class ValidationError(Exception):
    """What a file says is not what a class takes; ``problems`` are all of it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{'.'.join(map(str, p.path))} {p.message}".strip() for p in self.problems))


def _either(options: tuple[Any, ...]) -> str:
    *others, last = map(repr, options)
    return f"{', '.join(others)} or {last}" if others else last


def _beyond(limit: str, bound: Any, counted: str) -> str:
    number = f"{bound} {counted}{'' if bound == 1 else 's'}"
    return {
        "max_length": f"should have at most {number}",
        "min_length": f"should have at least {number}",
        "pattern": f"should match {shown(str(bound))}",
        "le": f"should be less than or equal to {bound}",
        "lt": f"should be less than {bound}",
        "ge": f"should be greater than or equal to {bound}",
        "gt": f"should be greater than {bound}",
    }[limit]


def convert(model: type[Model], value: Any) -> Model:
    """Make a class of what a file says.

    Raises:
        ValidationError: With every problem, if there is one.
    """
    try:
        result = msgspec.convert(value, model)
    except msgspec.ValidationError:
        raise ValidationError(list(_problems(model, value, ()))) from None
    if any(name in value and not passes(value[name]) for name, passes in _checked_fields(model)):
        raise ValidationError(list(_problems(model, value, ())))
    return result


def faults_of_text(text: str, limits: Constraints) -> list[Problem]:
    """What would be wrong with a text where one is expected that keeps to ``limits``."""
    return [*_of_limits(str, limits, text, ()), *_of_checks(limits, text, ())]


def to_values(entry: msgspec.Struct, *, defaults: bool = True) -> dict[str, Any]:
    """An entry as JSON values, which are copies.

    Args:
        entry: What ``convert`` made.
        defaults: Whether fields that have their default are among them.
    """
    if defaults:
        values: dict[str, Any] = msgspec.to_builtins(entry)
        return values
    fields = fields_of(type(entry))
    given = ((name, getattr(entry, name)) for name in fields)
    return {name: _without_defaults(value) for name, value in given if fields[name].default != value}


def _without_defaults(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return to_values(value, defaults=False)
    if isinstance(value, list):
        return [_without_defaults(inner) for inner in value]
    return {key: _without_defaults(inner) for key, inner in value.items()} if isinstance(value, dict) else value


def _problems(annotation: Any, value: Any, path: Path) -> Iterator[Problem]:
    """All that is wrong with a value: part by part, and each part as msgspec judges it."""
    type_, limits, optional = unwrapped(annotation)
    if value is None and optional:
        return
    if is_model(type_):
        result = _of_model(type_, value, path)
    elif get_origin(type_) is list:
        result = _of_items(type_, limits, value, path)
    elif get_origin(type_) is dict:
        result = _of_entries(type_, limits, value, path)
    else:
        result = _of_leaf(type_, limits, value, path)
    wrong = False
    for problem in result:
        wrong = True
        yield problem
    if not wrong:
        yield from _of_checks(limits, value, path)


def _of_model(model: type[msgspec.Struct], value: Any, path: Path) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield Problem(path=path, fault=Fault.TYPE, expected=dict)
        return
    fields = fields_of(model)
    for name, field in fields.items():
        if name in value:
            yield from _problems(field.annotation, value[name], (*path, name))
        elif field.required:
            yield Problem(path=(*path, name), fault=Fault.MISSING)
    for name in value:
        if name not in fields:
            yield Problem(path=(*path, name), fault=Fault.UNKNOWN, expected=tuple(fields))


def _of_items(type_: Any, limits: Constraints, value: Any, path: Path) -> Iterator[Problem]:
    if not isinstance(value, list):
        yield Problem(path=path, fault=Fault.TYPE, expected=list)
        return
    yield from _of_limits(list, limits, value, path)
    for index, inner in enumerate(value):
        yield from _problems(get_args(type_)[0], inner, (*path, index))


def _of_entries(type_: Any, limits: Constraints, value: Any, path: Path) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield Problem(path=path, fault=Fault.TYPE, expected=dict)
        return
    yield from _of_limits(dict, limits, value, path)
    of_key, of_value = get_args(type_)
    for key, inner in value.items():
        yield from _problems(of_key, key, (*path, key))
        yield from _problems(of_value, inner, (*path, key))


def _of_leaf(type_: Any, limits: Constraints, value: Any, path: Path) -> Iterator[Problem]:
    if not _fits(value, type_):
        if get_origin(type_) is Literal:
            yield Problem(path=path, fault=Fault.CHOICE, expected=get_args(type_))
        else:
            yield Problem(path=path, fault=Fault.TYPE, expected=type_, limits=limits)
        return
    yield from _of_limits(type_, limits, value, path)


def _of_limits(type_: Any, limits: Constraints, value: Any, path: Path) -> Iterator[Problem]:
    """The first limit that the value is beyond."""
    metas = [limit for limit in limits if isinstance(limit, msgspec.Meta)]
    for name in _LIMITS:
        for meta in metas:
            bound = getattr(meta, name)
            if bound is not None and not _fits(value, Annotated[type_, msgspec.Meta(**{name: bound})]):
                yield Problem(
                    path=path,
                    fault=Fault.LIMIT,
                    limit=name,
                    expected=bound,
                    counts_items=type_ in (list, dict),
                    words=(meta.description or "") if name == "pattern" else "",
                )
                return


def _of_checks(limits: Constraints, value: Any, path: Path) -> Iterator[Problem]:
    for limit in limits:
        if isinstance(limit, Check) and (reported := limit.problem(value)) is not None:
            yield Problem(path=path, fault=Fault.CHECK, expected=limit, reported=reported)
            return


def _fits(value: Any, annotation: Any) -> bool:
    try:
        msgspec.convert(value, annotation)
    except msgspec.ValidationError:
        return False
    return True


# --- the checks of what has the right type and is within the limits: most fields have none


@cache
def _checked_fields(model: type[msgspec.Struct]) -> tuple[tuple[str, Passes], ...]:
    """The fields within which a check stands, each with what runs it."""
    fields = ((name, _checks_within(field.annotation)) for name, field in fields_of(model).items())
    return tuple((name, passes) for name, passes in fields if passes is not None)


def _checks_within(annotation: Any) -> Passes | None:
    """Whether a value passes all checks in it; ``None`` where there is none."""
    type_, limits, optional = unwrapped(annotation)
    all_of: list[Passes] = [partial(_passes, limit) for limit in limits if isinstance(limit, Check)]
    if is_model(type_) and (fields := _checked_fields(type_)):
        all_of.append(lambda value: all(passes(value[name]) for name, passes in fields if name in value))
    if get_origin(type_) is list and (item := _checks_within(get_args(type_)[0])) is not None:
        all_of.append(lambda value: all(map(item, value)))
    if get_origin(type_) is dict:
        of_key, of_value = map(_checks_within, get_args(type_))
        if of_key is not None:
            all_of.append(lambda value: all(map(of_key, value)))
        if of_value is not None:
            all_of.append(lambda value: all(map(of_value, value.values())))
    if not all_of:
        return None
    return lambda value: (optional and value is None) or all(passes(value) for passes in all_of)


def _passes(check: Check, value: Any) -> bool:
    return check.problem(value) is None
