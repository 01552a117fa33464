"""The same change in several districts is one group."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from websakctl.model.district import District
from websakctl.plan.change import Change, FieldChange, Group


class _Local(str):
    """A text without its district's prefix: not the same as one that never had it, though it reads alike."""

    __slots__ = ()


class _Common(msgspec.Struct, frozen=True, kw_only=True):
    """Rewrites a district's values to what all districts have in common."""

    district: District

    @property  # re keeps what it compiled
    def named(self) -> re.Pattern[str]:
        d = self.district
        return re.compile(rf"(?<!\w)(?:(?P<name>{re.escape(d.name)})|(?P<orgnr>{d.orgnr}))(?!\w)")

    def value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(key): self.value(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(inner) for inner in value]
        return value

    def text(self, text: str) -> str:
        d = self.district
        if text == d.short_name:
            return "{district.short_name}"
        if text == d.slug:
            return "{district.slug}"
        if text.startswith(f"{d.prefix}-"):
            return _Local(d.local_key(text))
        if d.name in text or d.orgnr in text:
            return self.named.sub(lambda m: "{district.name}" if m["name"] else "{district.orgnr}", text)
        return text


def _frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        return tuple((_frozen(key), _frozen(inner)) for key, inner in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(_frozen, value))
    return (type(value).__name__, value)


def grouped(changes: Iterable[Change], districts: Mapping[str, District]) -> tuple[Group, ...]:
    """Put changes that differ only in what the districts differ in into one group each.

    Families (the same kind and local key) stand in the order of the plan; within a family the exceptions come first.
    """
    common = {slug: _Common(district=district) for slug, district in districts.items()}
    result: dict[Any, list[Change]] = {}
    shown: dict[Any, tuple[str, tuple[FieldChange, ...]]] = {}
    families: dict[tuple[str, str], list[Any]] = {}
    for change in changes:
        rewrite = common.get(change.address.scope)
        if rewrite is None:
            key, fields = change.address.key, change.fields
            signature: Any = change.address
        else:
            key = rewrite.text(change.address.key)
            fields = tuple(
                FieldChange(path=f.path, before=rewrite.value(f.before), after=rewrite.value(f.after))
                for f in change.fields
            )
            signature = (
                change.address.kind,
                change.action,
                key,
                tuple((f.path, _frozen(f.before), _frozen(f.after)) for f in fields),
            )
        members = result.get(signature)
        if members is None:
            result[signature] = [change]
            shown[signature] = (key, fields)
            families.setdefault((change.address.kind, key), []).append(signature)
        else:
            members.append(change)
    groups: list[Group] = []
    for signatures in families.values():
        ordered = sorted(signatures, key=lambda s: len(result[s]))
        groups.extend(_group(result[s], *shown[s], exception=s is not ordered[-1]) for s in ordered)
    return tuple(groups)


def _group(members: list[Change], key: str, fields: tuple[FieldChange, ...], *, exception: bool) -> Group:
    first = members[0]
    if len(members) == 1:
        key, fields = first.address.key, first.fields
    ordered = sorted(members, key=lambda change: change.address)
    return Group(
        kind=first.address.kind,
        action=first.action,
        key=key,
        fields=fields,
        scopes=tuple(c.address.scope for c in ordered),
        addresses=tuple(c.address for c in ordered),
        shared=first.shared,
        exception=exception,
        name=first.name if len({change.name for change in members}) == 1 else "",
    )
