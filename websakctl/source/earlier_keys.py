"""What ``previously:`` names: a key of the same district, or an address of any other."""

from collections.abc import Mapping

from websakctl.diagnostics import Diagnostic
from websakctl.kinds import all_kinds
from websakctl.model.address import BASE, Address
from websakctl.model.district import District
from websakctl.model.kind import Kind
from websakctl.source.configuration import Configuration
from websakctl.source.reporting import Report

RULE = "rename-conflict"


class NotAKey(ValueError):
    """What was written names no earlier key; ``help`` says what to write instead."""

    def __init__(self, message: str, help_: str) -> None:
        super().__init__(message)
        self.help = help_


def earlier_address(text: str, address: Address, kind: Kind, districts: Mapping[str, District]) -> Address:
    """The address that an entry of ``previously`` names.

    Args:
        text: A key as the resource's own file writes it, or ``KIND/SCOPE/KEY``; there the district's prefix may be left out.
        address: The resource that had it.
        kind: Its kind.
        districts: All districts of the config; one that is gone may still be named, by full keys.

    Raises:
        NotAKey: If it is no address, or of another kind, or looks like another district's key.
    """
    name, slash, rest = text.partition("/")
    if slash and name in all_kinds():
        scope, _, key = rest.partition("/")
        if not scope or not key:
            raise NotAKey(f"{text} is not an address", f"write KIND/SCOPE/KEY, such as {address}")
        if name != kind.name:
            raise NotAKey(
                f"{text} is a {name}, and this is a {kind.name}",
                f"name a {kind.name}: one kind does not become another",
            )
        holder = districts.get(scope)
        if holder is not None and kind.local_keys and holder.local_key(key) == key:
            key = holder.full_key(key)
        return Address(name, scope, key)
    district = districts.get(address.scope)
    if district is None or not kind.local_keys:
        return address._replace(key=text)
    owner = next((d for d in districts.values() if d.local_key(text) != text), None)
    if owner is not None:
        local = owner.local_key(text)
        says = local if owner == district else f"{kind.name}/{owner.slug}/{text}"
        raise NotAKey(f"{text} has the prefix of {owner.slug}, and a key here is written without one", f"write {says}")
    return address._replace(key=district.full_key(text))


def check_earlier_keys(config: Configuration, report: Report) -> None:
    """Report old keys that cannot be one: of something that stays, claimed twice, or in a circle."""
    present = {(a.kind, a.key): a for a in config.state}
    claimed: dict[tuple[str, str], Address] = {}
    for address, olds in config.previously.items():
        for old in olds:
            other = present.get((old.kind, old.key))
            first = claimed.setdefault((old.kind, old.key), address)
            if other == address:
                _report(config, address, "it names its own key", "name the key it had before", report)
            elif other is not None and _leads_to(config, other, address):
                _report(
                    config,
                    address,
                    f"{address} says that it was {other}, which says that it was {address}: a circle",
                    "two keys cannot be exchanged in one step: use a third one in between",
                    report,
                    other,
                )
            elif other is not None:
                _report(
                    config,
                    address,
                    f"{address} says that it was {_named(old, address)} before, and {other} is still there",
                    "take the old entry away, or the old name out of previously",
                    report,
                    other,
                )
            if first != address:
                _report(
                    config,
                    address,
                    f"{first} says that it was {old} before, and so does {address}",
                    "one thing becomes one thing: keep `previously` at one of them"
                    + (
                        "; for one district only, write it under `overrides:` there"
                        if _template(config, address)
                        else ""
                    ),
                    report,
                    first,
                )


def _leads_to(config: Configuration, start: Address, goal: Address) -> bool:
    present = {(a.kind, a.key): a for a in config.previously}
    todo, seen = [start], set[Address]()
    while todo:
        current = todo.pop()
        if current == goal:
            return True
        if current not in seen:
            seen.add(current)
            olds = config.previously.get(current, ())
            todo.extend(present[old.kind, old.key] for old in olds if (old.kind, old.key) in present)
    return False


def _template(config: Configuration, address: Address) -> bool:
    return address.scope != BASE and config.origins[address].described is not None


def _named(old: Address, address: Address) -> str:
    return old.key if old.scope == address.scope else str(old)


def _report(
    config: Configuration, address: Address, message: str, help_: str, report: Report, other: Address | None = None
) -> None:
    report(
        Diagnostic(
            code=RULE,
            at=config.origins[address].of_field("previously"),
            message=message,
            help=help_,
            address=str(address),
            related=config.origins[other].position() if other is not None else None,
            related_label="still here" if other is not None else "",
        )
    )
