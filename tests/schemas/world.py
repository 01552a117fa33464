"""A repository that is applied to a sandbox, with something to find for every command; and copies of it to write in."""

import io
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import keyring
import keyring.backend
import keyring.errors

from tests.cli.command_line import SMALL, write_files
from tests.conftest import Sandbox
from tests.reliability import inside

STATE_KEY = "0f" * 32
FILES = {
    **SMALL,
    ".gitignore": ".websakctl/\nusers/\n",
    "config/gates.yaml": """\
gates:
  LEDERE: {name: Opplæring av ledere, next: Hold kurset}
  BRUKERE: {name: Brukere er meldt inn, check: users}
""",
    "config/committees.yaml": """\
each_district:
  committees:
    BU: {name: Bydelsutvalget}
""",
    "config/roles.yaml": """\
user_roles:
  CASEWORKER: {name: Saksbehandler, template_id: "20001", licences: [WEBSAK-PLUS]}
""",
    "config/rollout.yaml": """\
preparations:
  KURS: {name: Kurs for ledere, responsible: Opplæringsansvarlig, before: 6, days: 3, gate: LEDERE}
rollout_batches:
  PULJE-1: {name: Første pulje, go_live: 2099-03-02, districts: [frogner]}
  PULJE-2: {name: Andre pulje, districts: [sagene]}
licences:
  WEBSAK-PLUS: {product: Websak+, bought: 100, allotments: {frogner: 40, sagene: 0}}
""",
    "districts/frogner/more.yaml": """\
attestations:
  LEDERE: {by: Opplæringsansvarlig, on: 2026-01-05, evidence: sak 26/1}
sub_orgs:
  "975016684": {name: Frogner barnehage, unit: BHG, channel: altinn, readers: [Styrer], arrives: dokulink}
overrides:
  org_units:
    HELSE: {name: Helse, reason: Eget navn, owner: Bydel Frogner}
""",
    "config/legal_sources.yaml": """\
legal_sources:
  OFFL:
    name: Offentleglova
    type: act
    number: LOV-2006-05-19-16
    cited_as: [offl.]
    sections: {§ 13: {}}
    valid_from: 2009-01-01
    source: lovdata.no
    confirmed: {by: Byarkivet, on: 2026-11-30}
  USERAPI-GET: {name: Gamle kall, type: deadline, valid_to: 2027-12-31, source: Leverandøren, binds_rollout: true, next: Oppgrader}
""",
    "users/frogner.yaml": "users:\n  KARNOR: {name: Kari Nordmann, role: CASEWORKER, unit: OPPV, username: karnor}\n",
    "hr.csv": "Bydel;Navn;Rolle;Avdeling;Brukernavn;E-post\nSagene;Ola Nordmann;Saksbehandler;OPPV;olanor;ola@example.org\n",
    "wrong.csv": "Bydel;Navn;Rolle;Avdeling;Brukernavn;E-post\nSagene;Ola Nordmann;Pave;OPPV;olanor;ola@example.org\n",
    "reform.yaml": """\
reform: {name: Eksempel med 1 bydel, date: 2099-01-01, owner: Byarkivet}
districts:
  a: {name: Bydel A, number: "01", orgnr: "312345005", short_name: BXA, prefix: XA, take_over: [frogner, sagene]}
""",
    "fleet.yaml": "targets:\n  one: {root: ., environment: fleet}\n",
    "userapi.json": '{"openapi": "3.0.1", "info": {"title": "User API", "version": "3.3"}, "paths": {"/api/info": {"get": {}}}}',
    "altinn.csv": "Orgnr;Tilgangspakke;Person;Fødselsnummer;Annet\n"
    "874778702;Ordinær post til virksomheten;Kari Nordmann;x;y\n"
    "975016684;Post/arkiv;Ola Nordmann;x;y\n97501;Ordinær post til virksomheten;Ola Nordmann;x;y\n",
    "register.json": '[{"organisasjonsnummer": "313000109", "navn": "NY ENHET", "organisasjonsform": {"kode": "BEDR"}, "overordnetEnhet": "874778702"}]',
    "broken/config/websak.yaml": "organisation: {name: Oslo kommune}\naccess_codes:\n  X: {nmae: x}\n",
}


