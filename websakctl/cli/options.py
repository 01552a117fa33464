"""Options that every command has, and how a command is registered."""

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from websakctl import __version__
from websakctl.cli import completion
from websakctl.cli.call import Call as Call  # what every command imports from here
from websakctl.cli.exits import Exit, Problem


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"websakctl {__version__}")
        raise typer.Exit


PLAN_FORMATS = ("text", "json", "matrix", "markdown", "html")
FINDINGS_FORMATS = ("text", "json", "sarif", "junit", "github")

Root = Annotated[
    Path | None, typer.Option("--root", metavar="DIR", help="The config repository (default: here or above).")
]
Environment = Annotated[
    str | None,
    typer.Option(
        "--environment",
        "-e",
        metavar="NAME",
        help="Which Websak (default: the sandbox).",
        autocompletion=completion.environments,
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Only results and errors.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say more; show tracebacks.")]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colours (as NO_COLOR does).")]
Version = Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")]

Districts = Annotated[
    list[str] | None,
    typer.Option(
        "--district", metavar="SLUG", help="Only this district (repeatable).", autocompletion=completion.districts
    ),
]
KindNames = Annotated[
    list[str] | None,
    typer.Option("--kind", metavar="KIND", help="Only this kind (repeatable).", autocompletion=completion.kinds),
]
Targets = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        metavar="ADDRESS",
        help="Only addresses that match this glob (repeatable).",
        autocompletion=completion.addresses,
    ),
]
Batch = Annotated[
    str | None,
    typer.Option(
        "--batch", metavar="NAME", help="Only the districts of this rollout batch.", autocompletion=completion.batches
    ),
]


Format = Annotated[
    str | None, typer.Option("--format", "-f", metavar="FORMAT", help="How to write the result: text, json, …")
]


def _common(formats: tuple[str, ...]) -> list[inspect.Parameter]:
    of_format = Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            metavar="|".join(formats),
            help=f"How to write the result (default: {formats[0]}).",
        ),
    ]
    kinds: tuple[tuple[str, Any, Any], ...] = (
        ("root", Root, None),
        ("environment", Environment, None),
        ("format_", of_format, None),
        ("quiet", Quiet, False),
        ("verbose", Verbose, False),
        ("no_color", NoColor, False),
    )
    return [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, annotation, default in kinds
    ]


_DEFAULT = Call(None, None, None, False, False, False)


def command(
    app: typer.Typer, name: str, *, example: str, formats: tuple[str, ...] = ("text", "json")
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a command that takes a ``Call`` first; ``example`` ends its help.

    The common options may stand before or after the command's name; the later one wins.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(function)
        own = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in list(signature.parameters.values())[1:]]

        @functools.wraps(function)
        def wrapper(ctx: typer.Context, **said: Any) -> None:
            outer: Call = ctx.find_root().obj or _DEFAULT
            call = Call(
                root=said.pop("root") or outer.root,
                environment=said.pop("environment") or outer.environment,
                format=said.pop("format_") or outer.format or formats[0],
                quiet=said.pop("quiet") or outer.quiet,
                verbose=said.pop("verbose") or outer.verbose,
                no_color=said.pop("no_color") or outer.no_color,
            )
            if call.format not in formats:
                raise Problem(
                    f"--format {call.format} is not one of {', '.join(formats)}",
                    Exit.USAGE,
                    f"{ctx.command_path} --help",
                )
            function(call, **said)

        context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
        parameters = [context, *own, *_common(formats)]
        wrapper.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # what Typer reads
        wrapper.__annotations__ = {p.name: p.annotation for p in parameters}
        about = inspect.cleandoc(function.__doc__ or "")
        wrapper.__doc__ = f"{about}\n\n\b\nExample:\n  {example}"
        app.command(name, short_help=about.partition(". ")[0].rstrip(".") + ".", rich_help_panel=None)(wrapper)
        return wrapper

    return register
