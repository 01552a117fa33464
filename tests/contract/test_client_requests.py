"""Every request that the client sends, held against the vendor's two documents and our own, by a validator of its own."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from ruamel.yaml import YAML
from werkzeug.datastructures import Headers, ImmutableMultiDict

from websakctl.kinds import all_kinds
from websakctl.live import lease
from websakctl.live.usage import USED
from websakctl.live.user_rows import KeptRows
from websakctl.live.users import People
from websakctl.live.users_writer import UsersWriter
from websakctl.live.websak import Connection, WebsakReader, WebsakWriter
from websakctl.model.address import Address
from websakctl.redaction import Secret

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
VENDOR = {"3.0": DATA / "userapi.json", "3.3": DATA / "userapi-3.3.yaml"}
OURS = ROOT / "docs" / "api" / "setup.openapi.yaml"
UNITS = {"3.0": "/api/Departments", "3.3": "/api/v2/departments"}
PROBE = ("GET", "/api/v2/departments/flat")  # on 3.0 it is asked for once, to find out that it is not there
HOST = "http://127.0.0.1"
# Headers that belong to HTTP or to the token, and that no operation documents.
USUAL = {
    "accept",
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "host",
    "user-agent",
}

if missing := [str(path) for path in VENDOR.values() if not path.is_file()]:
    reason = f"the vendor's documents are not part of this repository, and not beside it: {', '.join(missing)}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason, allow_module_level=True)


@cache
def document(name: str) -> Any:
    path = OURS if name == "setup" else VENDOR[name]
    result = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    result["servers"] = [{"url": "/"}]
    # The validator knows no OAuth, and 3.0 writes its flows in a way that OpenAPI does not allow; tokens are seen to below.
    result["components"].pop("securitySchemes", None)
    result.pop("security", None)
    for item in result["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict):
                operation.pop("security", None)
    return result


@cache
def validator(name: str) -> OpenAPI:
    return OpenAPI.from_dict(document(name))


@dataclass
class Sent:
    """A request as it went over the wire, the way the validator asks for one."""

    method_sent: str
    url: httpx.URL
    headers: httpx.Headers
    body: bytes | None
    host_url: str = HOST
    parameters: RequestParameters = field(init=False)

    def __post_init__(self) -> None:
        query = ImmutableMultiDict(parse_qsl(self.url.query.decode(), keep_blank_values=True))
        self.parameters = RequestParameters(query=query, header=Headers(list(self.headers.items())))

    @property
    def path(self) -> str:
        return self.url.raw_path.decode().partition("?")[0]

    @property
    def method(self) -> str:
        return self.method_sent.lower()

    @property
    def content_type(self) -> str:
        return self.headers.get("Content-Type", "")

    def __str__(self) -> str:
        return f"{self.method_sent} {self.path}"


Recording = list[Sent]


@contextmanager
def recorded() -> Iterator[Recording]:
    """Every request of ours that reaches the wire, the token's too."""
    sent: Recording = []
    inner = httpx.HTTPTransport.handle_request

    def record(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        sent.append(Sent(request.method, request.url, httpx.Headers(request.headers), request.read() or None))
        return inner(self, request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx.HTTPTransport, "handle_request", record)
        patch.setattr(lease, "RENEW", 0.02)
        yield sent


def scope_of(kind: str, key: str) -> str | None:
    return "frogner" if kind in ("org_unit", "access_group") and key.startswith("FR-") else None


NEW: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "access_code": (
        "P",
        {
            "name": "Personalsaker",
            "description": "Om ansatte",
            "legal_basis": [{"reference": "offl. § 13", "valid_from": "2009-01-01", "valid_to": None}],
            "basis_chosen_per_case": True,
            "screening_level": 3,
            "screening_years": 60,
            "publishable": "partly",
            "temporary": False,
        },
        {"screening_years": None, "legal_basis": []},
    ),
    "case_type": (
        "PERS",
        {"name": "Personalmappe", "series": "PERS", "ordering_principle": "fødselsnummer", "retention": "B"},
        {"access_code": "P", "retention": "K", "retention_years": 10, "personal_data": True},
    ),
    "rollout_batch": (
        "PULJE-1",
        {"name": "Første pulje", "go_live": "2027-03-01", "districts": ["frogner"]},
        {"paused": True, "pause_reason": "Venter"},
    ),
    "sub_org": (
        "874778702",
        {"name": "Bydel Frogner", "channel": "svarinn", "unit": "FR-HELSE", "batch": "PULJE-1"},
        {"channel": "altinn", "level": 4, "readers": ["Arkivar"], "message_types": ["A"], "arrives": "paper"},
    ),
    "licence": (
        "WEBSAK-PLUS",
        {"product": "Websak+", "bought": 4000, "allotments": {"frogner": 250}},
        {"bought": 4100, "valid_from": "2027-01-01", "allotments": {}},
    ),
}


