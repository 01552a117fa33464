"""People's data stays out of git: 200 made-up users, and not one value of theirs in any object, message, author or path."""

import json
import random
import re
import shutil
from pathlib import Path

import pytest

from tests.cli.command_line import Cli
from tests.conftest import Sandbox
from tests.users.office import ROLES
from websakctl.apply.shared import SharedJournal, SharedState
from websakctl.live.clock import SystemClock
from websakctl.live.runtime import Runtime
from websakctl.model.address import Address
from websakctl.model.resource import Resource
from websakctl.plan.change import Action, Change, FieldChange
from websakctl.plan.document import change_document
from websakctl.state.lock import Header, create
from websakctl.state.people import People, StateKey, without_people

from .clones import BRANCH as PROD
from .clones import KEY, LATE, Machines, after_what_may_come_late, config, everything_in, publish
from .conftest import BRANCH, Remote, branch_of

_SYLLABLES = ("zan", "vel", "quo", "rix", "tam", "jyl", "bex", "dro", "wim", "fyn", "gax", "hul")
PEOPLE = 200


def people(chance: random.Random, count: int = PEOPLE) -> dict[str, dict[str, str]]:
    """Users whose every value is a word that nothing else says."""
    result: dict[str, dict[str, str]] = {}
    while len(result) < count:
        first, last = ("".join(chance.choices(_SYLLABLES, k=3)).capitalize() for _ in range(2))
        number = f"9{chance.randrange(10**7):07}"
        code = f"{first[:4]}{last[:4]}{len(result)}".upper()
        result[code] = {
            "name": f"{first} {last}",
            "role": "ARCHIVIST",
            "unit": "OPPV",
            "username": f"{first}.{last}".lower(),
            "email": f"{first}.{last}@example.org".lower(),
            "mobile": number,
            "title": f"Fag{last.lower()}",
        }
    return result


def write(cli: Cli, users: dict[str, dict[str, str]]) -> None:
    folder = cli.root / "users"
    folder.mkdir(exist_ok=True)
    for slug, rest in (("frogner", 0), ("sagene", 1)):
        rows = {code: values for code, values in users.items() if int(code[-1]) % 2 == rest}  # whoever else leaves
        lines = [f"  {code}: {json.dumps(values)}\n" for code, values in rows.items()]
        (folder / f"{slug}.yaml").write_text("users:\n" + "".join(lines), encoding="utf-8")
        (folder / f"{slug}.yaml").chmod(0o600)


@pytest.fixture
def machines(remote: Remote, sandbox33: Sandbox) -> Machines:
    files = config(sandbox33)
    seats = files["config/rollout.yaml"].replace("100", "1000").replace("40", "400").replace("50", "500")
    publish(remote, {**files, "config/user_roles.yaml": ROLES, "config/rollout.yaml": seats})
    sandbox33.fresh("empty")
    return Machines(remote, sandbox33)


def words_of(users: dict[str, dict[str, str]]) -> set[str]:
    """Codes and values, whole and in parts."""
    values = {v for fields in users.values() for name, v in fields.items() if name not in ("role", "unit")}
    words = {word for value in (*values, *users) for word in (value, *re.split(r"[ @.]", value)) if len(word) > 4}
    return {word.lower() for word in words} - {"example"}


def found_in(remote: Remote, branch: str, words: set[str]) -> list[str]:
    merged = everything_in(remote, branch).decode("utf-8", "replace").lower()
    assert "[digest " in merged
    return [word for word in words if word in merged]


