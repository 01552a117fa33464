"""What people write on the command line and what is kept of it: never a national identity number."""

from pathlib import Path
from typing import Any

import pytest
import typer

from tests.cli.command_line import SMALL, Cli, write_files
from websakctl.cli.app import app
from websakctl.cli.options import FREE_TEXT

NUMBER = "01017000027"  # synthetic: the check digits are right, and nobody has it
KEPT = "Kari [national identity number]"
ORDINARY = "urn:altinn:accesspackage:ordinaerposttilvirksomheten"
FILES = {
    **SMALL,
    "config/gates.yaml": "gates:\n  OPPLAERING: {name: Opplæring}\n",
    "config/roles.yaml": 'user_roles:\n  CASEWORKER: {name: Saksbehandler, template_id: "1"}\n',
    "config/committees.yaml": "each_district:\n  committees:\n    BU: {name: Bydelsutvalget, unit: BYDEL}\n",
    "users/frogner.yaml": "users:\n  KARNOR: {name: Kari Nordmann, role: CASEWORKER, unit: OPPV, username: karnor, email: a@example.org}\n",
    "list.csv": "Organisasjonsnummer;Navn\n975016684;Frogner barnehage\n",
    "export.csv": f"Organisasjonsnummer;Tilgangspakke;Person\n874778702;{ORDINARY};Kari Nordmann\n",
}


def options() -> set[tuple[str, str]]:
    """Name and metavar of every option."""

    def of(command: Any) -> set[tuple[str, str]]:
        own = {(p.name, p.metavar) for p in command.params if p.param_type_name == "option"}
        return own.union(*(of(inner) for inner in getattr(command, "commands", {}).values()))

    return of(typer.main.get_command(app))


def test_every_option_that_takes_what_people_write_is_known() -> None:
    written = {name for name, metavar in options() if metavar in ("TEXT", "ROLE")} | {"by"}
    assert written == FREE_TEXT | {"requirement"}  # what pip reads


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("suborgs check altinn --file export.csv --record --on 2026-01-05 --by", "users/altinn-access.json"),
        ("attest OPPLAERING frogner --auto-approve --evidence sak --by", "districts/frogner"),
        ("attest OPPLAERING frogner --auto-approve --by Leder --evidence", "districts/frogner"),
        ("suborgs import list.csv --district frogner --channel altinn --auto-approve --reader", "districts/frogner"),
        ("rollout pause PULJE-1 --reason", "config/rollout.yaml"),
        ("worklist done committee/frogner/FR-BU --evidence sak --by", ".websakctl"),
        ("worklist done committee/frogner/FR-BU --by Leder --evidence", ".websakctl"),
        ("access sign --district frogner --offline --evidence sak --by", ".websakctl"),
        ("access sign --district frogner --offline --by Leder --evidence", ".websakctl"),
    ],
)
def test_it_is_left_out_before_anything_is_kept(tmp_path: Path, line: str, kept: str) -> None:
    cli = Cli(write_files(tmp_path / "repo", FILES))
    before = {path for path in cli.root.rglob("*") if path.is_file()}
    outcome = cli(*line.split(), f"Kari {NUMBER}", code=None)
    assert "it was left out" in outcome.err and NUMBER not in outcome.out + outcome.err
    files = {path: path.read_bytes() for path in cli.root.rglob("*") if path.is_file()}
    assert not [path for path, content in files.items() if NUMBER.encode() in content]
    assert outcome.code == 0, outcome.err
    told = [p for p, c in files.items() if KEPT.encode() in c and str(p.relative_to(cli.root)).startswith(kept)]
    assert told, (sorted(files.keys() - before), outcome.out)


@pytest.mark.parametrize("name", [f"Bydel {NUMBER}", "Bydel Ny"])
def test_a_district_is_not_named_by_one(tmp_path: Path, name: str) -> None:
    cli = Cli(write_files(tmp_path / "repo", FILES))
    slug = () if NUMBER in name else ("--slug", NUMBER)
    line = ("districts", "add", name, "--number", "98", "--orgnr", "974778742", "--short-name", "BNY", *slug)
    assert "nothing was written" in cli(*line, code=64).err
    assert sorted(path.name for path in (cli.root / "districts").iterdir()) == ["frogner", "sagene"]