def use_everything(server: Any, api_version: str | None) -> None:
    """Send every request that the client knows."""
    connection = Connection(
        base_url=server.base_url,
        setup_url=server.setup_url,
        token_url=server.token_url,
        client_id=server.client_id,
        client_secret=Secret(server.client_secret),
        root_unit="OSLO",
        api_version=api_version,
    )
    with WebsakReader(connection, all_kinds(), scope_of, PEOPLE) as reader:
        assert reader.info_status() == 200
        assert reader.setup_info()
        state = reader.read()
        version = reader.departments.version()
        with WebsakWriter(connection, all_kinds(), scope_of, reader.units, version, people=PEOPLE) as writer:
            use_units(writer, state)
            group = Address("access_group", "frogner", "FR-LEDERE Æ/Ø")
            writer.of("access_group").create(group, {}, "")
            assert writer.of("access_group").find(group)
            use_users(writer, version)
            with writer.lease(owner="Kari's machine", purpose="to try all", lost=lambda _: None) as held:
                for kind, (key, fields, change) in NEW.items():
                    use_setup(
                        writer.of(kind), Address(kind, "frogner" if kind == "sub_org" else "base", key), fields, change
                    )
                for kind, (key, _, _) in reversed(NEW.items()):
                    adapter = writer.of(kind)
                    adapter.delete(adapter.find(Address(kind, "frogner" if kind == "sub_org" else "base", key)))
                time.sleep(0.1)  # it is renewed meanwhile
                assert held.holder()
                assert not held.break_held("nobody")
        reader.read()
        reader.find("user").read()  # what has changed since


def use_units(writer: WebsakWriter, state: Any) -> None:
    adapter = writer.of("org_unit")
    contact = {"address": "Gata 1", "address2": "2. etasje", "postal_no": "0255", "contact": "Arkivet", "phone": "21"}
    new = Address("org_unit", "frogner", "FR-ÅPEN-1")
    adapter.create(
        new, {"name": "Åpen enhet", "abbreviation": "FR-ÅPEN-1", "unit_type": "Avd", "parent": "FR-BYDEL"}, ""
    )
    created = adapter.find(new)
    adapter.update(created, {"name": "Lukket enhet", "parent": "FR-OPPV", **contact}, new)
    adapter.update(adapter.refresh(created), {"parent": None, "address2": None}, new)
    adapter.deactivate(created)
    adapter.activate(created)
    by_code = Address("org_unit", "frogner", "FR-BYDEL")
    adapter.update(adapter.refresh(state[by_code]), {"external_id": "FR-BYDEL", "abbreviation": "BFR2"}, by_code)


@dataclass
class Rows:
    """Keeps what was listed, as long as the test lasts."""

    today: date = field(default_factory=lambda: datetime.now(UTC).date())
    kept: KeptRows | None = None

    def load(self) -> KeptRows | None:
        return self.kept

    def save(self, kept: KeptRows) -> None:
        self.kept = kept


SOMEBODY = {
    "name": "Kari Nordmann",
    "unit": "FR-HELSE",
    "role": "CASEWORKER",
    "title": "Rådgiver",
    "phone": "21802180",
    "mobile": "90000000",
    "username": "karnor",
    "email": "kari@example.org",
    "zones": ["Åpen sone"],
    "logins": [{"provider": "AD", "key": "S-1-5", "domain": None}],
    "access_functions": ["10"],
    "roles": {"SB": {"units": ["FR-HELSE"], "archives": ["A"], "journal_units": [], "grades": ["U"]}},
    "groups": ["Alle brukere"],
    "district_groups": ["FR-LEDERE Æ/Ø"],
    "manages": ["FR-HELSE"],
    "distributes": ["FR-HELSE"],
    "leave": {"first_day": "2027-02-01", "last_day": None},
}
PEOPLE = People(
    roles={"CASEWORKER": {"template_id": "20001"}, "LEADER": {"template_id": "20002"}},
    desired={"KARNOR": SOMEBODY},
    groups=frozenset({"Alle brukere", "FR-LEDERE Æ/Ø"}),
    store=Rows(),
)


