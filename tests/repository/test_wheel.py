"""The wheel is whole: installed by itself, without the repository, it tells the whole story."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

from .pages import ROOT


def run(command: list[str | Path], where: Path) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("WEBSAKCTL_", "PYTHON"))}
    done = subprocess.run(
        command, cwd=where, env=environment, capture_output=True, encoding="utf-8", timeout=220, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_wheel_in_an_environment_of_its_own_runs_the_demo(tmp_path: Path) -> None:
    """As pipx installs it. Its dependencies are those that are installed here: a test asks no registry."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    run([*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", tmp_path / "dist", ROOT], tmp_path)
    (wheel,) = (tmp_path / "dist").glob("websakctl-*.whl")
    home = tmp_path / "venv"
    venv.create(home, with_pip=False, symlinks=os.name != "nt")
    python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    run([*pip, "--python", python, "install", "--no-deps", "--no-index", wheel], tmp_path)
    site = run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], tmp_path).strip()
    (Path(site) / "dependencies.pth").write_text(
        sysconfig.get_path("purelib") + "\n"
    )  # its own .pth files do not count
    empty = tmp_path / "empty"
    empty.mkdir()
    where = run([python, "-c", "import websakctl; print(websakctl.__file__)"], empty).strip()
    assert Path(where).is_relative_to(site)
    given = run([python.with_name("websakctl"), "demo"], empty)
    assert "No changes." in given
    assert "Plan: 0 to create, 15 to update, 0 to deactivate." in given
    assert [path.name for path in empty.iterdir()] == [".websakctl"]
