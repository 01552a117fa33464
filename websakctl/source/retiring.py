"""``retire:``: what goes on purpose, and what is read as its heir while the entry stands."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from websakctl.diagnostics import Diagnostic, Position
from websakctl.kinds import all_kinds
from websakctl.model.address import BASE, Address
from websakctl.model.kind import Api
from websakctl.model.retirement import Retirement
from websakctl.source.configuration import Configuration
from websakctl.source.problems import did_you_mean
from websakctl.source.reporting import Report

KIND, UNIT = "retirement", "org_unit"


class _NoTarget(ValueError):
    pass


def read_retirements(config: Configuration, report: Report) -> None:
    """Find out what is retired, report what cannot be, and read every reference to it as one to its heir."""
    entries = {a: r.fields for a, r in config.state.items() if a.kind == KIND}
    targets: dict[Address, Address] = {}  # what is retired -> its entry
    for entry in entries:
        try:
            target = _address(_written(config, entry), entry.scope, config)
        except _NoTarget as error:
            _report(config, entry, str(error), "write a unit's key, or KIND/SCOPE/KEY", report)
            continue
        if target in config.state:
            message = f"{target} is retired here, and still stands in the config"
            _report(config, entry, message, "take its entry away", report, related=config.origins[target].position())
            continue
        targets[target] = entry
    for target, entry in targets.items():
        fields = entries[entry]
        heir = _heir(config, target, entry, fields.get("heir"), targets, report)
        config.retirements[target] = Retirement(heir=heir, reason=fields["reason"])
    heirs = {(old.kind, old.key): r.heir.key for old, r in config.retirements.items() if r.heir is not None}
    if heirs:
        _read_as_heirs(config, heirs)


def _written(config: Configuration, entry: Address) -> str:
    """The key as its file has it."""
    district = config.districts.get(entry.scope)
    return district.local_key(entry.key) if district is not None else entry.key


def _address(text: str, scope: str, config: Configuration) -> Address:
    name, slash, rest = text.partition("/")
    if not slash:
        name, where, key = UNIT, scope, text
    else:
        where, _, key = rest.partition("/")
    kind = all_kinds().get(name)
    if kind is None or kind.api is Api.CONFIG or not where or not key:
        raise _NoTarget(f"{text} names nothing that can be retired")
    district = config.districts.get(where)
    if district is not None and kind.local_keys:
        key = district.full_key(district.local_key(key))
    return Address(name, where, key)


def _heir(
    config: Configuration,
    target: Address,
    entry: Address,
    text: str | None,
    targets: Mapping[Address, Address],
    report: Report,
) -> Address | None:
    if text is None:
        return None
    at = config.origins[entry].of_field("heir")
    try:
        named = text if "/" in text or target.kind == UNIT else f"{target.kind}/{target.scope}/{text}"
        heir = _address(named, entry.scope, config)
    except _NoTarget as error:
        _report(config, entry, str(error), f"name a {target.kind} of the config", report, at=at)
        return None
    if heir.kind != target.kind:
        message = f"the heir {heir} is a {heir.kind}, and {target} is a {target.kind}"
        _report(config, entry, message, f"name a {target.kind}", report, at=at)
    elif heir == target:
        _report(config, entry, f"{target} is its own heir", "name what takes over", report, at=at)
    elif heir in targets:
        message, help_ = f"the heir {heir} is itself retired", "name what stays: its heir, or another"
        related = config.origins[targets[heir]].position()
        _report(config, entry, message, help_, report, at=at, related=related)
    elif heir not in config.state and heir not in config.broken:
        known = [str(a) for a in config.state if a.kind == heir.kind]
        hint = did_you_mean(str(heir), known) or f"name a {target.kind} of the config"
        _report(config, entry, f"the heir {heir} is not in the config", hint, report, at=at)
    else:
        return heir
    return None


def _read_as_heirs(config: Configuration, heirs: Mapping[tuple[str, str], str]) -> None:
    for address, resource in config.state.items():
        kind = all_kinds()[address.kind]
        changed: dict[str, Any] = {}
        for name, ref in kind.references.items():
            value = resource.fields.get(name)
            if ref.everywhere or value is None:
                continue
            if isinstance(value, str):
                if (heir := heirs.get((ref.kind, value))) is not None:
                    changed[name] = heir
            elif isinstance(value, list) and any((ref.kind, key) in heirs for key in value):
                changed[name] = list(dict.fromkeys(heirs.get((ref.kind, key), key) for key in value))
        if changed:
            config.state[address] = replace(resource, fields={**resource.fields, **changed})


def _report(
    config: Configuration,
    entry: Address,
    message: str,
    help_: str,
    report: Report,
    *,
    at: Position | None = None,
    related: Position | None = None,
) -> None:
    report(
        Diagnostic(
            code="retire-conflict",
            at=at or config.origins[entry].position(),
            message=message,
            help=help_,
            address=None if entry.scope == BASE else str(entry),
            related=related,
            related_label="here" if related is not None else "",
        )
    )
