"""The models against what they stand for: Websak against the sandbox, the remote against git, by the same random calls."""

import random
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from tests.conftest import Sandbox
from tests.state.conftest import BRANCH, Remote, branch_of, git
from websakctl.state.branch import Push, Result, StateBranch, StateError

from .remote import Clone, MemoryGit
from .remote import Remote as MemoryRemote
from .setup import Setup
from .websak import NOTHING, Websak, encoded

CALLS = 150
_DATES = ("validFromDate", "validToDate", "fromDate", "toDate", "externalId")


def _call(chance: random.Random, version: str, known: dict[str, list[str]]) -> tuple[str, str, dict[str, str], Any]:
    """One random request that a client of ours could send; some name what is not there."""
    base = "/api/v2/departments" if version == "3.3" else "/api/Departments"
    unit, user = (chance.choice([*known[name], "77777"]) for name in ("department", "user"))
    group, key, code = chance.choice([*known["group"], "777"]), f"K{chance.randrange(12)}", f"U{chance.randrange(8)}"
    name = chance.choice(["Oppvekst", " Helse ", "Æ" * 80, "For hånd"])
    parent = chance.choice([*known["department"], "77777"])
    if version == "3.3":
        body = {"name": name, "externalId": key, "code": key, "abbreviation": chance.choice([key, "BFR", None])}
        body |= {
            "parentDepartmentId": parent,
            "unit": chance.choice(["Avd", None]),
            "phone": chance.choice(["1", None]),
        }
        switch = (chance.choice(["PUT", "DELETE"]), f"{base}/{unit}/activation", {}, None)
        switch_user = (chance.choice(["PUT", "DELETE"]), f"/api/v2/users/{user}/activation", {}, None)
        member = (chance.choice(["PUT", "DELETE"]), f"/api/v2/accessgroups/{group}/members/{user}", {}, None)
    else:
        body = {"departmentName": name, "externalID": key, "departmentShortName": chance.choice([key, "BFR", None])}
        body |= {"departmentParentId": parent, "enhetstype": chance.choice(["Avd", None])}
        by_id = {"lookupField": "Id"}
        switch = ("GET", f"{base}/{unit}/{chance.choice(['activate', 'deactivate'])}", {}, None)
        switch_user = ("GET", f"/api/Users/{user}/{chance.choice(['Activate', 'Deactivate'])}", by_id, None)
        verb = chance.choice(["AddUserToAccessGroup", "RemoveUserFromAccessGroup"])
        member = ("GET", f"/api/Users/{user}/{verb}/{group}", by_id, None)
    body = {field: value for field, value in body.items() if value is not None}
    person = {"code": code, "name": name, "username": code.lower(), "lookupField": "Code"}
    person |= {
        "accessTemplateId": chance.choice(["20001", "20003", "-1", "20005"]),
        "mailAddresses": [f"{code}@example.org"],
    }
    person |= {
        "externalDepartmentId": chance.choice([key, "OSLO", "NOWHERE"]),
        "accessToZones": chance.choice([[1], [2, 3], []]),
    }
    if chance.random() < 0.5:
        person["userAccesses"] = [{"provider": "AD", "key": code}]
    asked = {n: "true" for n in ("includeEmailAddresses", "includeUserAccess") if chance.random() < 0.5}
    role = {
        "id": chance.choice(["SB", "LD"]),
        "departmentList": chance.choice([unit, ""]),
        "gradeList": chance.choice(["U", ""]),
    }
    role |= {"archiveList": "", "journalUnitList": ""}
    return chance.choice(
        [
            ("GET", f"{base}/flat", {}, None),
            ("GET", f"{base}/{unit}", {}, None),
            ("GET", f"{base}/external/{key}", {}, None),
            ("POST", base, {}, body),
            ("POST", base, {}, body),
            ("PUT", f"{base}/{unit}", {}, body),
            switch,
            ("GET", "/api/AccessGroups", {}, None),
            ("POST", "/api/AccessGroups", {}, {"groupName": chance.choice(["Ledere", "", name])}),
            ("GET", f"/api/AccessGroups/members/{group}", {}, None),
            member,
            ("GET", f"/api/Users/{user}/AccessGroupMembership", {"lookupField": "Id"}, None),
            (
                "GET",
                "/api/Users",
                {"limit": chance.choice(["2", "1000"]), "offset": chance.choice(["0", "3"]), **asked},
                None,
            ),
            ("GET", f"/api/Users/{user}", {"lookupField": "Id", **asked}, None),
            ("GET", f"/api/Users/{code}", {"lookupField": "Code", **asked}, None),
            ("POST", "/api/Users", {"feilVedEksisterende": chance.choice(["true", "false"])}, person),
            ("POST", "/api/Users", {"feilVedEksisterende": "true"}, person),
            ("PUT", f"/api/Users/{user}", {}, {**person, "lookupField": "Id"}),
            switch_user,
            ("GET", f"/api/Users/{user}/roles", {}, None),
            ("POST", f"/api/Users/{user}/roles", {}, role),
            ("PUT", f"/api/Users/{user}/accesscodes", {}, {"codes": chance.choice([["10", "20"], []])}),
            ("GET", "/api/Zones", {}, None),
        ]
    )