class MemoryKeyring(keyring.backend.KeyringBackend):
    """Keeps what it is given as long as it lives."""

    priority = 1.0  # type: ignore[assignment]  # a class property there

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise keyring.errors.PasswordDeleteError("nothing there")


@dataclass
class World:
    """The repository, and whose Websak it is applied to."""

    root: Path
    sandbox: Sandbox
    copies: int = 0
    keyring: MemoryKeyring = field(default_factory=MemoryKeyring)

    @classmethod
    def applied(cls, folder: Path, sandbox: Sandbox) -> "World":
        """Write and apply the repository; then somebody changes names by hand, and one in the config."""
        world = cls(write_files(folder / "repo", FILES), sandbox.fresh())
        (world.root / "users/frogner.yaml").chmod(0o600)
        server = sandbox.server
        where = f'base_url: "{server.base_url}", token_url: "{server.token_url}", root_unit: OSLO'
        path = world.root / "config/websak.yaml"
        settings = path.read_text(encoding="utf-8")
        settings += f'  fleet: {{{where}, setup_url: "{server.setup_url}"}}\n  shared: {{{where}, state: git}}\n'
        path.write_text(settings, encoding="utf-8")
        remote = folder / "remote.git"
        git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.invalid"]
        for words in (
            ["init", "-q", "-b", "main"],
            ["init", "-q", "--bare", str(remote)],
            ["remote", "add", "origin", str(remote)],
            ["add", "-A"],
            ["commit", "-qm", "begin"],
            ["push", "-q", "origin", "main"],
        ):
            subprocess.run([*git, *words], cwd=world.root, check=True, capture_output=True)
        world.run("plan", "--out", "first.plan.json")
        world.run("apply", "--auto-approve", "--reason", "begin")
        world.run("snapshot", "save", "--out", "before.json")
        path = world.root / "config/org_units.yaml"
        path.write_text(path.read_text(encoding="utf-8").replace("Oppvekst", "Oppvekst og læring"), encoding="utf-8")
        world.run("plan", "--out", "stale.plan.json")
        world.sandbox.edit("access_code", "P", name="Personal")
        world.sandbox.edit("department", "FR-OPPV", name="Oppv")
        world.sandbox.edit("department", "SA-HELSE", addr="Gata 1")
        world.run("plan", "--out", "plan.json")
        return world

    def copy(self) -> "World":
        """The same repository in another folder, for a command that writes."""
        self.copies += 1
        root = self.root.with_name(f"copy-{self.copies}")
        shutil.copytree(self.root, root)
        return World(root, self.sandbox, keyring=self.keyring)

    def run(
        self, *args: str, code: int = 0, env: Mapping[str, str | None] | None = None, stdin: str = ""
    ) -> tuple[str, str]:
        """Run one command line in this process; gives stdout and stderr."""
        plain = {"HOME": str(self.root), "USER": "tester", "WEBSAKCTL_STATE_KEY": STATE_KEY}
        around = {**plain, **self.sandbox.variables, **self.targets(), **(env or {})}
        variables = {name: value for name, value in around.items() if value is not None}
        with (
            mock.patch.object(sys, "stdin", io.StringIO(stdin)),
            mock.patch.object(keyring, "get_keyring", lambda: self.keyring),
        ):
            got, out, err = inside.run(self.root, args, variables)
        assert got == code, f"{args}: exit {got}\n{out[-3000:]}\n{err[-3000:]}"
        assert "internal error" not in err, err
        return out, err

    def targets(self) -> dict[str, str]:
        """What the jobs of a fleet get to know."""
        server = self.sandbox.server
        return {
            "WEBSAKCTL_ONE_CLIENT_ID": server.client_id,
            "WEBSAKCTL_ONE_CLIENT_SECRET": server.client_secret,
            "WEBSAKCTL_ONE_TOKEN_URL": server.token_url,
        }

    def last_run(self) -> str:
        return str(json.loads(self.run("history", "--format", "json")[0])["items"][0]["run"])