def test_not_one_value_of_200_users_is_in_any_object_message_author_or_path(remote: Remote, tmp_path: Path) -> None:
    users, key = people(random.Random(14)), StateKey(KEY)
    branch = branch_of(remote.clone("one"))
    create(branch, Header(environment="test", key_check=key.check))
    addresses = {code: Address("user", "frogner", code) for code in users}

    def change(code: str) -> Change:
        fields = (FieldChange(path=name, before=None, after=value) for name, value in users[code].items())
        return Change(address=addresses[code], action=Action.CREATE, fields=tuple(fields), reason=f"{code} is new")

    changes = {code: change(code) for code in users}
    with SharedJournal(tmp_path / "journal.db", SystemClock(), environment="test", key=key) as journal:
        state = SharedState(journal, branch, key=key, clone="one", runtime=Runtime())
        with state.hold(owner="ola@machine", machine="machine", purpose="Sak 27/1234", note=print):
            about = {"environment": "test", "user": "ola", "allowed": [f"protected:{a}=1" for a in addresses.values()]}
            journal.write("run", "start", {**about, "changes": [change_document(c) for c in changes.values()]})
            for code, values in users.items():
                address = addresses[code]
                fields = [[name, None, value] for name, value in values.items()]
                journal.settle("run", [("intent", {"request": "create", "fields": fields}, address)])
                reported = {
                    "request": f"into group {values['title']}",
                    "outcome": "done",
                    "detail": f"{code}: {values['name']}",
                }
                result = {"action": "create", "status": "done", "detail": str(values), "fields": fields}
                journal.settle(
                    "run",
                    [
                        ("outcome", reported, address),
                        ("result", result, address),
                        (
                            "normalised",
                            {"path": "name", "wanted": values["name"], "made": values["name"].upper()},
                            address,
                        ),
                        (
                            "result",
                            {"status": "blocked", "detail": f"waits for {address}"},
                            Address("org_unit", "base", "X"),
                        ),
                    ],
                    environment="test",
                    applied=[(address, values, False)],
                )
                journal.accept("test", [(address, "name", values["name"], values["name"].upper())])
            gone = [addresses[code] for code in list(users)[:10]]
            journal.settle("run", [("end", {"counts": {"done": PEOPLE}}, None)], environment="test", gone=gone)
            journal.claim_plan("sha256:0 2027-01-01", "run")
        assert journal.waiting() == []
        assert state.verify() == []
    assert found_in(remote, BRANCH, words_of(users)) == []

    other = branch_of(remote.clone("two"))
    with SharedJournal(tmp_path / "other.db", SystemClock(), environment="test", key=key) as journal:
        SharedState(journal, other, key=key, clone="two", runtime=Runtime()).pull()
        known, live = journal.known("test"), {a: Resource(address=a, fields=users[c]) for c, a in addresses.items()}
        assert len(known) == PEOPLE - 10
        told_apart = People(key, [live])
        assert {told_apart.address(a).key for a in known} == set(list(users)[10:])
        for address, last in known.items():
            values = {name: told_apart.value(address, name, value) for name, value in last.fields.items()}
            assert values == users[told_apart.address(address).key]
        run = next(run for run in [journal.run_of_plan("sha256:0 2027-01-01")] if run)
        assert run == ("run", True)


def test_another_machine_tells_users_apart_without_having_their_values(machines: Machines) -> None:
    users = people(random.Random(14), 6)
    ola, kari = machines.machine("ola"), machines.machine("kari")
    ola("state", "migrate")
    write(ola, users)
    ola.apply()
    first, second, third = list(users)[:3]
    changed = {**users, first: {**users[first], "name": "Zanvelquo Zanvelrix"}}
    del changed[second]
    write(ola, changed)
    machines.sandbox.fault("status", method="PUT", path="/api/Users/*", nth=1, status=400)
    ola.apply("--reason", "Sak 27/1234", code=None)  # a failure is told with the server's words
    ola.apply()
    assert found_in(machines.remote, PROD, words_of({**users, **changed})) == []

    shutil.copytree(ola.root / "users", kari.root / "users")
    assert kari.plan().changed == []  # neither again nor unmanaged
    write(kari, {code: fields for code, fields in changed.items() if code != third})
    assert kari.plan().changed == [f"user/frogner/{third}"]
    write(kari, changed)
    machines.sandbox.edit("user", third, name="Somebody Else")
    drift = str(kari("drift", "--format", "json").json)
    assert third in drift and first not in drift
    run = kari("history", "--format", "json").json["items"][0]["run"]
    assert "held back" in kari("rollback", run).out
    kari("state", "verify")


