"""``explain``: rules, kinds, fields, words, and what made each value."""

import runpy
import subprocess
from pathlib import Path
from typing import Any

import pytest

from websakctl.diagnostics import RULES
from websakctl.kinds import all_kinds
from websakctl.model.vocabulary import FIELDS, GLOSSARY, word_for
from websakctl.operations.config.explain import explain, explain_resource
from websakctl.source.load import load_configuration

from .command_line import SMALL, Cli, write_files

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_every_rule_is_explained(rule: Any) -> None:
    result = explain(rule.name, all_kinds())
    assert result is not None
    text = "\n".join([result.headline, *result.notes])
    for part in (rule.summary, *rule.bad.split("\n"), *rule.good.split("\n")):
        assert part in text
    assert rule.why in text.replace("\n", " ")
    assert (f"# websakctl: ignore[{rule.name}] why" in text) is rule.settable


@pytest.mark.parametrize("kind", all_kinds().values(), ids=lambda kind: kind.name)
def test_every_kind_and_field_has_both_words(kind: Any) -> None:
    merged = explain(kind.name, all_kinds())
    assert merged is not None
    assert [row[0] for row in merged.rows] == list(kind.fields)
    assert kind.example.splitlines()[0] in merged.notes[0]
    for name in kind.fields:
        word = word_for(kind.name, name)
        assert word is not None, f"say in model/vocabulary.py what {kind.name}.{name} is called"
        one = explain(f"{kind.name}.{name}", all_kinds())
        assert one is not None
        assert word.norwegian in one.headline
        assert word.english in one.headline
        assert one.data["overridable"] is (name in kind.overridable)


def test_no_word_is_left_over() -> None:
    names = {n for k in all_kinds().values() for f in k.fields for n in (f, f"{k.name}.{f}")}
    assert set(FIELDS) - names == set()
    words = [word for words in GLOSSARY.values() for word in words]
    assert len({word.norwegian for word in words}) == len(words)


def test_the_glossary_is_as_the_code_says() -> None:
    page = runpy.run_path(str(ROOT / "docs" / "generate_glossary.py"))["page"]()
    assert page == (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8"), "run `make docs`"


@pytest.mark.parametrize(
    ("word", "english"), [("pulje", "rollout batch"), ("Sakstype", "case type"), ("offl.", "Freedom")]
)
def test_norwegian_words_are_explained(word: str, english: str) -> None:
    result = explain(word, all_kinds())
    assert result is not None
    assert english in result.headline


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    more = {
        "districts/frogner/units.yaml": """\
defaults:
  org_units: {unit_type: Tjenestested, contact: Styrer}
org_units:
  BH-EN: {name: Blåbær, parent: BHG, contact: Kontoret}
overrides:
  org_units:
    OPPV: {name: Oppvekst og kultur, reason: Eget navn, owner: Staben, until: 2027-12-31}
""",
    }
    return write_files(tmp_path, {**SMALL, **more})


def made(repository: Path, address: str) -> dict[str, Any]:
    from websakctl.model.address import Address

    config, desired = load_configuration(repository), Address.parse(address)
    fields = explain_resource(config, desired, all_kinds()[desired.kind]).data["fields"]
    assert {f: v["value"] for f, v in fields.items() if f in config.state[desired].fields} == {
        f: v for f, v in config.state[desired].fields.items() if f != "external_id"
    }
    return {
        name: [
            f"{s['by']} {s['source']['file']}:{s['source']['line']}" if s["source"] else s["by"] for s in f["made_by"]
        ]
        for name, f in fields.items()
    }


def test_template_and_override_are_named(repository: Path) -> None:
    chain = made(repository, "org_unit/frogner/FR-OPPV")
    assert chain["name"] == ["template config/org_units.yaml:4", "override districts/frogner/units.yaml:7"]
    assert chain["parent"] == chain["abbreviation"] == ["default"]


def test_defaults_of_the_file_are_named(repository: Path) -> None:
    chain = made(repository, "org_unit/frogner/FR-BH-EN")
    assert chain["unit_type"] == ["the file's defaults districts/frogner/units.yaml:2"]
    assert chain["contact"] == [
        "the file's defaults districts/frogner/units.yaml:2",
        "entry districts/frogner/units.yaml:4",
    ]


def test_every_resource_of_the_shipped_config_can_be_explained() -> None:
    config = load_configuration(ROOT)
    for address, resource in config.state.items():
        fields = explain_resource(config, address, all_kinds()[address.kind]).data["fields"]
        assert {f: fields[f]["value"] for f in resource.fields if f in fields} == {
            f: v for f, v in resource.fields.items() if f in fields
        }


def test_the_command(small: Cli) -> None:
    text = small("explain", "org_unit/frogner/FR-OPPV")
    assert "template" in text.out
    assert "config/org_units.yaml:4:18" in text.out
    reported = small("explain", "sub_org.channel", "--format", "json").json
    assert (reported["norwegian"], reported["overridable"], reported["type"]) == ("kanal", True, "svarinn, altinn")
    wrong = small("explain", "noark-code-colision", code=64)
    assert wrong.out == ""
    assert "did you mean noark-code-collision?" in wrong.err
    assert "did you mean org_unit/frogner/FR-OPPV?" in small("explain", "org_unit/frogner/FR-OPVP", code=64).err
    assert "there is no kind orgunit" in small("explain", "orgunit/frogner/FR-OPPV", code=64).err


def test_commit_and_run_of_each_value(cli: Cli) -> None:
    def fields() -> dict[str, Any]:
        return dict(cli("explain", "org_unit/frogner/FR-OPPV", "--format", "json").json["fields"])

    def git(*words: str) -> str:
        line = ["git", "-c", "user.name=Kari", "-c", "user.email=k@example.invalid", *words]
        return subprocess.run(line, cwd=cli.root, check=True, capture_output=True, text=True).stdout.strip()

    told = cli("explain", "org_unit/frogner/FR-OPPV")
    assert "which commits made these lines cannot be told (the config is in no git repository)" in told.err
    assert fields()["name"]["made_by"][0]["commit"] is None
    git("init", "-q")
    assert fields()["name"]["made_by"][0]["commit"]["sha"] == ""
    git("add", "-A")
    git("commit", "-qm", "begin")
    cli.edit("config/org_units.yaml", "{name: Oppvekst}", "{name: Oppvekst og kultur}")
    assert "not committed" in cli("explain", "org_unit/frogner/FR-OPPV").out
    git("commit", "-qam", "rename")
    commit = fields()["name"]["made_by"][0]["commit"]
    assert (commit["sha"], commit["author"], commit["summary"]) == (git("rev-parse", "HEAD"), "Kari", "rename")

    run = cli.apply("--district", "frogner", "--kind", "org_unit", "--format", "json").json["run"]
    assert fields()["name"]["run"]["run"] == run and fields()["name"]["run"]["same_value"] is True
    cli.edit("config/org_units.yaml", "Oppvekst og kultur", "Oppvekst og læring")
    assert fields()["name"]["run"]["same_value"] is False
    assert f"{run} set another value" in cli("explain", "org_unit/frogner/FR-OPPV").out


def test_a_git_that_cannot_tell_is_not_taken_for_not_committed(cli: Cli) -> None:
    (cli.root / ".git").write_text("gitdir: nowhere", encoding="utf-8")
    told = cli("explain", "org_unit/frogner/FR-OPPV")
    assert "which commits made these lines cannot be told (git rev-parse" in told.err
    assert "not committed" not in told.out