def use_users(writer: WebsakWriter, version: str) -> None:
    adapter = writer.of("user")
    assert isinstance(adapter, UsersWriter)
    address = Address("user", "frogner", "KARNOR")
    adapter.create(address, SOMEBODY, "")
    changed = {**SOMEBODY, "groups": [], "roles": {"LD": SOMEBODY["roles"]["SB"]}, "manages": [], "distributes": []}
    logins = {"logins": [{"provider": "EntraId", "key": "oid", "domain": None}]} if version == "3.3" else {}
    for fields, names in (
        (SOMEBODY, {"role", "unit", "manages"}),
        (changed, {"roles", "groups", "manages", "distributes"}),
        ({**changed, **logins}, logins),
    ):
        for step in adapter.steps(address, fields, names):
            assert not step.is_applied()
            step.send()
            assert step.is_applied()
    created = adapter.find(address)
    assert created is not None
    adapter.update(adapter.refresh(created), {"name": "Kari Traa", "role": "LEADER"}, address)
    adapter.deactivate(created)
    adapter.activate(created)
    assert [user.address for user in adapter.read() if user.address == address]


def use_setup(adapter: Any, address: Address, fields: dict[str, Any], change: dict[str, Any]) -> None:
    adapter.create(address, fields, f"key-of-{address.key}")
    adapter.update(adapter.find(address), change, address)
    other = Address(*address[:2], "974778726" if address.kind == "sub_org" else f"{address.key}2")
    adapter.update(adapter.find(address), {}, other)
    adapter.update(adapter.find(other), {}, address)
    adapter.deactivate(adapter.find(address))
    adapter.activate(adapter.find(address))


@pytest.fixture(scope="module", params=["3.0 as probed", "3.0 as configured", "3.3 as probed", "3.3 as configured"])
def run(request: pytest.FixtureRequest) -> tuple[str, Recording]:
    """All requests of one client with one server: the server's version, and the requests."""
    version, _, how = request.param.partition(" ")
    sandbox = request.getfixturevalue("sandbox30" if version == "3.0" else "sandbox33").fresh()
    with recorded() as sent:
        use_everything(sandbox.server, version if how == "as configured" else None)
    assert len(sent) > 60
    return version, sent


def documented_in(request: Sent, version: str) -> str:
    return "setup" if request.path.startswith("/api/setup/") else version


def matching(request: Sent, name: str) -> tuple[str, dict[str, Any]]:
    """The operation of a document that the request is, words in the path taken as they are written."""
    parts = request.path.split("/")
    for template, item in document(name)["paths"].items():
        words = template.split("/")
        fits = len(words) == len(parts) and all(
            w == p or (w.startswith("{") and p) for w, p in zip(words, parts, strict=True)
        )
        exact = [w for w in words if w in parts]
        if fits and request.method in item and (exact == [w for w in words if not w.startswith("{")]):
            others = [t for t in document(name)["paths"] if t == request.path]
            return (
                (others[0], document(name)["paths"][others[0]][request.method])
                if others
                else (template, item[request.method])
            )
    raise AssertionError(f"{request} is in no document")


def problems(request: Sent, name: str) -> list[str]:
    """What the documents have against a request."""
    result = [f"{request}: {error} {error.__cause__ or ''}" for error in validator(name).iter_request_errors(request)]
    template, operation = matching(request, name)
    shared = document(name)["paths"][template].get("parameters", [])
    known = [resolved(each, name) for each in [*operation.get("parameters", []), *shared]]
    queries = {each["name"] for each in known if each["in"] == "query"}
    headers = {each["name"].lower() for each in known if each["in"] == "header"}
    if template.startswith("/api/setup/lease"):
        headers.add("lease")  # whoever holds it says so with everything that is sent
    result += [f"{request}: no query {each}" for each in request.parameters.query if each not in queries]
    result += [f"{request}: no header {each}" for each in request.headers if each.lower() not in headers | USUAL]
    if request.body is not None and "requestBody" not in operation:
        result.append(f"{request}: a body where none is documented")
    if not request.headers.get("Authorization", "").startswith("Bearer "):
        result.append(f"{request}: no token")
    return result


