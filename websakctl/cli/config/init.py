"""``init``: a new config repository."""

from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from websakctl import __version__
from websakctl.cli.config.schema import write_schemas
from websakctl.cli.exits import Exit, Problem
from websakctl.cli.options import Call, command
from websakctl.cli.session import Session
from websakctl.report.view_models import TableReport

Folder = Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to (default: here).")]
Ci = Annotated[
    list[str] | None, typer.Option("--ci", metavar="github|gitlab", help="Also write a pipeline (repeatable).")
]

Requirement = Annotated[
    str,
    typer.Option(
        "--requirement",
        metavar="TEXT",
        help="What the pipelines install, as pip reads it: a version, a path or a git URL (default: this version).",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "init", example="websakctl init websak-setup --ci github")(init)


def init(
    call: Call, folder: Folder = Path(), ci: Ci = None, requirement: Requirement = f"websakctl=={__version__}"
) -> None:
    """Scaffold a config repository that passes validate. Files that are there are never touched."""
    from websakctl.operations.config.scaffold import ScaffoldError, repository, write
    from websakctl.state.git import Git

    for name in ci or ():
        if name not in ("github", "gitlab"):
            raise Problem(f"--ci {name} is neither github nor gitlab", Exit.USAGE)
    try:
        remotes = Git(next(place for place in (folder, *folder.absolute().parents) if place.is_dir())).remotes()
        files = repository(tuple(ci or ()), requirement=requirement, shared_state="origin" in remotes)
        write(files, folder)
    except ScaffoldError as error:
        raise Problem(str(error), Exit.REFUSED, "name an empty folder: websakctl init DIR") from None
    schemas = Session(replace(call, root=folder, quiet=True))
    written = write_schemas(schemas)
    go = "" if folder == Path() else f"  cd {folder}\n"
    reported = f"Wrote {len(files) + len(written)} files. Next:\n{go}  websakctl districts add NAME --number NN --orgnr NNNNNNNNN --short-name ABC\n  websakctl plan"
    if "origin" in remotes:
        reported += (
            "\nThis repository has a remote, so the environments in config/websak.yaml keep journal and lock there (state: git)."
            " Once an environment has an address:\n  websakctl state migrate --environment NAME"
        )
    Session(call).write(
        TableReport(
            headline=reported,
            columns=(),
            rows=(),
            data={"folder": str(folder), "files": [*(file.path for file in files), *written]},
        )
    )
