"""`pull --all` into an empty folder: a plan has nothing to do, and the config is about as small as one written by hand."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from websakctl.kinds import all_kinds
from websakctl.model.address import Address
from websakctl.model.district import District
from websakctl.model.kind import Api
from websakctl.model.resource import Resource, State
from websakctl.operations.change.make_plan import ConfigInput, make_plan
from websakctl.operations.config.infer_config import factored, nodes, recognise
from websakctl.operations.config.placing import Why
from websakctl.operations.config.write_back import tried
from websakctl.source.configuration import Configuration
from websakctl.source.parsing import parse

from .conftest import SMALL, Repository
from .files import ROOT

WHY = Why(reason="Slik det var", owner="Byarkivet")


def size(root: Path) -> int:
    files = [
        p for folder in ("config", "districts") for p in (root / folder).rglob("*.yaml") if p.name != "websak.yaml"
    ]
    return sum(nodes(parse(p.read_text(encoding="utf-8"), "").value) for p in files)


def test_the_shipped_config_comes_back_about_as_small(repository: Any, environment: Any) -> None:
    shipped = repository({})
    for folder in ("config", "districts"):
        shutil.copytree(ROOT / folder, shipped.root / folder)
    for kind in all_kinds().values():
        if kind.api in (Api.MANUAL, Api.CONFIG):  # no Websak gives these back
            (shipped.root / "config" / f"{kind.plural}.yaml").unlink(missing_ok=True)
    shipped("apply", "--auto-approve", "--concurrency", "8")

    empty = repository({}, "empty")
    refused = empty("pull", "--all", "--auto-approve", code=4)
    assert "org_unit/alna/AL-FRIV" in refused.err
    assert empty.texts() == {}
    empty("pull", "--all", "--auto-approve", "--reason", "Slik det var", "--owner", "Byarkivet")

    plan = empty.plan()
    assert plan["changes"] == []
    assert plan["summary"]["unmanaged"] == 0
    assert plan["summary"]["unchanged"] - 2 == shipped.plan()["summary"]["unchanged"]
    assert size(empty.root) <= 1.15 * size(shipped.root)
    assert size(empty.root) > 0.9 * size(shipped.root)
    assert len(empty.text("config/org_units.yaml").splitlines()) < 40
    empty("fmt", "--check")


def test_what_is_there_already_is_kept(repository: Any, environment: Any) -> None:
    repository(SMALL)("apply", "--auto-approve")
    started = {
        "config/websak.yaml": 'organisation: {name: Oslo kommune, orgnr: "958935420"} # ours\n',
        "districts/frogner/district.yaml": SMALL["districts/frogner/district.yaml"] + "# about Frogner\n",
        "districts/sagene/district.yaml": SMALL["districts/sagene/district.yaml"].partition("\noverrides")[0],
    }
    result: Repository = repository(started, "started")
    result("pull", "--all", "--auto-approve", "--reason", "Slik det var", "--owner", "Byarkivet")
    texts = result.texts()
    assert texts["config/websak.yaml"] == started["config/websak.yaml"]
    assert texts["districts/frogner/district.yaml"] == started["districts/frogner/district.yaml"]
    assert 'number: "03"' in texts["districts/sagene/district.yaml"]
    assert "BHG: {name: Barnehagene, reason: Slik det var, owner: Byarkivet}" in texts["districts/sagene/district.yaml"]
    assert texts["config/org_units.yaml"].startswith(
        'each_district:\n  org_units:\n    BYDEL: {name: "{district.name}"'
    )
    assert result.plan()["changes"] == []


DISTRICTS = [
    District(slug="frogner", name="Bydel Frogner", number="01", orgnr="874778702", short_name="BFR", prefix="FR"),
    District(slug="sagene", name="Bydel Sagene", number="02", orgnr="974778726", short_name="BSA", prefix="SA"),
    District(slug="alna", name="Bydel Alna", number="03", orgnr="970534644", short_name="BAL", prefix="AL"),
]
LOCALS = ["OPPV", "HELSE", "BHG", "NAV", "BH-A", "BH-B", "BH-C"]
names = st.sampled_from(["Oppvekst", "Oppvekst og kultur", "Helse: hjemme", "{of} enhet", "Barnehage, stor", "yes"])


@st.composite
def setups(draw: st.DrawFn) -> State:
    """Live setups of a few districts that share much and not all."""
    live: State = {}

    def add(kind: str, scope: str, key: str, **fields: Any) -> None:
        merged = dict.fromkeys(all_kinds()[kind].managed_fields) | fields
        address = Address(kind, scope, key)
        live[address] = Resource(address=address, fields=merged)

    usual = {local: draw(names) for local in LOCALS}
    for d in draw(st.lists(st.sampled_from(DISTRICTS), unique=True, min_size=1)):
        top = f"{d.prefix}-BYDEL"
        add("org_unit", d.slug, top, name=d.name, abbreviation=d.short_name, unit_type="Bydel", external_id=top)
        placed = ["BYDEL"]
        for local in LOCALS:
            if draw(st.integers(0, 9)) == 0 and len(placed) > 1:
                continue
            key = f"{d.prefix}-{local}"
            name = usual[local] if draw(st.integers(0, 4)) else draw(names)
            parent = placed[-1] if local.startswith("BH-") and len(placed) > 3 else "BYDEL"
            add(
                "org_unit", d.slug, key,
                name=name.replace("{of}", d.name), parent=f"{d.prefix}-{parent}", external_id=key,
                abbreviation=key if draw(st.integers(0, 5)) else f"X-{key}",
                unit_type="Tjenestested" if local.startswith("BH-") else "Avd",
                contact=draw(st.sampled_from([None, None, None, "Stab"])),
            )  # fmt: skip
            placed.append(local)
        unset = {"message_types": [], "readers": draw(st.sampled_from([[], ["Styrer"]]))}
        routine = "Hver dag" if unset["readers"] else None
        channel = "altinn" if unset["readers"] else "svarinn"
        add("sub_org", d.slug, d.orgnr, name=d.name, unit=top, channel=channel, daily_routine=routine, **unset)
        add("access_group", d.slug, f"{d.prefix}-LEDERE")
    return live


@given(setups())
@settings(max_examples=25, deadline=None)
def test_whatever_is_live_a_plan_has_nothing_to_do(tmp_path_factory: pytest.TempPathFactory, live: State) -> None:
    root = tmp_path_factory.getbasetemp()
    districts, left = recognise(live, all_kinds())
    assert left == []
    assert {d.slug: d.orgnr for d in districts.values()} == {a.scope: a.key for a in live if a.kind == "sub_org"}
    config = Configuration(districts=districts)
    inputs = ConfigInput(config=config, known={}, kinds=all_kinds(), environment="test")
    result, files = factored(root, inputs, live, WHY, True)
    assert result.left == []
    after = tried(root, files)
    plan = make_plan(ConfigInput(config=after, known={}, kinds=all_kinds(), environment="test"), live)
    assert (plan.changes, plan.unmanaged) == ((), ())


def test_a_district_whose_number_nobody_knows_is_named_and_left(repository: Any) -> None:
    live: State = {}
    for key, parent in (("FR-BYDEL", None), ("FR-OPPV", "FR-BYDEL"), ("ALENE", None)):
        address = Address("org_unit", "base", key)
        live[address] = Resource(
            address=address, fields={"name": key, "parent": parent, "external_id": key, "abbreviation": key}
        )
    districts, left = recognise(live, all_kinds())
    assert districts == {}
    assert [(str(one.address), "orgnr" in one.why) for one in left] == [("org_unit/base/FR-BYDEL", True)]
