"""The rules of access by number: documented, or assumed and then a setting (docs/access.md)."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from websakctl.model.entry import Entry
from websakctl.model.types import IsoDate, Text


class AccessRule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule. ``source``: where it is documented; ``setting``: the field of ``access_model:`` that says it, where it is assumed."""

    number: int
    text: str
    source: str = ""
    setting: str = ""


ALL, NONE, UNKNOWN = "all", "none", "unknown"
Reading = Literal["all", "none", "unknown"]


class AccessModel(Entry, frozen=True, kw_only=True):
    """How Websak is taken to decide who reads, where no document says it; each field is a rule of docs/access.md.

    ``confirmed_by`` and ``on``: who has tried these rules in Websak, and when; without both, every answer that rests on one says so.
    """

    confirmed_by: Text | None = None
    on: IsoDate | None = None
    role_types_without_reading: list[Text] = []
    units_below: bool = True
    role_without_units: Reading = "unknown"
    role_without_codes: Reading = "unknown"
    archives: Literal["series", "ignored", "unknown"] = "series"
    role_without_archives: Reading = "all"
    administrators: Reading = "all"
    reading_functions: dict[str, list[str]] = {}  # access codes by access function
    group_codes: dict[str, list[str]] = {}  # access codes by access group, or by the local key of the districts' own
    district_groups: Literal["own_units", "all"] = "own_units"
    other_groups: Literal["none", "unknown"] = "none"
    zones: dict[str, Text] = {}  # the zone by access code
    unscreened: Literal["all", "by_code"] = "all"
    levels: Literal["same", "unknown"] = "same"
    approving_role_types: list[Text] = []  # who has one of these approves; so do those with these access functions
    approving_functions: list[Text] = []

    @property
    def confirmed(self) -> bool:
        """Whether somebody has confirmed the rules."""
        return self.confirmed_by is not None and self.on is not None


def confirmation_problem(model: Mapping[str, Any]) -> str | None:
    """Say what half of a confirmation is missing, or nothing."""
    who, when = model.get("confirmed_by") is not None, model.get("on") is not None
    if who is when:
        return None
    return f"access_model says {'who' if who else 'when'} confirmed it, and not {'when' if who else 'who'}"


_RULES = (
    AccessRule(number=1, text="An account that is not active reads nothing.", source="User API: a deactivated user ended yesterday"),
    AccessRule(number=2, text="A template user is nobody.", source="User API: userType P, accessTemplateId"),
    AccessRule(number=3, text="A role opens the access codes in its gradeList, and no others.", source="User API: gradeList holds access codes"),
    AccessRule(number=4, text="Every role type opens its access codes for reading.", setting="role_types_without_reading"),
    AccessRule(number=5, text="A role for a unit holds for the units below it.", setting="units_below"),
    AccessRule(number=6, text="Where a role holds that names no unit is not known.", setting="role_without_units"),
    AccessRule(number=7, text="Which access codes a role opens that names none is not known.", setting="role_without_codes"),
    AccessRule(number=8, text="A role that names archives holds for the case types of these series.", setting="archives"),
    AccessRule(number=9, text="A role that names no archive holds for all.", setting="role_without_archives"),
    AccessRule(number=10, text="A role's journal units say nothing of units and case types.", source="Noark 5 M308: independent of the unit"),
    AccessRule(number=11, text="Who has access function 0 administers, and reads everything.", setting="administrators"),
    AccessRule(number=12, text="No other access function opens documents.", setting="reading_functions"),
    AccessRule(number=13, text="An access group opens the access codes that the settings say.", setting="group_codes"),
    AccessRule(number=14, text="A district's access group holds for the district's units, any other everywhere.", setting="district_groups"),
    AccessRule(number=15, text="Access groups that the settings do not name open nothing.", setting="other_groups"),
    AccessRule(number=16, text="No access code is kept in a zone of its own.", setting="zones"),
    AccessRule(number=17, text="A document that is not screened is read by everybody.", setting="unscreened"),
    AccessRule(number=18, text="The screening level decides what others see, not who reads.", setting="levels"),
    AccessRule(number=19, text="Somebody with several accounts reads what one of them reads.", source="User API 3.3: secondary users"),
    AccessRule(number=20, text="What is not told of an account is as its template gives it, and not known.", source="User API: template users; lists without includeUserAccess"),
)  # fmt: skip
RULES = {rule.number: rule for rule in _RULES}


def assumed(model: AccessModel, rules: Iterable[int]) -> tuple[int, ...]:
    """Those of the rules that are assumed and that nobody has confirmed."""
    return () if model.confirmed else tuple(number for number in sorted(set(rules)) if RULES[number].setting)
