"""``adopt``: live objects that the config does not have, into it."""

from typing import TYPE_CHECKING, Annotated

import typer

from websakctl.cli.change.plan import read_live, scene_of
from websakctl.cli.exits import Exit, Problem, UnknownName
from websakctl.cli.options import Call, Districts, KindNames, command
from websakctl.cli.session import Session
from websakctl.cli.write_back import AutoApprove, Force, carry_out, report, without_users

if TYPE_CHECKING:
    from websakctl.model.address import Address
    from websakctl.model.resource import State
    from websakctl.operations.change.make_plan import ConfigInput

Addresses = Annotated[list[str] | None, typer.Argument(metavar="[ADDRESS]...", help="What to adopt; globs are fine.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "adopt", example="websakctl adopt org_unit/base/PROSJ 'access_code/*'")(adopt)


def adopt(
    call: Call,
    addresses: Addresses = None,
    district: Districts = None,
    kind: KindNames = None,
    auto_approve: AutoApprove = False,
    force: Force = False,
) -> None:
    """Write entries for live objects that are not in the config, so that a plan has nothing to do for them."""
    from websakctl.operations.config.adopt import adopt as adopt_live
    from websakctl.operations.config.pull import check_pulled
    from websakctl.operations.config.write_back import NotWritten, tried

    session = Session(call)
    if not (addresses or district or kind):
        raise Problem(
            "say what to adopt: addresses, --kind or --district",
            Exit.USAGE,
            "`websakctl plan --format json` counts what is not managed; `websakctl pull --all` takes it all",
        )
    session.valid_config()
    selection = session.selection(district, kind, addresses, None)
    scene = without_users(scene_of(session, selection))
    live = read_live(session, scene).state
    chosen = _chosen(session, scene, live, addresses)
    try:
        found, files = adopt_live(session.root, scene, live, chosen)
        check_pulled(scene, live, tried(session.root, files), found.written)
    except NotWritten as error:
        raise Problem(
            f"it cannot be written: {error}", Exit.FAILED, "adopt fewer at a time, or write it by hand"
        ) from None
    if files:
        carry_out(session, files, auto_approve=auto_approve, force=force)
    report(session, found, files, "adopted")


def _chosen(session: Session, scene: "ConfigInput", live: "State", addresses: list[str] | None) -> "list[Address]":
    """What is live, unmanaged and meant; an address that means nothing ends the command."""
    from fnmatch import fnmatchcase

    from websakctl.operations.config.adopt import unmanaged

    every = unmanaged(scene, live)
    for pattern in addresses or ():
        if any(fnmatchcase(str(a), pattern) for a in every):
            continue
        if any(fnmatchcase(str(a), pattern) for a in session.config.state):
            raise Problem(f"{pattern} is in the config already", Exit.USAGE, f"websakctl show {pattern}")
        raise UnknownName(f"nothing unmanaged in Websak matches {pattern}", pattern, map(str, every))
    return [a for a in every if a in scene.selection]
