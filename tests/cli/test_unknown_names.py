"""A name that does not exist ends every command in the same way: exit 64, the name itself, and what was probably meant."""

import json
import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Sandbox
from tests.schemas.world import World

PLANS = ("plan", "apply --auto-approve", "drift", "pull")
LISTS = ("worklist list", "worklist show")
READS = ("licences", "suborgs", "suborgs check", "users list", "users import hr.csv", "find x", "export x.xlsx")
BATCHES = ("rollout status", "rollout schedule", "districts documents")
BY = '--by "Kari Nordmann" --evidence "sak 27/1"'

# The commands, what is said to them, the name in it that nothing has, and the one that is suggested.
TABLE = (
    ((*PLANS, *LISTS, *READS, "adopt", "snapshot diff before.json"), "--district frogne", "frogne", "frogner"),
    ((*PLANS, *LISTS, *READS[-2:], "adopt", "snapshot diff before.json"), "--kind comittee", "comittee", "committee"),
    ((*PLANS, *LISTS, *READS, *BATCHES), "--batch PULJE-9", "PULJE-9", "PULJE-2"),
    (
        (*PLANS, *LISTS, "snapshot diff before.json"),
        "--target committee/frogner/FR-BU --target committee/frogner/FR-B",
        "committee/frogner/FR-B",
        "committee/frogner/FR-BU",
    ),
    (("plan", "apply --auto-approve"), "--prune access_grop", "access_grop", "access_group"),
    (("plan", "drift"), "--believe-empty org_units --refresh full", "org_units", "org_unit"),
    (("show", "explain", "history --address"), "orgunit/frogner/FR-HELSE", "orgunit", "org_unit"),
    (("show", "explain", "history --address"), "org_unit/frogner/FR-HELS", "org_unit/frogner/FR-HELS", "org_unit/frogner/FR-"),
    (("show",), "FR-HELS", "FR-HELS", "FR-HELSE"),
    (("explain",), "duplicat-key", "duplicat-key", "duplicate-key"),
    (("explain",), "org_unit.nam", "org_unit.nam", "org_unit.name"),
    (("schema",), "case_typ", "case_typ", "case_type"),
    (("adopt",), "access_group/base/Postmotak", "access_group/base/Postmotak", "access_group/base/Postmottak"),
    (("history", "rollback"), "{run}0", "{run}0", "{run}"),
    (("apply", "rehearse", "fleet apply"), "plam.json", "plam.json", "plan.json"),
    (("fleet merge", "fleet report"), "resuls.json", "resuls.json", "results.json"),
    (("snapshot diff",), "befor.json", "befor.json", "before.json"),
    (("rehearse plan.json --snapshot",), "befor.json", "befor.json", "before.json"),
    (("users import", "import", "rollout check PULJE-1 --users", "rollout run PULJE-1 --users"), "hr.cvs", "hr.cvs", "hr.csv"),
    (("import --kind sub_org", "suborgs import"), "hr.cvs", "hr.cvs", "hr.csv"),
    (("contract check",), "registr.json", "registr.json", "register.json"),
    (("suborgs check --file",), "registr.json", "registr.json", "register.json"),
    (("plan --export", "worklist list --export"), "committee=hr.cvs", "hr.cvs", "hr.csv"),
    (("reform plan", "reform compare reform.yaml"), "refrom.yaml", "refrom.yaml", "reform.yaml"),
    (("fmt",), "confg", "confg", "config"),
    (("fleet plan --fleet",), "flet.yaml", "flet.yaml", "fleet.yaml"),
    (("fleet plan --only one --only",), "onne", "onne", "one"),
    (("rollout check", "rollout run", "rollout resume", "rollout pause --reason x"), "PULJE-9", "PULJE-9", "PULJE-2"),
    (("rollout move --go-live 2099-01-01",), "PULJE-9", "PULJE-9", "PULJE-2"),
    (("rollout run PULJE-1 --canary",), "frogne", "frogne", "frogner"),
    (("districts documents",), "frogne", "frogne", "frogner"),
    ((f"attest {BY} LEDERE",), "frogne", "frogne", "frogner"),
    ((f"attest {BY}",), "LEDER frogner", "LEDER", "LEDERE"),
    (("worklist show", f"worklist done {BY}"), "committee/frogner/FR-B", "committee/frogner/FR-B", "committee/frogner/FR-BU"),
    (('worklist reopen --by "Kari Nordmann" --reason x',), "committee/sagene/SA-B", "committee/sagene/SA-B", "committee/sagene/SA-BU"),
)  # fmt: skip


def lines() -> Iterator[Any]:
    for commands, rest, name, meant in TABLE:
        for command in commands:
            yield pytest.param(f"{command} {rest}", name, meant, id=f"{command} {rest}")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, sandbox33: Sandbox) -> World:
    world = World.applied(tmp_path_factory.mktemp("names"), sandbox33)
    (world.root / "results.json").write_text("{}", encoding="utf-8")
    world.run(*shlex.split(f"worklist done committee/sagene/SA-BU {BY}"))
    return world


@pytest.mark.parametrize(("line", "name", "meant"), tuple(lines()))
def test_exit_64_with_a_suggestion(world: World, line: str, name: str, meant: str) -> None:
    if "{run}" in line:
        run = json.loads(world.run("history", "--format", "json")[0])["items"][-1]["run"]
        line, name, meant = (text.replace("{run}", run) for text in (line, name, meant))
    out, err = world.run(*shlex.split(line), "--format", "json", code=64)
    first = json.loads(out)["diagnostics"][0]
    assert first["code"] == "unknown-name"
    assert name in first["message"]
    assert first["help"].startswith(f"did you mean {meant}")
    assert f"error: {first['message']}" in err
