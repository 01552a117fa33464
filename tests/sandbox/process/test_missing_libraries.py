"""A machine without the libraries of the server."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from websakctl.sandbox import process

BLOCK = "import sys; sys.modules[{name!r}] = None\n"


@pytest.mark.parametrize("name", ["fastapi", "uvicorn", "sqlalchemy", "python_multipart"])
def test_what_to_install_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(process.SandboxMissing, match=r"pip install 'websakctl\[sandbox\]'"):
        process.ensure_server(tmp_path)


@pytest.mark.parametrize(
    ("name", "extra", "options"),
    [
        ("fastapi", "sandbox", []),
        ("psycopg", "sandbox,postgresql", ["--database", "postgresql+psycopg://127.0.0.1:9/x"]),
    ],
    ids=["server", "driver"],
)
def test_the_server_itself_tells_it_too(tmp_path: Path, name: str, extra: str, options: list[str]) -> None:
    (tmp_path / "sitecustomize.py").write_text(BLOCK.format(name=name))
    path = os.pathsep.join([str(tmp_path), *sys.path])
    ended = subprocess.run(
        [sys.executable, "-m", "websakctl.sandbox", "--state-dir", str(tmp_path), *options],
        capture_output=True,
        text=True,
        timeout=20,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert ended.returncode == process.MISSING_EXIT
    assert ended.stderr.strip().endswith(f"pip install 'websakctl[{extra}]'")
    assert "Traceback" not in ended.stderr


def test_a_child_that_lacks_them_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text(BLOCK.format(name="uvicorn"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(process.SandboxMissing, match=r"pip install 'websakctl\[sandbox\]'"):
        process.ensure_server(tmp_path)