def _comparable(body: Any) -> Any:
    """An answer without dates, and without the words of a refusal."""
    if isinstance(body, list):
        return [_comparable(each) for each in body]
    if not isinstance(body, dict):
        return "text" if isinstance(body, str) else body
    kept = {
        n: _comparable(v)
        for n, v in body.items()
        if n not in _DATES or (n == "externalId" and "parentDepartmentId" in body)
    }
    ended = {n: body[n] is not None for n in ("validToDate", "toDate") if n in body}
    for name in (
        "roleId",
        "description",
        "priority",
        "isSensitive",
        "writeProtected",
    ):  # of zones and roles: what nobody compares
        kept.pop(name, None)
    return kept | ended


def _read(status: int, content: bytes) -> tuple[int, Any]:
    if status >= 400:
        return status, None
    return status, _comparable(msgspec.json.decode(content)) if content else None


@pytest.mark.parametrize("version", ["3.3", "3.0"])
@pytest.mark.parametrize(
    "quirks", [(), ("any-order", "functions-told", "unknown-404"), ("zones-kept", "logins-kept", "capped-pages")]
)
def test_websak_is_what_the_sandbox_is(request: pytest.FixtureRequest, version: str, quirks: tuple[str, ...]) -> None:
    sandbox: Sandbox = request.getfixturevalue("sandbox33" if version == "3.3" else "sandbox30").fresh("empty")
    sandbox.ask("POST", "settings", {"quirks": list(quirks)})
    model, chance = Websak.seeded(version, frozenset(quirks)), random.Random(f"{version}{quirks}")
    server = sandbox.server
    form = {"grant_type": "client_credentials", "client_id": server.client_id, "client_secret": server.client_secret}
    token = httpx.post(server.token_url, data=form, trust_env=False).json()["access_token"]
    with httpx.Client(base_url=server.base_url, headers={"Authorization": f"Bearer {token}"}, trust_env=False) as real:
        ids = {"department": model.departments, "user": model.users, "group": model.groups}
        for number in range(CALLS):
            known = {register: list(rows) for register, rows in ids.items()}
            method, path, query, body = _call(chance, version, known)
            answer = (
                real.request(method, path, params=query, json=body)
                if body is not None
                else real.request(method, path, params=query)
            )
            status, said = model.answer("test", method, path, query, body)
            ours = _read(status, encoded(said) if said is not NOTHING else b"")
            assert ours == _read(answer.status_code, answer.content), (number, method, path, query, body, answer.text)
    sandbox.fresh()


_OF_THE_SERVER = ("etag", "updated_at", "id", "acquired_at", "expires_at", "title", "detail", "errors")