def resolved(parameter: dict[str, Any], name: str) -> dict[str, Any]:
    if "$ref" not in parameter:
        return parameter
    result = document(name)
    for part in parameter["$ref"].removeprefix("#/").split("/"):
        result = result[part]
    return dict(result)


def to_api(recording: Recording) -> Recording:
    return [each for each in recording if each.path.startswith("/api/")]


def test_every_request_is_as_documented(run: tuple[str, Recording]) -> None:
    version, recording = run
    asked = to_api(recording)
    if version == "3.0":
        probes = [each for each in asked if (each.method_sent, each.path) == PROBE]
        assert len(probes) <= 1
        asked = [each for each in asked if each not in probes]
    assert [problem for each in asked for problem in problems(each, documented_in(each, version))] == []


def test_each_version_is_spoken_to_by_its_own_routes(run: tuple[str, Recording]) -> None:
    """On the newer one nothing that is deprecated is used; on the older one only the probe knows of the newer routes."""
    version, recording = run
    users = [each for each in to_api(recording) if not each.path.startswith("/api/setup/")]
    if version == "3.0":
        assert {str(each) for each in users if "/v2/" in each.path.lower()} <= {" ".join(PROBE)}
        return
    assert [str(each) for each in users if matching(each, version)[1].get("deprecated")] == []
    assert [str(each) for each in users if "departmentsv2" in each.path.lower()] == []
    writes = [each for each in users if each.method != "get"]
    of_people = ("/api/Users", "/api/v2/users", "/api/v2/accessgroups")
    others = [each for each in writes if not each.path.startswith(of_people)]
    assert {each.path.partition("/departments")[0] for each in others} == {"/api/v2", "/api/AccessGroups"}
    people = {(each.method, matching(each, version)[0]) for each in writes if each not in others}
    assert people == {
        ("post", "/api/Users"),
        ("put", "/api/Users/{id}"),
        ("put", "/api/Users/{id}/useraccesses"),
        ("put", "/api/Users/{userId}/accesscodes"),
        ("post", "/api/Users/{userId}/roles"),
        ("delete", "/api/Users/{userId}/roles/{roleId}"),
        ("put", "/api/v2/users/{userGidId}/activation"),
        ("delete", "/api/v2/users/{userGidId}/activation"),
        ("put", "/api/v2/accessgroups/{accessGroupId}/members/{userGidId}"),
        ("delete", "/api/v2/accessgroups/{accessGroupId}/members/{userGidId}"),
    }
    assert {each.method for each in writes} == {"post", "put", "delete"}


def test_what_is_said_to_be_used_is_what_is_sent(run: tuple[str, Recording]) -> None:
    """``contract check`` looks at what this client uses; that list must neither lack nor invent anything."""
    version, recording = run
    used = {use.operation: use for use in USED[version]}
    seen = set()
    for each in to_api(recording):
        if each.path.startswith("/api/setup/") or (each.method_sent, each.path) == PROBE:
            continue
        use = used[f"{each.method_sent} {matching(each, version)[0]}"]
        seen.add(use.operation)
        assert set(each.parameters.query) <= set(use.query), each
        body = json.loads(each.body) if each.body else {}
        sent_back = (
            document(version)["components"]["schemas"]["Department"]["properties"]
            if "PUT /api/v2/dep" in str(each)
            else ()
        )
        assert set(body if isinstance(body, dict) else ()) <= {*use.sends, *sent_back}, each
    seldom = {
        "GET /api/Departments",  # where there is no flat list
        "GET /api/v2/departments/flat",  # it is the probe
        "GET /api/Admin/availableidentityproviders",  # where the config names one
        "GET /api/Users/changes/{fromDate}",
    }
    assert used.keys() - seen <= seldom


def test_whoever_holds_the_lease_says_so(run: tuple[str, Recording]) -> None:
    _, recording = run
    writes = [each for each in recording if each.path.startswith("/api/setup/") and each.method != "get"]
    without = {matching(each, "setup")[0] for each in writes if "Lease" not in each.headers}
    assert without == {"/api/setup/lease", "/api/setup/lease/{id}"}  # taking it, and giving it back


