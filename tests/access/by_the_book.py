"""Who reads what, document by document: written from docs/access.md by rule number, and from nothing else of the program."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

NO, UNKNOWN, YES = 0, 1, 2
NAMES = {NO: "no", UNKNOWN: "unknown", YES: "yes"}
ELSEWHERE = "elsewhere"  # a unit that nobody names


@dataclass(frozen=True)
class Document:
    """One document. ``series``: ``None`` where the case type has none that is known."""

    code: str
    level: int | None
    unit: str
    series: str | None


@dataclass(frozen=True)
class Book:
    """A Websak in plain values: users, units and registers by key, and the settings."""

    users: Mapping[
        str, Mapping[str, Any]
    ]  # scope, active, template, person, roles, functions, groups, district_groups, zones
    units: Mapping[str, tuple[str, str | None]]  # scope and parent
    codes: Mapping[str, int | None]  # level
    case_types: Mapping[str, tuple[str, int | None]]  # series and level
    groups: Mapping[str, str]  # scope
    prefixes: Mapping[str, str]  # by scope
    settings: Mapping[str, Any]

    def asked(self, code: str, level: int | None, case_type: str | None, unit: str | None) -> Iterator[Document]:
        """The documents that a question is about: what it omits may be any."""
        own = self.case_types.get(case_type, ("", None))[1] if case_type else None
        level = level or own or self.codes.get(code)
        roles = [r for u in self.users.values() for r in (u["roles"] or {}).values()]
        units = [unit] if unit else [*self.units, *{u for r in roles for u in r["units"]}, ELSEWHERE]
        if case_type:
            series: list[str | None] = [self.case_types[case_type][0] or None]
        else:
            series = [s for s, _ in self.case_types.values() if s]
            series += [a for r in roles for a in r["archives"]] + ["any other series"]
        for each_unit, each_series in product(dict.fromkeys(units), dict.fromkeys(series)):
            yield Document(code, level, each_unit, each_series)

    def verdict(self, user: str, code: str, level: int | None, case_type: str | None, unit: str | None) -> int:
        return max(self.reads(user, document) for document in self.asked(code, level, case_type, unit))

    def reads(self, user: str, document: Document) -> int:
        """Whether an account reads a document."""
        account = self.users[user]
        if not account["active"]:  # 1
            return NO
        if account["template"]:  # 2
            return NO
        if document.level is None and self.settings["unscreened"] == "all":  # 17
            result = YES
        else:
            by_level = max(
                self.through_roles(account, document),
                self.through_functions(account, document),
                self.through_groups(account, document),
            )
            if (document.level or 0) >= 2 and self.settings["levels"] == "unknown":  # 18
                by_level = min(by_level, UNKNOWN)
            result = max(by_level, self.as_administrator(account))
        return min(result, self.zone(account, document))

    def through_roles(self, account: Mapping[str, Any], document: Document) -> int:
        if account["roles"] is None:  # 20
            return UNKNOWN
        return max((self.role(name, role, document) for name, role in account["roles"].items()), default=NO)

    def role(self, name: str, role: Mapping[str, Any], document: Document) -> int:
        """All that narrows a role must let the document through."""
        say = {"all": YES, "none": NO, "unknown": UNKNOWN}
        if name.split("#")[0] in self.settings["role_types_without_reading"]:  # 4
            return NO
        codes = (
            (YES if document.code in role["grades"] else NO)
            if role["grades"]
            else say[self.settings["role_without_codes"]]
        )  # 3, 7
        units = (
            self.covers(role["units"], document.unit) if role["units"] else say[self.settings["role_without_units"]]
        )  # 6
        archives = (
            self.archives(role["archives"], document)
            if role["archives"]
            else say[self.settings["role_without_archives"]]
        )  # 9
        return min(codes, units, archives)  # 10: journal units do not count

    def covers(self, named: list[str], unit: str) -> int:
        """Rule 5."""
        if unit in named:
            return YES
        if not self.settings["units_below"]:
            return NO
        seen: set[str] = set()
        above: str | None = unit
        while above in self.units and above not in seen:
            seen.add(above)
            above = self.units[above][1]
            if above in named:
                return YES
        return UNKNOWN if any(each not in self.units for each in named) else NO

    def archives(self, named: list[str], document: Document) -> int:
        """Rule 8."""
        match self.settings["archives"]:
            case "ignored":
                return YES
            case "unknown":
                return UNKNOWN
        if document.series is None:
            return UNKNOWN
        return YES if document.series in named else NO

    def as_administrator(self, account: Mapping[str, Any]) -> int:
        mode = self.settings["administrators"]  # 11
        if mode == "none":
            return NO
        if account["functions"] is None:  # 20
            return UNKNOWN
        if "0" not in account["functions"]:
            return NO
        return YES if mode == "all" else UNKNOWN

    def through_functions(self, account: Mapping[str, Any], document: Document) -> int:
        opening = {f for f, codes in self.settings["reading_functions"].items() if document.code in codes}  # 12
        if not opening:
            return NO
        if account["functions"] is None:  # 20
            return UNKNOWN
        return YES if opening & set(account["functions"]) else NO

    def through_groups(self, account: Mapping[str, Any], document: Document) -> int:
        told = [account["groups"], account["district_groups"]]
        result = max((self.group(g, document) for part in told for g in part or ()), default=NO)
        could = any(document.code in codes for codes in self.settings["group_codes"].values())
        could = could or self.settings["other_groups"] == "unknown"
        return max(result, UNKNOWN) if None in told and could else result  # 20

    def group(self, name: str, document: Document) -> int:
        scope = self.groups.get(name, "base")
        local = name.removeprefix(f"{self.prefixes[scope]}-") if scope in self.prefixes else name
        codes = self.settings["group_codes"].get(name, self.settings["group_codes"].get(local))  # 13
        if codes is None:
            return UNKNOWN if self.settings["other_groups"] == "unknown" else NO  # 15
        if document.code not in codes:
            return NO
        if scope == "base" or self.settings["district_groups"] == "all":  # 14
            return YES
        return YES if document.unit in self.units and self.units[document.unit][0] == scope else NO

    def zone(self, account: Mapping[str, Any], document: Document) -> int:
        zone = self.settings["zones"].get(document.code)  # 16
        if zone is None:
            return YES
        if not account["zones"]:  # 20: those that the database has by default
            return UNKNOWN
        return YES if zone in account["zones"] else NO

    def persons(self, code: str, unit: str | None = None) -> dict[str, int]:
        """The best verdict of each person's accounts (19)."""
        result: dict[str, int] = {}
        for name, account in self.users.items():
            if account["active"] and not account["template"]:
                result[account["person"]] = max(
                    result.get(account["person"], NO), self.verdict(name, code, None, None, unit)
                )
        return result
