"""Plans as they are printed, case by case: ``UPDATE_GOLDENS=1 pytest tests/test_golden.py`` writes ``plan.md`` again."""

import io
import json
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from ruamel.yaml import YAML

from tests.strategies import as_read
from websakctl.cli.terminal import Terminal
from websakctl.kinds import all_kinds
from websakctl.model.address import Address
from websakctl.model.kind import Api
from websakctl.model.resource import Resource, State
from websakctl.operations.change.make_plan import ConfigInput, make_plan
from websakctl.plan.change import Plan
from websakctl.plan.diff import LastApplied
from websakctl.plan.document import to_document
from websakctl.report.formats import matrix, text
from websakctl.report.view_models import Look, PlanReport
from websakctl.source.configuration import Configuration
from websakctl.source.load import load_configuration

CASES = sorted(path.parent for path in Path(__file__).with_name("cases").glob("*/desired.yaml"))
FACTS = Path(__file__).with_name("cases") / "districts.yaml"
NOT_CONFIG = ("about", "districts", "own", "options")


class Tty(io.StringIO):
    """What a command takes for a terminal."""

    def isatty(self) -> bool:
        return True


@dataclass(frozen=True)
class Live:
    """What a case finds in Websak, and what of it was applied before."""

    state: State
    known: dict[Address, LastApplied]


def read(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text(encoding="utf-8")) or {}


def write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    yaml = YAML(typ="safe")
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.width = 1000
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(content, file)


def configuration(said: dict[str, Any], root: Path) -> Configuration:
    """Lay a case's ``desired.yaml`` out as a config repository, and load it."""
    facts = read(FACTS)
    slugs = list(facts) if said.get("districts") == "all" else said.get("districts", [])
    write(root / "config" / "setup.yaml", {k: v for k, v in said.items() if k not in NOT_CONFIG})
    for slug in slugs:
        write(root / "districts" / slug / "district.yaml", {"district": facts[slug]})
    for slug, own in said.get("own", {}).items():
        write(root / "districts" / slug / "own.yaml", own)
    config = load_configuration(root, date(2027, 1, 1))
    assert config.findings == []
    return config


def live(said: dict[str, Any], desired: dict[str, Any], root: Path) -> Live:
    """What ``live.yaml`` tells: ``was``, a config that was applied before (what it says goes over ``desired.yaml``), and ``objects``."""
    state: State = {}
    if "was" in said:
        state = as_read(configuration({**desired, **(said["was"] or {})}, root).state)
    known = {address: LastApplied(resource.fields) for address, resource in state.items()}
    for name, fields in said.get("objects", {}).items():
        address = Address.parse(name)
        about = {word: fields.pop(word) for word in ("retired", "applied", "gone") if word in fields}
        if about.get("gone"):
            del state[address]
            continue
        existing = state[address].fields if address in state else {}
        empty = dict.fromkeys(all_kinds()[address.kind].managed_fields)
        if address.kind == "org_unit":
            empty |= {"external_id": address.key, "abbreviation": address.key, "unit_type": "Avd"}
        state[address] = Resource(
            address=address, fields={**empty, **existing, **fields}, active=not about.get("retired")
        )
        if about.get("applied"):
            known[address] = LastApplied(state[address].fields, protected=about["applied"] == "protected")
    return Live(state, known)


def planned(case: Path, root: Path) -> Plan:
    desired = read(case / "desired.yaml")
    options = desired.get("options", {})
    config = configuration(desired, root / "desired")
    existing = live(read(case / "live.yaml"), desired, root / "was")
    kinds = {name: kind for name, kind in all_kinds().items() if options.get("setup_api", True) or kind.api is Api.USER}
    plan_input = ConfigInput(
        config=config,
        known=existing.known,
        kinds=kinds,
        environment=options.get("environment", "sandbox"),
        protected=options.get("protected", False),
        prune=frozenset(options.get("prune", ())),
    )
    return make_plan(plan_input, {a: r for a, r in existing.state.items() if a.kind in kinds})


def page(plan: Plan, title: str, about: str) -> str:
    document = to_document(plan, tool_version="0.0.0", created_at="2027-01-01T00:00:00Z")
    report = PlanReport(plan=plan, made=lambda: document, origin="http://127.0.0.1:8080")
    coloured = Terminal().look(Tty())
    blocks = {
        "80 columns": text.FORMAT.render(report, Look(width=80)),
        "120 columns": text.FORMAT.render(report, Look(width=120)),
        "80 columns, in colour": text.FORMAT.render(report, replace(coloured, width=80)).replace("\x1b", "␛"),
        "--expand": text.FORMAT.render(report, Look(width=80, expand=True)),
        "--format matrix": matrix.FORMAT.render(report, Look(width=80)),
        "the summary in JSON": json.dumps(document["summary"]),
    }
    parts = [f"# {title}", about.strip()]
    parts += [f"## {name}\n\n```text\n{block}\n```" for name, block in blocks.items()]
    return "\n\n".join(parts) + "\n"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_plan_is_as_recorded(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    plan = planned(case, tmp_path)
    given = page(plan, case.name.replace("_", " ").capitalize(), read(case / "desired.yaml")["about"])
    golden = case / "plan.md"
    if os.environ.get("UPDATE_GOLDENS"):
        golden.write_text(given, encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == given, "if this is meant: UPDATE_GOLDENS=1"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_nothing_printed_acts_on_a_terminal(case: Path) -> None:
    recorded = (case / "plan.md").read_text(encoding="utf-8")
    assert all(line.isprintable() for line in recorded.split("\n"))
