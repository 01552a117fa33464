"""What every command that writes into the config does: shows the difference, asks, and refuses where work could be lost."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from websakctl.cli.exits import Exit, Problem
from websakctl.cli.session import Session
from websakctl.report.view_models import TableReport

if TYPE_CHECKING:
    from websakctl.operations.change.make_plan import ConfigInput
    from websakctl.operations.config.write_back import WriteBack

AutoApprove = Annotated[bool, typer.Option("--auto-approve", help="Do not ask.")]
Force = Annotated[bool, typer.Option("--force", help="Write into files with changes that are not committed, too.")]
Reason = Annotated[
    str | None, typer.Option("--reason", metavar="TEXT", help="Why a district differs, where it comes to.")
]
Owner = Annotated[str | None, typer.Option("--owner", metavar="TEXT", help="Who answers for what differs.")]


_MANY = 60  # rows; of more, only the counts are read


def unified(name: str, before: str, after: str) -> str:
    """The difference of two texts, as git shows it."""
    import difflib

    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), f"a/{name}" if before else "/dev/null", f"b/{name}", lineterm=""
    )
    return "\n".join(lines)


def without_users(inputs: "ConfigInput") -> "ConfigInput":
    """The same without people: their files are made from those of HR, and no name is written into the others."""
    from msgspec.structs import replace as struct_replace

    return struct_replace(inputs, kinds={name: kind for name, kind in inputs.kinds.items() if name != "user"})


def carry_out(session: Session, files: Mapping[str, str], *, auto_approve: bool, force: bool) -> None:
    """Show what the files would become, ask, and write them.

    Args:
        session: The command's session.
        files: Texts by path below the root.
        auto_approve: Whether to go on without asking.
        force: Whether changes that are not committed may be mixed with these.

    Raises:
        Problem: If it is refused, declined, or a file changed meanwhile; then nothing was written.
    """
    from websakctl.source.writing import write_exactly

    root = session.root
    before = {name: _bytes(root / name) for name in files}
    for name, text in files.items():
        session.terminal.say(unified(name, before[name].decode("utf-8", "replace"), text))
    if not force and (dirty := uncommitted(root, list(files))):
        raise Problem(
            f"these files have changes that are not committed: {', '.join(dirty)}; nothing was written",
            Exit.REFUSED,
            "commit them first, so that what is written can be told from them and taken back; or --force",
        )
    if not auto_approve:
        answer = session.terminal.ask(
            f"Write {'this file' if len(files) == 1 else f'these {len(files)} files'}? [y/N] "
        )
        if answer is None or answer.lower() not in ("y", "yes"):
            raise Problem(
                "nothing was written", Exit.REFUSED, "--auto-approve writes without asking" if answer is None else ""
            )
    if changed := [name for name, raw in before.items() if _bytes(root / name) != raw]:
        raise Problem(f"{', '.join(changed)} changed meanwhile; nothing was written", Exit.REFUSED, "run it again")
    for name, text in files.items():
        write_exactly(root / name, text)


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def uncommitted(root: Path, names: Sequence[str]) -> list[str]:
    """Files that exist and differ from what is committed, or never were; none where the root is in no git repository.

    Raises:
        Problem: If git cannot say.
    """
    existing = [name for name in names if (root / name).exists()]
    if not existing or not in_repository(root):
        return []
    from websakctl.state.git import Git, GitError

    try:
        status = Git(root).run("status", "--porcelain", "-z", "--untracked-files=all", "--", *existing)
    except GitError as error:
        raise Problem(
            f"cannot check whether {', '.join(existing)} has changes that are not committed ({error}); nothing was written",
            Exit.REFUSED,
            "correct that, so that what is written can be told from your own changes; or --force",
        ) from None
    result = [line[3:] for line in status.decode("utf-8", "replace").split("\0") if line]
    return [name for name in existing if any(path == name or path.endswith(f"/{name}") for path in result)]


def in_repository(root: Path) -> bool:
    """Whether a folder belongs to a git repository, whether or not git can be asked about it."""
    return any((folder / ".git").exists() for folder in (root, *root.parents))


def check_explained(result: "WriteBack") -> None:
    """An override says why it is there and who answers for it.

    Raises:
        Problem: If any would not.
    """
    if result.unexplained:
        names = ", ".join(map(str, result.unexplained[:5]))
        more = f" and {len(result.unexplained) - 5} more" if len(result.unexplained) > 5 else ""
        raise Problem(
            f"{names}{more} would be {'overrides' if len(result.unexplained) != 1 else 'an override'}, since not every district has the same; nothing was written",
            Exit.REFUSED,
            'say why and who answers for it: --reason "…" --owner "…"; or choose less with --target',
        )


def report(
    session: Session, result: "WriteBack", files: Mapping[str, str], verb: str, *, source: str = "Websak"
) -> None:
    """Say what was written, and what was left out and why."""
    entries = sum(1 for w in result.written if not w.path)
    values = len(result.written) - entries
    parts = [
        f"{n} {what}{'' if n == 1 else plural}"
        for n, what, plural in ((values, "value", "s"), (entries, "resource", "s"))
        if n
    ]
    count = f"{len(files)} file{'s' * (len(files) != 1)}"
    headline = (
        f"{' and '.join(parts)} {verb} into {count}."
        if files
        else f"Nothing to be {verb}: the config says what {source} has."
    )
    if not files and result.left:
        headline = f"Nothing was {verb}."
    for left in result.left:
        session.terminal.warn(f"{left.address}: left out; {left.why}")
    data = {
        "format_version": 1,
        "files": list(files),
        "written": [
            {
                "address": str(w.address),
                "path": w.path,
                "before": w.before,
                "after": w.after,
                "file": w.file,
                "how": w.how,
            }
            for w in result.written
        ],
        "left": [{"address": str(left.address), "why": left.why} for left in result.left],
    }
    rows = _rows(session, result)
    columns = ("resource", "field", "file", "how") if rows else ()
    if len(rows) > _MANY:
        counts = Counter((w.file, w.address.kind, w.how) for w in result.written)
        rows = [(file, kind, how, str(count)) for (file, kind, how), count in sorted(counts.items())]
        columns = ("file", "kind", "how", "count")
    session.write(TableReport(headline=headline, columns=columns, rows=rows, data=data))


def _rows(session: Session, result: "WriteBack") -> list[tuple[str, str, str, str]]:
    """One row for what is written at one place, however many districts it is for."""
    places: dict[tuple[str, str, str, str], int] = {}
    for w in result.written:
        name = str(w.address)
        if w.how == "in the template":
            district = session.config.districts[w.address.scope]
            name = f"{w.address.kind}/*/{district.local_key(w.address.key).replace(district.orgnr, '{district.orgnr}')}"
        row = (name, w.path, w.file, w.how)
        places[row] = places.get(row, 0) + 1
    return [
        (name, path, file, f"{how} ({count} districts)" if how == "in the template" else how)
        for (name, path, file, how), count in places.items()
    ]
