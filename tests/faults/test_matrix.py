"""Every write that the client sends, with every fault in its way: the outcome is true, and no effect is lost or doubled."""

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from msgspec.structs import replace as struct_replace

from tests.faults.people import HELD, PEOPLE, PERSON
from websakctl.apply.attempt import TRIES, Status
from websakctl.model.address import Address
from websakctl.model.resource import Resource, State

EVERYTHING = os.environ.get("RELIABILITY") == "all"  # `make reliability`

Edit = tuple[str, str, Mapping[str, Any]]


@dataclass(frozen=True)
class Operation:
    """A write: what stands there before, what is wanted, and how the request looks on each version."""

    name: str
    address: Address
    effect: str
    requests: Mapping[str, tuple[str, str]]  # by version: method, pattern of the path
    fields: Mapping[str, Any] | None  # None: it is to go
    edits: tuple[Edit, ...] = ()
    load: Mapping[str, int] | None = None
    look: str = ""  # pattern of the path by which an outcome is looked up
    reads_first: int = 0  # how often the same path is read right before the write too
    was: Address | None = None  # its address before it moves
    applied: Mapping[str, Any] | None = None  # what was last applied of the fields that are never reported
    reported: bool = True  # whether a look tells if it happened; else it is sent again, since a replacing write may be
    usual: tuple[str, ...] = ("3.0", "3.3")  # the versions that `make test` tries

    def wanted(self, live: State) -> State:
        if self.fields is None:
            return {}
        existing = live.get(self.was or self.address)
        return {
            self.address: Resource(
                address=self.address, fields={**(existing.fields if existing else {}), **self.fields}
            )
        }

    @property
    def previously(self) -> dict[Address, tuple[Address, ...]]:
        return {self.address: (self.was,)} if self.was else {}

    @property
    def known(self) -> dict[Address, Mapping[str, Any]]:
        return {self.address: self.applied} if self.applied is not None else {}

    @property
    def gone(self) -> tuple[Address, ...]:
        return (self.address,) if self.fields is None else ()


def unit(key: str) -> Address:
    return Address("org_unit", "frogner", key)


def base(kind: str, key: str) -> Address:
    return Address(kind, "base", key)


DEPARTMENTS = {"3.0": "/api/Departments", "3.3": "/api/v2/departments"}
NEW_UNIT = {"name": "Ny enhet", "parent": "FR-BYDEL", "abbreviation": "FR-NY", "unit_type": "Avd"}
ENDED: Edit = ("department", "FR-HELSE", {"validToDate": "2020-01-01T00:00:00Z"})
RETIRED: Edit = ("access_code", "Z9", {"active": False})
CODE = {"name": "Personalsaker", "description": "Om ansatte"}


HEALTH = Address("user", "frogner", "B-4")  # in FR-HELSE, which has a group that distributes its mail
HEALTH_ID = "20009"
FOUR: Mapping[str, int] = {"users": 4}
UNREPORTED = {name: PEOPLE.desired["B-4"][name] for name in ("username", "email", "zones", "logins")}
LEFT: Edit = ("user", "B-1", {"expires_on": "2020-01-01"})
MANAGED: Edit = ("department", "FR-OPPV", {"managerUserId": HEALTH_ID})


def setup(method: str, path: str) -> dict[str, tuple[str, str]]:
    return {"3.3": (method, f"^/api/setup/{path}$")}


