"""Disagreements that another module draws are all found, and nothing else is: by values, over HTTP, and from files."""

import json
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.command_line import write_files
from tests.conftest import Sandbox
from tests.reliability import inside
from tests.suborgs.registers import Registers, serving
from websakctl.consistency.business_register import Registered, Standing
from websakctl.consistency.ledger import ledger
from websakctl.consistency.receiving import Receiving
from websakctl.consistency.sources import InFiks, InRegister, InWebsak
from websakctl.consistency.websak import LiveRoute, LiveUnit
from websakctl.live.business_register import registered
from websakctl.operations.review.consistency import desired_of
from websakctl.source.load import load_configuration

from .worlds import ALTINN, LATER, LIVE, PLACES, ROOT, UNITS, World, agreed, disagreeing

TODAY = date(2027, 1, 10)
ALL = frozenset({"units", "routes", "register", "fiks"})
ONLINE = frozenset({"online", "whole_units", "whole_routes", "whole_fiks"})
SEEDED = 60 if os.environ.get("RELIABILITY") == "all" else 6  # worlds over HTTP, and as many from files


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("property")


def values(world: World, heard: frozenset[str], folder: Path) -> set[tuple[str, str]]:
    """What the pure function finds."""
    write_files(folder, world.files())
    config = load_configuration(folder, TODAY)
    assert config.valid, config.findings
    desired = desired_of(config, frozenset({*PLACES, "base"}), TODAY)
    units = tuple(
        LiveUnit(
            key=u["external_id"],
            id=u["id"],
            name=u["name"],
            parent=u["parent"] if u["parent"] != ROOT else "",
            number=u["number"] or "",
            active=u["active"],
        )
        for u in world.units
    )
    routes = tuple(
        LiveRoute(
            orgnr=n, district=r["district"], name=r["name"], unit=r["unit"], channel=r["channel"], ended=not r["active"]
        )
        for n, r in world.routes.items()
    )
    websak = InWebsak(units=units if "units" in heard else None, routes=routes if "routes" in heard else None)
    rows = {n: registered(row) for n, row in {**world.enheter, **world.underenheter}.items()}
    below = {slug: [row for row in rows.values() if row.parent == orgnr] for slug, (_, orgnr) in PLACES.items()}
    there = {row.orgnr for each in below.values() for row in each}
    wanted = {*world.config_numbers, *world.removed, *world.routes} - there
    others = {n: rows.get(n) or Registered(orgnr=n, standing=Standing.REMOVED if n in world.removed else Standing.UNKNOWN) for n in wanted}  # fmt: skip
    register = InRegister(below=below, others=others) if "register" in heard else InRegister(why_not="it is down")
    asked = {
        *world.config_numbers,
        *(world.routes if "routes" in heard else ()),
        *(there if "register" in heard else ()),
    }
    receiving = {
        n: tuple(
            Receiving(orgnr=n, system=r["mottakersystem"], message_type=r["forsendelseType"], level=None)
            for r in world.fiks.get(n, [])
        )
        for n in asked
    }
    fiks = InFiks(registered=receiving) if "fiks" in heard else InFiks(why_not="it is down")
    result = ledger(desired, websak, register, fiks, TODAY)
    if heard < ALL:
        assert result.unknown
    else:
        assert not result.unknown
        assert result.count("agrees") == len(result.entries) - result.count("differs")
    assert all(finding.how and finding.by and (finding.command or finding.letter or "Websak" in finding.how) for finding in result.findings)  # fmt: skip
    return {(finding.what.value, finding.key) for finding in result.findings}


@given(random=st.randoms(use_true_random=False), silent=st.sets(st.sampled_from(sorted(ALL)), max_size=2))
def test_all_that_disagrees_is_found_and_nothing_else(folder: Path, random: Random, silent: set[str]) -> None:
    world, heard = disagreeing(random), ALL - silent
    assert values(world, heard, folder) == world.due(heard | ONLINE)


def test_each_disagreement_by_itself(folder: Path) -> None:
    drawable = {
        **dict.fromkeys(LATER, "c"),
        **dict.fromkeys(ALTINN, "altinn"),
        **dict.fromkeys(LIVE, "a"),
        **dict.fromkeys(UNITS, ""),
    }
    for put, where in drawable.items():
        world = agreed()
        routes = {n: route for n, route in world.config_numbers.items() if n in world.underenheter}
        key = next(
            (
                n
                for n, r in routes.items()
                if where in (r["channel"], r["district"]) and (where == "altinn") == (r["channel"] == "altinn")
            ),
            "XA-L0",
        )
        put(world, key, Random(7))
        assert values(world, ALL, folder) == world.due(ALL | ONLINE), put.__name__


# --- over HTTP


@pytest.fixture(scope="module")
def registers() -> Iterator[Registers]:
    with serving() as result:
        yield result