def _said(body: Any) -> Any:
    """What an answer of the Setup API says, without what each server makes up."""
    if isinstance(body, list):
        return [_said(each) for each in body]
    if not isinstance(body, dict):
        return body
    return {name: _said(value) for name, value in body.items() if name not in _OF_THE_SERVER}


def _setup_call(chance: random.Random) -> tuple[str, str, dict[str, str], Any, str]:
    """One random request to the Setup API; last which ETag goes with it: of what it names as it is now, or another."""
    kind, key = chance.choice(["access-codes", "case-types"]), f"K{chance.randrange(4)}"
    other = f"K{chance.randrange(4)}"
    if kind == "access-codes":
        body = {
            "code": key,
            "name": chance.choice(["Personal", "Ugradert"]),
            "screening_years": chance.choice([None, 60]),
        }
    else:
        body = {"code": key, "name": "Sak", "series": "SAK", "ordering_principle": "nøkkel", "retention": "B"}
        body["access_code"] = chance.choice([None, other])
    body["active"] = chance.random() < 0.8
    etag = chance.choice(["now", "now", "old"])
    owner = chance.choice(["ola", "kari"])
    lease = {"owner": owner, "purpose": "apply", "ttl_seconds": 600}
    return chance.choice(
        [
            ("GET", f"/{kind}", {"limit": chance.choice(["2", "1000"])}, None, ""),
            ("GET", f"/{kind}", {"after": key}, None, ""),
            ("GET", f"/{kind}/{key}", {}, None, ""),
            ("POST", f"/{kind}", {}, body, ""),
            ("POST", f"/{kind}", {}, body, ""),
            ("PUT", f"/{kind}/{key}", {}, body, etag),
            ("PUT", f"/{kind}/{key}", {}, body, etag),
            ("POST", f"/{kind}/{other}/rename", {}, body, etag),
            ("DELETE", f"/{kind}/{key}", {}, None, etag),
            ("POST", "/lease", {}, lease, ""),
            ("GET", "/lease", {}, None, ""),
            ("PUT", "/lease/LEASE", {}, {"ttl_seconds": 600}, ""),
            ("DELETE", "/lease/LEASE", {}, None, ""),
            ("POST", "/lease/break", {}, {"owner": owner}, ""),
        ]
    )


@pytest.mark.parametrize("seed", range(2))
def test_the_setup_api_is_what_the_sandbox_has(sandbox33: Sandbox, seed: int) -> None:
    server, model, chance = sandbox33.fresh("empty").server, Setup([]), random.Random(seed)
    form = {"grant_type": "client_credentials", "client_id": server.client_id, "client_secret": server.client_secret}
    token = httpx.post(server.token_url, data=form, trust_env=False).json()["access_token"]
    leases: list[tuple[str, str]] = [("none", "none")]  # theirs and ours
    statuses: set[int] = set()
    with httpx.Client(base_url=server.setup_url, headers={"Authorization": f"Bearer {token}"}, trust_env=False) as real:
        for number in range(CALLS):
            method, path, query, body, etag = _setup_call(chance)
            theirs, ours = leases[-1] if chance.random() < 0.9 else leases[0]
            named = ("", "") if chance.random() < 0.6 else (theirs, ours)
            once = {"Idempotency-Key": f"{seed}-{chance.choice([number, number - 3])}"} if method == "POST" else {}
            marks = ['"0"', '"0"']
            if etag == "now":
                one = path.removesuffix("/rename")
                marks = [
                    (real.get(one).json().get("etag") or '"0"'),
                    model.answer("", "GET", f"/api/setup{one}", {}, {}, None, 0.0)[1].get("etag") or '"0"',
                ]
            sent = [
                {**once, **({"If-Match": mark} if etag else {}), **({"Lease": lease} if lease else {})}
                for mark, lease in zip(marks, named, strict=True)
            ]
            content = {"json": body} if body is not None else {}
            answer = real.request(method, path.replace("LEASE", theirs), params=query, headers=sent[0], **content)
            status, said = model.answer(
                "test", method, f"/api/setup{path.replace('LEASE', ours)}", query, sent[1], body, 0.0
            )
            what = (number, method, path, body, answer.text)
            assert status == answer.status_code, what
            statuses.add(status)
            assert _said(None if said is NOTHING else said) == _said(answer.json() if answer.content else None), what
            if (method, path, status) == ("POST", "/lease", 201):
                leases.append((answer.json()["id"], said["id"]))
    assert statuses >= {200, 201, 204, 404, 409, 412, 422, 423}
    sandbox33.fresh()


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    git(tmp_path, "init", "--quiet", "--bare", "remote.git")
    return Remote(tmp_path / "remote.git", tmp_path)