OPERATIONS = [
    Operation(
        "department create",
        unit("FR-NY"),
        "department.create FR-NY",
        {api: ("POST", f"^{path}$") for api, path in DEPARTMENTS.items()},
        {**NEW_UNIT, "external_id": "FR-NY"},
        look="/external/FR-NY$",
    ),
    Operation(
        "department update",
        unit("FR-HELSE"),
        "department.update FR-HELSE",
        {api: ("PUT", rf"^{path}/\d+$") for api, path in DEPARTMENTS.items()},
        {"name": "Helse", "phone": "22000000"},
        look=r"departments/\d+$",
        reads_first=1,
    ),
    Operation(
        "department move",
        Address("org_unit", "sagene", "SA-HELSE"),
        "department.update SA-HELSE",
        {api: ("PUT", rf"^{path}/\d+$") for api, path in DEPARTMENTS.items()},
        {"external_id": "SA-HELSE", "abbreviation": "SA-HELSE", "name": "Helse i Sagene"},
        look=r"departments/\d+$",
        reads_first=1,
        was=unit("FR-HELSE"),
    ),
    Operation(
        "department activate",
        unit("FR-HELSE"),
        "department.activate FR-HELSE",
        {"3.0": ("GET", "/activate$"), "3.3": ("PUT", "/activation$")},
        {},
        edits=(ENDED,),
        look=r"departments/\d+$",
        reads_first=1,
    ),
    Operation(
        "department deactivate",
        unit("FR-HELSE"),
        "department.deactivate FR-HELSE",
        {"3.0": ("GET", "/deactivate$"), "3.3": ("DELETE", "/activation$")},
        None,
        look=r"departments/\d+$",
        reads_first=1,
    ),
    Operation(
        "access group create",
        Address("access_group", "frogner", "FR-NYE"),
        "access_group.create FR-NYE",
        dict.fromkeys(DEPARTMENTS, ("POST", "^/api/AccessGroups$")),
        {},
        look="AccessGroups$",
        reads_first=1,
    ),
    Operation(
        "user create",
        Address("user", "frogner", "KARNOR"),
        "user.create KARNOR",
        dict.fromkeys(DEPARTMENTS, ("POST", "^/api/Users$")),
        PERSON,
        look="/api/Users/KARNOR$",
        reads_first=1,
    ),
    Operation(
        "user update",
        base("user", "B-1"),
        "user.update B-1",
        dict.fromkeys(DEPARTMENTS, ("PUT", r"^/api/Users/\d+$")),
        {**PERSON, "username": "b-1", "title": "Sjef"},
        load={"users": 1},
        look=r"/api/Users/\d+$",
        reads_first=1,
    ),
    Operation(
        "user deactivate",
        base("user", "B-1"),
        "user.deactivate B-1",
        {"3.0": ("GET", "/Deactivate$"), "3.3": ("DELETE", "^/api/v2/users/.*/activation$")},
        None,
        load={"users": 1},
        look=r"/api/Users/\d+$",
        reads_first=1,
    ),
    Operation(
        "user activate",
        base("user", "B-1"),
        "user.activate B-1",
        {"3.0": ("GET", "/Activate$"), "3.3": ("PUT", "^/api/v2/users/.*/activation$")},
        {},
        edits=(LEFT,),
        load={"users": 1},
        look=r"/api/Users/\d+$",
        reads_first=1,
        usual=("3.3",),
    ),
    Operation(
        "user zones",
        HEALTH,
        "user.update B-4",
        dict.fromkeys(DEPARTMENTS, ("PUT", r"^/api/Users/\d+$")),
        UNREPORTED,
        load=FOUR,
        look=r"/api/Users/\d+$",
        reads_first=1,
        applied={**UNREPORTED, "zones": ["Åpen sone"]},
        reported=False,
    ),
    Operation(
        "user role give",
        HEALTH,
        "user.add_role B-4",
        dict.fromkeys(DEPARTMENTS, ("POST", r"^/api/Users/\d+/roles$")),
        {**UNREPORTED, "roles": HELD},
        load=FOUR,
        look="/roles$",
        reads_first=1,
        applied=UNREPORTED,
        usual=("3.3",),
    ),
    Operation(
        "user role take",
        base("user", "MAL-LEDER"),
        "user.remove_role MAL-LEDER",
        dict.fromkeys(DEPARTMENTS, ("DELETE", r"^/api/Users/\d+/roles/\d+$")),
        {"roles": {}},
        look="/roles$",
        reads_first=1,
        usual=(),
    ),
    Operation(
        "user access functions",
        HEALTH,
        "user.set_access_codes B-4",
        dict.fromkeys(DEPARTMENTS, ("PUT", "/accesscodes$")),
        {**UNREPORTED, "access_functions": ["10"]},
        load=FOUR,
        look=r"/api/Users/\d+$",
        reads_first=1,
        applied=UNREPORTED,
        usual=("3.0",),
    ),
    Operation(
        "user login mappings",
        HEALTH,
        "user.set_accesses B-4",
        {"3.3": ("PUT", "/useraccesses$")},
        UNREPORTED,
        load=FOUR,
        look="/useraccesses$",
        reads_first=1,
        applied={**UNREPORTED, "logins": [{"provider": "AD", "key": "S-1-4"}]},
        usual=(),
    ),
    Operation(
        "user manages",
        HEALTH,
        "department.update FR-OPPV",
        {api: ("PUT", rf"^{path}/\d+$") for api, path in DEPARTMENTS.items()},
        {**UNREPORTED, "manages": ["FR-OPPV"]},
        load=FOUR,
        look=r"departments/\d+$",
        reads_first=2,
        applied=UNREPORTED,
        usual=("3.3",),
    ),
    Operation(
        "user manages no longer",
        HEALTH,
        "department.update FR-OPPV",
        {api: ("PUT", rf"^{path}/\d+$") for api, path in DEPARTMENTS.items()},
        {**UNREPORTED, "manages": []},
        edits=(MANAGED,),
        load=FOUR,
        look=r"departments/\d+$",
        reads_first=2,
        applied=UNREPORTED,
        usual=(),
    ),
    Operation(
        "user distributes",
        HEALTH,
        "access_group.add_member Postmottak",
        {
            "3.0": ("GET", "/AddUserAsPostDistributor/FR-HELSE$"),
            "3.3": ("PUT", f"^/api/v2/departments/external/FR-HELSE/post-distributors/{HEALTH_ID}$"),
        },
        {**UNREPORTED, "distributes": ["FR-HELSE"]},
        load=FOUR,
        look="/AccessGroupMembership$",
        reads_first=1,
        applied=UNREPORTED,
    ),
    Operation(
        "setup create",
        base("access_code", "P"),
        "setup.create P",
        setup("POST", "access-codes"),
        CODE,
        look="access-codes/P$",
    ),
    Operation(
        "setup update",
        base("access_code", "U"),
        "setup.update U",
        setup("PUT", "access-codes/U"),
        CODE,
        look="access-codes/U$",
    ),
    Operation(
        "setup move",
        Address("sub_org", "sagene", "974778726"),
        "setup.update 974778726",
        setup("POST", "sub-orgs/310000000/rename"),
        {"name": "Bydel Sagene"},
        load={"sub_orgs": 1},
        look="sub-orgs/974778726$",
        was=Address("sub_org", "gruenerloekka", "310000000"),
    ),
    Operation(
        "setup retire",
        base("access_code", "Z9"),
        "setup.update Z9",
        setup("PUT", "access-codes/Z9"),
        None,
        look="access-codes/Z9$",
    ),
    Operation(
        "setup activate",
        base("access_code", "Z9"),
        "setup.update Z9",
        setup("PUT", "access-codes/Z9"),
        {},
        edits=(RETIRED,),
        look="access-codes/Z9$",
    ),
    Operation(
        "setup delete",
        base("licence", "B-1"),
        "setup.delete B-1",
        setup("DELETE", "licences/B-1"),
        None,
        load={"licences": 1},
        look="licences/B-1$",
    ),
]
CASES = [
    pytest.param(each, api, id=f"{each.name}-{api}")
    for each in OPERATIONS
    for api in each.requests
    if EVERYTHING or api in each.usual
]

