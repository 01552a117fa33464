"""What differs between two values, item by item: of a list or a mapping only what is not the same in both."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

_IDENTITIES = ("reference", "key", "code", "id", "name")  # which field tells one item of a list from another


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One difference. ``sign``: ``+`` and ``-`` of an item that is only after or only before; ``~`` of a value that changed."""

    path: str
    sign: str
    before: Any = None
    after: Any = None


def differences(path: str, before: Any, after: Any) -> Iterator[Part]:
    """Compare two values of a field; where only the order differs, or a null is left out, the whole is one difference."""
    parts = list(_parts(path, before, after))
    if not parts and before != after:
        parts = [Part(path=path, sign="~", before=before, after=after)]
    yield from parts


def _parts(path: str, before: Any, after: Any) -> Iterator[Part]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}):
            if before.get(key) != after.get(key):
                yield from differences(f"{path}.{key}", before.get(key), after.get(key))
    elif _listed(before) and _listed(after) and before and after:
        yield from _items(path, before, after)
    else:
        yield Part(path=path, sign="~", before=before, after=after)


def _listed(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _items(path: str, before: Sequence[Any], after: Sequence[Any]) -> Iterator[Part]:
    identity = _identity(before, after)
    if identity:
        old, new = ({item[identity]: item for item in items} for items in (before, after))
        for name in [*new, *(name for name in old if name not in new)]:
            if name in old and name in new:
                if old[name] != new[name]:
                    yield from differences(f"{path}[{name}]", old[name], new[name])
            elif name in new:
                yield Part(path=path, sign="+", after=new[name])
            else:
                yield Part(path=path, sign="-", before=old[name])
        return
    added, removed = [item for item in after if item not in before], [item for item in before if item not in after]
    if not (added or removed) or None in (*added, *removed) or len(added) + len(removed) >= len(before) + len(after):
        yield Part(path=path, sign="~", before=before, after=after)  # another order, nothing in common, or a null item
        return
    for item in removed:
        yield Part(path=path, sign="-", before=item)
    for item in added:
        yield Part(path=path, sign="+", after=item)


def _identity(before: Sequence[Any], after: Sequence[Any]) -> str:
    """The field by which the items of both lists can be told apart; empty if there is none."""
    every = [*before, *after]
    if not all(isinstance(item, Mapping) for item in every):
        return ""
    for name in _IDENTITIES:
        if all(isinstance(item.get(name), str) for item in every) and all(
            len({item[name] for item in items}) == len(items) for items in (before, after)
        ):
            return name
    return ""
