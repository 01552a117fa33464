"""In which order the sections of a file and the fields of an entry go."""

from collections.abc import Sequence
from functools import cache
from typing import Any, get_args

from websakctl.kinds import all_kinds
from websakctl.model.entry import fields_of, is_model, unwrapped
from websakctl.model.kind import Kind
from websakctl.source.districts import DistrictSection
from websakctl.source.formatting import Path, formatted
from websakctl.source.overrides import AboutOverride
from websakctl.source.sections import DEFAULTS, DISTRICT, OVERRIDES, TEMPLATES
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
        about = list(fields_of(AboutOverride)) if first == OVERRIDES else []
        inner = rest[1:] if first == DEFAULTS else rest[2:]
        if first != DEFAULTS and len(rest) < 2:
            return None
        return _fields_of(_by_plural().get(str(rest[0])), inner, about)
    if first == DISTRICT:
        return _fields_at(DistrictSection, rest)
    if first in fields_of(SettingsFile):
        return _fields_at(SettingsFile, path)
    return _fields_of(_by_plural().get(str(first)), rest[1:], []) if rest else None


@cache
def section_order() -> tuple[str, ...]:
    """The sections that a file may have."""
    return (*fields_of(SettingsFile), DISTRICT, DEFAULTS, OVERRIDES, *_by_plural(), TEMPLATES)


@cache
def _by_plural() -> dict[str, Kind]:
    return {kind.plural: kind for kind in all_kinds().values()}


def field_order(kind: Kind) -> tuple[str, ...]:
    """The fields of an entry of the kind; an override's reason and owner come last."""
    return (*kind.fields, *fields_of(AboutOverride))


def _fields_of(kind: Kind | None, path: Sequence[str | int], more: list[str]) -> Sequence[str] | None:
    result = _fields_at(kind.model, path) if kind is not None else None
    return [*result, *more] if result is not None else None


def _fields_at(model: Any, path: Sequence[str | int]) -> list[str] | None:
    """Fields of the model that a path through models, lists and mappings leads to."""
    for step in path:
        if is_model(model) and isinstance(step, str):
            field = fields_of(model).get(step)
            model = field.annotation if field is not None else None
        else:  # an item of a list, or the value of a mapping's key
            arguments = get_args(unwrapped(model)[0])
            model = arguments[-1] if arguments else None
        model = unwrapped(model)[0]
    return list(fields_of(model)) if is_model(model) else None
