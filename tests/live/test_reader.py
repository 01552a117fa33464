"""Planning is given a reader, and a reader cannot write: not by its transport, not by its type."""

import inspect
from collections.abc import Iterator
from typing import Any, get_type_hints

import httpx
import pytest

from websakctl.live import access_groups, adapter, departments, setup_api, users
from websakctl.live.errors import WriteRefused
from websakctl.live.transport import Reading, ReadOnly, Writing, writes
from websakctl.live.websak import WebsakReader
from websakctl.sandbox.userapi.version import operations

BASES = ("/api/Departments", "/api/v2/departments", "/api/v2/DepartmentsV2")
USER = "/api/Users/20005"
WRITING_GETS = [
    *(f"{base}/1004/{word}" for base in BASES for word in ("activate", "deactivate")),
    *(f"{USER}/{word}" for word in ("Activate", "Deactivate")),
    f"{USER}/AddUserToAccessGroup/301",
    f"{USER}/RemoveUserFromAccessGroup/301",
    f"{USER}/AddUserToAccessGroupByGroupName/Postmottak",
    f"{USER}/RemoveUserFromAccessGroupName/Postmottak",
    f"{USER}/AddUserAsPostDistributor/FR-HELSE",
    f"{USER}/RemoveUserAsPostDistributor/FR-HELSE",
]
SPELLINGS = {
    "as published": lambda path: path,
    "lower": str.lower,
    "upper": str.upper,
    "slash": lambda path: path + "/",
    "slashes": lambda path: path.swapcase() + "//",
    "query": lambda path: path + "?lookupField=Id",
    "escaped": lambda path: path.replace("ctivate", "%63tivate").replace("User", "%55ser"),
    "dots": lambda path: path + "/./",
    "doubled": lambda path: path.replace("/", "//")[1:],
}
WRITES = [
    ("POST", "/api/Departments"),
    ("PUT", "/api/Departments/1004"),
    ("POST", "/api/v2/departments"),
    ("PUT", "/api/v2/departments/1004"),
    ("PUT", "/api/v2/departments/1004/activation"),
    ("DELETE", "/api/v2/departments/1004/activation"),
    ("POST", "/api/AccessGroups"),
    ("POST", "/api/setup/access-codes"),
    ("PUT", "/api/setup/access-codes/U"),
    ("DELETE", "/api/setup/access-codes/U"),
    ("PATCH", "/api/setup/access-codes/U"),
    ("POST", "/api/setup/lease"),
    ("OPTIONS", "/api/Departments"),
    ("get", "/api/Departments/1004/activate"),
    ("HEAD", "/api/Departments/1004/deactivate"),
    ("INVENTED", "/api/Departments/flat"),
]
READS = [
    "/api/Departments/flat",
    "/api/v2/departments/flat",
    "/api/v2/departments/1004",
    "/api/v2/departments/external/FR-OPPV",
    "/api/v2/departments/1004/activation",
    "/api/Departments/external/FR-AKTIVITET",
    "/api/AccessGroups",
    "/api/Users/20005/AccessGroupMembership",
    "/api/Users/20005/useraccesses",
    "/api/setup/access-codes?limit=1000",
    "/api/setup/sub-orgs/974778807",
    "/api/info",
]


class Counting(httpx.BaseTransport):
    def __init__(self) -> None:
        self.sent: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(str(request.url))
        return httpx.Response(200, json=[])


@pytest.fixture
def wire() -> Counting:
    return Counting()


@pytest.fixture
def client(wire: Counting) -> Iterator[httpx.Client]:
    with httpx.Client(base_url="http://websak.invalid", transport=ReadOnly(wire)) as client:
        yield client


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("path", WRITING_GETS)
def test_a_get_that_writes_never_leaves_a_reader(
    path: str, spelling: str, client: httpx.Client, wire: Counting
) -> None:
    with pytest.raises(WriteRefused):
        client.get(SPELLINGS[spelling](path))
    assert wire.sent == []


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_a_write_never_leaves_a_reader(method: str, path: str, client: httpx.Client, wire: Counting) -> None:
    with pytest.raises(WriteRefused):
        client.request(method, path)
    assert wire.sent == []


@pytest.mark.parametrize("path", READS)
def test_a_read_passes(path: str, client: httpx.Client, wire: Counting) -> None:
    assert client.get(path).status_code == 200
    assert wire.sent == [f"http://websak.invalid{path}"]


def test_every_get_that_the_vendor_calls_deprecated_is_known_as_a_write() -> None:
    """The list above is complete: the newer document deprecates the GETs that write, and no others."""
    gets = [each for each in operations("3.3") if each.method == "GET"]
    deprecated = {each.path for each in gets if each.successor is not None}
    assert {each.path for each in gets if writes("GET", each.path)} == deprecated
    assert len(deprecated) == len(WRITING_GETS)


READERS = [
    WebsakReader,
    departments.DepartmentsReader,
    access_groups.AccessGroupsReader,
    setup_api.SetupReader,
    adapter.KindReader,
    Reading,
]
WRITING_WORDS = {"create", "update", "activate", "deactivate", "delete", "send", "post", "put", "patch", "request"}


@pytest.mark.parametrize("reader", READERS, ids=lambda each: each.__name__)
def test_a_readers_type_offers_no_write(reader: type) -> None:
    offered = {name for name, _ in inspect.getmembers(reader) if not name.startswith("_")}
    assert offered
    assert not offered & WRITING_WORDS
    hints = (
        get_type_hints(reader.__init__, localns={"People": users.People}) if reader is not adapter.KindReader else {}
    )
    assert Writing not in hints.values()


def test_a_whole_read_leaves_no_effect(websak: Any) -> None:
    with websak.reader() as reader:
        state = reader.read()
        for address in state:
            reader.find(address.kind).find(address)
    assert len(state) > 10
    assert websak.effects() == []
