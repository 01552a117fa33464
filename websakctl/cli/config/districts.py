"""``districts``: the fifteen."""

from collections import Counter
from typing import Annotated

import typer

from websakctl.cli.change.plan import make_config_input, read_live
from websakctl.cli.exits import Exit, Problem
from websakctl.cli.options import Call, command
from websakctl.cli.rollout.documents import documents
from websakctl.cli.session import Session
from websakctl.report.view_models import TableReport


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="The districts that share the setup.", no_args_is_help=True)
    command(group, "list", example="websakctl districts list")(list_districts)
    command(
        group, "add", example='websakctl districts add "Bydel Frogner" --number 05 --orgnr 874778702 --short-name BFR'
    )(add)
    command(group, "compare", example="websakctl districts compare --format json")(compare)
    command(group, "documents", example="websakctl districts documents frogner --what plan --as docx --as md")(
        documents
    )
    app.add_typer(group, name="districts")


def list_districts(call: Call) -> None:
    """List the districts with their numbers, batch and what the config makes for each."""
    session = Session(call)
    config = session.valid_config()
    batches = {
        slug: a.key for a, r in config.state.items() if a.kind == "rollout_batch" for slug in r.fields["districts"]
    }
    rows, data = [], []
    for district in sorted(config.districts.values(), key=lambda d: d.number):
        count = sum(1 for a in config.state if a.scope == district.slug)
        overrides = sum(1 for a, o in config.origins.items() if a.scope == district.slug and o.override is not None)
        rows.append(
            (
                district.number,
                district.slug,
                district.name,
                district.orgnr,
                district.short_name,
                batches.get(district.slug, ""),
                count,
                overrides,
            )
        )
        data.append(
            {
                "number": district.number,
                "slug": district.slug,
                "name": district.name,
                "orgnr": district.orgnr,
                "short_name": district.short_name,
                "prefix": district.prefix,
                "batch": batches.get(district.slug),
                "resources": count,
                "overrides": overrides,
            }
        )
    session.write(
        TableReport(
            headline="",
            columns=("no", "slug", "name", "orgnr", "short", "batch", "resources", "overrides"),
            rows=rows,
            first_to_go=("resources", "overrides", "name"),
            data=data,
        )
    )


Name = Annotated[str, typer.Argument(metavar="NAME", help="The district's name, such as Bydel Frogner.")]
Number = Annotated[str, typer.Option("--number", metavar="NN", help="Two digits.")]
OrgNumber = Annotated[str, typer.Option("--orgnr", metavar="NNNNNNNNN", help="Its organisation number.")]
ShortName = Annotated[str, typer.Option("--short-name", metavar="ABC", help="What the city calls it in short.")]
Prefix = Annotated[
    str | None,
    typer.Option(
        "--prefix", metavar="AB", help="Before the keys of its units (default: the short name without its B)."
    ),
]
Slug = Annotated[str | None, typer.Option("--slug", metavar="SLUG", help="Its folder's name (default: from the name).")]
Offline = Annotated[bool, typer.Option("--offline", help="Only what is declared; no network.")]


def add(
    call: Call,
    name: Name,
    number: Number,
    orgnr: OrgNumber,
    short_name: ShortName,
    prefix: Prefix = None,
    slug: Slug = None,
) -> None:
    """Make a new district's folder from templates/district; the skeleton is made for it from then on."""
    from websakctl.model.address import slug as slug_of
    from websakctl.model.validation import ValidationError, convert
    from websakctl.operations.config.scaffold import ScaffoldError, district, shipped, write
    from websakctl.redaction import redact
    from websakctl.source.districts import DistrictSection

    session = Session(call)
    config = session.config
    folder = slug or slug_of(name.removeprefix("Bydel "))
    facts = {
        "name": name,
        "number": number,
        "orgnr": orgnr,
        "short_name": short_name,
        "prefix": prefix or short_name.removeprefix("B") or short_name,
    }
    try:
        convert(DistrictSection, facts)
    except ValidationError as error:
        raise Problem(
            f"the district's facts are not as they should be ({error})", Exit.USAGE, "websakctl districts add --help"
        ) from None
    if redact(spelled := " ".join((folder, *facts.values()))) != spelled:
        raise Problem(
            "a national identity number or a secret is among the district's facts; nothing was written",
            Exit.USAGE,
            "name the district as the city does",
        )
    for other in config.districts.values():
        for label, value in facts.items():
            if getattr(other, label) == value:
                raise Problem(f"{label} {value} is {other.slug}'s already; nothing was written", Exit.REFUSED)
    own = session.root / "templates" / "district"
    try:
        files = district(
            own if own.is_dir() else shipped() / "district",
            {**{f"district.{k}": v for k, v in facts.items()}, "district.slug": folder},
        )
        write(files, session.root / "districts" / folder)
    except ScaffoldError as error:
        raise Problem(str(error), Exit.REFUSED) from None
    written = [f"districts/{folder}/{file.path}" for file in files]
    session.write(
        TableReport(
            headline=f"Wrote {', '.join(written)}. `websakctl plan --district {folder}` shows what it gets.",
            columns=(),
            rows=(),
            data={"slug": folder, "files": written},
        )
    )


def compare(call: Call, offline: Offline = False) -> None:
    """Show which districts deviate from the base: declared, with reason and date, or by accident."""
    from websakctl.operations.change.make_plan import make_plan
    from websakctl.operations.config.compare_districts import How, compare_districts
    from websakctl.report.formats.text import shown

    session = Session(call)
    config = session.valid_config()
    live = plan = None
    if not offline:
        inputs = make_config_input(session)
        setup = read_live(session, inputs)
        live = setup.state
        plan = make_plan(setup.tell(inputs), live)
    result = compare_districts(config, plan, live)
    order = [How.ACCIDENT, How.OVERRIDE, How.EXCEPTION]
    reported = [d for d in result if d.how is not How.OWN]
    rows = [
        (
            d.district,
            d.how.value,
            str(d.address),
            d.field,
            shown(d.base) if d.field else "",
            shown(d.here) if d.field else "",
            d.reason,
            d.until,
        )
        for d in sorted(reported, key=lambda d: order.index(d.how))
    ]
    data = [
        {
            "district": d.district,
            "how": d.how.value,
            "address": str(d.address),
            "field": d.field or None,
            "base": d.base,
            "here": d.here,
            "reason": d.reason or None,
            "owner": d.owner or None,
            "until": d.until or None,
            "at": d.at or None,
        }
        for d in result
    ]
    as_base = [slug for slug in config.districts if slug not in {d.district for d in result}]
    own = Counter(d.district for d in result if d.how is How.OWN)
    notes = [f"Of their own: {', '.join(f'{slug} {count}' for slug, count in sorted(own.items()))}."] if own else []
    notes += [f"As the base: {', '.join(as_base)}."] if as_base else []
    otherwise = "nothing declared, nothing changed by hand" if result else ""
    session.write(
        TableReport(
            headline="" if rows else f"No district deviates from the base{f' ({otherwise})' if otherwise else ''}.",
            columns=("district", "how", "address", "field", "base", "here", "reason", "until") if rows else (),
            rows=rows,
            data=data,
            first_to_go=("until", "reason", "base"),
            notes=notes,
        )
    )
