"""Whatever the tool prints or writes: no identity number that somebody wrote into a name, no secret, no token."""

import base64
import json
import re
import sqlite3
from typing import Any

import pytest

from websakctl.redaction import national_id_valid

from .command_line import Cli

# Made-up ones: months above 40 are those of synthetic numbers.
NUMBERS = [n for n in (f"414100{i:05}" for i in range(100000)) if national_id_valid(n)][:6]
IN_NAME, IN_KEY, IN_GROUP, IN_REFUSAL, IN_REASON, CUT = NUMBERS


@pytest.fixture
def haunted(applied: Cli, websak: Any) -> Cli:
    """Numbers stand in live data where the tool reads them, and where it changes them."""
    websak.edit("department", "SA-HELSE", name=f"Mappe {IN_NAME[:6]} {IN_NAME[6:]}", contact=f"fnr {IN_NAME}")
    websak.edit("department", "PROSJ", external_id=f"FR-{IN_KEY}")
    websak.edit("access_group", "Postmottak", name=f"Sak {IN_GROUP}")
    websak.edit("case_type", "PERS", name="x" * 232 + CUT)
    websak.edit("access_code", "P", legal_basis=[{"reference": f"{IN_NAME}", "valid_from": "2009-01-01"}])
    return applied


def everything(cli: Cli) -> dict[str, bytes]:
    """All that was printed, and every file that was written."""
    result = {f"stdout {n}": o.out.encode() for n, o in enumerate(cli.outcomes)}
    result |= {f"stderr {n}": o.err.encode() for n, o in enumerate(cli.outcomes)}
    ours = [p for p in cli.root.rglob("*") if p.is_file()]
    return result | {str(p.relative_to(cli.root)): p.read_bytes() for p in ours}


def spellings(secret: str) -> set[bytes]:
    shapes = {secret, json.dumps(secret)[1:-1], f"{secret[:6]} {secret[6:]}", f"{secret[:6]}-{secret[6:]}"}
    return {shape.encode() for shape in shapes} | {base64.b64encode(secret.encode())}


def test_nothing_comes_out(haunted: Cli, websak: Any) -> None:
    cli, secret = haunted, websak.server.client_secret
    jsons = [
        cli("plan", "--format", "json", "--out", "p.json", "--prune", "org_unit"),
        cli("drift", "--format", "json"),
        cli("show", "org_unit/sagene/SA-HELSE", "--format", "json"),
        cli("snapshot", "save", "--out", "s.json", "--format", "json"),
        cli("upgrade", "check", "before", "--format", "json"),
    ]
    cli("plan", "--expand")
    cli("plan", "--format", "matrix", "--prune", "org_unit", "--prune", "access_group")
    cli("plan", "--format", "html", "--prune", "org_unit")
    cli("plan", "--format", "markdown", "--prune", "org_unit", "--prune", "access_group")
    cli("drift")
    cli("show", "case_type/base/PERS")
    cli("show", "org_unit/sagene/SA-HELSE")
    cli("doctor", "--verbose")
    problem = {
        "title": f"Verdien {IN_REFUSAL} er ikke gyldig",
        "detail": f"client_secret={secret}; Authorization: Bearer abc.def.ghi",
        "errors": [{"pointer": "/name", "detail": f"{IN_REFUSAL} brukes"}],
    }
    websak.fault("status", method="PUT", path="/case-types", code=422, body=problem)
    failed = cli.apply("--format", "json", "--reason", f"for {IN_REASON}, token {secret}", code=5)
    cli.apply("--reason", f"for {IN_REASON}", "--verbose")
    websak.edit("department", "SA-HELSE", phone="22110099")  # what the upgrade would have done
    jsons += [
        failed,
        cli("history", "--format", "json"),
        cli("history", cli.last_run(), "--format", "json"),
        cli("rollback", cli.last_run(), "--format", "json", "--out", "back.json"),
        cli("snapshot", "diff", "s.json", "--format", "json"),
        cli("upgrade", "check", "after", "--format", "json", "--html", "report.html", code=1),
    ]
    cli("history")
    cli("history", "--address", "org_unit/sagene/SA-HELSE")
    cli("upgrade", "check", "after", code=1)
    websak.ask("DELETE", "tokens")
    cli("plan", "--verbose")
    cli("plan", "--verbose", code=6, env={"WEBSAKCTL_CLIENT_SECRET": f"wrong-{secret}"})
    websak.fault("status", path="/api/AccessGroups", times=None, code=400, body=problem)
    cli("plan", "--verbose", code=7)
    cli("doctor", code=None)

    for outcome in jsons:
        json.loads(outcome.out)
    journal = sqlite3.connect(cli.state / "journal.db")
    journal.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # what is in the log comes into the file
    journal.close()
    kept = everything(cli)
    assert {"p.json", "s.json", "back.json", "report.html", ".websakctl/journal.db"} <= kept.keys()
    leaks = [
        (where, what[:4])
        for where, content in kept.items()
        for what in (*NUMBERS, secret)
        if any(shape in content for shape in spellings(what))
    ]
    assert leaks == []
    reported = b"\n".join(kept.values())
    assert b"[national identity number]" in reported
    assert not re.search(rb"(?i)bearer +(?!\[secret\])[A-Za-z0-9._~+/-]{6,}", reported)
    assert CUT[:8].encode() not in reported  # nor its first half, where a long value is cut


