"""What is asked about access, and what is answered."""

from enum import StrEnum
from typing import Literal

import msgspec

from websakctl.model.address import Address


class Verdict(StrEnum):
    """Whether somebody reads it. What is not known is neither yes nor no."""

    YES = "yes"
    UNKNOWN = "unknown"
    NO = "no"


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Documents with an access code. What is omitted may be any: ``unit`` and ``case_type`` are full keys.

    ``level``: the screening level; if omitted the case type's, else the access code's own. The documents are such that name
    neither the person nor an access group.
    """

    code: str
    level: int | None = None
    case_type: str | None = None
    unit: str | None = None


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """One thing through which somebody reads, or perhaps reads.

    ``units``: keys of the units for which it holds, ``None`` for everywhere; a role's hold for those below too. ``district``: whose
    units these all are, of a group. ``why``: what is not known.
    """

    kind: Literal["role", "function", "group", "administrator", "unscreened"]
    name: str = ""
    verdict: Verdict = Verdict.YES
    units: tuple[str, ...] | None = None
    district: str = ""
    archives: tuple[str, ...] = ()
    journal_units: tuple[str, ...] = ()
    rules: tuple[int, ...] = ()
    why: str = ""


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """The answer for one account. ``person``: the code of the person's first account, the same for all accounts of one person.

    ``ways``: those that are certain, and those that are not.
    """

    account: Address
    person: str
    verdict: Verdict
    ways: tuple[Way, ...] = ()

    @property
    def rules(self) -> tuple[int, ...]:
        """Numbers of the rules that the verdict rests on."""
        deciding = (way for way in self.ways if way.verdict is self.verdict)
        return tuple(sorted({number for way in deciding for number in way.rules}))


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the state does not tell, or names and does not have: in words, and where."""

    what: str
    where: tuple[str, ...]  # codes of accounts, or keys
