"""Plan the same amount of work with each peer and with websakctl, in one run (bench/peers/README.md).

python bench/peers/compare.py [SIZE ...] --python PEERS_PYTHON [--repeat N] [--json FILE]
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import run  # noqa: E402  # found by the line above

ZONE = 1_000  # records
AT = {  # the sizes at which each is asked; more takes Terraform minutes to set up
    "websakctl": (1_000, 10_000, 50_000, 100_000),
    "script by hand": (10_000, 100_000),
    "octoDNS": (10_000, 50_000),
    "Terraform": (1_000,),
}
SIZES = AT["websakctl"]
Command = list[str]


def timed(command: Command, cwd: Path) -> tuple[float, float, str]:
    """Wall and CPU seconds of a command and what it printed; it must succeed."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began = perf_counter()
    process = subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{output}")
    return perf_counter() - began, used.ru_utime + used.ru_stime, output


def ours(root: Path, _: int, __: str) -> Command:
    """The installed program, in the same environment as this script."""
    return [str(Path(sys.executable).with_name("websakctl")), "plan", "--root", str(root)]


def hand(root: Path, _: int, python: str) -> Command | str:
    """The script by hand."""
    if not has(python, "yaml", "requests"):
        return "PyYAML and requests are not in the environment that --python names"
    from websakctl.sandbox.process import find_server

    server = find_server(root / ".websakctl")
    assert server is not None
    where = (server.base_url, server.setup_url, server.token_url, server.client_id, server.client_secret)
    return [python, str(HERE / "hand.py"), str(root), *where]


def octodns(root: Path, size: int, python: str) -> Command | str:
    """octoDNS, from YAML to YAML."""
    if not has(python, "octodns"):
        return "octoDNS is not in the environment that --python names"
    folder = root.parent / "octodns"
    zones = [f"zone{i}.example." for i in range(max(1, size // ZONE))]
    for side in ("wanted", "live"):
        (folder / side).mkdir(parents=True, exist_ok=True)
        for zone in zones:
            records = (
                f"r{i:05}:\n  ttl: 300\n  type: A\n  value: 192.0.2.{i % 250 + 1}\n" for i in range(min(size, ZONE))
            )
            (folder / side / f"{zone}yaml").write_text("---\n" + "".join(records))
    provider = "octodns.provider.yaml.YamlProvider"
    config: dict[str, Any] = {
        "providers": {side: {"class": provider, "directory": str(folder / side)} for side in ("wanted", "live")},
        "zones": {zone: {"sources": ["wanted"], "targets": ["live"]} for zone in zones},
    }
    (folder / "config.yaml").write_text(json.dumps(config))
    return [str(Path(python).with_name("octodns-sync")), "--config-file", str(folder / "config.yaml"), "--quiet"]


def terraform(root: Path, size: int, _: str) -> Command | str:
    """Terraform, one ``for_each``."""
    program = shutil.which("terraform")
    if program is None:
        return "there is no terraform on the path"
    folder = root.parent / "terraform"
    folder.mkdir(exist_ok=True)
    keys = {f"r{i}": f"name {i}" for i in range(size)}
    resource = {"terraform_data": {"all": {"for_each": "${local.all}", "input": "${each.value}"}}}
    (folder / "main.tf.json").write_text(json.dumps({"locals": {"all": keys}, "resource": resource}))
    for step in (["init", "-input=false"], ["apply", "-auto-approve", "-input=false"]):
        timed([program, *step], folder)
    return [program, "plan", "-input=false"]


def has(python: str, *modules: str) -> bool:
    """Whether an interpreter is there and can import these."""
    if not Path(python).is_file():
        return False
    return (
        subprocess.run([python, "-c", f"import {', '.join(modules)}"], capture_output=True, check=False).returncode == 0
    )


PEERS: dict[str, Callable[[Path, int, str], Command | str]] = {
    "websakctl": ours,
    "script by hand": hand,
    "octoDNS": octodns,
    "Terraform": terraform,
}


def compare(size: int, python: str, repeat: int) -> list[dict[str, Any]]:
    """Every peer at one size, in turns; ``runs`` are CPU and wall seconds of each."""
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="websakctl-peers-") as folder:
        root = Path(folder) / "repository"
        run.write_config(root, size)
        run.fill_sandbox(root, root / ".websakctl")
        with run.serving(root / ".websakctl", "3.3"):
            commands = {
                name: make(root, size, python)
                for name, make in PEERS.items()
                if size in AT[name] or (size not in SIZES and size <= max(AT[name]))
            }
            result: dict[str, list[tuple[float, float]]] = {}
            for _ in range(repeat):
                for name, command in commands.items():
                    if not isinstance(command, str):
                        wall, cpu, _output = timed(command, root.parent / name.lower() if name == "Terraform" else root)
                        result.setdefault(name, []).append((wall, cpu))
    own = [statistics.median(column) for column in zip(*result["websakctl"], strict=True)]
    for name, command in commands.items():
        if isinstance(command, str):
            rows.append({"size": size, "peer": name, "left_out": command})
            continue
        wall, cpu = (statistics.median(column) for column in zip(*result[name], strict=True))
        runs = [(cpu, wall) for wall, cpu in result[name]]
        rows.append({"size": size, "peer": name, "wall": wall, "cpu": cpu, "runs": runs, "times": cpu / own[1], "times_wall": wall / own[0]})  # fmt: skip
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as Markdown, by their medians."""
    lines = ["| size | peer | wall s | CPU s | ours is so many times faster (CPU; wall) |", "|---:|---|---:|---:|---|"]
    for row in rows:
        if "left_out" in row:
            lines.append(f"| {row['size']} | {row['peer']} | | | left out: {row['left_out']} |")
        else:
            times = "" if row["peer"].startswith("websakctl") else f"{row['times']:.1f}; {row['times_wall']:.1f}"
            lines.append(f"| {row['size']} | {row['peer']} | {row['wall']:.2f} | {row['cpu']:.2f} | {times} |")
    return "\n".join(lines)


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES, metavar="SIZE")
    parser.add_argument("--python", default="", help="an interpreter that has the peers (bench/peers/README.md)")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write the rows there too")
    asked = parser.parse_args()
    rows = [row for size in asked.sizes for row in compare(size, asked.python, asked.repeat)]
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=1) + "\n")
    print(table(rows))


if __name__ == "__main__":
    main()
