"""Marks on a kind's fields, put into ``Annotated`` beside the type."""

from collections.abc import Callable
from typing import Any

import msgspec


class Key:
    """The natural key: the mapping key in YAML, the last part of the address."""


class Ref(msgspec.Struct, frozen=True, kw_only=True):
    """The value (or each value, or each key of a mapping) is the key of a resource of ``kind``.

    ``same_scope``: it must be the district's own. ``everywhere``: it is a local key, and every district must have it.
    ``or_base``: the district's own, else the base's. ``any_scope``: any district's. ``waits``: the request for the field
    waits for every other change of what is referred to; ``writes``: it is that which it writes. ``kind`` ``district`` means a district's slug.
    """

    kind: str
    same_scope: bool = False
    everywhere: bool = False
    or_base: bool = False
    any_scope: bool = False
    waits: bool = False
    writes: bool = False


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """Each value of the mapping has, under ``within``, keys of resources of ``kind`` once its district's are filled in."""

    kind: str
    within: str


class Overridable:
    """A district may say otherwise, with reason and owner."""


class Unique:
    """No two resources of the kind may have the same value."""


class CreateOnly:
    """Sent when the resource is made; the API cannot change it afterwards."""


class ConfigOnly:
    """Steers the tool and is never sent nor compared."""


class DefaultsToKey:
    """Omitted, the value is the resource's full key."""


class Kept:
    """Omitted, the live value is kept: not compared, and sent back as it was."""


class WriteOnly(msgspec.Struct, frozen=True, kw_only=True):
    """The API takes it and never tells it: compared with what was last applied, not with live.

    ``needed``: a replacing write without it would erase it, so nothing is replaced while the config does not say it.
    """

    needed: bool = False


class Essential:
    """Without it another resource would be made: where the server has no place for it, none is."""


class NamesPeople:
    """Text in which somebody may be named: no more than a keyed digest of it leaves this machine with the shared state."""


class Stepwise:
    """Set by requests of its own once the resource itself is written; each can be repeated."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """What no limit can say: ``problem`` tells what is wrong with a value of the right type, or ``None``.

    ``rule`` is the rule that the value breaks, where it has one of its own; ``help`` is what to do. ``repair`` gives the
    right text where a wrong one can mean nothing else.
    """

    problem: Callable[[Any], str | None]
    help: str
    rule: str | None = None
    repair: Callable[[str], str | None] | None = None
