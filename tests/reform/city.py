"""The shipped setup with made-up users, in a Websak whose database was saved to a file once."""

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from tests.moves.town import Town
from websakctl.kinds import all_kinds
from websakctl.model.kind import Api
from websakctl.operations.change.copy_setup import setup_document
from websakctl.operations.change.make_plan import ConfigInput
from websakctl.source.load import load_configuration

ROOT = Path(__file__).parents[2]
MAPS = ROOT / "templates" / "reform"
ROLES = ("CASEWORKER", "CASEWORKER", "CASEWORKER", "LEADER", "ARCHIVIST", "COMMITTEE-SECRETARY")
UNITS = ("OPPV", "BHG", "BV", "SOK", "HJT", "NAV", "SOS", "ARK", "BU", "INNB")


def users(slug: str, number: int, each: int, units: tuple[str, ...] = UNITS) -> str:
    """A district's file of users: in units that every district has, and in those of its own."""
    lines = ["users:"]
    for i in range(each):
        code = f"U{number:02}{i:04}"
        role, unit = ROLES[i % len(ROLES)], units[i % len(units)]
        login = f"username: {code.lower()}, email: {code.lower()}@example.org, logins: [{{key: {code.lower()}}}]"
        lines.append(f"  {code}: {{name: Bruker {slug} {i}, role: {role}, unit: {unit}, {login}}}")
    return "\n".join(lines) + "\n"


def write_city(root: Path, count: int) -> None:
    """The shipped config, and ``count`` users over the fifteen districts."""
    for name in ("config", "districts"):
        shutil.copytree(ROOT / name, root / name)
    (root / "users").mkdir()
    slugs = sorted(p.name for p in (root / "districts").iterdir())
    for number, slug in enumerate(slugs):
        own = root / "districts" / slug / "org_units.yaml"
        keys = (
            tuple(load_configuration(root).districts[slug].local_key(k) for k in own_units(root, slug))
            if own.exists()
            else ()
        )
        path = root / "users" / f"{slug}.yaml"
        path.write_text(users(slug, number, count // len(slugs), UNITS + keys[:4]), encoding="utf-8")
        path.chmod(0o600)


def own_units(root: Path, slug: str) -> list[str]:
    config = load_configuration(root)
    return sorted(
        a.key for a, o in config.origins.items() if a.kind == "org_unit" and a.scope == slug and not o.described
    )


@dataclass
class City(Town):
    """The city's repository and its Websak, with a way back to how both began."""

    saved: Path = Path()

    def begin(self) -> None:
        """Make Websak what the config says, let apply find that it is, and save both."""
        config = load_configuration(self.root, date.today())
        assert config.valid, config.findings
        kinds = {name: kind for name, kind in all_kinds().items() if kind.api in (Api.USER, Api.SETUP)}
        inputs = ConfigInput(config=config, kinds=kinds)
        live = {a: r for a, r in config.state.items() if a.kind in kinds}
        document = setup_document(inputs, live, {}, frozenset(), root_unit="OSLO", root_id="1001")
        self.websak.ask("POST", "restore", json.loads(json.dumps(document)))
        assert self.changes() == {}
        self.apply()
        self.saved.mkdir()
        with closing(sqlite3.connect(self.database)) as live_db, closing(sqlite3.connect(self.saved / "db")) as copy:
            live_db.backup(copy)
        for name in ("config", "districts", "users"):
            shutil.copytree(self.root / name, self.saved / name)
        shutil.copy(self.root / ".websakctl" / "journal.db", self.saved / "journal.db")

    def again(self) -> None:
        """Back to the beginning, from the saved files."""
        with closing(sqlite3.connect(self.saved / "db")) as copy, closing(sqlite3.connect(self.database)) as live_db:
            copy.backup(live_db)
        for name in ("config", "districts", "users"):
            shutil.rmtree(self.root / name, ignore_errors=True)
            shutil.copytree(self.saved / name, self.root / name)
        shutil.rmtree(self.root / "ny", ignore_errors=True)
        shutil.rmtree(self.root / ".websakctl")
        (self.root / ".websakctl").mkdir(mode=0o700)
        shutil.copy(self.saved / "journal.db", self.root / ".websakctl" / "journal.db")

    @property
    def database(self) -> Path:
        return Path(self.websak.server.database.removeprefix("sqlite:///"))

    def take_over(self) -> None:
        """Put the new config in the place of the old one, as somebody would in a commit."""
        for name in ("config", "districts", "users"):
            shutil.rmtree(self.root / name)
            shutil.move(self.root / "ny" / name, self.root / name)

    def every_id(self) -> dict[str, set[str]]:
        """Ids of all objects that the server has, ended ones too, counted without our client."""
        rows = self.ask("GET", "/Users", limit="10000")
        return {
            "departments": set(self.units()),
            "users": {row["gidId"] for row in rows},
            "groups": {str(row["groupId"]) for row in self.ask("GET", "/AccessGroups")},
            "numbers": {row["orgnr"] for row in self.ask("GET", "/setup/sub-orgs", limit="1000")["items"]},
            "codes": {row["code"] for row in self.ask("GET", "/setup/access-codes", limit="1000")["items"]},
            "case types": {row["code"] for row in self.ask("GET", "/setup/case-types", limit="1000")["items"]},
        }

    def seats(self) -> dict[str, int]:
        """Seats allotted by pool."""
        return {row["code"]: sum(row["allotments"].values()) for row in self.ask("GET", "/setup/licences")["items"]}

    def without_route(self) -> list[str]:
        """Active numbers whose mail ends nowhere."""
        keys = self.ids()
        rows = self.ask("GET", "/setup/sub-orgs", limit="1000")["items"]
        return [
            row["orgnr"]
            for row in rows
            if row["active"]
            and not ((row["unit"] in keys) if row["channel"] == "svarinn" else (row["readers"] or row["daily_routine"]))
        ]

    def allowances(self, plan: Any) -> list[str]:
        return [word for finding in plan["findings"] for word in ("--allow", finding["allow"])]
