"""A config with a history: who committed it and when is chosen, so that the same commits can be had again."""

import os
import subprocess
from pathlib import Path

from tests.cli.command_line import SMALL, Cli, write_files

NAME, FIRST, CODE = "Thorvald Plantestad", "Thorvald", "THOPLA"
NUMBER = "12057940016"  # a national identity number by its check digits, and nobody's
LATER = "2098-12-31"  # by then all that is known is in
FILES = {
    **SMALL,
    ".gitignore": ".websakctl/\nusers/\n",
    "config/gates.yaml": "gates:\n  KURS: {name: Kurs er holdt}\n  TRE: {name: Treet er bekreftet, check: org-tree}\n  POST: {name: Post er avklart}\n",
    "config/roles.yaml": 'user_roles:\n  CASEWORKER: {name: Saksbehandler, template_id: "20001"}\n',
    "config/findings.yaml": f"""\
findings:
  T-1: {{name: Rutine mangler, source: "Rapport, sak 26/1", reported: 2026-01-02, deadline: 2026-03-01, responsible: Byarkivet, measure: "Skrevet av {NAME}", evidence: sak 26/2, closed: 2026-02-20}}
  T-2: {{name: "=HYPERLINK(1)", source: "Rapport, sak 26/1", reported: 2026-01-02, deadline: 2026-03-01}}
  T-3: {{name: Uten dokumentasjon, source: Rapport, reported: 2026-01-03, closed: 2026-02-01, responsible: {NAME}}}
  T-4: {{name: Uten frist, source: Rapport, reported: 2026-01-04, districts: [frogner]}}
""",
    "districts/frogner/more.yaml": f"""\
attestations:
  KURS: {{by: {NAME}, on: 2026-01-05, evidence: "sak 26/10, se {NAME}"}}
  POST: {{waived: {{by: {NAME}, why: "{NAME} er i permisjon", until: 2026-04-01}}}}
overrides:
  org_units:
    HELSE: {{name: Helse, reason: "Etter avtale med {NAME}", owner: {NAME}, until: 2026-06-30}}
    OPPV: {{name: Oppvekst og kultur, reason: Kultur er lagt til oppvekst, owner: Bydel Frogner}}
""",
    "users/frogner.yaml": f"users:\n  {CODE}: {{name: {NAME}, role: CASEWORKER, unit: OPPV, username: thopla, email: thopla@example.org}}\n",
}


def git(root: Path, *arguments: str, at: str = "2026-01-05T10:00:00+0100") -> str:
    who = {"GIT_AUTHOR_NAME": NAME, "GIT_AUTHOR_EMAIL": "t@example.invalid", "GIT_COMMITTER_NAME": NAME, "GIT_COMMITTER_EMAIL": "t@example.invalid"}  # fmt: skip
    done = subprocess.run(
        ["git", *arguments],
        cwd=root,
        env={"PATH": os.environ["PATH"], "HOME": str(root), "GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at, **who},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def commit(root: Path, message: str, at: str) -> str:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "-m", message, at=at)
    return git(root, "rev-parse", "HEAD")


def begin(root: Path, files: dict[str, str] | None = None) -> Path:
    """Two commits: one of 5 January 2026, one of 2 March that adds a unit."""
    write_files(root, FILES if files is None else files)
    users = root / "users/frogner.yaml"
    if users.exists():
        users.chmod(0o600)
    git(root, "init", "--quiet", "--initial-branch=main")
    commit(root, f"oppsett etter ønske fra {NAME}, sak 26/7", "2026-01-05T10:00:00+0100")
    path = root / "config/org_units.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "    ARK: {name: Arkiv}\n", encoding="utf-8")
    commit(root, f"arkiv {NUMBER}", "2026-03-02T23:30:00+0100")
    return root


def written(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def everything(folder: Path) -> str:
    return b"\n".join(written(folder).values()).decode()


def rows(folder: Path, name: str) -> list[list[str]]:
    import csv

    text = (folder / f"{name}.csv").read_text(encoding="utf-8-sig")
    return list(csv.reader(text.splitlines(), delimiter=";"))[1:]


def make(cli: Cli, out: str, *args: str, as_of: str = LATER, code: int | None = 0) -> Path:
    cli("evidence", "--as-of", as_of, "--out", out, *args, code=code)
    return cli.root / out
