"""Answers, variables, paths and archives, spoilt at random: each ends in words, soon, in little memory, and nothing is left harmed."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from time import process_time
from typing import Any
from unittest import mock

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.cli.command_line import SMALL, write_files
from tests.reliability import inside
from tests.surroundings.servers import answer, serving
from tests.users.made_up import HEADERS, as_csv, as_xlsx, people
from websakctl.cli.app import problem_of
from websakctl.cli.call import Call
from websakctl.cli.exits import Exit
from websakctl.cli.session import Session
from websakctl.kinds import all_kinds
from websakctl.live.clock import HurriedClock, SystemClock
from websakctl.live.errors import LiveError
from websakctl.live.network import Network
from websakctl.live.runtime import Runtime, open_transport
from websakctl.live.websak import Connection
from websakctl.operations.change.make_plan import ConfigInput
from websakctl.operations.change.read_setup import read_setup
from websakctl.redaction import Secret
from websakctl.source.load import load_configuration
from websakctl.source.tables.read import read_tables
from websakctl.source.tables.table import TableError

LONG = os.environ.get("PROPERTIES") == "long"
MANY = settings(max_examples=1000 if LONG else 300, deadline=None)
PARTS = pytest.mark.parametrize("part", range(10 if LONG else 1))  # ten thousand, and no test of four minutes
CPU = 5.0  # seconds
MEMORY = 500  # MB
PIECES = [
    b"", b"\0", b"\xff\xfe", b"{", b"}", b"[", b"]", b'"', b"\\u0000", b"\\ud800", b"null", b"true", b"NaN", b"1e999", b"-", b"9" * 400,
    b"[" * 3000, b'{"a":' * 500, b"<!DOCTYPE html><html>", b"\r\n\r\n", b"\xc3", b"2027-02-30", b"\x1b[2J", b"a" * 70_000, b'"items":', b"0x1F",
]  # fmt: skip
HEADER_LINES = [
    "Content-Encoding: gzip", "Content-Encoding: br", "Content-Type: text/html", "Content-Length: 3", "Content-Length: -1", "Transfer-Encoding: chunked",
    "Retry-After: " + "9" * 300, "Retry-After: -1", "Link: <" + "x" * 5000, "Location: http://[", "ETag: \x1b", "Deprecation: @" + "9" * 30,
]  # fmt: skip


@contextmanager
def bounded() -> Iterator[None]:
    """No more than so much CPU time and memory."""
    began, before = process_time(), _memory()
    yield
    assert process_time() - began < CPU
    assert _memory() - before < MEMORY


def _memory() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 2**20)


@st.composite
def spoilt(draw: st.DrawFn, content: bytes) -> bytes:
    """One to three pieces of a content are cut out, or have something put in their place."""
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.sampled_from([0, 1, 2, 8, 60, 10**9])))
        content = content[:start] + draw(st.sampled_from(PIECES) | st.binary(max_size=6)) + content[end:]
    return content


# --- answers


class Unhurried(HurriedClock):
    """Waits for nothing."""

    LONGEST = 0.0


@dataclass
class Replaying:
    """A Websak that answers as another one did, but for one answer."""

    recorded: dict[bytes, bytes]
    bodies: list[bytes]
    instead: Callable[[bytes, bytes], bytes] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, first: bytes, connection: Any) -> None:
        given = self.recorded.get(first.split(b" HTTP/")[0], answer("404 Not Found", b"{}"))
        connection.sendall(self.instead(first, given) if self.instead is not None else given)


@pytest.fixture(scope="module")
def websak(
    sandbox33: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Replaying, Callable[[], object]]]:
    """What a read of a small setup is answered with, and the same read once more from that."""
    config = load_configuration(write_files(tmp_path_factory.mktemp("repo"), SMALL), date(2027, 1, 1))
    kinds = {name: kind for name, kind in all_kinds().items() if name != "user"}
    sandbox33.fresh()
    server, recorded = sandbox33.server, dict[bytes, bytes]()

    class Recording(httpx.BaseTransport):
        def __init__(self, inner: httpx.BaseTransport) -> None:
            self.inner = inner

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            response = self.inner.handle_request(request)
            body = response.read()
            status = f"{response.status_code} {response.reason_phrase}"
            line = f"{request.method} {request.url.raw_path.decode()}".encode()
            recorded[line] = answer(status, body, kind=response.headers.get("Content-Type", "text/plain"))
            return httpx.Response(response.status_code, headers=response.headers, content=body)

        def close(self) -> None:
            self.inner.close()

    def connection(base: str, transport: Callable[[str, int], httpx.BaseTransport]) -> Connection:
        return Connection(
            base_url=base,
            setup_url=f"{base}/api/setup",
            token_url=f"{base}/connect/token",
            client_id=server.client_id,
            client_secret=Secret(server.client_secret),
            root_unit="OSLO",
            runtime=Runtime(transport=transport, clock=Unhurried()),
        )

    def read(over: Connection) -> object:
        return read_setup(over, ConfigInput(config=config, known={}, kinds=over.kinds(kinds), environment="test"))

    read(connection(server.base_url, lambda url, most: Recording(open_transport(Network(), SystemClock(), url, most))))
    assert len(recorded) > 5
    replaying = Replaying(recorded, sorted(recorded))
    with serving(replaying) as (port, _):
        base = f"http://127.0.0.1:{port}"
        yield (
            replaying,
            lambda: read(connection(base, lambda url, most: open_transport(Network(), SystemClock(), url, most))),
        )


@PARTS
@MANY
@given(data=st.data())
def test_whatever_a_websak_answers_ends_in_words(
    websak: tuple[Replaying, Callable[[], object]], part: int, data: st.DataObject
) -> None:
    replaying, read = websak
    line = data.draw(st.sampled_from(replaying.bodies))
    head, _, body = replaying.recorded[line].partition(b"\r\n\r\n")
    if data.draw(st.booleans()):
        body = data.draw(spoilt(body))
        lines = [each for each in head.split(b"\r\n") if not each.startswith(b"Content-Length")]
        head = b"\r\n".join([*lines, f"Content-Length: {len(body)}".encode()])
    if data.draw(st.integers(0, 3)) == 0:
        head += b"\r\n" + data.draw(st.sampled_from(HEADER_LINES)).encode("latin-1")
    if data.draw(st.integers(0, 3)) == 0:
        status = data.draw(
            st.sampled_from(["200 OK", "204 No Content", "301 Moved", "401 No", "404 Not", "500 X", "999 Y", "abc"])
        )
        head = f"HTTP/1.1 {status}".encode() + head[head.find(b"\r\n") :]
    made = head + b"\r\n\r\n" + body
    if data.draw(st.integers(0, 7)) == 0:
        made = data.draw(spoilt(made))
    replaying.instead = lambda first, given: made if first.split(b" HTTP/")[0] == line else given
    try:
        with bounded():
            read()
    except LiveError as error:
        assert str(error).isprintable() or "\n" in str(error)
        assert problem_of(error).code != "internal-error"
    finally:
        replaying.instead = None


def test_unharmed_answers_are_read_as_before(websak: tuple[Replaying, Callable[[], object]]) -> None:
    assert websak[1]() is not None


# --- variables

VARIABLES = [
    "WEBSAKCTL_BASE_URL", "WEBSAKCTL_SETUP_URL", "WEBSAKCTL_TOKEN_URL", "WEBSAKCTL_CONCURRENCY", "WEBSAKCTL_RATE", "WEBSAKCTL_API_VERSION",
    "WEBSAKCTL_REGISTER_URL", "WEBSAKCTL_ALLOW_INSECURE", "WEBSAKCTL_ENVIRONMENT", "WEBSAKCTL_ROOT", "WEBSAKCTL_STATE_DIR", "WEBSAKCTL_STATE_KEY",
    "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR",
]  # fmt: skip
ODD = st.sampled_from(
    ["", " ", "\t", "http://", "https://[::1", "https://[::1]:99999", "http://a b", "ftp://x", "https://x:y@z:1/\x1b", "https://x/?q#f", "//x",
     "nan", "-1", "1e400", "9" * 500, "true", "/dev/null", "/proc/self/mem", "../..", "~", "socks5://x:1", "*", "10.0.0.0/99", ".x,,", "é" * 300]
)  # fmt: skip
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


@PARTS
@MANY
@given(variables=st.dictionaries(st.sampled_from(VARIABLES), ODD | TEXTS, min_size=1, max_size=4))
@example(variables={"WEBSAKCTL_BASE_URL": "https://x", "HTTPS_PROXY": "http://[", "WEBSAKCTL_STATE_DIR": "\x1b"})
def test_whatever_a_variable_says_ends_in_words(
    tmp_path_factory: pytest.TempPathFactory, part: int, variables: dict[str, str]
) -> None:
    root = _repository(tmp_path_factory)
    call = Call(root=root, environment=None, format="text", quiet=True, verbose=False, no_color=True)
    with mock.patch.dict(os.environ, {**variables, "HOME": str(root)}, clear=True), bounded():
        for part in ("around", "network", "target"):
            try:
                getattr(Session(call), part)
            except Exception as error:
                problem = problem_of(error)
                assert problem.code != "internal-error", repr(error)
                assert problem.exit_code in (Exit.USAGE, Exit.INVALID, Exit.FAILED, Exit.REFUSED)
                assert str(problem) and problem.what_next


_made: list[Path] = []


def _repository(factory: pytest.TempPathFactory) -> Path:
    """One for all: what is spoilt is around it."""
    if not _made:
        _made.append(write_files(factory.mktemp("small"), SMALL))
    return _made[0]


# --- paths

# Nothing outside the test's own folder can be written by these, whatever a command makes of them.
PATHS = st.sampled_from(
    ["", ".", "no/such", "config", "{root}", "{root}/config/access.yaml", "{root}/" + "a" * 300, "x" * 5000, "a\nb", "\x1b[2J",
     "\udcff", "-", "--", "config/websak.yaml", "con", "a:b", "*.xlsx", "é.csv", "{root}/config/access.yaml/x", "/proc/self/mem/x"]
)  # fmt: skip
COMMANDS = [
    ("apply", "{}"), ("validate", "--root", "{}"), ("users", "import", "{}"), ("validate", "--out", "{}"), ("validate", "--report", "json={}"),
    ("schema", "--out", "{}"), ("fleet", "plan", "--fleet", "{}"), ("explain", "{}"), ("suborgs", "check", "--bulk", "{}"),
]  # fmt: skip
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0/\\"), max_size=30).filter(
    lambda name: name not in (".", "..") and not name.startswith("~")
)


@PARTS
@MANY
@given(command=st.sampled_from(COMMANDS), path=PATHS | NAMES)
@example(command=("validate", "--out", "{}"), path="{root}/fifo")
def test_whatever_path_is_given_ends_in_words(
    tmp_path_factory: pytest.TempPathFactory, part: int, command: tuple[str, ...], path: str
) -> None:
    root = write_files(tmp_path_factory.mktemp("paths"), SMALL)
    os.mkfifo(root / "fifo")
    path = path.replace("{root}", str(root))
    before = {each: each.read_bytes() for each in root.rglob("*.yaml")}
    around = {"HOME": str(root), "WEBSAKCTL_BASE_URL": "https://", "PATH": os.environ["PATH"]}
    with bounded():
        code, _, err = inside.run(root, tuple(word.format(path) for word in command), around)
    assert "Traceback" not in err and "internal error" not in err, err
    assert code in {int(each) for each in Exit}
    assert code == 0 or err
    assert {each: each.read_bytes() for each in before} == before
    assert (root / "fifo").is_fifo()


# --- archives


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A table as a workbook and as text."""
    folder = tmp_path_factory.mktemp("tables")
    as_xlsx(folder / "a.xlsx", people(12, ["Frogner", "Sagene"]))
    return {
        "a.xlsx": (folder / "a.xlsx").read_bytes(),
        "a.csv": as_csv(people(12, ["Frogner", "Sagene"]), HEADERS).encode(),
    }


@PARTS
@MANY
@given(data=st.data())
def test_whatever_an_archive_holds_ends_in_words(
    archives: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory, part: int, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(archives)))
    folder = _repository(tmp_path_factory)
    path = folder / name
    path.write_bytes(data.draw(spoilt(archives[name])))
    try:
        with bounded():
            read_tables(path)
    except TableError as error:
        assert str(error) and error.what_next


def test_unharmed_archives_are_read(archives: dict[str, bytes], tmp_path: Path) -> None:
    for name, content in archives.items():
        (tmp_path / name).write_bytes(content)
        assert read_tables(tmp_path / name)
