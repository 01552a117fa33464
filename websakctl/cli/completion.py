"""What the shell completes: kinds, districts, addresses, batches, runs, environments, rules. Never fails, never says a word."""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from websakctl.cli.session import Session

Complete = Callable[[typer.Context, str], list[str]]


def _session(ctx: typer.Context) -> "Session":
    from websakctl.cli.call import Call
    from websakctl.cli.session import Session

    given = ctx.params.get("root") or ctx.find_root().params.get("root")
    return Session(
        Call(
            root=Path(given) if given else None,
            environment=None,
            format="text",
            quiet=True,
            verbose=False,
            no_color=True,
        )
    )


def _quietly(find: "Callable[[Session], Iterable[str]]") -> Complete:
    """Complete with what ``find`` gives; nothing where that fails, since a traceback in a prompt helps nobody."""

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        with suppress(Exception):
            return sorted(word for word in find(_session(ctx)) if word.startswith(incomplete))
        return []

    return complete


def _batches(session: "Session") -> Iterable[str]:
    return (a.key for a in session.config.state if a.kind == "rollout_batch")


def _gates(session: "Session") -> Iterable[str]:
    return (a.key for a in session.config.own if a.kind == "gate")


def _runs(session: "Session") -> Iterable[str]:
    from websakctl.operations.change.history import runs

    return (view.run for view in runs(session.journal))


def _kinds(session: "Session") -> Iterable[str]:  # noqa: ARG001  # the same everywhere
    from websakctl.kinds import all_kinds

    return all_kinds()


def _rules_and_addresses(session: "Session") -> Iterable[str]:
    from websakctl.diagnostics import RULES
    from websakctl.kinds import all_kinds

    return [*RULES, *all_kinds(), *_addresses(session)]


def _addresses(session: "Session") -> Iterable[str]:
    """Every address; from where they were written down, while no file has changed: nobody waits for a whole load at a Tab."""
    import json

    from websakctl.cli.session import write_private
    from websakctl.files import STATE_DIR

    given = os.environ.get("WEBSAKCTL_STATE_DIR")  # by itself: what reads all variables takes longer to load
    kept = session.root / (given or STATE_DIR) / "addresses.json"
    stamp = _stamp(session.root)
    with suppress(OSError, ValueError, TypeError, KeyError):
        remembered = json.loads(kept.read_text(encoding="utf-8"))
        if remembered["stamp"] == stamp:
            return list(map(str, remembered["addresses"]))
    result = list(map(str, session.config.whole))
    if kept.parent.is_dir():
        with suppress(Exception):
            write_private(kept, json.dumps({"stamp": stamp, "addresses": result}))
    return result


def _stamp(root: Path) -> list[list[str | int]]:
    """What tells whether a file was written since: names, times and sizes."""
    files = (path for folder in ("config", "districts", "users") for path in (root / folder).rglob("*.y*ml"))
    return sorted([str(path), (reported := path.stat()).st_mtime_ns, reported.st_size] for path in files)


districts = _quietly(lambda session: session.config.districts)
kinds = _quietly(_kinds)
addresses = _quietly(_addresses)
batches = _quietly(_batches)
gates = _quietly(_gates)
runs = _quietly(_runs)
environments = _quietly(lambda session: [*session.config.settings.environments, "sandbox"])
explainable = _quietly(_rules_and_addresses)
snapshots = _quietly(lambda session: (path.stem for path in (session.state_dir / "snapshots").glob("*.json")))
