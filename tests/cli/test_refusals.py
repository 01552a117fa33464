"""Exit 4: refused, and nothing was written."""

from typing import Any

import pytest
from filelock import FileLock

from .command_line import Cli


def test_nobody_to_ask_is_a_no(cli: Cli, websak: Any) -> None:
    outcome = cli("apply", code=4)
    assert "+ access_code  base/P" in outcome.out  # the plan is shown before it is asked for
    assert "--auto-approve" in outcome.err
    assert cli("apply", stdin="yes\n", code=4).err == outcome.err  # a pipe is no terminal
    assert websak.effects() == []


@pytest.mark.parametrize(("answer", "code"), [("no", 4), ("", 4), ("y", 4), ("\x03", 4), ("\x04", 4), ("yes", 0)])
def test_only_yes_is_a_yes(cli: Cli, websak: Any, answer: str, code: int) -> None:
    child = cli.terminal("apply", "--target", "access_code/base/P")
    child.expect_exact("Apply this change to environment? Type 'yes' to confirm: ")
    if answer in ("\x03", "\x04"):
        child.sendcontrol("c" if answer == "\x03" else "d")
    else:
        child.sendline(answer)
    rest = child.read()
    child.close()
    assert child.exitstatus == code, rest
    assert "Traceback" not in rest
    assert (websak.effects() != []) is (code == 0)


@pytest.fixture
def emptied(cli: Cli) -> Cli:
    """Applied, and then all units but one of each district are gone from the config."""
    cli.edit("config/websak.yaml", "environments:", "guards: {per_kind: 2, per_district: 2}\nenvironments:")
    cli.apply("--quiet")
    cli.edit(
        "config/org_units.yaml",
        "    OPPV: {name: Oppvekst}\n    BHG: {name: Barnehager, parent: OPPV}\n    HELSE: {name: Helse og mestring}\n",
        "",
    )
    return cli


def test_guards_are_findings_that_must_be_allowed_by_name_and_number(emptied: Cli, websak: Any) -> None:
    websak.ask("DELETE", "effects")
    planned = emptied("plan", code=0)
    assert "guard: 6 of kind org_unit would go at once (limit 2)" in planned.out
    assert "--allow deactivate:org_unit=6" in planned.out
    document = emptied.plan().json
    findings = [finding["allow"] for finding in document["findings"]]
    assert findings == ["deactivate:org_unit=6", "deactivate:org_unit/frogner=3", "deactivate:org_unit/sagene=3"]

    def apply(*allowed: str, code: int) -> str:
        return emptied.apply(*(word for a in allowed for word in ("--allow", a)), code=code).err

    refused = apply(code=4)
    assert "3 guard findings are not allowed; nothing was written" in refused
    assert all(f"--allow {finding}" in refused for finding in findings)
    assert "1 guard finding is not allowed" in apply("deactivate:org_unit=5", *findings[1:], code=4)
    assert websak.effects() == []
    apply(*findings, code=0)
    assert {operation for operation, _ in websak.effects()} == {"department.deactivate"}
    assert emptied.plan().changed == []


def test_a_guard_holds_for_a_saved_plan_too_and_is_seen_in_the_matrix(emptied: Cli) -> None:
    assert "guard: 6 of kind org_unit" in emptied("plan", "--format", "matrix", "--out", "p.json").out
    emptied.apply("p.json", code=4)
    allowed = ["deactivate:org_unit=6", "deactivate:org_unit/frogner=3", "deactivate:org_unit/sagene=3"]
    emptied.apply("p.json", *(word for a in allowed for word in ("--allow", a)))


def test_what_is_protected_and_the_last_of_its_kind_do_not_go_by_themselves(cli: Cli, websak: Any) -> None:
    cli.edit("config/access.yaml", "per_case: true}", "per_case: true, protected: true}")
    cli.edit("config/rollout.yaml", "PULJE-2: {name: Andre pulje, districts: [sagene]}", "")
    cli.apply("--kind", "access_code", "--kind", "rollout_batch", "--kind", "licence")
    cli.edit(
        "config/access.yaml", "  U: {name: Unntatt offentlighet, basis_chosen_per_case: true, protected: true}\n", ""
    )
    text = (cli.root / "config/rollout.yaml").read_text(encoding="utf-8")
    (cli.root / "config/rollout.yaml").write_text(text.partition("licences:")[2] and "licences: {}\n", encoding="utf-8")
    document = cli.plan("--kind", "access_code", "--kind", "rollout_batch", "--kind", "licence").json
    assert [finding["allow"] for finding in document["findings"]] == [
        "empty:licence/base=1",
        "empty:rollout_batch/base=1",
        "protected:access_code/base/U=1",
    ]
    websak.ask("DELETE", "effects")
    cli.apply(code=4)
    assert websak.effects() == []


def test_one_apply_at_a_time(cli: Cli, websak: Any) -> None:
    cli("plan", "--kind", "licence")
    state = cli.root / ".websakctl"
    with FileLock(state / "apply-environment.lock"):
        (state / "apply-environment.owner").write_text("kari, process 4711, since 10:00:00\n", encoding="utf-8")
        outcome = cli.apply(code=4)
    assert "an apply to environment is under way: kari, process 4711" in outcome.err
    assert websak.effects() == []


def test_nobody_may_write_where_the_state_cannot_be_kept(cli: Cli, websak: Any) -> None:
    (cli.root / "file").write_text("", encoding="utf-8")
    outcome = cli.apply(env={"WEBSAKCTL_STATE_DIR": "file/state"}, code=1)
    assert "cannot make " in outcome.err and "WEBSAKCTL_STATE_DIR" in outcome.err
    assert websak.effects() == []


def test_a_broken_journal_stops_before_anything_is_written(cli: Cli, websak: Any) -> None:
    state = cli.root / ".websakctl"
    state.mkdir()
    (state / "journal.db").write_bytes(b"not a database at all" * 100)
    outcome = cli.apply(code=1)
    assert "the journal" in outcome.err and "cannot be opened" in outcome.err
    assert websak.effects() == []


def test_an_allowance_that_is_none_is_a_wrong_command_line(emptied: Cli) -> None:
    for given in ("deactivate:org_unit", "deactivate:org_unit=", "=3", "deactivate:org_unit=three"):
        assert "is not GUARD=NUMBER" in emptied.apply("--allow", given, code=64).err
