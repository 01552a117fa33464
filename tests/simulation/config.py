"""What the administrators want: a small config that they edit, handed in as a state."""

import random
from dataclasses import dataclass, field, replace
from typing import Any

from websakctl.model.address import BASE, Address
from websakctl.model.district import District
from websakctl.model.resource import Resource, State
from websakctl.operations.rollout.import_users import read_people
from websakctl.source.configuration import Configuration
from websakctl.source.settings_file import Guards, SettingsFile
from websakctl.source.tables.table import Row, Table

DISTRICT = District(slug="frogner", name="Bydel Frogner", number="05", orgnr="874778702", short_name="BFR", prefix="FR")
NAMES = ("Oppvekst", "Oppvekst og læring", "Barnehager", "Helse", "Helse og mestring", "Kultur", "Arkiv", "Uteområder")
FIRST = ("Zanvel", "Quorix", "Tamjyl", "Bexdro", "Wimfyn", "Gaxhul", "Velzan", "Rixquo")
_COLUMNS = {
    "Navn": "name",
    "Rolle": "role",
    "Enhet": "unit",
    "Brukernavn": "username",
    "E-post": "email",
    "Tittel": "title",
}
LAST = ("Hultam", "Jyldro", "Fyngax", "Drobex", "Quozan", "Tamrix")
ROLE = {"name": "Arkivar", "template_id": "20003", "zones": ["Åpen sone"], "licences": [], "aliases": []}
ROLE |= dict.fromkeys(("access_functions", "roles", "groups", "district_groups"))


@dataclass(frozen=True)
class Unit:
    """A unit of the config."""

    name: str
    parent: str | None
    phone: str | None = None


