"""What the shell completes: kinds, districts, addresses, batches, runs, environments, rules. Never fails, never says a word."""

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

    said = ctx.params.get("root") or ctx.find_root().params.get("root")
    return Session(Call(Path(said) if said else None, None, "text", True, False, True))


def _quietly(find: "Callable[[Session], Iterable[str]]") -> Complete:
    """Complete with what ``find`` gives; nothing where that fails, since a traceback in a prompt helps nobody."""

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        with suppress(Exception):
            return sorted(word for word in find(_session(ctx)) if word.startswith(incomplete))
        return []

    return complete


def _batches(session: "Session") -> Iterable[str]:
    return (a.key for a in session.config.state if a.kind == "rollout_batch")


def _runs(session: "Session") -> Iterable[str]:
    from websakctl.operations.look_back import runs

    return (view.run for view in runs(session.journal))


def _kinds(session: "Session") -> Iterable[str]:  # noqa: ARG001  # the same everywhere
    from websakctl.kinds import all_kinds

    return all_kinds()


def _rules_and_addresses(session: "Session") -> Iterable[str]:
    from websakctl.diagnostics import RULES
    from websakctl.kinds import all_kinds

    return [*RULES, *all_kinds(), *map(str, session.config.whole)]


districts = _quietly(lambda session: session.config.districts)
kinds = _quietly(_kinds)
addresses = _quietly(lambda session: map(str, session.config.whole))
batches = _quietly(_batches)
runs = _quietly(_runs)
environments = _quietly(lambda session: [*session.config.settings.environments, "sandbox"])
explainable = _quietly(_rules_and_addresses)
snapshots = _quietly(lambda session: (path.stem for path in (session.state_dir / "snapshots").glob("*.json")))
