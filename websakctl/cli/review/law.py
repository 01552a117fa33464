"""``law``: what the config rests on, and whether that holds on a day."""

from typing import Annotated

import typer

from websakctl.cli.exits import Exit
from websakctl.cli.options import Call, Lang, command, day_of, language_of
from websakctl.cli.session import Session

FORMATS = ("text", "json", "markdown", "html")
AsOf = Annotated[
    str | None, typer.Option("--as-of", metavar="YYYY-MM-DD", help="Judge the law on that day (default: today).")
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Exit 4 unless every legal basis is in force, confirmed, and stays so.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Legal bases: what the config rests on, and how long that holds.", no_args_is_help=True)
    command(group, "check", example="websakctl law check --as-of 2028-01-01", formats=FORMATS)(check)
    app.add_typer(group, name="law")


def check(call: Call, as_of: AsOf = None, strict: Strict = False, lang: Lang = "nb") -> None:
    """Show what in the config rests on what has ended, will end, or was never confirmed. Reads only the config.

    Looks every citation of access codes, case types and retention up in `legal_sources:`, and tells what to cite instead
    where that is known.
    """
    from websakctl.law.dates import bound_dates
    from websakctl.law.review import review_law
    from websakctl.report.law import law_document

    language = language_of(lang)
    session = Session(call)
    on = session.today if as_of is None else day_of("--as-of", as_of)
    config = session.valid_config()
    review = review_law(config.whole, on, config.settings.law_days_ahead)
    session.write(law_document(review, bound_dates(config.whole, on), strict=strict), language=language)
    raise typer.Exit(Exit.REFUSED if strict and review.open else Exit.OK)
