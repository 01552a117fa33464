"""A small repository with roles, and the command run in it within this process."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from tests.cli.command_line import SMALL, write_files
from tests.reliability import inside
from websakctl.live.transport import Answer, Writing

ROLES = """\
user_roles:
  CASEWORKER:
    name: Saksbehandler
    template_id: "20001"
    licences: [WEBSAK-PLUS]
    access_functions: ["10", "20"]
    groups: [BYARKIVET]
    district_groups: [SAKSBEHANDLERE]
    zones: [Åpen sone]
  LEADER:
    name: Leder
    template_id: "20002"
    licences: [WEBSAK-PLUS]
    access_functions: ["10", "30"]
    roles: {LD: {units: own, grades: [U]}, SB: {units: district, grades: [A]}}
    zones: [Åpen sone]
  ARCHIVIST: {name: Arkivar, template_id: "20003", zones: [Åpen sone, Intern sone]}
each_district:
  access_groups: {SAKSBEHANDLERE: {}}
"""
KARI = "{name: Kari Nordmann, role: CASEWORKER, unit: OPPV, username: karnor, email: kari.nordmann@example.org}"
OLA = "{name: Ola Nordmann, role: LEADER, unit: HELSE, username: olanor, email: ola.nordmann@example.org}"


class Crash(BaseException):
    """The process is gone."""


@dataclass
class Office:
    """Where somebody sits who runs the command."""

    root: Path
    websak: Any  # the sandbox's controls
    env: dict[str, str] = field(default_factory=dict)

    def __call__(self, *args: str, code: int = 0) -> tuple[str, str]:
        home = {"HOME": str(self.root), "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
        got, out, err = inside.run(self.root, args, {**home, **self.websak.variables, **self.env})
        assert got == code, f"{args}: exit {got}\n{out[-3000:]}\n{err[-3000:]}"
        return out, err

    def plan(self, *args: str) -> Any:
        return json.loads(self("plan", "--format", "json", *args)[0])

    def changes(self, *args: str) -> dict[str, str]:
        """What a plan would do, by address."""
        return {change["address"]: change["action"] for change in self.plan(*args)["changes"]}

    def apply(self, *args: str, code: int = 0) -> tuple[str, str]:
        return self("apply", "--auto-approve", *args, code=code)

    def lists(self, district: str, **users: str) -> None:
        """Make a district's file of users these, each in YAML."""
        folder = self.root / "users"
        folder.mkdir(exist_ok=True)
        path = folder / f"{district}.yaml"
        path.write_text(
            "users:\n" + "".join(f"  {code}: {fields}\n" for code, fields in users.items()), encoding="utf-8"
        )
        path.chmod(0o600)

    def ask(self, method: str, path: str, body: Any = None, **params: str) -> Any:
        """A request past our client."""
        form = {"grant_type": "client_credentials", "scope": "userapi"}
        server = self.websak.server
        form |= {"client_id": server.client_id, "client_secret": server.client_secret}
        token = self.websak.control.post("/connect/token", data=form).raise_for_status().json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        answer = self.websak.control.request(method, f"/api{path}", params=params, headers=headers, json=body)
        return answer.raise_for_status().json()

    def stored(self, code: str) -> dict[str, Any]:
        """A user as the server's database keeps it, also what no version answers."""
        result = self.websak.ask("POST", "edit", {"kind": "user", "key": code, "set": {"code": code}})
        return {
            n: json.loads(result[n]) for n in ("access_to_zones", "user_accesses", "access_codes", "mail_addresses")
        }

    def user(self, code: str, path: str = "") -> Any:
        """A user as the server shows it."""
        return self.ask(
            "GET", f"/Users/{code}{path}", lookupField="Code", includeEmailAddresses="true", includeUserAccess="true"
        )

    def groups(self, code: str) -> set[str]:
        return {row["groupName"] for row in self.user(code, "/AccessGroupMembership")}

    def written(self) -> list[tuple[str, str]]:
        """Effects on users since the last look."""
        result = [e for e in self.websak.effects() if e[0].startswith(("user.", "access_group."))]
        self.websak.ask("DELETE", "effects")
        return result

    @contextmanager
    def before_writing(self, path: str, do: Callable[[], object]) -> Iterator[None]:
        """Do something right before the first write to ``path`` is sent."""
        send, done = Writing.send, False

        def watched(writing: Writing, method: str, to: str, *args: Any, **kwargs: Any) -> Answer:
            nonlocal done
            if to.startswith(path) and not done:
                done = True
                do()
            return send(writing, method, to, *args, **kwargs)

        with mock.patch.object(Writing, "send", watched):
            yield

    @contextmanager
    def crash_at(
        self, number: int, *, sent: bool, paths: tuple[str, ...] = ("/Users", "/users", "/members/")
    ) -> Iterator[None]:
        """Be gone at the ``number``-th write to a user, before it is sent or before its answer is heard."""
        send, count = Writing.send, 0

        def watched(writing: Writing, method: str, path: str, *args: Any, **kwargs: Any) -> Answer:
            nonlocal count
            if any(part in path for part in paths):
                count += 1
                if count == number:
                    if sent:
                        send(writing, method, path, *args, **kwargs)
                    raise Crash
            return send(writing, method, path, *args, **kwargs)

        with mock.patch.object(Writing, "send", watched):
            yield


def office(root: Path, websak: Any) -> Office:
    """Without a Setup API: its kinds would be applied each time, and are not what this is about."""
    files = {**SMALL, "config/user_roles.yaml": ROLES}
    return Office(write_files(root, files), websak.fresh(), {"WEBSAKCTL_SETUP_URL": ""})
