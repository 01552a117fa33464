"""Selection: --district, --kind, --target, --batch, and what comes along because it is needed."""

import pytest

from .command_line import Cli


def _all(cli: Cli) -> set[str]:
    return set(cli.plan().changed)


@pytest.mark.parametrize(
    ("flags", "kept"),
    [
        ("--district frogner", lambda kind, scope, key: scope == "frogner"),
        ("--district frogner --district sagene", lambda kind, scope, key: scope != "base"),
        ("--district base", lambda kind, scope, key: scope == "base"),
        ("--batch PULJE-2", lambda kind, scope, key: scope == "sagene"),
        ("--kind access_code --kind licence", lambda kind, scope, key: kind in ("access_code", "licence")),
        ("--target org_unit/*/??-BYDEL", lambda kind, scope, key: key.endswith("-BYDEL")),
        ("--target */base/P* --kind access_code", lambda kind, scope, key: (kind, key) == ("access_code", "P")),
        ("--district frogner --kind org_unit", lambda kind, scope, key: (kind, scope) == ("org_unit", "frogner")),
    ],
)
def test_only_what_was_selected(cli: Cli, flags: str, kept: object) -> None:
    assert callable(kept)
    desired = {address for address in _all(cli) if kept(*address.split("/", 2))}
    assert desired
    outcome = cli.plan(*flags.split())
    assert set(outcome.changed) == desired
    assert not [w for w in outcome.json["warnings"] if "also needed" in w]


def test_what_is_needed_comes_along_and_is_said(cli: Cli) -> None:
    outcome = cli.plan("--target", "org_unit/sagene/SA-BHG")
    assert outcome.changed == ["org_unit/sagene/SA-BYDEL", "org_unit/sagene/SA-OPPV", "org_unit/sagene/SA-BHG"]
    assert (
        "also needed by what was selected: org_unit/sagene/SA-BYDEL, org_unit/sagene/SA-OPPV"
        in outcome.json["warnings"]
    )
    assert outcome.json["changes"][2]["requires"] == ["org_unit/sagene/SA-OPPV"]
    cli.apply("--target", "org_unit/sagene/SA-BHG")
    assert cli.plan("--target", "org_unit/sagene/*").changed == ["org_unit/sagene/SA-HELSE"]
    assert cli.plan("--kind", "case_type").changed == ["access_code/base/P", "case_type/base/PERS"]


def test_apply_takes_the_same_selection_and_forgets_nothing_else(cli: Cli) -> None:
    everything = _all(cli)
    cli.apply("--district", "frogner")
    assert _all(cli) == {address for address in everything if "/frogner/" not in address}
    drift = cli("drift", "--district", "sagene").out
    assert "Nothing was compared (0 checked)." in drift and "No drift" not in drift


def test_a_target_that_matches_nothing_ends_the_command_with_a_suggestion(cli: Cli) -> None:
    cli("snapshot", "save", "--out", "one.json")
    snapshots = ["snapshot", "diff", "one.json", "one.json"]
    for command in (["plan"], ["apply", "--auto-approve"], ["drift"], ["pull"], snapshots):
        refused = cli(*command, "--target", "org_unit/frogner/FR-OPPV", "--target", "org_unit/frogner/FR-OPV", code=64)
        assert "--target org_unit/frogner/FR-OPV matches nothing" in refused.err
        assert "did you mean org_unit/frogner/FR-OPPV?" in refused.err
    cli("plan", "--target", "org_unit/frogner/FR-OPPV")
