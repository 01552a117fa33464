"""Options that every command has, and how a command is registered."""

import functools
import inspect
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import msgspec
import typer

from websakctl import __version__
from websakctl.cli import completion
from websakctl.cli.call import Call as Call  # what every command imports from here
from websakctl.cli.exits import Exit, Problem, UnknownChoice, UnknownName

if TYPE_CHECKING:
    from websakctl.model.address import Address
    from websakctl.plan.selection import Selection
    from websakctl.report.texts import Language
    from websakctl.source.configuration import Configuration


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
Exports = Annotated[
    list[str] | None,
    typer.Option(
        "--export",
        metavar="KIND=FILE",
        help="What people have set of a kind, as exported from Websak: CSV or XLSX (repeatable).",
    ),
]


Format = Annotated[
    str | None, typer.Option("--format", "-f", metavar="FORMAT", help="How to write the result: text, json, …")
]


ResultFile = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="Write the result into this file (UTF-8), not to stdout."),
]


def _common(formats: tuple[str, ...], *, own_out: bool) -> list[inspect.Parameter]:
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
        *(() if own_out else (("result_file", ResultFile, None),)),
    )
    return [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, annotation, default in kinds
    ]


class OptionGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Options that several commands have in common: a command takes the group as one argument, a user gives its fields."""


class SelectionOptions(OptionGroup, frozen=True, kw_only=True):
    """Which resources a command is about, as the command line says."""

    district: Districts = None
    kind: KindNames = None
    target: Targets = None
    batch: Batch = None

    def selection(self, config: "Configuration") -> "Selection":
        """What they come to in a config: no option is everything, and an unknown name ends the command."""
        from websakctl.kinds import all_kinds
        from websakctl.model.address import Address
        from websakctl.plan.selection import Selection

        scopes, batch = set(self.district or ()), self.batch
        known = {*config.districts, "base"}
        for name in scopes - known:
            raise UnknownName("district", name, sorted(known), "`websakctl districts list` names them")
        for name in set(self.kind or ()) - set(all_kinds()):
            raise UnknownName("kind", name, all_kinds())
        if batch is not None:
            result = config.state.get(Address("rollout_batch", "base", batch))
            if result is None:
                batches = [a.key for a in config.state if a.kind == "rollout_batch"]
                raise UnknownName("rollout batch", batch, batches)
            members = set(result.fields["districts"])
            scopes = scopes & members if scopes else members
            if not scopes:
                raise Problem(
                    f"none of the districts that were named is in {batch}",
                    Exit.USAGE,
                    f"its districts are {', '.join(sorted(members))}",
                )
        return Selection(scopes=frozenset(scopes), kinds=frozenset(self.kind or ()), targets=tuple(self.target or ()))


_DEFAULT = Call(root=None, environment=None, format=None, quiet=False, verbose=False, no_color=False)


def command(
    app: typer.Typer, name: str, *, example: str, formats: tuple[str, ...] = ("text", "json")
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a command that takes a ``Call`` first; ``example`` ends its help.

    The common options may stand before or after the command's name; the later one wins.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        wrapper = _with_common_options(function, formats, example)
        about = inspect.cleandoc(function.__doc__ or "")
        app.command(name, short_help=about.partition(". ")[0].rstrip(".") + ".", rich_help_panel=None)(wrapper)
        return wrapper

    return register


def leading_command(
    group: typer.Typer, *, example: str, formats: tuple[str, ...] = ("text", "json")
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register what a group does when none of its commands is named."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        wrapper = _with_common_options(function, formats, example)
        group.callback(invoke_without_command=True)(wrapper)
        return wrapper

    return register


def _with_common_options(function: Callable[..., None], formats: tuple[str, ...], example: str) -> Callable[..., None]:
    signature = inspect.signature(function)
    arguments = list(signature.parameters.values())[1:]
    groups = {p.name: p.annotation for p in arguments if _is_group(p.annotation)}
    own = [option for p in arguments for option in _options(p)]

    @functools.wraps(function)
    def wrapper(ctx: typer.Context, **given: Any) -> None:
        root = ctx.find_root()
        call = _merged(root.obj or _DEFAULT, given)
        if ctx.invoked_subcommand is not None:
            _pass_on(ctx, call, {p.name for p in own if given[p.name] != p.default})
            return
        if call.format and call.format not in formats:
            raise UnknownChoice("--format", call.format, formats, f"{ctx.command_path} --help")
        call = msgspec.structs.replace(call, format=call.format or formats[0])
        if call.out is not None:
            _check_result_file(call.out)
        _redact_free_text(given)
        for name, group in groups.items():
            given[name] = group(**{option: given.pop(option) for option in group.__struct_fields__})
        function(call, **given)

    context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    parameters = [context, *own, *_common(formats, own_out=any(p.name == "out" for p in own))]
    wrapper.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # what Typer reads
    wrapper.__annotations__ = {p.name: p.annotation for p in parameters}
    wrapper.__doc__ = f"{inspect.cleandoc(function.__doc__ or '')}\n\n\b\nExample:\n  {example}"
    return wrapper


FREE_TEXT = frozenset({"by", "evidence", "reason", "owner", "reader"})  # what people write and is kept


def _redact_free_text(given: dict[str, Any]) -> None:
    """Take out of free text what must never be kept, before anything is told or stored; say that something was."""
    from websakctl.cli.terminal import Terminal
    from websakctl.redaction import redacted

    for name in FREE_TEXT & given.keys():
        kept = redacted(given[name])
        if kept != given[name]:
            Terminal().warn(
                f"note: --{name} holds a national identity number or a secret, which is never kept: it was left out"
            )
            given[name] = kept


def _is_group(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, OptionGroup)


def _options(argument: inspect.Parameter) -> list[inspect.Parameter]:
    """What stands on the command line for an argument of a command: itself, or each field of its group."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    if not _is_group(argument.annotation):
        return [argument.replace(kind=keyword)]
    annotations = get_type_hints(argument.annotation, include_extras=True)
    return [
        inspect.Parameter(field.name, keyword, default=field.default, annotation=annotations[field.name])
        for field in msgspec.structs.fields(argument.annotation)
    ]


