"""Effective access: who can read documents with an access code, through what, and what that answer rests on. Pure.

The rules have numbers, which docs/access.md explains; each is documented by the vendor, or assumed and then a setting.
What is asked goes over a ``State``, live or desired, in which users have their ``roles`` (units by full key), ``access_functions``,
``groups``, ``district_groups`` and ``zones``. A field that a user lacks was not read, or is what a template gives: whatever
depends on it is unknown, never no.

    EffectiveAccess(state: State, model: AccessModel = AccessModel(), districts: Mapping[str, District] = {})
        .who(question: Question) -> tuple[Reader, ...]      accounts that read it for certain, or perhaps
        .read(account: Address, question: Question) -> Reader
        .what(account: Address) -> dict[str, Reader]        by access code, in whichever unit
        .by_unit(question) -> dict[str, dict[Address, Verdict]]   everybody, unit by unit
        .gaps -> tuple[Gap, ...]                            what is missing or unknown in the state, counted and named
        .accounts, .codes, .model
    Question(code, level=None, case_type=None, unit=None)   what is omitted: any
    Reader: account, person, verdict (YES, UNKNOWN, NO), ways (role, function, group, administrator, ...), rules

    compare(before: EffectiveAccess, after: EffectiveAccess) -> tuple[CodeChange, ...]
        one for each access code that somebody gains or loses: gained, lost, wider, narrower, perhaps; each the persons by
        scope (a district's slug or ``base``), and ``CodeChange.count(persons)``; codes that stay as they are are left out
    summary(change: CodeChange) -> str                      "41 more people can read code F (35 in frogner)"
    assumed(model, rules) -> tuple[int, ...]                those of the rules that nobody has confirmed
"""

from websakctl.access.assumptions import RULES, AccessModel, AccessRule, assumed
from websakctl.access.comparing import CodeChange, compare, summary
from websakctl.access.effective import EffectiveAccess
from websakctl.access.values import Gap, Question, Reader, Verdict, Way

__all__ = [
    "RULES",
    "AccessModel",
    "AccessRule",
    "CodeChange",
    "EffectiveAccess",
    "Gap",
    "Question",
    "Reader",
    "Verdict",
    "Way",
    "assumed",
    "compare",
    "summary",
]
