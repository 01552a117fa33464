"""How to run every command that writes JSON: with a result, and without one."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

SHARED: dict[str, str | None] = {
    "WEBSAKCTL_ENVIRONMENT": "shared",
    "WEBSAKCTL_BASE_URL": None,
    "WEBSAKCTL_SETUP_URL": None,
}
LOGIN: dict[str, str | None] = {
    **SHARED,
    "WEBSAKCTL_ENVIRONMENT": "fleet",
    "WEBSAKCTL_CLIENT_ID": None,
    "WEBSAKCTL_CLIENT_SECRET": None,
}


@dataclass(frozen=True)
class Case:
    """One command line.

    Args:
        command: As the help names it.
        rest: Arguments after it. ``{run}``: the name of the newest run.
        code: The exit code.
        first: Command lines that come before it, in the same place.
        writes: Whether it changes files, and so takes a copy of the repository.
        env: Variables that differ from those of the sandbox.
        stdin: What it reads.
        fault: What the sandbox does wrong meanwhile.
    """

    command: str
    rest: str = ""
    code: int = 0
    first: tuple[str, ...] = ()
    writes: bool = False
    env: Mapping[str, str | None] = field(default_factory=dict)
    stdin: str = ""
    fault: Mapping[str, Any] = field(default_factory=dict)

    @property
    def arguments(self) -> list[str]:
        return shlex.split(f"{self.command} {self.rest}")

    def __str__(self) -> str:
        where = self.env.get("WEBSAKCTL_ENVIRONMENT")
        parts = (self.command, self.rest, f"({where})" if where else "", f"ends with {self.code}" if self.code else "")
        return " ".join(filter(None, parts))


MIGRATED = ("state migrate",)
DONE = '--by "Kari Nordmann" --evidence "sak 27/1"'
RECORDED = (f"worklist done committee/frogner/FR-BU {DONE}",)
REFUSES: dict[str, Any] = {"fault": "status", "method": "PUT", "path": "/access-codes", "code": 422, "body": {"title": "No"}}  # fmt: skip

# Those that write to Websak come last, so that the others find changes to plan.
RESULTS = (
    Case("init", "new --ci github"),
    Case("validate"),
    Case("validate", "--root broken", code=3),
    Case("fmt", "--check", code=1),
    Case("fmt", writes=True),
    Case("plan", "--prune access_group"),
    Case("plan", "--access"),
    Case("rehearse", "plan.json"),
    Case("drift"),
    Case("history"),
    Case("history", "{run}"),
    Case("history", "--address access_code/base/P"),
    Case("history", "verify"),
    Case("rollback", "last"),
    Case("reform plan", "reform.yaml"),
    Case("reform compare", "reform.yaml reform.yaml"),
    Case("worklist list"),
    Case("worklist list", "--done", first=RECORDED, writes=True),
    Case("worklist show", "committee/frogner/*"),
    Case("worklist show", "--out lists"),
    Case("worklist done", f"committee/frogner/FR-BU {DONE}", writes=True),
    Case(
        "worklist reopen",
        'committee/frogner/FR-BU --by "Kari Nordmann" --reason "feil utvalg"',
        first=RECORDED,
        writes=True,
    ),
    Case("snapshot save"),
    Case("snapshot list", first=("snapshot save",)),
    Case("snapshot diff", "before.json"),
    Case("upgrade check", "before"),
    Case("upgrade check", "after", first=("upgrade check before",)),
    Case("pull", '--auto-approve --force --reason "sak 27/1" --owner Byarkivet', writes=True),
    Case("adopt", "access_group/base/* --auto-approve --force", writes=True),
    Case("adopt", "--match"),
    Case("show", "org_unit/frogner/FR-HELSE"),
    Case("show", "org_unit/frogner/FR-HELSE --offline"),
    Case("find", "oppvekst"),
    Case("export", "setup.xlsx", writes=True),
    Case("import", "setup.xlsx --auto-approve", first=("export setup.xlsx",), writes=True),
    Case("explain", "duplicate-key"),
    Case("explain", "config-invalid"),
    Case("explain", "org_unit"),
    Case("explain", "org_unit.parent"),
    Case("explain", "sakstype"),
    Case("explain", "org_unit/frogner/FR-HELSE"),
    Case("schema"),
    Case("schema", "--write", writes=True),
    Case("districts list"),
    Case("districts add", '"Bydel Ullern" --number 06 --orgnr 971022051 --short-name BUN', writes=True),
    Case("districts compare"),
    Case("districts documents", "frogner --what plan --as md"),
    Case("licences"),
    Case("licences", "--offline"),
    Case("suborgs"),
    Case("suborgs", "--arrives dokulink"),
    Case("suborgs check", "--file register.json"),
    Case("suborgs check altinn", "--file altinn.csv --names"),
    Case("suborgs check altinn", "--file altinn.csv --on 2026-01-05 --by Arkivleder --record", writes=True),
    Case(
        "suborgs import",
        "--file register.json --channel altinn --reader Styrer --auto-approve --force",
        writes=True,
    ),
    Case("consistency", "--file register.json --letters letters", writes=True),
    Case("users import", "hr.csv", writes=True),
    Case("users import", "wrong.csv", code=3),
    Case("users list"),
    Case("attest", f"LEDERE sagene {DONE} --auto-approve --force", writes=True),
    Case("law check"),
    Case("law check", "--as-of 2008-01-01 --strict", code=4),
    Case("access who", "--code P --names"),
    Case("access who", "--code P --unit FR-OPPV --level 3 --offline"),
    Case("access what", "KARNOR"),
    Case("access compare", "KARNOR SYS-BYARK --names"),
    Case("access review", "--district frogner"),
    Case("access review", "--district frogner --names --offline"),
    Case("access sign", '--district frogner --by Bydelsdirektør --evidence "sak 27/1"', writes=True),
    Case("rollout status"),
    Case("rollout check", "PULJE-2", code=4),
    Case("rollout schedule"),
    Case("rollout pause", 'PULJE-1 --reason "sak 27/2"', writes=True),
    Case("rollout resume", "PULJE-1", writes=True),
    Case("rollout move", "PULJE-1 --go-live 2099-04-15 --auto-approve --force", writes=True),
    Case("rollout report", "--html status.html"),
    Case("evidence", "--as-of 2099-01-01 --out evidence", writes=True),
    Case("evidence", "--as-of 2099-01-01 --out evidence", env=SHARED, code=1, writes=True),
    Case("fleet validate"),
    Case("fleet plan"),
    Case("fleet drift"),
    Case("fleet report"),
    Case("fleet merge", "results.json", first=("fleet validate --out results.json",)),
    Case("doctor"),
    Case("state status"),
    Case("state migrate", env=SHARED, writes=True),
    Case("state status", env=SHARED, first=MIGRATED),
    Case("state pull", env=SHARED, first=MIGRATED),
    Case("state push", env=SHARED, first=MIGRATED),
    Case("state verify", env=SHARED, first=MIGRATED),
    Case("auth login", "--client-id websakctl", env=LOGIN, stdin="secret\n"),
    Case("auth logout", env=LOGIN),
    Case("auth status"),
    Case("auth status", env=LOGIN, code=6),
    Case("sandbox status"),
    Case("sandbox stop"),
    Case("contract check", "userapi.json"),
    Case("rollout run", "PULJE-2 --auto-approve", code=4),
    Case("apply", "--resume --auto-approve"),
    Case("apply", "stale.plan.json --auto-approve", code=5, writes=True),
    Case("apply", "--auto-approve", fault=REFUSES, code=5, writes=True),
    Case("rollout run", "PULJE-1 --auto-approve", writes=True),
    Case("fleet apply", "--auto-approve", writes=True),
)
WITHOUT = {"sandbox serve": "it stays in the foreground", "sandbox reset": "it needs a sandbox of its own"}

_NOWHERE = "--root nowhere"
_ENDS_OTHERWISE = {
    "init": Case("init", "--ci nothing", code=64),
    "explain": Case("explain", "nothing-like-that", code=64),
    "schema": Case("schema", "case_typ", code=64),
    "contract check": Case("contract check", "nowhere.json", code=64),
    "fleet merge": Case("fleet merge", "nowhere.json", code=64),
}


def _without_a_result() -> tuple[Case, ...]:
    """Each command once more, where there is no repository."""
    lines = {case.command: case for case in reversed(RESULTS)}
    lines |= {command: Case(command) for command in WITHOUT}
    plain = {"code": 64, "first": (), "writes": False, "fault": {}}
    return tuple(
        _ENDS_OTHERWISE.get(command) or replace(case, rest=f"{case.rest} {_NOWHERE}", **plain)
        for command, case in lines.items()
    )


FAILURES = (
    *_without_a_result(),
    Case("plan", "--root broken", code=3),
    Case("plan", "--kind orgunit", code=64),
    Case("plan", env={"WEBSAKCTL_CLIENT_SECRET": "not-it"}, code=6),
    Case("plan", env={"WEBSAKCTL_ROOT_UNIT": "BERGEN"}, code=7),
    Case("fleet apply", code=4),
    Case("plam", code=64),
)
