"""Runs commands as processes forked from one that has the program loaded: half of what a short command costs is imports.

``python preloaded.py`` reads one wish per line (JSON) and answers each with the exit code. A test that is about starting
up, or that changes how Python itself starts, takes a fresh interpreter instead (see ``Cli``).
"""

import gc
import importlib
import json
import os
import pkgutil
import sys
from typing import Any, NoReturn

import websakctl

# What a command loads only when it needs it, besides the program's own modules.
LATER = ("concurrent.futures.thread", "filelock", "jwt", "keyring", "rich.console", "rich.progress", "tabulate")


def main() -> None:
    for module in pkgutil.walk_packages(websakctl.__path__, "websakctl."):
        if not module.name.startswith(("websakctl.sandbox", "websakctl.__main__")):  # a server is a process of its own
            importlib.import_module(module.name)
    for name in ("websakctl.__main__", "websakctl.sandbox.process", *LATER):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # so that no command copies what it only reads

    for line in sys.stdin:
        wish = json.loads(line)
        child = os.fork()
        if child == 0:
            _be(wish)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _be(wish: dict[str, Any]) -> NoReturn:
    """Become the command: its folder, variables, streams and arguments; end with its exit code."""
    from websakctl.__main__ import main as program

    os.chdir(wish["cwd"])
    os.environ.clear()
    os.environ.update(wish["env"])
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        opened = os.open(wish[name], os.O_RDONLY if number == 0 else os.O_WRONLY)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  # they stay open to the end
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115  # they stay open to the end
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115  # they stay open to the end
    sys.argv = wish["argv"]
    if wish["hurried"]:
        from websakctl.live import clock

        clock.SystemClock = clock.HurriedClock  # type: ignore[misc]
    code: Any = 0
    try:
        program()
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        import traceback

        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