def load(world: World, sandbox: Sandbox, registers: Registers) -> dict[str, str]:
    """Let three local servers play the world; gives the variables that lead to them."""
    registers.fresh()
    registers.units, registers.sub_units = dict(world.enheter), dict(world.underenheter)
    registers.removed, registers.receiving = set(world.removed), dict(world.fiks)
    sandbox.fresh().ask("POST", "restore", world.copy())
    return {**sandbox.variables, **registers.fiks_variables}


def run(root: Path, env: dict[str, str], *args: str, code: int = 0) -> tuple[dict[str, Any], str]:
    plain = {"HOME": str(root), "USER": "tester", "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    got, out, err = inside.run(root, ("consistency", "--format", "json", *args), {**plain, **env})
    assert got == code, f"exit {got}\n{out[-2000:]}\n{err[-2000:]}"
    return json.loads(out), err


def found(document: dict[str, Any]) -> set[tuple[str, str]]:
    return {(finding["what"], entry["key"]) for entry in document["entries"] for finding in entry["findings"]}


@pytest.mark.parametrize("seed", range(SEEDED))
def test_found_over_http(seed: int, tmp_path: Path, sandbox33: Sandbox, registers: Registers) -> None:
    random = Random(f"http {seed}")
    world = disagreeing(random)
    root = write_files(tmp_path / "repo", world.files())
    env = load(world, sandbox33, registers)
    document, _ = run(root, env, "--detailed-exitcode", code=2)
    expected = world.due(ALL | ONLINE)
    assert found(document) == expected
    assert document["unknown"] == []
    assert len(expected) > 10


@pytest.mark.parametrize("silent", ["units", "routes", "register", "half a register", "fiks", "no key"])
def test_a_server_that_does_not_answer_is_unknown(
    silent: str, tmp_path: Path, sandbox33: Sandbox, registers: Registers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("websakctl.live.transport.ATTEMPTS", 1)
    world = disagreeing(Random(f"silent {silent}"))
    root = write_files(tmp_path / "repo", world.files())
    env = load(world, sandbox33, registers)
    match silent:
        case "units":
            sandbox33.fault("status", path="/api/v2/departments/flat", times=20, code=503)
        case "routes":
            sandbox33.fault("status", path="/sub-orgs", times=20, code=503)
        case "register":
            env["WEBSAKCTL_REGISTER_URL"] = "http://127.0.0.1:9"
        case "half a register":
            registers.faults.append((200, b'{"page": {"totalElements": 3}}'))
        case "fiks":
            env["WEBSAKCTL_FIKS_URL"] = "http://127.0.0.1:9"
        case _:
            del env["WEBSAKCTL_FIKS_KEY_ID"]
    document, err = run(root, env, code=0 if silent == "no key" else 7)
    lost = {"half a register": "register", "no key": "fiks"}.get(silent, silent)
    assert found(document) == world.due((ALL - {lost}) | ONLINE)
    source = {"units": "websak", "routes": "websak", "register": "business-register", "fiks": "fiks"}[lost]
    unknown = {each["source"]: each["count"] for each in document["unknown"]}
    assert unknown.keys() >= {source}
    told = {entry["key"] for entry in document["entries"] if entry["says"][source]["known"] == "unknown"}
    assert not any(entry["verdict"] == "agrees" for entry in document["entries"] if entry["key"] in told)
    if silent != "no key":
        assert document["diagnostics"][0]["exit_code"] == 7
        assert "not everything could be compared" in err


# --- from files


@pytest.mark.parametrize("seed", range(SEEDED))
def test_found_in_exports(seed: int, tmp_path: Path) -> None:
    """Columns in any order, columns that nobody knows, and only some of the rows where no ``--whole`` says otherwise."""
    random = Random(f"files {seed}")
    world = disagreeing(random)
    root = write_files(tmp_path / "repo", world.files())
    dropped = {key for key in (*world.routes, *(u["external_id"] for u in world.units)) if random.random() < 0.4}
    half = seed % 2 == 1
    files = {**world.tables(random, lambda key: not half or key not in dropped), **world.bulk(random)}
    for name, content in files.items():
        (root / name).write_bytes(content)
    whole = () if half else ("--whole", "org_unit", "--whole", "sub_org", "--whole", "fiks")
    document, _ = run(root, {}, "--export", "org_unit=units.csv", "--export", "sub_org=routes.csv", "--fiks", "fiks.csv",
                      "--file", "enheter.json", "--file", "underenheter.json", *whole)  # fmt: skip
    heard = ALL | {"bulk", "fiks_file"} | (frozenset() if half else ONLINE - {"online"})
    assert found(document) == world.due(heard, lambda key: not half or key not in dropped)
    assert bool(document["unknown"]) or not half


def test_nothing_of_a_person_is_shown(tmp_path: Path, sandbox33: Sandbox, registers: Registers) -> None:
    world = agreed()
    world.unit("XA-L0")["number"] = "01017012345"
    root = write_files(tmp_path / "repo", world.files())
    document, err = run(root, load(world, sandbox33, registers))
    assert "01017012345" not in json.dumps(document) + err
    assert document["agree"] == document["checked"] == len(world.config_units) + len(world.config_numbers)