def test_whom_units_and_reasons_name_stays_out_of_the_branch(machines: Machines) -> None:
    """Contact and phone of units, as the config and as Websak have them, and what somebody types for a reason."""
    ola, kari = machines.machine("ola"), machines.machine("kari")
    ola("state", "migrate")
    ola.apply("--reason", "Sak 27/1234: Zanvelquo Zanvelrix ba om det")
    machines.sandbox.edit("department", "FR-HELSE", contact="Jylbexdro Wimfyngax", phone="98765432")
    before = "    HELSE: {name: Helse og mestring}\n"
    contact = "contact: Hultamvel Quorixtam, phone: '91234567'"
    ola.edit("config/org_units.yaml", before, f"    HELSE: {{name: Helse og mestring, {contact}}}\n")
    ola.apply("--reason", "Zanvelquo Zanvelrix har sluttet, jf. 27/1235-2")
    named = {"zanvel", "quorix", "jylbex", "wimfyn", "hultam", "98765432", "91234567", "sluttet"}
    assert found_in(machines.remote, PROD, named) == []
    log = everything_in(machines.remote, PROD).decode("utf-8", "replace")
    assert "Sak 27/1234, [held back]" in log and "27/1235-2" in log

    assert "Zanvelquo Zanvelrix" in ola("history").out  # where it was typed
    assert "Sak 27/1234, [held back]" in kari("history").out
    kari.edit("config/org_units.yaml", before, f"    HELSE: {{name: Helse og mestring, {contact}}}\n")
    assert kari.plan("--kind", "org_unit").changed == []
    assert "FR-HELSE" not in kari("drift").out
    machines.sandbox.edit("department", "FR-HELSE", phone="90000000")
    assert "FR-HELSE" in kari("drift").out
    machines.sandbox.edit("department", "FR-HELSE", phone="91234567")
    run = ola("history", "--format", "json").json["items"][0]["run"]
    assert "held back: it is only in the journal of the machine that made the change" in kari("rollback", run).out
    assert "Jylbexdro Wimfyngax" in ola("rollback", run).out
    keyless = kari("drift", env={"WEBSAKCTL_STATE_KEY": None})
    assert "what 2 resources say about people cannot be compared" in keyless.err + keyless.out
    assert "FR-HELSE" not in keyless.out
    for cli in (ola, kari):
        cli("state", "verify")


def test_a_lost_machines_run_over_users_is_resumed_from_another(machines: Machines) -> None:
    users = people(random.Random(15), 6)
    ola, kari = machines.machine("ola"), machines.machine("kari")
    ola("state", "migrate")
    ola.apply()
    write(ola, users)
    machines.sandbox.fault("delay", method="POST", path="/api/Users$", nth=4, seconds=LATE)
    running = ola.start("apply", "--auto-approve", "--concurrency", "1")
    while [operation for operation, _ in machines.sandbox.effects()].count("user.create") < 3:
        assert running.poll() is None
    running.kill()
    running.communicate()
    shutil.copytree(ola.root / "users", kari.root / "users")  # as both have them, and git has not
    shutil.rmtree(ola.root)
    owner = kari("state", "status", "--format", "json").json["lock"]["owner"]
    after_what_may_come_late(kari)
    resumed = kari.apply("--resume", "--break-lease", owner, "--reason", "Sak 27/1234")
    assert "was interrupted" in resumed.err
    created = [key for operation, key in machines.sandbox.effects() if operation == "user.create"]
    assert sorted(created) == sorted(users)  # each once, under its code
    assert kari.plan().changed == []
    kari.apply()
    assert found_in(machines.remote, PROD, words_of(users)) == []
    kari("state", "verify")


@pytest.mark.parametrize(
    ("typed", "shared"),
    [
        ("", ""),
        ("Sak 27/1234", "Sak 27/1234"),
        ("27/1234-5, #12", "27/1234-5, #12"),
        ("Sak 27/1234 for Kari", "Sak 27/1234, [held back]"),
        ("kari nordmann ringte 98765432", "[held back]"),
        ("010190/12345", "[held back]"),
        ("Sak 27/1234, [held back]", "Sak 27/1234, [held back]"),
    ],
)
def test_of_a_reason_only_references_are_shared(typed: str, shared: str) -> None:
    assert without_people(typed) == shared == without_people(shared)


def test_without_the_state_key_nothing_is_applied(machines: Machines, tmp_path: Path) -> None:
    users = dict(list(people(random.Random(1), 2).items()))
    ola = machines.machine("ola")
    ola("state", "migrate")
    write(ola, users)
    refused = ola.apply(env={"WEBSAKCTL_STATE_KEY": None}, code=6)
    assert "the state key of prod is not on this machine" in refused.err
    assert not [key for operation, key in machines.sandbox.effects() if operation.startswith("user.")]
    other = ola.plan(env={"WEBSAKCTL_STATE_KEY": "1f" * 32}, code=4)
    assert "is not the one that the state of prod was begun with" in other.err
