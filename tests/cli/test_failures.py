"""Exit 5, 6 and 7: a change that fails, a client that is not let in, an API that is not there or not itself."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from .command_line import Cli


def test_one_change_fails_and_what_waits_for_it_is_named(cli: Cli, websak: Any) -> None:
    body = {"title": "Bad Request", "detail": "departmentName is not allowed here"}
    websak.fault("status", method="POST", path="/api/v2/departments$", code=400, body=body, times=2)
    cli.edit("config/org_units.yaml", "    HELSE: {name: Helse og mestring}\n", "")
    outcome = cli.apply("--format", "json", "--district", "sagene", code=5)
    by_address = {o["address"]: o for o in outcome.json["outcomes"]}
    failed = by_address["org_unit/sagene/SA-BYDEL"]
    assert failed["status"] == "failed"
    assert "departmentName is not allowed here" in failed["detail"]
    for blocked in ("org_unit/sagene/SA-OPPV", "org_unit/sagene/SA-BHG", "sub_org/sagene/974778726"):
        assert by_address[blocked]["status"] == "blocked"
        assert by_address[blocked]["blocked_by"] == "org_unit/sagene/SA-BYDEL"
    assert outcome.json["counts"]["failed"] == 1
    assert outcome.json["counts"]["blocked"] == 3
    assert "the apply is not complete" in outcome.err
    assert "help: " in outcome.err

    text = cli.apply("--district", "sagene", code=5)  # the fault strikes once more
    rows = [line.split()[:2] for line in text.out.splitlines()]
    assert ["org_unit/sagene/SA-BYDEL", "failed"] in rows
    assert "3 changes wait for org_unit/sagene/SA-BYDEL." in text.out
    assert "sub_org/sagene/974778726" not in text.out.partition("Applied: ")[2]  # what waits is counted, not listed

    cli.apply("--district", "sagene")
    assert cli.plan("--district", "sagene").changed == []


def test_what_does_not_wait_for_a_failure_is_done(cli: Cli, websak: Any) -> None:
    websak.fault("status", method="POST", path="/access-codes$", code=422, body={"title": "No"}, times=1)
    outcome = cli.apply("--format", "json", code=5)
    statuses = {o["address"]: o["status"] for o in outcome.json["outcomes"]}
    assert statuses.pop("access_code/base/P") == "failed"
    assert statuses.pop("case_type/base/PERS") == "blocked"
    assert set(statuses.values()) == {"done"}
    assert "SA-BHG" in {key for _, key in websak.effects()}


@pytest.mark.parametrize("command", ["plan", "apply", "drift", "doctor"])
def test_a_wrong_secret_is_6(cli: Cli, command: str) -> None:
    outcome = cli(command, env={"WEBSAKCTL_CLIENT_SECRET": "not-the-secret-at-all"}, code=6)
    assert "not-the-secret-at-all" not in outcome.out + outcome.err
    assert "invalid_client" in outcome.out + outcome.err


def test_no_credentials_at_all_is_6_and_says_where_they_come_from(cli: Cli) -> None:
    outcome = cli("plan", env={"WEBSAKCTL_CLIENT_SECRET": None}, code=6)
    assert "websakctl auth login" in outcome.err
    assert "WEBSAKCTL_CLIENT_SECRET" in outcome.err


def test_not_permitted_to_read_or_to_write_is_6(cli: Cli, websak: Any) -> None:
    websak.fault("status", path="/api/setup/", method="GET", code=403, times=50)
    assert "may not do that (403)" in cli("plan", code=6).err
    websak.ask("DELETE", "faults")
    websak.fault("status", method="POST", path="/access-codes", code=403, times=1)
    cli.apply("--target", "access_code/base/P", code=6)
    assert "access_code.create" not in {operation for operation, _ in websak.effects()}


def test_a_token_without_a_scope_is_6(cli: Cli) -> None:
    with _Answering({"/connect/token": (400, {"error": "invalid_scope"})}) as url:
        outcome = cli("plan", env={"WEBSAKCTL_TOKEN_URL": f"{url}/connect/token"}, code=6)
    assert "invalid_scope" in outcome.err


def test_nothing_listens_is_7(small: Cli) -> None:
    nobody = {"WEBSAKCTL_BASE_URL": "http://127.0.0.1:9", "WEBSAKCTL_CLIENT_ID": "x", "WEBSAKCTL_CLIENT_SECRET": "y"}
    for line in (["plan"], ["apply", "--auto-approve"], ["drift"], ["doctor"], ["show", "access_code/base/P"]):
        outcome = small(*line, env=nobody, code=7)
        assert "127.0.0.1:9" in outcome.out + outcome.err


@pytest.mark.parametrize("fault", ["html", "empty_200", "truncated_json", "wrong_content_type"])
def test_an_answer_that_is_not_the_api_is_7_and_changes_nothing(cli: Cli, websak: Any, fault: str) -> None:
    cli.hurried = True
    websak.fault(fault, method="GET", path="/flat", times=50)
    outcome = cli.apply(code=7)
    assert "/flat" in outcome.err
    assert outcome.out == ""
    assert websak.effects() == []


def test_a_login_page_instead_of_a_token_is_7(cli: Cli) -> None:
    cli.hurried = True
    with _Answering({}) as url:
        outcome = cli("plan", env={"WEBSAKCTL_TOKEN_URL": f"{url}/connect/token"}, code=7)
        assert "without a token" in outcome.err
        cli("plan", env={"WEBSAKCTL_BASE_URL": url, "WEBSAKCTL_SETUP_URL": ""}, code=7)


def test_a_root_unit_that_is_not_there_is_named(cli: Cli) -> None:
    outcome = cli("plan", env={"WEBSAKCTL_ROOT_UNIT": "BERGEN"}, code=7)
    assert "BERGEN" in outcome.err
    assert "WEBSAKCTL_ROOT_UNIT" in outcome.err


class _Answering:
    """A server that answers each path with status and JSON, and every other with a page to log in."""

    def __init__(self, answers: dict[str, tuple[int, Any]]) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = answers.get(self.path, (200, None))
                page = b"<html>Logg inn</html>" if body is None else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/html" if body is None else "application/json")
                self.send_header("Content-Length", str(len(page)))
                self.end_headers()
                self.wfile.write(page)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.do_GET()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def test_what_is_made_below_a_unit_whose_new_key_was_not_answered(cli: Cli, websak: Any) -> None:
    cli.apply("--quiet")
    cli.edit(
        "config/org_units.yaml",
        "    OPPV: {name: Oppvekst}\n",
        "    OPPVEKST: {name: Oppvekst, previously: [OPPV]}\n    NYTT: {name: Nytt, parent: OPPVEKST}\n",
    )
    cli.edit("config/org_units.yaml", "parent: OPPV}\n    HELSE", "parent: OPPVEKST}\n    HELSE")
    websak.fault("reset_after", method="PUT", path="/departments/", times=2)
    cli.apply()
    assert cli.plan().changed == []
