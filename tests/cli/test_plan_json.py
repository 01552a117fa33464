"""The plan as JSON and as a saved file, field by field as promised."""

import json
import re
from datetime import datetime
from typing import Any

from websakctl import __version__

from .command_line import Cli

SUMMARY = {"create", "update", "activate", "deactivate", "delete", "unchanged", "unmanaged", "manual"}
KINDS = {"org_unit", "case_type", "access_code", "sub_org", "licence", "rollout_batch", "access_group"}


def _check_fields(fields: list[dict[str, Any]], action: str) -> None:
    for field in fields:
        assert set(field) == {"path", "before", "after"}
        assert isinstance(field["path"], str)
        if action == "create":
            assert field["before"] is None and field["after"] is not None


def test_every_field_is_as_promised(cli: Cli) -> None:
    plan = cli("plan", "--format", "json", "--out", "p.json").json
    assert plan["format_version"] == 1
    assert plan["tool_version"] == __version__
    assert plan["environment"] == "environment"
    assert datetime.fromisoformat(plan["created_at"]).tzinfo is not None
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", plan["created_at"])
    for digest in ("config_digest", "live_digest"):
        assert re.fullmatch("sha256:[0-9a-f]{64}", plan[digest])
    assert set(plan["summary"]) == SUMMARY
    assert isinstance(plan["warnings"], list)

    addresses = [change["address"] for change in plan["changes"]]
    assert len(set(addresses)) == len(addresses) == 15
    for name in ("create", "update", "activate", "deactivate", "delete"):
        assert plan["summary"][name] == sum(change["action"] == name for change in plan["changes"])
    for index, change in enumerate(plan["changes"]):
        assert change["address"] == f"{change['kind']}/{change['scope']}/{change['key']}"
        assert change["kind"] in KINDS
        assert change["scope"] in ("base", "frogner", "sagene")
        assert change["reason"]
        assert set(change["source"]) == {"file", "line", "column"}
        line = (
            (cli.root / change["source"]["file"]).read_text(encoding="utf-8").splitlines()[change["source"]["line"] - 1]
        )
        assert re.match(r'["\w]', line[change["source"]["column"] - 1 :])
        assert set(change["requires"]) <= set(addresses[:index])  # in the order in which apply would do them
        _check_fields(change["fields"], change["action"])

    grouped = [address for group in plan["groups"] for address in group["addresses"]]
    assert sorted(grouped) == sorted(addresses)
    for group in plan["groups"]:
        assert {"kind", "action", "fields", "scopes", "addresses"} <= set(group)
        assert [address.split("/")[1] for address in group["addresses"]] == group["scopes"]
        _check_fields(group["fields"], group["action"])
    both = next(g for g in plan["groups"] if g["addresses"] == ["org_unit/frogner/FR-BHG", "org_unit/sagene/SA-BHG"])
    assert both["scopes"] == ["frogner", "sagene"]

    update = next(change for change in plan["changes"] if change["address"] == "org_unit/frogner/FR-BYDEL")
    assert update["action"] == "update"
    assert {"path": "name", "before": "Frogner bydel", "after": "Bydel Frogner"} in update["fields"]

    saved = json.loads((cli.root / "p.json").read_text(encoding="utf-8"))
    assert saved == plan


def test_the_same_input_gives_the_same_bytes(cli: Cli) -> None:
    def without_time(text: str) -> str:
        again, count = re.subn(r'("created_at": )"[^"]*"', r"\1null", text)
        assert count == 1
        return again

    first, second = (without_time(cli.plan().out) for _ in range(2))
    assert first == second
    # the order of files and keys in the config is no part of what it says
    text = (cli.root / "config/access.yaml").read_text(encoding="utf-8")
    groups, codes = text.split("access_codes:")
    (cli.root / "config/access.yaml").write_text(f"access_codes:{codes}{groups}", encoding="utf-8")
    moved = json.loads(cli.plan().out)
    assert [c["address"] for c in moved["changes"]] == [c["address"] for c in json.loads(first)["changes"]]
    assert moved["config_digest"] == json.loads(first)["config_digest"]


def test_shared_rows_say_how_many_districts_they_reach(cli: Cli) -> None:
    plan = cli("plan").out.splitlines()
    assert '+ access_code  base/P  "Personalsaker"  [shared: 2 districts]' in plan
    assert '+ rollout_batch  base/PULJE-1  "Første pulje"  [shared: 1 district]' in plan
    shared = {c["address"]: c["shared"] for c in cli.plan().json["changes"]}
    assert shared["case_type/base/PERS"] == 2
    assert shared["org_unit/sagene/SA-BYDEL"] == 0


def test_expand_prints_each_with_its_fields_and_where_it_is_written(cli: Cli) -> None:
    lines = cli("plan", "--expand", "--kind", "org_unit").out.splitlines()
    assert not [line for line in lines if "*/" in line]
    at = lines.index("+ org_unit  sagene/SA-BHG  config/org_units.yaml:5")
    assert '    name: "Barnehager"' in lines[at : at + 8]
    assert any(line.startswith("+ org_unit  frogner/FR-BHG  ") for line in lines)
    assert "Not managed here (left alone):" in lines
    assert "  - org_unit/frogner/FR-GAMMEL" in lines


def test_matrix(cli: Cli) -> None:
    lines = cli("plan", "--format", "matrix").out.splitlines()
    top = next(line for line in lines if line.startswith("org_unit */BHG"))
    assert top.split()[2:] == ["+", "+", "."]
    rows = {tuple(line.split()[:2]): line.split()[2:] for line in lines if line.startswith(("org_unit", "access_code"))}
    assert rows["org_unit", "frogner/FR-BYDEL"] == ["~", ".", "."]
    assert rows["org_unit", "sagene/SA-BYDEL"] == [".", "+", "."]
    assert rows["access_code", "base/P"] == [".", ".", "+"]
    head = [line for line in lines[2:] if line.startswith("   ")]
    down = ["".join(line.ljust(len(top))[i] for line in head).strip() for i in range(len(top) - 5, len(top), 2)]
    assert down == ["frogner", "sagene", "base"]  # the names of the columns, from top to bottom


def test_national_identity_numbers_and_secrets_never_stand_in_a_plan(cli: Cli) -> None:
    cli.edit("config/case_types.yaml", "name: Personalmappe", 'name: "Personalmappe 01010750160"')
    outcome = cli("plan", "--format", "json", "--out", "p.json", code=None)
    assert outcome.code in (0, 3)  # a rule of the config may stop it before that
    everything = outcome.out + outcome.err + ((cli.root / "p.json").read_text() if outcome.code == 0 else "")
    assert "01010750160" not in everything
    assert cli.env["WEBSAKCTL_CLIENT_SECRET"] not in everything
