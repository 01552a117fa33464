"""What a model says of its fields, and no more: every command loads it. ``strict`` makes pydantic of it where something is wrong."""

from collections.abc import Callable, Mapping
from copy import copy
from typing import Annotated, Any, NamedTuple, Self, dataclass_transform, get_args, get_origin

_NOTHING: Any = object()  # no default: the field must be said


class Limits:
    """What a value must keep to, put into ``Annotated`` beside its type; the names are pydantic's.

    ``schema`` is added to the JSON Schema of the field.
    """

    __slots__ = ("ge", "gt", "le", "max_length", "min_length", "pattern", "schema")

    def __init__(
        self,
        *,
        ge: int | None = None,
        gt: int | None = None,
        le: int | None = None,
        min_length: int | None = None,
        max_length: int | None = None,
        pattern: str | None = None,
        schema: Mapping[str, Any] | None = None,
    ) -> None:
        self.ge, self.gt, self.le = ge, gt, le
        self.min_length, self.max_length, self.pattern = min_length, max_length, pattern
        self.schema = schema


class Judged(NamedTuple):
    """A function that judges a value of the right type: it gives the value, or raises ``Unfit`` or ``ValueError``."""

    judge: Callable[[Any], Any]


class Unfit(ValueError):
    """A value that does not do, with the name of the kind of mistake (``orgnr-checksum``)."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(why)
        self.name = name


class Invalid(Exception):
    """What was said is not what a model takes. ``problems`` are pydantic's, each with ``type``, ``loc``, ``msg``, ``input`` and ``ctx``."""

    def __init__(self, problems: list[Mapping[str, Any]]) -> None:
        super().__init__("; ".join(str(problem["msg"]) for problem in problems))
        self.problems = problems


class FieldShape(NamedTuple):
    """One field: its type without what stands beside it in ``Annotated``, that, and the default."""

    annotation: Any
    metadata: tuple[Any, ...] = ()
    default: Any = _NOTHING

    @property
    def required(self) -> bool:
        """Whether it must be said."""
        return self.default is _NOTHING

    def unsaid(self) -> Any:
        """A copy of the default; ``None`` where there is none."""
        return None if self.required else copy(self.default)


class _Shape:
    """The fields of the class it is asked of, worked out once: those of the classes it stands on come first."""

    def __init__(self) -> None:
        self._known: dict[type, dict[str, FieldShape]] = {}

    def __get__(self, _: object, model: "type[Managed]") -> dict[str, FieldShape]:
        found = self._known.get(model)
        if found is None:
            found = self._known[model] = {}
            for owner in reversed(model.__mro__):
                said = owner.__dict__
                for name, annotation in said.get("__annotations__", {}).items():
                    type_, *beside = get_args(annotation) if get_origin(annotation) is Annotated else (annotation,)
                    found[name] = FieldShape(type_, tuple(beside), said.get(name, _NOTHING))
        return found


@dataclass_transform(eq_default=False, kw_only_default=True, frozen_default=True)
class Managed:
    """The base of every model of what files say: strict types, no unknown fields, never changed.

    What is made by hand is not checked; ``websakctl.model.quick.read`` checks what was said.
    """

    shape = _Shape()

    def __init__(self, **values: Any) -> None:
        fields = self.shape
        if wrong := values.keys() - fields.keys() or {n for n, f in fields.items() if f.required} - values.keys():
            raise TypeError(f"{type(self).__name__}: {', '.join(sorted(wrong))}")
        self.__dict__.update({name: field.unsaid() for name, field in fields.items() if name not in values}, **values)

    def changed(self, changes: Mapping[str, Any]) -> Self:
        """Copy with other values."""
        return type(self)(**{**self.__dict__, **changes})

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{name} cannot be set: this is never changed")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__dict__.items())})"
