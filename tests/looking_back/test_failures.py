"""What failed says so in the server's own words, and where in the YAML the field at fault stands; the rest is done."""

from typing import Any

import pytest

from .command_line import Cli, write_files


@pytest.fixture(params=["3.0", "3.3"])
def either(request: pytest.FixtureRequest, cli: Cli, websak: Any) -> tuple[Cli, Any]:
    """The small repository, against each version of the User API."""
    if request.param == "3.3":
        return cli, websak
    other = request.getfixturevalue("sandbox30").fresh()
    cli.env = dict(other.variables)
    return cli, other


def failures(document: Any) -> dict[str, Any]:
    return {o["address"]: o for o in document["outcomes"] if o["status"] != "done"}


def test_an_abbreviation_that_somebody_else_has(either: tuple[Cli, Any]) -> None:
    cli, _websak = either
    units = (
        "org_units:\n  TAKEN:\n    name: Ny enhet\n    abbreviation: FR-GAMMEL\n  UNDER: {name: Under, parent: TAKEN}\n"
    )
    write_files(cli.root, {"districts/frogner/org_units.yaml": units})  # an unmanaged unit has that one
    outcome = cli.apply("--format", "json", "--district", "frogner", "--quiet", code=5)
    result = failures(outcome.json)
    assert set(result) == {"org_unit/frogner/FR-TAKEN", "org_unit/frogner/FR-UNDER"}
    failed, blocked = result["org_unit/frogner/FR-TAKEN"], result["org_unit/frogner/FR-UNDER"]
    assert failed["status"] == "failed"
    assert "abbreviation" in failed["detail"].lower()
    assert failed["at"] == [
        {"field": "abbreviation", "message": "", "position": "districts/frogner/org_units.yaml:4:19"}
    ]
    assert (blocked["status"], blocked["blocked_by"]) == ("blocked", "org_unit/frogner/FR-TAKEN")
    assert outcome.json["districts"]["frogner"] == {"blocked": 1, "done": outcome.json["counts"]["done"], "failed": 1}
    history_entries = {d["address"]: d for d in cli("history", cli.last_run(), "--format", "json").json["items"]}
    assert history_entries["org_unit/frogner/FR-TAKEN"]["detail"] == failed["detail"]
    assert history_entries["org_unit/frogner/FR-UNDER"]["detail"] == "waits for org_unit/frogner/FR-TAKEN"
    assert history_entries["org_unit/frogner/FR-UNDER"]["fields"]  # what it would have been
    assert cli("history", "--format", "json").json["items"][0]["state"] == "incomplete"


PROBLEM = {
    "title": "Some values are not valid",
    "detail": "navnet er for langt",
    "errors": [
        {"pointer": "/name", "detail": "longer than 20"},
        {"pointer": "/legal_basis/0/reference", "detail": "unknown statute"},
        {"pointer": "/nothing_of_ours", "detail": "odd"},
        {"pointer": "", "detail": "the whole"},
    ],
}


def test_each_pointer_becomes_a_position(cli: Cli, websak: Any) -> None:
    websak.fault("status", method="POST", path="/access-codes", code=422, body=PROBLEM)
    outcome = cli.apply("--format", "json", code=5)
    failed = failures(outcome.json)
    assert {a: o["blocked_by"] for a, o in failed.items()} == {
        "access_code/base/P": None,
        "case_type/base/PERS": "access_code/base/P",
    }
    p = failed["access_code/base/P"]
    assert "Some values are not valid: navnet er for langt" in p["detail"]
    assert p["at"] == [
        {"field": "name", "message": "longer than 20", "position": "config/access.yaml:6:11"},
        {"field": "legal_basis", "message": "unknown statute", "position": "config/access.yaml:7:5"},
        {"field": "nothing_of_ours", "message": "odd", "position": "config/access.yaml:5:3"},
        {"field": "", "message": "the whole", "position": "config/access.yaml:5:3"},
    ]
    assert websak.effects()
    assert ("setup.create", "P") not in websak.effects()
    websak.ask("DELETE", "effects")
    websak.fault("status", method="POST", path="/access-codes", code=422, body=PROBLEM)
    reported = cli.apply(code=5)
    assert "name: longer than 20 (config/access.yaml:6:11)" in reported.out
    assert "navnet er for langt" in reported.out
    assert "By district: base 1 blocked, 1 failed" in reported.out
    assert "Applied: 0 of 2 changes done, 1 failed, 1 blocked" in reported.out
    cli.apply()
    assert sorted(websak.effects()) == [("setup.create", "P"), ("setup.create", "PERS")]


def test_a_problem_of_another_shape_is_told_too(cli: Cli, websak: Any) -> None:
    for body in (
        {"title": "One or more validation errors occurred.", "errors": {"name": ["For langt", "For rart"]}},
        "Navnet er ikke gyldig",
        {"errors": "nothing that was agreed"},
        [],
        "",
    ):
        websak.fault("status", method="POST", path="/access-codes", code=422, body=body)
        outcome = cli.apply("--target", "access_code/base/P", "--format", "json", code=5)
        failed = failures(outcome.json)["access_code/base/P"]
        assert failed["at"][0]["position"].startswith("config/access.yaml:")
        assert "HTTP 422" in failed["detail"] or "avnet" in failed["detail"] or "validation" in failed["detail"]
    assert websak.effects() == []


def test_fail_fast_begins_nothing_new_and_can_be_resumed(cli: Cli, websak: Any) -> None:
    websak.fault("status", method="POST", path="/access-codes", code=422, body=PROBLEM)
    outcome = cli.apply("--fail-fast", "--concurrency", "1", "--format", "json", code=5)
    counts = outcome.json["counts"]
    assert counts["failed"] == 1
    assert counts["not_started"] > 3
    assert counts["done"] + counts["failed"] + counts["not_started"] + counts["blocked"] == len(
        outcome.json["outcomes"]
    )
    assert "--resume" in outcome.err
    assert len(websak.effects()) == counts["done"]
    shown = cli("history", "--format", "json").json["items"][0]
    assert shown["state"] == "interrupted"
    assert "was interrupted" in cli("plan").err
    cli("apply", "--resume", "--auto-approve")
    assert cli.plan().changed == {}
    assert len(websak.effects()) == len(set(websak.effects()))
    assert cli("history", "--format", "json").json["items"][0]["state"] == "complete"


def test_without_fail_fast_one_failure_stops_nothing_else(cli: Cli, websak: Any) -> None:
    websak.fault("status", method="POST", path="/sub-orgs", code=422, body=PROBLEM)
    outcome = cli.apply("--format", "json", code=5)
    assert (
        outcome.json["counts"] | {"failed": 1, "blocked": 0, "not_started": 0, "unknown": 0} == outcome.json["counts"]
    )
    assert sum(outcome.json["districts"]["sagene"].values()) + sum(outcome.json["districts"]["frogner"].values()) + sum(
        outcome.json["districts"]["base"].values()
    ) == len(outcome.json["outcomes"])
    assert list(cli.plan().changed) == list(failures(outcome.json))