Rules = Callable[[Operation, str], list[dict[str, Any]]]


def on_write(fault: str, times: int | None = 1, nth: int | None = None, **params: Any) -> Rules:
    """The fault strikes the write itself."""

    def rules(operation: Operation, api: str) -> list[dict[str, Any]]:
        method, path = operation.requests[api]
        match = {"method": method, "path": path, "nth": nth}
        return [{"match": match, "fault": fault, "times": times, "params": params}]

    return rules


def on_look(fault: str, times: int | None = 1, **params: Any) -> Rules:
    """It strikes the looking up."""

    def rules(operation: Operation, api: str) -> list[dict[str, Any]]:
        match = {"method": "GET", "path": operation.look, "nth": operation.reads_first + 1}
        return [{"match": match, "fault": fault, "times": times, "params": params}]

    return rules


def on_token(fault: str, times: int | None = 1, **params: Any) -> Rules:
    return lambda operation, api: [
        {"match": {"path": "/connect/token"}, "fault": fault, "times": times, "params": params}
    ]


def both(*each: Rules) -> Rules:
    return lambda operation, api: [rule for rules in each for rule in rules(operation, api)]


def http_date(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


PROBLEM = {"Content-Type": "application/problem+json"}
REFUSAL = '{"title": "Not valid", "detail": "The name is used elsewhere.", "errors": [{"pointer": "/name", "detail": "used"}]}'
DONE, FAILED, UNKNOWN = Status.DONE, Status.FAILED, Status.UNKNOWN

# What happens to the write -> the promised outcome. In every case: done means one effect, failed none.
ONCE: dict[str, Rules] = {
    "connection closed unread": on_write("refuse"),
    "reset before it is handled": on_write("reset_before"),
    "reset after commit": on_write("reset_after"),
    "timeout after commit": on_write("timeout_after", seconds=0.9),
    "429, Retry-After in seconds": on_write("status", code=429, headers={"Retry-After": "2"}),
    "429, Retry-After as a date": on_write("status", code=429, headers={"Retry-After": http_date(2)}),
    "429 without Retry-After": on_write("status", times=2, code=429),
    **{
        f"{code} {phase} commit": on_write("status", code=code, phase=phase)
        for code in (500, 502, 503)
        for phase in ("before", "after")
    },
    "HTML with 200, not committed": on_write("html"),
    "HTML with 200, committed": on_write("html", phase="after"),
    "truncated JSON": on_write("truncated_json"),
    "connection cut in the answer": on_write("cut_body"),
    "empty 200, not committed": on_write("empty_200"),
    "empty 200, committed": on_write("empty_200", phase="after"),
    "wrong content type": on_write("wrong_content_type"),
    "another JSON than agreed": on_write("status", code=200, body="[]", headers={"Content-Type": "application/json"}),
    "202": on_write("status", code=202, phase="after"),
    "token expired": on_write("expire_tokens"),
    "token expired, no new one at first": both(on_write("expire_tokens"), on_token("status", times=2, code=503)),
    "unknown extra fields": on_write("extra_fields"),
    "reset after commit, twice": on_write("reset_after", times=2),
    "reset before, then after": both(on_write("reset_before"), on_write("reset_after", nth=2)),
    "reset after commit, stale read": both(on_write("reset_after"), on_look("stale_read")),
    "reset after commit, first look HTML": both(on_write("reset_after"), on_look("html")),
    "reset after commit, look answered 503": both(on_write("reset_after"), on_look("status", code=503)),
    "reset after commit, token expired at the look": both(on_write("reset_after"), on_look("expire_tokens")),
    "slow": on_write("delay", seconds=0.1),
}
FOR_EVER: dict[str, tuple[Rules, Status]] = {
    "reset before, every time": (on_write("reset_before", times=None), FAILED),
    "reset after commit, every time": (on_write("reset_after", times=None), DONE),
    "timeout after commit, every time": (on_write("timeout_after", times=None, seconds=0.9), DONE),
    "429, every time": (on_write("status", times=None, code=429), FAILED),
    "503 before commit, every time": (on_write("status", times=None, code=503), FAILED),
    "503 after commit, every time": (on_write("status", times=None, code=503, phase="after"), DONE),
    "HTML, every time, committed": (on_write("html", times=None, phase="after"), DONE),
    "HTML, every time, not committed": (on_write("html", times=None), FAILED),
    "403": (on_write("status", times=None, code=403), FAILED),
    "reset after commit, then 403": (
        both(on_write("reset_after"), on_write("status", nth=2, times=None, code=403)),
        DONE,
    ),
    "401, every time": (on_write("status", times=None, code=401), FAILED),
    "refused with words": (on_write("status", code=422, body=REFUSAL, headers=PROBLEM), FAILED),
    "409": (on_write("status", code=409), FAILED),
    "no new token": (both(on_write("expire_tokens"), on_token("status", times=None, code=503)), FAILED),
}
# Faults after which nobody knows, unless a look tells.
DOUBTFUL = {fault for fault, (_, promised) in FOR_EVER.items() if promised is DONE} | {
    "reset before, every time",
    "503 before commit, every time",
    "HTML, every time, not committed",
}


def carried_out(operation: Operation, api: str, fault: str, rules: Rules, promised: Status, stages: Any) -> Any:
    stage = stages[api].prepared(operation.edits, **(operation.load or {}))
    plan, live = stage.plan(
        operation.address.kind, operation.wanted, operation.gone, operation.previously, operation.known
    )
    changes = tuple(struct_replace(change, requires=()) for change in plan.changes)
    assert [change.address for change in changes] == [operation.address]
    stage.schedule(rules(operation, api))
    outcomes = stage.carry_out(changes, live, patient="timeout" not in fault)
    effects = stage.effects()
    assert stage.hits()[0] > 0
    outcome = outcomes[0]
    stage.note(operation.name, fault, promised.value, outcome.status.value, len(effects))
    assert outcome.status is promised, outcome.detail
    assert set(effects) <= {operation.effect}
    return outcome, effects


# `make test` tries every fault on one operation of each class, and every operation with one fault of each class; the whole
# product is tried by `make reliability`.
CLASS_OF_OPERATION = ("department create-3.3", "department activate-3.0", "department update-3.3", "setup update-3.3")
CLASS_OF_FAULT = (
    "reset before it is handled",
    "reset after commit",
    "429, Retry-After in seconds",
    "HTML with 200, committed",
    "503 after commit, every time",
    "refused with words",
)


def crossed(faults: Iterable[str]) -> list[Any]:
    """Which operation meets which fault."""
    return [
        pytest.param(*case.values, fault, id=f"{fault}-{case.id}")
        for fault in faults
        for case in CASES
        if EVERYTHING
        or case.id in CLASS_OF_OPERATION
        or fault in CLASS_OF_FAULT
        or (case.values[0].load is FOUR and fault == "another JSON than agreed")
    ]


def test_each_class_is_there() -> None:
    assert {case.id for case in CASES} >= set(CLASS_OF_OPERATION)
    assert ONCE.keys() | FOR_EVER.keys() >= set(CLASS_OF_FAULT)


@pytest.mark.parametrize(("operation", "api", "fault"), crossed(ONCE))
def test_a_fault_that_passes_loses_and_doubles_nothing(operation: Operation, api: str, fault: str, stages: Any) -> None:
    _, effects = carried_out(operation, api, fault, ONCE[fault], DONE, stages)
    assert effects == [operation.effect] * (1 if operation.reported else max(1, len(effects)))


@pytest.mark.parametrize(("operation", "api", "fault"), crossed(FOR_EVER))
def test_a_fault_that_stays_is_told_as_it_is(operation: Operation, api: str, fault: str, stages: Any) -> None:
    rules, promised = FOR_EVER[fault]
    committed = promised is DONE
    if not operation.reported and fault in DOUBTFUL:
        promised = UNKNOWN
    outcome, effects = carried_out(operation, api, fault, rules, promised, stages)
    assert len(effects) in ((0,) if not committed else (1,) if operation.reported else range(1, TRIES + 1))
    if promised is not DONE:
        assert outcome.detail
    if fault == "refused with words":
        assert "The name is used elsewhere." in outcome.detail
        assert outcome.fields == (("/name", "used"),)


@pytest.mark.parametrize(
    ("operation", "api", "committed"),
    [
        pytest.param(*case.values, committed, id=f"{case.id}-{committed}")
        for case in CASES
        for committed in (True, False)
        if EVERYTHING or committed or case.id in CLASS_OF_OPERATION
    ],
)
def test_what_cannot_be_looked_up_is_unknown_and_not_repeated(
    operation: Operation, api: str, committed: bool, stages: Any
) -> None:
    write = on_write("reset_after" if committed else "reset_before", times=None)
    rules = both(write, on_look("html", times=None))
    fault = f"reset {'after' if committed else 'before'} commit, no look"
    outcome, effects = carried_out(operation, api, fault, rules, UNKNOWN, stages)
    if operation.reported:
        assert effects == ([operation.effect] if committed else [])
        assert "could not be looked up either" in outcome.detail
    else:
        assert effects == ([operation.effect] if committed else [])
        assert "it could not be sent again" in outcome.detail


# A user that is not there has no answer to spoil.
READ_FIRST = [case for case in CASES if case.values[0].reads_first and case.values[0].name != "user create"]


BAD_READS = ("html", "empty_200", "truncated_json", "wrong_content_type", "junk_array", "nulls")
BELIEVABLE = {  # there may be no groups and no roles at all; and what is set needs no name
    *((name, "junk_array") for name in ("access group create", "user role give", "user distributes")),
    *(
        (name, "nulls")
        for name in ("user activate", "user deactivate", "user access functions", "user role give", "user distributes")
    ),
    *(("user login mappings", fault) for fault in ("junk_array", "nulls")),
}
GONE_ALREADY = {("user role take", "junk_array")}


@pytest.mark.parametrize(
    ("operation", "api", "fault"),
    [
        pytest.param(*case.values, fault, id=f"{case.id}-{fault}")
        for case in READ_FIRST
        for fault in BAD_READS
        if EVERYTHING or fault == "html" or case.id in CLASS_OF_OPERATION
    ],
)
def test_nothing_is_written_over_what_could_not_be_read(
    operation: Operation, api: str, fault: str, stages: Any
) -> None:
    """A replacing write is made of what was read right before it; a group is looked for before it is made."""
    params = {"fields": ["name", "groupName", "roleId", "groupId"]} if fault == "nulls" else {}
    believable = (operation.name, fault) in BELIEVABLE
    already = (operation.name, fault) in GONE_ALREADY

    def rules(operation: Operation, api: str) -> list[dict[str, Any]]:
        return [{"match": {"method": "GET", "path": operation.look}, "fault": fault, "times": None, "params": params}]

    promised = DONE if believable or already else FAILED
    _, effects = carried_out(operation, api, f"{fault} when read before the write", rules, promised, stages)
    assert effects == ([operation.effect] if believable else [])


# --- a list that skipped a row


@pytest.mark.parametrize(
    ("address", "fields", "api"),
    [
        (unit("FR-OPPV"), {**NEW_UNIT, "external_id": "FR-OPPV", "abbreviation": "FR-OPPV"}, "3.0"),
        (unit("FR-OPPV"), {**NEW_UNIT, "external_id": "FR-OPPV", "abbreviation": "FR-OPPV"}, "3.3"),
        (base("access_group", "Alle brukere"), {}, "3.0"),
        (base("access_group", "Alle brukere"), {}, "3.3"),
        (base("access_code", "U"), CODE, "3.3"),
    ],
)
def test_what_a_list_skipped_is_not_made_twice(address: Address, fields: dict[str, Any], api: str, stages: Any) -> None:
    stage = stages[api].prepared()
    if address.kind != "org_unit":  # the first department is the root, without which nothing is planned
        stage.schedule([{"match": {"method": "GET"}, "fault": "shift_page", "params": {"mode": "skip"}}])
    plan, live = stage.plan(address.kind, lambda _: {address: Resource(address=address, fields=fields)})
    if address.kind == "org_unit":
        stage.reader.read(["org_unit"])
        live.pop(address)
        plan = stage.planned({address: Resource(address=address, fields=fields)}, live)
    assert [change.action.value for change in plan.changes] == ["create"]
    outcome = stage.carry_out(tuple(struct_replace(change, requires=()) for change in plan.changes), live)[0]
    stage.note(f"{address.kind} create", "a list that skipped it", "failed", outcome.status.value, 0)
    assert outcome.status is FAILED
    assert stage.effects() == []


UPDATE = next(each for each in OPERATIONS if each.name == "department update")


@pytest.mark.parametrize("api", ["3.0", "3.3"])
def test_a_write_of_unknown_outcome_that_the_server_cut_short_is_applied(api: str, stages: Any) -> None:
    stage = stages[api].prepared()
    plan, live = stage.plan("org_unit", replace(UPDATE, fields={"name": "Helse og mestring " * 20}).wanted)
    stage.schedule(on_write("reset_after")(UPDATE, api))
    assert stage.carry_out(plan.changes, live)[0].status is DONE
    assert stage.effects() == [UPDATE.effect]


@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize("api", ["3.0", "3.3"])
def test_a_write_of_unknown_outcome_that_somebody_changed_meanwhile_is_unknown(
    api: str, committed: bool, stages: Any
) -> None:
    """It reads neither as it was nor as it should be: nobody can say whether ours happened, and it is not repeated."""
    stage = stages[api].prepared()
    plan, live = stage.plan("org_unit", UPDATE.wanted)
    write = on_write("reset_after" if committed else "reset_before")
    stage.schedule(both(write, on_look("delay", seconds=0.5))(UPDATE, api))
    meanwhile = threading.Timer(0.2, stage.sandbox.edit, ("department", "FR-HELSE"), {"name": "Et annet navn"})
    meanwhile.start()
    outcome = stage.carry_out(plan.changes, live)[0]
    meanwhile.join()
    assert outcome.status is UNKNOWN
    assert "it differs" in outcome.detail
    assert stage.effects() == ([UPDATE.effect] if committed else [])


@pytest.mark.parametrize("api", ["3.0", "3.3"])
def test_what_somebody_changed_meanwhile_is_not_written_over(api: str, stages: Any) -> None:
    stage = stages[api].prepared()
    plan, live = stage.plan("org_unit", UPDATE.wanted)
    stage.sandbox.edit("department", "FR-HELSE", name="Et annet navn")
    outcome = stage.carry_out(plan.changes, live)[0]
    assert outcome.status is FAILED
    assert "planned from 'Helse og mestring', now 'Et annet navn', wanted 'Helse'" in outcome.detail
    assert stage.effects() == []


def test_what_somebody_changed_meanwhile_is_not_written_over_in_the_setup(stages: Any) -> None:
    """Here the ETag tells; a change that does not concern ours is no conflict."""
    stage = stages["3.3"].prepared()
    update = next(each for each in OPERATIONS if each.name == "setup update")
    plan, live = stage.plan("access_code", update.wanted)
    stage.sandbox.edit("access_code", "U", name="Et annet navn")
    assert stage.carry_out(plan.changes, live)[0].status is FAILED
    assert stage.effects() == []
    plan, live = stage.prepared().plan("access_code", update.wanted)
    stage.sandbox.edit("access_code", "U", screening_years=7)
    assert stage.carry_out(plan.changes, live)[0].status is DONE
    assert stage.effects() == [update.effect]
    after = stage.reader.read(["access_code"])[update.address].fields
    assert (after["name"], after["screening_years"]) == ("Personalsaker", 7)