def _merged(outer: Call, given: dict[str, Any]) -> Call:
    """Take the common options out of ``given``; what is not said there holds as it was said before."""
    return Call(
        root=given.pop("root") or outer.root,
        environment=given.pop("environment") or outer.environment,
        format=given.pop("format_") or outer.format,
        quiet=given.pop("quiet") or outer.quiet,
        verbose=given.pop("verbose") or outer.verbose,
        no_color=given.pop("no_color") or outer.no_color,
        out=given.pop("result_file", None) or outer.out,
    )


def _check_result_file(path: Path) -> None:
    """Refuse what cannot become a result, before anything is done that the result would tell.

    Raises:
        Problem: If the file is YAML that is there, no file, or in no folder that can be written.
    """
    if path.suffix in (".yaml", ".yml") and path.exists():
        raise Problem(f"{path} is there and is YAML, which no result is: it is left", Exit.USAGE, "name another file")
    if (path.exists() and not path.is_file()) or not os.access(path.parent, os.W_OK):  # a device would be replaced
        raise Problem(f"cannot write {path}", Exit.USAGE, "name a file in a folder that can be written")


def _pass_on(ctx: typer.Context, call: Call, misplaced: set[str]) -> None:
    """Give the common options to the group's command; the group's own ones do not reach it, so they are refused."""
    if misplaced:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in sorted(misplaced))
        raise Problem(
            f"{options} stands before {ctx.invoked_subcommand}, which would not see it",
            Exit.USAGE,
            f"write it after: {ctx.command_path} {ctx.invoked_subcommand} …",
        )
    ctx.find_root().obj = call


Lang = Annotated[
    str, typer.Option("--lang", metavar="nb|en", help="Language of pages and documents: bokmål or English.")
]


def language_of(given: str) -> "Language":
    """The language by its name; any other ends the command."""
    from websakctl.report.texts import LANGUAGES

    for language in LANGUAGES:
        if language == given:
            return language
    raise UnknownChoice("--lang", given, LANGUAGES)


def given_text(option: str, text: str) -> str:
    """What an option says, without blanks around it; nothing at all ends the command."""
    if not text.strip():
        raise Problem(f"{option} is empty", Exit.USAGE, "it is kept, so that others can look it up")
    return text.strip()


def address_of(text: str) -> "Address":
    """An address as it is written; one that is none, or of no kind that there is, ends the command."""
    from websakctl.kinds import all_kinds
    from websakctl.model.address import Address

    try:
        address = Address.parse(text)
    except ValueError as error:
        raise Problem(str(error), Exit.USAGE, "`websakctl plan --expand` shows addresses") from None
    if address.kind not in all_kinds():
        raise UnknownName("kind", address.kind, all_kinds())
    return address


def day_of(option: str, text: str) -> date:
    """A day as an option gives it; anything else ends the command."""
    from websakctl.model.types import FIRST_DAY, LAST_DAY

    try:
        day = date.fromisoformat(text if len(text) == len("2027-01-31") else "")  # Python takes other shapes too
    except ValueError:
        raise Problem(f"{option} {text} is not a date", Exit.USAGE, "write YYYY-MM-DD") from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise Problem(f"{option} {text} is a day that nobody can mean", Exit.USAGE, "write YYYY-MM-DD")
    return day


def past_day(option: str, text: str | None, today: date) -> str:
    """The day on which something was done; a day that has not been yet ends the command. Omitted, it is today."""
    day = today if text is None else day_of(option, text)
    if day > today:
        raise Problem(f"{option} {text} has not been yet", Exit.USAGE, "record it when it is done")
    return day.isoformat()
