"""Two districts with a kindergarten, its people, its number and its mail route, applied to a real sandbox."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.reliability import inside

FACTS = {
    "sagene": '{name: Bydel Sagene, number: "03", orgnr: "974778726", short_name: BSA, prefix: SA}',
    "stovner": '{name: Bydel Stovner, number: "11", orgnr: "874778842", short_name: BSR, prefix: SR}',
    "frogner": '{name: Bydel Frogner, number: "05", orgnr: "874778702", short_name: BFR, prefix: FR}',
}
BASE = """\
organisation: {name: Oslo kommune, orgnr: "958935420"}
"""
COMMON = """\
user_roles:
  CASEWORKER: {name: Saksbehandler, template_id: "20001", district_groups: [LESERE], zones: [Åpen sone]}
  LEADER: {name: Leder, template_id: "20002", roles: {LD: {units: own, grades: [U]}}, zones: [Åpen sone]}
rollout_batches:
  PULJE-1: {name: Første pulje, districts: [sagene]}
  PULJE-2: {name: Andre pulje, districts: [stovner, frogner]}
each_district:
  org_units:
    BYDEL: {name: "{district.name}", abbreviation: "{district.short_name}", unit_type: Bydel}
    OPPV: {name: Oppvekst}
    BHG: {name: Barnehager, parent: OPPV}
  access_groups: {LESERE: {}}
  sub_orgs:
    "{district.orgnr}": {name: "{district.name}", unit: BYDEL, channel: svarinn}
"""
UNITS = "org_units:\n"
KINDERGARTEN = "  BH-ASKELADDEN: {name: Askeladden barnehage, parent: BHG"
NUMBER = (
    'sub_orgs:\n  "975016684": {name: Askeladden barnehage, unit: BH-ASKELADDEN, channel: altinn, readers: [Styrer]}\n'
)
KARI = "{name: Kari Nordmann, role: CASEWORKER, unit: %s, username: karnor, email: kari@example.org, logins: [{key: karnor}]}"
OLA = "{name: Ola Nordmann, role: LEADER, unit: %s, username: olanor, email: ola@example.org, logins: [{key: olanor}]}"
SAGENE, STOVNER = "org_unit/sagene/SA-BH-ASKELADDEN", "org_unit/stovner/SR-BH-ASKELADDEN"


def kindergarten(**more: str) -> str:
    """The section of units of the district that has it."""
    return UNITS + KINDERGARTEN + "".join(f", {name}: {value}" for name, value in more.items()) + "}\n"


@dataclass
class Town:
    """A repository and the Websak it is applied to."""

    root: Path
    websak: Any
    env: dict[str, str] = field(default_factory=dict)

    def __call__(self, *args: str, code: int | None = 0) -> tuple[str, str]:
        home = {"HOME": str(self.root), "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
        got, out, err = inside.run(self.root, args, {**home, **self.websak.variables, **self.env})
        assert code is None or got == code, f"{args}: exit {got}\n{out[-3000:]}\n{err[-3000:]}"
        return out, err

    def write(self, files: Mapping[str, str | None]) -> None:
        """Write files; those that are ``None`` go."""
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                path.unlink(missing_ok=True)
                continue
            path.write_text(text, encoding="utf-8")
            if name.startswith("users/"):
                path.chmod(0o600)

    def plan(self, *args: str) -> Any:
        return json.loads(self("plan", "--format", "json", *args)[0])

    def changes(self, *args: str) -> dict[str, str]:
        return {change["address"]: change["action"] for change in self.plan(*args)["changes"]}

    def findings(self, *args: str) -> dict[str, str]:
        return {f["allow"]: f["message"] for f in self.plan(*args)["findings"]}

    def apply(self, *args: str, code: int | None = 0) -> tuple[str, str]:
        return self("apply", "--auto-approve", *args, code=code)

    def rules(self, code: int = 0) -> list[tuple[str, str, int, str]]:
        """What ``validate`` finds: rule, file, line and message."""
        result = json.loads(self("validate", "--format", "json", code=code)[0])["diagnostics"]
        return [(d["rule"], d["file"], d["line"], d["message"]) for d in result]

    def ask(self, method: str, path: str, **params: str) -> Any:
        """A request past our client."""
        server = self.websak.server
        form = {"grant_type": "client_credentials", "scope": "userapi setup"}
        form |= {"client_id": server.client_id, "client_secret": server.client_secret}
        token = self.websak.control.post("/connect/token", data=form).raise_for_status().json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        answer = self.websak.control.request(method, f"/api{path}", params=params, headers=headers)
        answer.raise_for_status()
        return answer.json() if answer.content else []

    def units(self) -> dict[str, dict[str, Any]]:
        """Every department as the server shows it, by its id."""
        path = "/v2/departments/flat" if self.websak.server.api_version == "3.3" else "/Departments/flat"
        return {str(row["id"]): row for row in self.ask("GET", path)}

    def ids(self) -> dict[str, str]:
        """The ids of the active departments, by external id."""
        return {row["externalId"]: id_ for id_, row in self.units().items() if row["externalId"] and not _ended(row)}

    def users(self) -> dict[str, dict[str, Any]]:
        """Active users who are no templates, by code."""
        rows = self.ask("GET", "/Users", limit="10000")
        return {r["code"]: r for r in rows if r["active"] and not r["code"].startswith(("MAL-", "SYS-"))}

    def orphans(self) -> list[str]:
        """Active users, and active children, whose unit is not active; routes to a unit that is not there."""
        active = {id_: row for id_, row in self.units().items() if not _ended(row)}
        keys = {row["externalId"] for row in active.values()}
        lost = [code for code, row in self.users().items() if str(row["departmentId"]) not in active]
        lost += [
            row["externalId"]
            for row in active.values()
            if row["parentDepartmentId"] and str(row["parentDepartmentId"]) not in active
        ]
        routes = self.ask("GET", "/setup/sub-orgs")["items"]
        return lost + [r["orgnr"] for r in routes if r["active"] and r["unit"] and r["unit"] not in keys]


def _ended(row: Mapping[str, Any]) -> bool:
    end = row.get("validToDate")
    return bool(end) and end <= datetime.now(UTC).isoformat()


def files() -> dict[str, str]:
    return {
        "config/websak.yaml": BASE,
        "config/all.yaml": COMMON,
        **{f"districts/{slug}/district.yaml": f"district: {facts}\n" for slug, facts in FACTS.items()},
        "districts/sagene/org_units.yaml": kindergarten(),
        "districts/sagene/sub_orgs.yaml": NUMBER,
        "users/sagene.yaml": f"users:\n  KARNOR: {KARI % 'BH-ASKELADDEN'}\n  OLANOR: {OLA % 'BH-ASKELADDEN'}\n",
        "users/stovner.yaml": f"users:\n  PERNOR: {KARI.replace('ari', 'er').replace('karnor', 'pernor') % 'OPPV'}\n",
    }


def moved() -> dict[str, str | None]:
    """The files once the kindergarten, its number and its people are in stovner."""
    return {
        "districts/sagene/org_units.yaml": None,
        "districts/sagene/sub_orgs.yaml": None,
        "districts/stovner/org_units.yaml": kindergarten(previously="[org_unit/sagene/BH-ASKELADDEN]"),
        "districts/stovner/sub_orgs.yaml": NUMBER,
        "users/sagene.yaml": "users: {}\n",
        "users/stovner.yaml": files()["users/stovner.yaml"]
        + f"  KARNOR: {KARI % 'BH-ASKELADDEN'}\n  OLANOR: {OLA % 'BH-ASKELADDEN'}\n",
    }
