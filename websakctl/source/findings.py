"""Put a finding about a resource at the value it is about, with the other place that takes part."""

from websakctl.diagnostics import RULES, Diagnostic, Position
from websakctl.model.address import Address
from websakctl.source.configuration import Configuration, Origin
from websakctl.source.problems import locate
from websakctl.source.tree import Map

Path = tuple[int | str, ...]  # a field, then keys and indexes in its value


def about(
    config: Configuration,
    address: Address,
    *,
    rule: str,
    path: Path,
    message: str,
    help_: str,
    second: tuple[Position, str] | None = None,
) -> Diagnostic:
    """Make a finding about the value at ``path`` of a resource.

    Args:
        config: What was read.
        address: The resource.
        rule: Which rule it breaks.
        path: Where in it; what is omitted is pointed at by the key.
        message: What is wrong.
        help_: What to do.
        second: Another place and what it is; if omitted, the template or the district that takes part.
    """
    origin = config.origins[address]
    related, label = second or also_at(origin, str(path[0]) if path else "")
    return Diagnostic(
        code=rule,
        at=_position(origin, path),
        message=message,
        help=help_,
        severity=RULES[rule].severity,
        address=str(address),
        related=related,
        related_label=label,
    )


def also_at(origin: Origin, field: str) -> tuple[Position | None, str]:
    """The other place that makes a field what it is: what an override changes, or the district a template was filled in for."""
    if origin.override is not None:
        _, section, key = origin.override
        fields = section.get(key)
        if isinstance(fields, Map) and field in fields:
            return origin.position(), "it overrides what is written here"
    if origin.made_for is not None:
        return origin.made_for, "made for this district, as for every other"
    return None, ""


def _position(origin: Origin, path: Path) -> Position:
    fields = origin.section.get(origin.key)
    if len(path) > 1 and isinstance(fields, Map) and path[0] in fields:
        return locate(origin.document, origin.section, origin.key, path)[0]
    return origin.of_field(str(path[0])) if path else origin.position()