def test_the_run_uses_every_operation_of_ours(run: tuple[str, Recording]) -> None:
    version, recording = run
    operations = {
        (each.method_sent, matching(each, "setup")[0]) for each in recording if each.path.startswith("/api/setup/")
    }
    listed = {(m.upper(), path) for path, item in document("setup")["paths"].items() for m in item if m != "parameters"}
    assert listed - operations <= {("GET", "/api/setup/openapi.json")}
    units = {
        (each.method_sent, matching(each, version)[0]) for each in recording if each.path.startswith(UNITS[version])
    }
    # flat, external, one, make, replace, on, off; and who distributes a unit's mail, put in and taken out
    assert len(units) == (7 if version == "3.0" else 9)


def test_a_token_is_asked_for_as_the_grant_says(run: tuple[str, Recording]) -> None:
    _, recording = run
    """Who reads asks for less than who writes."""
    asked = [each for each in recording if not each.path.startswith("/api/")]
    scopes = [dict(parse_qsl((each.body or b"").decode()))["scope"] for each in asked]
    assert scopes[0] == "userapi setup.read" and set(scopes) == {"userapi setup.read", "userapi setup"}
    assert {str(each) for each in asked} == {"POST /connect/token"}
    for each in asked:
        form = dict(parse_qsl((each.body or b"").decode()))
        assert form.keys() == {"grant_type", "client_id", "client_secret", "scope"}
        assert form["grant_type"] == "client_credentials"
        assert each.content_type == "application/x-www-form-urlencoded"


# --- the validator bites


def request(method: str, path: str, body: Any = None, **headers: str) -> Sent:
    usual = {"Authorization": "Bearer t", "Content-Type": "application/json"} | {
        n.replace("_", "-"): v for n, v in headers.items()
    }
    return Sent(
        method, httpx.URL(HOST + path), httpx.Headers(usual), None if body is None else json.dumps(body).encode()
    )


CODE = {"code": "P", "name": "Personal"}
GOOD = [
    ("3.0", request("POST", "/api/Departments", {"departmentName": "A", "departmentParentId": "1"})),
    ("3.3", request("PUT", "/api/v2/departments/7", {"name": "A", "emails": ["a@example.invalid"]})),
    ("setup", request("PUT", "/api/setup/access-codes/P", CODE, If_Match='"1"')),
]
BAD = {
    "a field of the other version": ("3.0", request("POST", "/api/Departments", {"name": "A"})),
    "a name in the wrong case": ("3.0", request("POST", "/api/Departments", {"externalId": "A"})),
    "a number for a text": ("3.3", request("POST", "/api/v2/departments", {"parentDepartmentId": 1})),
    "a text for a list": ("3.3", request("PUT", "/api/v2/departments/7", {"emails": "a@example.invalid"})),
    "an id that is no number": ("3.3", request("PUT", "/api/v2/departments/A", {"name": "A"})),
    "an unknown query": ("3.3", request("GET", "/api/v2/departments/flat?all=1")),
    "no token": ("3.3", request("GET", "/api/v2/departments/flat", Authorization="")),
    "no If-Match": ("setup", request("PUT", "/api/setup/access-codes/P", CODE)),
    "no Idempotency-Key": ("setup", request("POST", "/api/setup/access-codes", CODE)),
    "a field too many": ("setup", request("PUT", "/api/setup/access-codes/P", {**CODE, "x": 1}, If_Match='"1"')),
    "a level that is none": (
        "setup",
        request("PUT", "/api/setup/access-codes/P", {**CODE, "screening_level": 9}, If_Match='"1"'),
    ),
    "a header nobody knows": ("setup", request("GET", "/api/setup/access-codes", X_Extra="1")),
    "a page too long": ("setup", request("GET", "/api/setup/access-codes?limit=1001")),
}


@pytest.mark.parametrize(("name", "good"), GOOD, ids=str)
def test_a_good_request_passes(name: str, good: Sent) -> None:
    assert problems(good, name) == []


@pytest.mark.parametrize("case", BAD)
def test_a_bad_request_is_found(case: str) -> None:
    name, bad = BAD[case]
    assert problems(bad, name)


@pytest.mark.parametrize("path", ["/api/departments", "/api/Departments/1/move", "/api/setup/users"])
def test_a_request_that_is_in_no_document_is_found(path: str) -> None:
    with pytest.raises(AssertionError, match="in no document"):
        matching(request("GET", path), "setup" if "setup" in path else "3.0")