def test_a_plan_whose_before_is_held_back_can_be_applied(haunted: Cli, websak: Any) -> None:
    haunted("plan", "--out", "p.json", "--quiet")
    document = json.loads((haunted.root / "p.json").read_text(encoding="utf-8"))
    befores = [f["before"] for c in document["changes"] for f in c["fields"]]
    assert any("[national identity number]" in str(before) for before in befores)
    haunted.apply("p.json", "--quiet")
    assert haunted.plan().changed == {}
    assert ("department.update", "SA-HELSE") in websak.effects()


def test_pruning_what_has_a_number_for_a_key(haunted: Cli, websak: Any) -> None:
    """It is retired, and neither plan nor journal say what it was called."""
    outcome = haunted.apply(
        "--prune", "org_unit", "--target", f"org_unit/frogner/FR-{IN_KEY}", "--format", "json", code=None
    )
    assert IN_KEY not in outcome.out + outcome.err
    assert IN_KEY.encode() not in b"".join(everything(haunted).values())
    assert outcome.code in (0, 4)
    assert haunted("history", "verify", "--format", "json").json["intact"]


def test_a_traceback_says_nothing_either(applied: Cli, websak: Any) -> None:
    """Python's own words about what went wrong, with everything that led to it."""
    applied.hurried = True
    reported = []
    for path, fault in (("/api/", "html"), ("/connect/token", "html"), ("/api/setup", "truncated_json")):
        websak.ask("DELETE", "tokens")
        websak.fault(fault, path=path, times=None)
        reported.append(applied("plan", "--verbose", code=7).err)
        websak.ask("DELETE", "faults")
    assert all("Traceback" in err for err in reported)
    assert websak.server.client_secret not in "".join(reported)
    assert "Bearer" not in "".join(reported)


def test_an_old_token_stays_secret(applied: Cli, websak: Any) -> None:
    """The first one is not accepted, a second is fetched, and then a server quotes the first."""
    old = "et-gammelt-token-0123456789"
    answer = json.dumps({"access_token": old, "expires_in": 3600, "token_type": "Bearer"})
    as_json = {"Content-Type": "application/json"}
    websak.fault("status", path="/connect/token", code=200, body=answer, headers=as_json)
    quoted = json.dumps({"title": f"{old} er ikke lenger gyldig", "detail": f"<{old}>"})
    websak.fault("status", path="/api/AccessGroups", times=None, code=400, body=quoted, headers=as_json)
    outcome = applied("plan", "--verbose", code=7)
    assert "[secret] er ikke lenger gyldig" in outcome.err
    assert old not in outcome.err + outcome.out


def test_what_others_are_told_of_the_purpose(applied: Cli, websak: Any) -> None:
    """The reason goes to the server with the lease, for whoever waits."""
    websak.fault("status", method="DELETE", path="/lease", times=None, code=400)  # so that it stays
    applied.edit("config/case_types.yaml", "name: Personalmappe", "name: Personalsak")
    applied.apply("--reason", f"Sak for {IN_REASON}", "--quiet", code=None)
    with sqlite3.connect(websak.server.database.removeprefix("sqlite:///")) as database:
        rows = database.execute("SELECT * FROM setup_lease").fetchall()
    database.close()
    assert len(rows) == 1
    assert "Sak for [national identity number]" in str(rows)
