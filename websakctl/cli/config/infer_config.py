"""``pull --all`` where there is no config yet: a whole live setup as one."""

from typing import TYPE_CHECKING

from websakctl.cli.change.plan import make_config_input, read_live
from websakctl.cli.exits import Exit, Problem
from websakctl.cli.session import Session
from websakctl.cli.write_back import carry_out, check_explained, report

if TYPE_CHECKING:
    from websakctl.operations.config.write_back import Left


def is_empty(session: Session) -> bool:
    """Whether there is nothing here but, perhaps, settings and the districts' facts."""
    if not session.has_config:
        from websakctl.source.load import load_configuration

        session.config = load_configuration(session.root)  # there is none, and that is all right here
    return not session.valid_config().state


def add_recognised(session: Session, *, auto_approve: bool, force: bool) -> None:
    """Write the facts of the districts that Websak has, where a repository has none yet; say which could not be told.

    What is pulled afterwards then goes to its district, and what ``each_district:`` makes is compared, not made twice.
    """
    from websakctl.operations.config.infer_config import district_file, recognise
    from websakctl.plan.selection import Selection

    inputs = make_config_input(session, Selection())
    districts, left = recognise(read_live(session, inputs).state, inputs.kinds)
    for one in left:
        session.terminal.warn(f"{one.address}: left out; {one.why}")
    if not districts:
        session.terminal.warn("no district was recognised in Websak: what is pulled goes to config/, for all districts")
        return
    files = {
        f"districts/{name}/district.yaml": district_file(district, numbered=True)
        for name, district in districts.items()
    }
    carry_out(session, files, auto_approve=auto_approve, force=force)
    session.terminal.say(f"{len(districts)} districts recognised in Websak: {', '.join(districts)}.")
    session.terminal.warn(
        "note: their numbers are not in Websak; they are numbered in order: see districts/*/district.yaml"
    )
    del session.config  # read again, with the districts
    session.valid_config()


def pull_everything(
    session: Session, reason: str | None, owner: str | None, *, auto_approve: bool, force: bool
) -> None:
    """Write all of Websak as a config: what the districts have in common once, the rest where it differs."""
    from websakctl.operations.config.infer_config import factored, recognise
    from websakctl.operations.config.placing import Why
    from websakctl.operations.config.write_back import NotWritten
    from websakctl.plan.selection import Selection

    inputs = make_config_input(session, Selection())
    live = read_live(session, inputs).state
    numbered = not session.config.districts
    left: list[Left] = []
    if numbered:
        districts, left = recognise(live, inputs.kinds)
        session.config.districts.update(districts)
        live = read_live(session, inputs).state  # once more: each object now comes with its district
    try:
        result, files = factored(session.root, inputs, live, Why(reason=reason, owner=owner), numbered)
    except NotWritten as error:
        raise Problem(f"it cannot be written: {error}", Exit.FAILED) from None
    check_explained(result)
    result.left = [*left, *(one for one in result.left if one.address not in {other.address for other in left})]
    carry_out(session, files, auto_approve=auto_approve, force=force)
    if numbered and session.config.districts:
        session.terminal.warn(
            "note: the districts' numbers are not in Websak; they are numbered in order: see districts/*/district.yaml"
        )
    report(session, result, files, "pulled")
