"""In which order the sections of a file and the fields of an entry go."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from websakctl.kinds import all_kinds
from websakctl.model.kind import Kind
from websakctl.model.shape import Managed
from websakctl.source.building import DEFAULTS, DISTRICT, OVERRIDES, TEMPLATES, AboutOverride, DistrictSection
from websakctl.source.formatting import Path, formatted
from websakctl.source.settings_file import SettingsFile


def canonical(text: str) -> str:
    """Lay a file of the config out as every file of it is.

    Raises:
        CannotFormat: If it is not sound YAML, or the result would not mean the same.
    """
    return formatted(text, order_of, spaced)


def spaced(path: Path) -> bool:
    """Whether a blank line stands between the entries of the mapping at ``path``: between sections."""
    return path in ((), (TEMPLATES,))


def order_of(path: Path) -> Sequence[str] | None:
    """The keys of the mapping at ``path``, in order; ``None`` where each keeps its place, as the entries of a section do."""
    if not path:
        return section_order()
    first, *rest = path
    if first in (TEMPLATES, OVERRIDES, DEFAULTS):
        if not rest:
            return list(_by_plural())
        about = list(AboutOverride.shape) if first == OVERRIDES else []
        inner = rest[1:] if first == DEFAULTS else rest[2:]
        if first != DEFAULTS and len(rest) < 2:
            return None
        return _fields_of(_by_plural().get(str(rest[0])), inner, about)
    if first == DISTRICT:
        return _fields_at(DistrictSection, rest)
    if first in SettingsFile.shape:
        return _fields_at(SettingsFile, path)
    return _fields_of(_by_plural().get(str(first)), rest[1:], []) if rest else None


@cache
def section_order() -> tuple[str, ...]:
    """The sections that a file may have."""
    return (*SettingsFile.shape, DISTRICT, DEFAULTS, OVERRIDES, *_by_plural(), TEMPLATES)


@cache
def _by_plural() -> dict[str, Kind]:
    return {kind.plural: kind for kind in all_kinds().values()}


def field_order(kind: Kind) -> tuple[str, ...]:
    """The fields of an entry of the kind; an override's reason and owner come last."""
    return (*kind.model.shape, *AboutOverride.shape)


def _fields_of(kind: Kind | None, path: Sequence[str | int], more: list[str]) -> Sequence[str] | None:
    found = _fields_at(kind.model, path) if kind is not None else None
    return [*found, *more] if found is not None else None


def _fields_at(model: Any, path: Sequence[str | int]) -> list[str] | None:
    """Fields of the model that a path through models, lists and mappings leads to."""
    for step in path:
        if _is_model(model) and isinstance(step, str):
            info = model.shape.get(step)
            model = info.annotation if info is not None else None
        else:  # an item of a list, or the value of a mapping's key
            arguments = getattr(_not_none(model), "__args__", ())
            model = arguments[-1] if arguments else None
    model = _not_none(model)
    return list(model.shape) if _is_model(model) else None


def _is_model(model: Any) -> bool:
    return isinstance(model, type) and issubclass(model, Managed)


def _not_none(annotation: Any) -> Any:
    """The other half of ``… | None``."""
    arguments = [a for a in getattr(annotation, "__args__", ()) if a is not type(None)]
    return arguments[0] if len(arguments) == 1 and type(None) in annotation.__args__ else annotation
