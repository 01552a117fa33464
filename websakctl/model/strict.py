"""Every model once more as pydantic's: made where something is wrong, to say what, and where a JSON Schema is asked for."""

from collections.abc import Callable
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic_core import PydanticCustomError

from websakctl.model.shape import FieldShape, Invalid, Judged, Limits, Managed, Unfit

_NAMES = tuple(name for name in Limits.__slots__ if name != "schema")


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


_known: dict[type, type[BaseModel]] = {}


def strict(model: type[Managed]) -> type[BaseModel]:
    """The pydantic model of the same name, text and fields."""
    if model not in _known:
        fields: dict[str, Any] = {name: _field(field) for name, field in model.shape.items()}
        _known[model] = create_model(
            model.__name__, __base__=_Strict, __module__=model.__module__, __doc__=model.__doc__, **fields
        )
    return _known[model]


def judged(model: type[Managed], said: Any, *, shortly: bool = False) -> dict[str, Any]:
    """Every field of what was said, defaults too; ``shortly``: without them.

    Raises:
        Invalid: If something is wrong.
    """
    try:
        return strict(model).model_validate(said).model_dump(exclude_defaults=shortly)
    except ValidationError as error:
        raise Invalid(list(error.errors(include_url=False))) from None


def json_schema(model: type[Managed]) -> dict[str, Any]:
    """The JSON Schema of what a model takes."""
    return strict(model).model_json_schema()


def _field(field: FieldShape) -> tuple[Any, Any]:
    type_ = (
        Annotated[(_type(field.annotation), *map(_beside, field.metadata))]
        if field.metadata
        else _type(field.annotation)
    )
    if field.required:
        return type_, ...
    if isinstance(field.default, Managed):
        return type_, Field(default_factory=strict(type(field.default)))
    return type_, field.default


def _type(said: Any) -> Any:
    """A type with pydantic's models where it has ours."""
    if isinstance(said, type) and issubclass(said, Managed):
        return strict(said)
    origin, parts = get_origin(said), get_args(said)
    if origin is None or origin is Literal:
        return said
    if origin is Annotated:
        return Annotated[(_type(parts[0]), *map(_beside, parts[1:]))]
    inner = tuple(map(_type, parts))
    return Union[inner] if origin in (Union, UnionType) else origin[inner]  # noqa: UP007  # made of a list of types


def _beside(said: Any) -> Any:
    match said:
        case Limits():
            named = {name: value for name in _NAMES if (value := getattr(said, name)) is not None}
            return Field(json_schema_extra=dict(said.schema) if said.schema else None, **named)
        case Judged():
            return AfterValidator(_telling(said.judge))
    return said  # a mark, which pydantic passes over


def _telling(judge: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def told(value: Any) -> Any:
        try:
            return judge(value)
        except Unfit as unfit:
            raise PydanticCustomError(unfit.name, "{problem}", {"problem": str(unfit)}) from None

    return told
