"""A saved plan is reviewed by people and carried out by machines: what it does not get from the config is refused by name."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from websakctl.plan.document import digest_of, sealed

from .command_line import Cli

KEY = "0f" * 32


@pytest.fixture
def saved(cli: Cli, websak: Any) -> Callable[..., Any]:
    """An applied setup with one change to make, and a way to plan, forge and save."""
    cli.apply("--quiet")
    cli.edit("config/org_units.yaml", "Helse og mestring", "Helse og omsorg")

    def forge(change: Callable[[Any], object], *options: str) -> None:
        cli("plan", "--out", "p.json", *options)
        document = json.loads((cli.root / "p.json").read_text(encoding="utf-8"))
        change(document)
        digest = digest_of(document)
        document |= {"digest": digest, "created_at": sealed(document["created_at"], digest)}
        (cli.root / "p.json").write_text(json.dumps(document), encoding="utf-8")
        websak.ask("DELETE", "effects")

    return forge


def removal(key: str) -> dict[str, Any]:
    return {
        "address": f"org_unit/frogner/{key}",
        "kind": "org_unit",
        "scope": "frogner",
        "key": key,
        "action": "deactivate",
        "fields": [{"path": "active", "before": True, "after": False}],
        "reason": "it left the config",
        "source": None,
        "requires": [],
        "shared": 0,
    }


def test_removals_that_are_shown_as_a_rename_are_refused_by_name(cli: Cli, websak: Any, saved: Any) -> None:
    def forge(document: Any) -> None:
        document["changes"] += [removal("FR-OPPV"), removal("FR-BYDEL")]
        document["findings"] = []

    saved(forge)
    refused = cli.apply("p.json", "--allow", "deactivate:org_unit=2", code=4)
    assert "org_unit/frogner/FR-OPPV: the config does not ask for it" in refused.err
    assert "org_unit/frogner/FR-BYDEL: the config does not ask for it" in refused.err
    assert "p.json is not the plan that this config gives; nothing was written" in refused.err
    assert websak.effects() == []


def test_another_value_and_another_text_are_refused(cli: Cli, websak: Any, saved: Any) -> None:
    def another_value(document: Any) -> None:
        document["changes"][0]["fields"][0]["after"] = "Helse og velferd"

    def another_text(document: Any) -> None:
        document["groups"][0]["fields"][0]["after"] = "Helse og mestring!"

    def another_count(document: Any) -> None:
        document["summary"]["update"] = 1

    for forge, reported in (
        (another_value, "org_unit/frogner/FR-HELSE: the config asks for something else"),
        (another_text, "groups: "),
        (another_count, "summary: "),
    ):
        saved(forge)
        assert reported in cli.apply("p.json", code=4).err
    assert websak.effects() == []


def test_a_finding_that_was_taken_out_still_has_to_be_allowed(cli: Cli, websak: Any, saved: Any) -> None:
    for key in ("OPPV: {name: Oppvekst}", "BHG: {name: Barnehager, parent: OPPV}"):
        cli.edit("config/org_units.yaml", f"    {key}\n", "")

    def forge(document: Any) -> None:
        document["findings"] = []
        document["live_digest"] = f"sha256:{0:064}"  # as if somebody had changed Websak since

    cli.edit(
        "config/org_units.yaml", "HELSE: {name: Helse og omsorg}", "HELSE: {name: Helse og omsorg, protected: true}"
    )
    cli.apply("--kind", "org_unit", "--target", "*/*-HELSE", "--quiet")
    cli.edit("config/org_units.yaml", "    HELSE: {name: Helse og omsorg, protected: true}\n", "")
    saved(forge, "--kind", "org_unit")
    refused = cli.apply("p.json", code=4)
    assert "--allow protected:org_unit/frogner/FR-HELSE=1" in refused.err
    assert websak.effects() == []


def test_a_plan_of_a_selection_is_applied_as_it_was_made(cli: Cli, websak: Any, saved: Any) -> None:
    saved(lambda document: None, "--district", "frogner", "--kind", "org_unit")
    cli.apply("p.json")
    assert [key for _, key in websak.effects()] == ["FR-HELSE"]
    assert cli.plan().changed == ["org_unit/sagene/SA-HELSE"]


def test_a_comment_in_the_config_makes_it_no_other_plan(cli: Cli, websak: Any, saved: Any) -> None:
    saved(lambda document: None)
    cli.edit("config/org_units.yaml", "each_district:", "# moves every line\neach_district:")
    cli.apply("p.json")
    assert len(websak.effects()) == 2


def test_a_rollback_plan_is_made_again_from_the_run_that_it_names(cli: Cli, websak: Any, saved: Any) -> None:
    cli.apply("--quiet")
    cli("rollback", "last", "--out", "back.json")
    document = json.loads((cli.root / "back.json").read_text(encoding="utf-8"))
    forged = {**document, "made_from": {**document["made_from"], "run": "20270101T000000-abcdef"}}
    digest = digest_of(forged)
    forged |= {"digest": digest, "created_at": sealed(forged["created_at"], digest)}
    (cli.root / "forged.json").write_text(json.dumps(forged), encoding="utf-8")
    websak.ask("DELETE", "effects")
    assert "there is no run 20270101T000000-abcdef" in cli.apply("forged.json", code=4).err
    assert websak.effects() == []
    cli.apply("back.json")
    assert sorted(key for _, key in websak.effects()) == ["FR-HELSE", "SA-HELSE"]


def test_where_a_signature_is_required_no_other_plan_is_taken(cli: Cli, websak: Any, saved: Any) -> None:
    url = cli.env["WEBSAKCTL_BASE_URL"]
    cli.edit(
        "config/websak.yaml",
        "environments:\n",
        f'environments:\n  signed: {{base_url: "{url}", require_signature: true}}\n',
    )
    signed = ("--environment", "signed")
    assert "the state key of signed is not on this machine" in cli("plan", "--out", "p.json", *signed, code=6).err
    key = {"WEBSAKCTL_STATE_KEY": KEY}
    cli("plan", "--out", "p.json", *signed, env=key)
    document = json.loads((cli.root / "p.json").read_text(encoding="utf-8"))
    websak.ask("DELETE", "effects")
    for signature, reported in (
        ({}, "is not signed, and signed takes signed plans only"),
        ({"signature": "0" * 64}, "is not signed with the state key of signed"),
    ):
        rest = {name: value for name, value in document.items() if name != "signature"}
        (cli.root / "forged.json").write_text(json.dumps({**rest, **signature}), encoding="utf-8")
        assert reported in cli.apply("forged.json", *signed, env=key, code=4).err
    other = {"WEBSAKCTL_STATE_KEY": "1f" * 32}
    assert "is not signed with the state key" in cli.apply("p.json", *signed, env=other, code=4).err
    assert "64 hexadecimal digits" in cli.apply("p.json", *signed, env={"WEBSAKCTL_STATE_KEY": "abc"}, code=64).err
    assert websak.effects() == []
    cli.apply("p.json", *signed, env=key)
    assert len(websak.effects()) == 2
    for file in cli.root.rglob("*"):
        if file.is_file():
            assert KEY.encode() not in file.read_bytes()
