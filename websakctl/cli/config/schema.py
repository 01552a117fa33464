"""``schema``: JSON Schema for editors."""

import json
from typing import Annotated

import typer

from websakctl.cli.exits import Exit, Problem, UnknownName
from websakctl.cli.options import Call, command
from websakctl.cli.session import Session
from websakctl.report.view_models import TableReport

KindArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[KIND]",
        help="One kind's entry; `websak` for config/websak.yaml; `plan` for saved plans; if omitted, any config file.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "schema", example="websakctl schema > websakctl.schema.json", formats=("json",))(schema)


Write = Annotated[
    bool, typer.Option("--write", help="Write the schemas that the files' modelines name: config/*.schema.json.")
]


def schema(call: Call, kind: KindArgument = None, write: Write = False) -> None:
    """Show the JSON Schema of the config's files, or of one kind; editors offer fields, words and codes from it."""
    from websakctl.kinds import all_kinds
    from websakctl.operations.config.plan_schema import plan_schema
    from websakctl.operations.config.schema import schema_of_files, schema_of_kind, schema_of_settings

    kinds = all_kinds()
    session = Session(call)
    if write:
        if kind is not None:
            raise Problem("--write writes all schemas; no KIND", Exit.USAGE)
        written = write_schemas(session)
        session.terminal.say(f"Wrote {' and '.join(written)}.")
        session.write(TableReport(headline="", columns=(), rows=(), data={"files": written}))
        return
    if kind is None:
        result = schema_of_files(kinds, _codes(session))
    elif kind == "plan":
        result = plan_schema()
    elif kind == "websak":
        result = schema_of_settings()
    elif kind in kinds:
        result = schema_of_kind(kinds[kind])
    else:
        raise UnknownName("kind", kind, [*kinds, "plan", "websak"])
    session.terminal.result(json.dumps(result, ensure_ascii=False, indent=2))


def _codes(session: Session) -> dict[str, list[str]]:
    """Codes that exist in the repository; none outside one."""
    from websakctl.operations.config.schema import codes_of

    has_config = (session.root / "config").is_dir()
    return codes_of(session.config) if has_config else {}


def write_schemas(session: Session) -> list[str]:
    """Write the schemas that the files' modelines name; gives their paths below the root."""
    from websakctl.kinds import all_kinds
    from websakctl.operations.config.schema import schema_of_files, schema_of_settings

    written = {
        "config/files.schema.json": schema_of_files(all_kinds(), _codes(session)),
        "config/websak.schema.json": schema_of_settings(),
    }
    for name, document in written.items():
        path = session.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return list(written)
