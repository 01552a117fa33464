"""An editor's language server, driven as an editor drives it: completion, hover texts and codes that exist."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from websakctl.kinds import all_kinds
from websakctl.operations.config.schema import codes_of, schema_of_files, schema_of_settings
from websakctl.source.load import load_configuration

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
MODELINE = "# yaml-language-server: $schema="


def yaml_files() -> list[Path]:
    return sorted([*ROOT.glob("config/*.yaml"), *ROOT.glob("districts/*/*.yaml")])


def test_every_file_names_a_schema_that_is_there_current_and_fits() -> None:
    kept = {
        name: json.loads((ROOT / "config" / f"{name}.schema.json").read_text(encoding="utf-8"))
        for name in ("files", "websak")
    }
    hint = "write them anew: websakctl schema --write"
    assert kept["files"] == schema_of_files(all_kinds(), codes_of(load_configuration(ROOT))), hint
    assert kept["websak"] == schema_of_settings(), hint
    for schema in kept.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    yaml = YAML(typ="safe", pure=True)
    for path in yaml_files():
        first = path.read_text(encoding="utf-8").partition("\n")[0]
        assert first.startswith(MODELINE), path
        schema = json.loads((path.parent / first.removeprefix(MODELINE)).read_text(encoding="utf-8"))
        data = json.loads(json.dumps(yaml.load(path), default=str))
        jsonschema.Draft202012Validator(schema).validate(data)


class Server:
    """A language server over stdio (Language Server Protocol 3.17)."""

    def __init__(self, command: list[str]) -> None:
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "NO_PROXY": "*"},
        )
        self.number = 0
        self.ask(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": ROOT.as_uri(),
                "capabilities": {},
                "workspaceFolders": [{"uri": ROOT.as_uri(), "name": "config"}],
            },
        )
        self.tell("initialized", {})
        settings = {"yaml": {"hover": True, "completion": True, "validate": True, "schemaStore": {"enable": False}}}
        self.tell("workspace/didChangeConfiguration", {"settings": settings})

    def send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def tell(self, method: str, params: Any) -> None:
        self.send({"method": method, "params": params})

    def read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        length = 0
        while line := self.process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        assert length, "the language server went away"
        return dict(json.loads(self.process.stdout.read(length)))

    def ask(self, method: str, params: Any) -> Any:
        self.number += 1
        self.send({"id": self.number, "method": method, "params": params})
        while True:
            message = self.read()
            if message.get("id") == self.number and "method" not in message:
                assert "error" not in message, message
                return message["result"]
            if "id" in message and "method" in message:  # a question of the server's
                answer: Any = None
                if message["method"] == "workspace/configuration":
                    answer = [
                        {"hover": True, "completion": True, "validate": True, "schemaStore": {"enable": False}}
                        if i.get("section") == "yaml"
                        else {}
                        for i in message["params"]["items"]
                    ]
                self.send({"id": message["id"], "result": answer})

    def open(self, path: Path, text: str) -> str:
        uri = path.as_uri()
        self.tell(
            "textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "yaml", "version": 1, "text": text}}
        )
        return uri

    def findings(self, uri: str) -> list[dict[str, Any]]:
        while True:
            message = self.read()
            if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == uri:
                return list(message["params"]["diagnostics"])


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    program = HERE / "node_modules/yaml-language-server/bin/yaml-language-server"
    node = shutil.which("node")
    if node is None or not program.is_file():
        reason = "the YAML language server is not installed: cd tests/editor && npm ci"
        if os.environ.get("CI") == "true" and shutil.which("npm"):
            pytest.fail(reason)
        pytest.skip(reason)
    running = Server([node, str(program), "--stdio"])
    yield running
    running.ask("shutdown", None)
    running.tell("exit", None)
    running.process.wait(timeout=10)
    for stream in (running.process.stdin, running.process.stdout):
        assert stream is not None
        stream.close()


def position(text: str, marker: str) -> tuple[str, dict[str, int]]:
    """Take the marker out, and give its place."""
    before, _, after = text.partition(marker)
    return before + after, {"line": before.count("\n"), "character": len(before) - before.rfind("\n") - 1}


def labels(server: Server, file: str, text: str) -> set[str]:
    text, at = position(text, "|")
    uri = server.open(ROOT / file, text)
    result = server.ask("textDocument/completion", {"textDocument": {"uri": uri}, "position": at})
    return {item["label"] for item in (result["items"] if isinstance(result, dict) else result)}


def test_fields_and_codes_that_exist_are_offered(server: Server) -> None:
    head = f"{MODELINE}files.schema.json\ncase_types:\n  NY:\n    "
    assert {"name", "retention", "access_code", "publish"} <= labels(server, "config/new1.yaml", head + "|\n")
    assert {"P", "KL", "XX"} <= labels(server, "config/new2.yaml", head + "access_code: |\n")
    assert {"B", "K", "G"} <= labels(server, "config/new3.yaml", head + "retention: |\n")
    district = f'{MODELINE}../../config/files.schema.json\nsub_orgs:\n  "975016684":\n    '
    assert {"svarinn", "altinn"} <= labels(server, "districts/frogner/new4.yaml", district + "channel: |\n")
    assert "BYDEL" in labels(server, "districts/frogner/new5.yaml", district + "unit: |\n")


def test_hover_tells_the_norwegian_word_and_what_it_means(server: Server) -> None:
    text, at = position(f"{MODELINE}files.schema.json\ncase_types:\n  NY:\n    reten|tion: K\n", "|")
    uri = server.open(ROOT / "config/new6.yaml", text)
    reported = server.ask("textDocument/hover", {"textDocument": {"uri": uri}, "position": at})
    assert "kassasjon" in json.dumps(reported, ensure_ascii=False)


def test_a_misspelt_field_and_a_wrong_code_are_marked_at_their_place(server: Server) -> None:
    text = f"{MODELINE}files.schema.json\ncase_types:\n  NY:\n    name: N\n    nmae: x\n    retention: X\n"
    uri = server.open(ROOT / "config/new7.yaml", text)
    result = server.findings(uri)
    assert {f["range"]["start"]["line"] for f in result} == {4, 5}


def test_the_shipped_files_are_without_marks(server: Server) -> None:
    for path in (
        ROOT / "config/access_codes.yaml",
        ROOT / "config/org_units.yaml",
        ROOT / "districts/sagene/sub_orgs.yaml",
        ROOT / "config/websak.yaml",
    ):
        uri = server.open(path, path.read_text(encoding="utf-8"))
        assert server.findings(uri) == [], path