def _outcome(act: Any) -> Any:
    try:
        found = act()
    except StateError as error:
        return type(error).__name__
    return found.result if isinstance(found, Push) else found


@pytest.mark.parametrize("seed", range(3))
def test_the_remote_in_memory_is_what_git_is(remote: Remote, seed: int) -> None:
    chance, memory = random.Random(seed), MemoryRemote()
    names = ("one", "two")
    real = {name: branch_of(remote.clone(name)) for name in names}
    model = {name: StateBranch(MemoryGit(memory, Clone()), "origin", BRANCH) for name in names}  # type: ignore[arg-type]
    alike: dict[str | None, str | None] = {None: None}  # the model's commits by git's

    def agree(act: Any) -> Any:
        theirs, ours = _outcome(lambda: act(real)), _outcome(lambda: act(model))
        translated = alike.get(theirs, theirs) if isinstance(theirs, str) or theirs is None else theirs
        assert ours == translated, (theirs, ours)
        return theirs

    made: list[tuple[str, str, str]] = []  # clone, git's commit, the model's
    for number in range(40):
        _one_step(chance, number, remote, memory, real, model, alike, made, agree)


def _one_step(
    chance: random.Random,
    number: int,
    remote: Remote,
    memory: MemoryRemote,
    real: dict[str, StateBranch],
    model: dict[str, StateBranch],
    alike: dict[str | None, str | None],
    made: list[tuple[str, str, str]],
    agree: Any,
) -> None:
    ref = f"refs/heads/{BRANCH}"
    name = chance.choice(sorted(real))
    what = chance.choice(("commit", "commit", "push", "push", "fetch", "head", "seen", "restore", "back", "delete"))
    if what == "commit":
        heads = {"real": real[name].seen, "model": model[name].seen}
        files = {f"entries/{number}.json": f"[{number}]".encode(), "lock.json": None if number % 3 else b"{}"}
        theirs = real[name].commit(heads["real"], files, f"{name} {number}")
        ours = model[name].commit(heads["model"], files, f"{name} {number}")
        alike[theirs] = ours
        made.append((name, theirs, ours))
        assert sorted(real[name].git.tree(theirs)) == sorted(model[name].git.tree(ours))
    elif what == "push" and made:
        clone, theirs, ours = chance.choice(made[-3:])
        old = real[clone].seen
        result = _outcome(lambda: real[clone].push(theirs, old))
        assert result == _outcome(lambda: model[clone].push(ours, alike[old])), (clone, theirs, old)
        assert result in (Result.WON, Result.LOST, Result.REFUSED)
    elif what == "fetch":
        agree(lambda branches: branches[name].fetch())
    elif what == "head":
        agree(lambda branches: branches[name].remote_head())
    elif what == "seen":
        agree(lambda branches: branches[name].seen)
    elif what == "restore":
        agree(lambda branches: branches[name].restore())
    elif what in ("back", "delete") and memory.refs.get(ref) and chance.random() < 0.5:
        head = real[name].remote_head()
        target = (
            real[name].git.line("rev-parse", f"{head}^") if what == "back" and _has_parent(real[name], head) else None
        )
        git(remote.folder, "update-ref", *([ref, target] if target else ["-d", ref]))
        memory.swap(ref, memory.refs[ref], alike[target])


def _has_parent(branch: StateBranch, commit: str | None) -> bool:
    return commit is not None and branch.git.has(commit) and branch.git.has(f"{commit}^")