@dataclass(frozen=True)
class Config:
    """A version of the config; an edit makes another."""

    units: dict[str, Unit] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    renamed: dict[str, tuple[str, ...]] = field(default_factory=dict)  # old keys by the new
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)  # access codes
    types: dict[str, dict[str, Any]] = field(default_factory=dict)  # case types
    with_users: bool = False
    number: int = 0

    def edited(self, what: str, draw: int) -> "Config":
        """The next version: ``what`` is done to something that ``draw`` decides; the same where nothing fits."""
        chance = random.Random(draw)
        units, groups, users, renamed = dict(self.units), self.groups, dict(self.users), dict(self.renamed)
        keys = [key for key in units if key != "FR-BYDEL"]
        leaves = [key for key in keys if all(unit.parent != key for unit in units.values())]
        employed = {user["unit"] for user in users.values()}
        key = chance.choice(keys) if keys else ""
        if what == "rename" and key:
            units[key] = replace(units[key], name=f"{chance.choice(NAMES)} {draw % 97}")
        elif what == "phone" and key:
            units[key] = replace(units[key], phone=f"2347{draw % 10000:04}")
        elif what == "move" and key:
            above = chance.choice([k for k in units if k != key and not self._below(k, key)])
            units[key] = replace(units[key], parent=above)
        elif what == "new unit":
            units.setdefault(
                f"FR-N{draw % 40}", Unit(f"{chance.choice(NAMES)} {draw % 97}", chance.choice(list(units)))
            )
        elif what == "retire" and (fit := [k for k in leaves if k not in employed]):
            gone = chance.choice(fit)
            del units[gone]
            renamed.pop(gone, None)
        elif what == "new key" and (fit := [k for k in leaves if k not in employed]):
            old = chance.choice(fit)
            new = f"FR-K{draw % 1000}"
            if new not in units:
                units[new] = units.pop(old)
                renamed[new] = (*renamed.pop(old, ()), old)
        elif what == "new group":
            groups = tuple(dict.fromkeys((*groups, f"GRUPPE {draw % 20}")))
        elif what == "new user":
            code = f"{chance.choice(FIRST)[:4]}{chance.choice(LAST)[:3]}{draw % 50}".upper()
            first, last = chance.choice(FIRST), chance.choice(LAST)
            users.setdefault(
                code, _user(f"{first} {last}", f"{first}.{last}{draw % 50}".lower(), chance.choice(list(units)))
            )
        elif what == "change user" and users:
            code = chance.choice(list(users))
            users[code] = {**users[code], "title": f"Fag{chance.choice(LAST).lower()}{draw % 7}"}
        elif what == "drop user" and users:
            del users[chance.choice(list(users))]
        codes, types = self._edited_setup(what, chance, draw)
        return replace(
            self,
            units=units,
            groups=groups,
            users=users,
            renamed=renamed,
            codes=codes,
            types=types,
            number=self.number + 1,
        )

    def _edited_setup(
        self, what: str, chance: random.Random, draw: int
    ) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
        codes, types = dict(self.codes), dict(self.types)
        unused = [code for code in codes if all(row["access_code"] != code for row in types.values())]
        if what == "new code":
            codes.setdefault(f"K{draw % 9}", _code(f"{chance.choice(NAMES)} {draw % 97}"))
        elif what == "change code" and codes:
            code = chance.choice(list(codes))
            codes[code] = {**codes[code], "screening_years": draw % 90, "name": f"{chance.choice(NAMES)} {draw % 97}"}
        elif what == "drop code" and unused:
            del codes[chance.choice(unused)]
        elif what == "new type":
            types.setdefault(f"TYPE{draw % 9}", _type(chance.choice(NAMES), chance.choice([None, *codes])))
        elif what == "change type" and types:
            code = chance.choice(list(types))
            types[code] = {**types[code], "class_code": f"{draw % 900}", "access_code": chance.choice([None, *codes])}
        elif what == "drop type" and types:
            del types[chance.choice(list(types))]
        return codes, types

    def imported(self, draw: int) -> "Config":
        """The next version once the product has read a list from HR: some have left, one is new, one has another title."""
        chance = random.Random(draw)
        staying = {code: dict(user) for code, user in self.users.items() if chance.random() < 0.8}
        if staying:
            staying[chance.choice(list(staying))]["title"] = f"Fag{chance.choice(LAST).lower()}{draw % 7}"
        new = self.edited("new user", draw).users
        staying |= {code: user for code, user in new.items() if code not in self.users}
        cells = [(code, *(user.get(name) or "" for name in _COLUMNS.values())) for code, user in staying.items()]
        rows = [("Brukerkode", *_COLUMNS), *((c[0], c[1], "Arkivar", *c[3:]) for c in cells)]
        table = Table(
            file="hr.csv",
            about="",
            delimited=True,
            rows=tuple(Row(number=n, cells=cells) for n, cells in enumerate(rows, 1)),
        )
        read = read_people([table], self.configuration(), only=[DISTRICT.slug], listed={DISTRICT.slug: self.users})
        assert not read.findings or not staying, read.findings
        users = {
            person.code: {**staying[person.code], **person.fields, "unit": f"{DISTRICT.prefix}-{person.fields['unit']}"}
            for person in read.people
        }
        return replace(self, users=users, number=self.number + 1) if users else self

    def _below(self, key: str | None, above: str) -> bool:
        while key is not None and key != above:
            key = self.units[key].parent if key in self.units else None
        return key == above

    def configuration(self) -> Configuration:
        """As loading the files would give it."""
        state: State = {}

        def add(kind: str, scope: str, key: str, fields: dict[str, Any]) -> None:
            address = Address(kind, scope, key)
            state[address] = Resource(address=address, fields=fields)

        for key, unit in self.units.items():
            top = key == "FR-BYDEL"
            fields = {
                "name": unit.name,
                "parent": unit.parent,
                "abbreviation": "BFR" if top else key,
                "unit_type": "Bydel" if top else "Avd",
                "external_id": key,
            }
            add("org_unit", DISTRICT.slug, key, fields | ({"phone": unit.phone} if unit.phone else {}))
        for name in self.groups:
            add("access_group", BASE, name, {})
        for code, fields in self.codes.items():
            add("access_code", BASE, code, fields)
        for code, fields in self.types.items():
            add("case_type", BASE, code, fields)
        for code, user in self.users.items():
            add("user", DISTRICT.slug, code, user)
        role = Address("user_role", BASE, "ARCHIVIST")
        return Configuration(
            state=state,
            own={role: Resource(address=role, fields=ROLE)},
            previously={
                Address("org_unit", DISTRICT.slug, new): tuple(Address("org_unit", DISTRICT.slug, k) for k in old)
                for new, old in self.renamed.items()
            },
            districts={DISTRICT.slug: DISTRICT},
            with_users={DISTRICT.slug} if self.with_users else set(),
            settings=SettingsFile(guards=Guards(per_kind=99, per_district=99, in_all=99)),
        )

    def words(self) -> set[str]:
        """What says who the users are."""
        return {
            word.lower()
            for code, user in self.users.items()
            for value in (code, user["name"], user["username"], user["email"], user.get("title") or "")
            for word in (value, *value.split())
            if len(word) > 4
        }


def _user(name: str, login: str, unit: str) -> dict[str, Any]:
    return {
        "name": name,
        "role": "ARCHIVIST",
        "unit": unit,
        "username": login,
        "email": f"{login}@example.org",
        "zones": ["Åpen sone"],
        "logins": [{"provider": "AD", "key": login, "domain": None}],
    }


def _code(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "description": None,
        "legal_basis": [],
        "basis_chosen_per_case": False,
        "screening_level": None,
        "screening_years": None,
        "publishable": "no",
        "temporary": False,
    }


def _type(name: str, code: str | None) -> dict[str, Any]:
    empty = ("class_code", "screening_level", "legal_basis", "retention_years", "retention_basis")
    return {
        "name": name,
        "series": "SAK",
        "ordering_principle": "arkivnøkkel",
        "access_code": code,
        "retention": "B",
        "publish": False,
        "personal_data": False,
        **dict.fromkeys(empty),
    }


def beginning(*, users: bool, setup: bool = False) -> Config:
    """The first version."""
    units = {
        "FR-BYDEL": Unit("Bydel Frogner", None),
        "FR-OPPV": Unit("Oppvekst", "FR-BYDEL"),
        "FR-BHG": Unit("Barnehager", "FR-OPPV"),
        "FR-HELSE": Unit("Helse og mestring", "FR-BYDEL"),
    }
    config = Config(units=units, groups=("BYARKIVET",), with_users=users)
    if setup:
        config = replace(
            config, codes={"U": _code("Ugradert"), "P": _code("Personal")}, types={"PERS": _type("Personal", "P")}
        )
    return config.edited("new user", 7) if users else config
