"""A plan that would shut our own user, or a district's last administrators, out is refused, on both versions."""

from typing import Any

import httpx
import pytest

from .command_line import Cli


def administrator(websak: Any, code: str, unit: str, *, functions: tuple[str, ...] = ("0",)) -> None:
    """Make a user over the User API and give it access functions."""
    server = websak.server
    asked = {"grant_type": "client_credentials", "client_id": server.client_id, "client_secret": server.client_secret}
    with httpx.Client(base_url=server.base_url, trust_env=False) as client:
        token = client.post("/connect/token", data={**asked, "scope": "userapi"}).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        units = client.get("/api/Departments/flat").json()
        where = next(u["id"] for u in units if unit in (u["externalId"], u["code"]))
        created = client.post("/api/Users", json={"username": code, "code": code, "name": code, "departmentId": where})
        assert created.status_code == httpx.codes.CREATED, created.text
        path = f"/api/Users/{created.json()['gidId']}/accesscodes"
        done = client.put(path, json={"codes": list(functions)})
        assert done.is_success, done.text


@pytest.fixture(params=["3.0", "3.3"])
def either(request: pytest.FixtureRequest, cli: Cli, websak: Any) -> tuple[Cli, Any]:
    """The small repository, applied, against each version of the User API."""
    if request.param == "3.0":
        websak = request.getfixturevalue("sandbox30").fresh()
        cli.env = dict(websak.variables)
    cli.apply("--quiet")
    return cli, websak


LEFT = ("--allow", "dependents:org_unit=2")  # users whose unit goes, another guard's concern


def findings(cli: Cli) -> list[str]:
    return [f["allow"] for f in cli.plan().json["findings"] if f["allow"].startswith("lock-out")]


def test_lock_out(either: tuple[Cli, Any]) -> None:
    cli, websak = either
    administrator(websak, "ADM-SA-1", "SA-HELSE")
    administrator(websak, "ADM-SA-2", "SA-OPPV")
    administrator(websak, "ADM-FR-1", "FR-HELSE")
    administrator(websak, "SAKSBEH", "SA-BYDEL", functions=("10", "20"))
    websak.ask("DELETE", "effects")
    assert findings(cli) == []
    cli.edit("config/org_units.yaml", "    HELSE: {name: Helse og mestring}\n", "")
    assert findings(cli) == ["lock-out:frogner=1"]  # Sagene keeps one
    planned = cli("plan", "--out", "p.json")
    assert "guard: the units of all administrators of frogner would go (ADM-FR-1)" in planned.out
    for arguments in ((), ("p.json",)):
        refused = cli.apply(*arguments, "--allow", "lock-out:frogner=2", "--allow", "lock-out:sagene=1", code=4)
        assert "if it is meant: --allow lock-out:frogner=1" in refused.err
    cli.edit("config/websak.yaml", "organisation:", "environments: {environment: {own_user: ADM-SA-1}}\norganisation:")
    assert findings(cli) == ["lock-out:own-user=1", "lock-out:frogner=1"]
    assert websak.effects() == []
    cli.apply("--allow", "lock-out:own-user=1", "--allow", "lock-out:frogner=1", *LEFT, "--quiet")
    assert sorted(websak.effects()) == [("department.deactivate", "FR-HELSE"), ("department.deactivate", "SA-HELSE")]
    # who sits in a unit that has ended keeps nobody in
    cli.edit("config/org_units.yaml", "    OPPV: {name: Oppvekst}\n", "")
    assert findings(cli) == ["lock-out:sagene=1"]


def test_users_are_read_only_when_units_go(applied: Cli, websak: Any) -> None:
    applied.hurried = True
    websak.fault("status", path="/api/Users", times=None, code=403)
    applied.edit("config/org_units.yaml", "Oppvekst", "Oppvekst og læring")
    applied.edit("config/licences.yaml", "  WEBSAK-LES: {product: Websak lesetilgang, bought: 9}\n", "")
    assert set(applied.plan().changed.values()) == {"update", "delete"}
    applied.edit("config/org_units.yaml", "    HELSE: {name: Helse og mestring}\n", "")
    assert "403" in applied.plan(code=6).err  # not to know is not to be safe
    websak.ask("DELETE", "faults")
    for fault in ("html", "truncated_json", "junk_array"):
        websak.fault(fault, path="/api/Users", times=None)
        outcome = applied.plan(code=None)
        assert outcome.code == 7
        websak.ask("DELETE", "faults")


@pytest.mark.parametrize(
    ("fault", "code"),
    [(("cap_page", {"size": 1}), 0), (("shift_page", {"mode": "repeat"}), 7)],  # another list each time: not believed
)
def test_whatever_pages_do_nobody_is_overlooked(
    applied: Cli, websak: Any, fault: tuple[str, dict[str, Any]], code: int
) -> None:
    for number in range(3):
        administrator(websak, f"ADM-{number}", "FR-HELSE")
    name, params = fault
    websak.fault(name, path="/api/Users", times=None, **params)
    applied.edit("config/org_units.yaml", "    HELSE: {name: Helse og mestring}\n", "")
    outcome = applied.plan(code=code)
    if code:
        assert "the list of users is another each time it is read" in outcome.err
    else:
        assert findings(applied) == ["lock-out:frogner=3"]
