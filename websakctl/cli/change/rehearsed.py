"""The reports of rehearsals: where they are kept, and what ``apply`` asks of them."""

from pathlib import Path
from typing import TYPE_CHECKING

from websakctl.cli.exits import Exit, Problem
from websakctl.cli.session import Session, read_json

if TYPE_CHECKING:
    from websakctl.operations.apply.saved import SavedPlan


def kept_at(session: Session, saved: "SavedPlan") -> Path:
    """Where the report of a plan's rehearsal is kept."""
    name = str(saved.document["digest"]).removeprefix("sha256:")
    return session.state_dir / "rehearsals" / f"{name}.json"


def see_rehearsal(session: Session, saved: "SavedPlan | None", report: Path | None) -> None:
    """Refuse what was not rehearsed, where the environment asks for that."""
    from websakctl.operations.apply.rehearse import signed_text, why_not_rehearsed

    name = session.target.name
    if not session.target.described.require_rehearsal:
        return
    if saved is None:
        raise Problem(
            f"{name} takes rehearsed plans only; nothing was written",
            Exit.REFUSED,
            "websakctl plan --out FILE, websakctl rehearse FILE, websakctl apply FILE",
        )
    what_next = f"websakctl rehearse {saved.name}"
    path = report or kept_at(session, saved)
    if report is None and not path.is_file():
        raise Problem(f"{saved.name} was not rehearsed, and {name} takes rehearsed plans only", Exit.REFUSED, what_next)
    document = read_json(path, "a rehearsal report")
    if why := why_not_rehearsed(document, saved, name):
        raise Problem(f"{path} does not show that {saved.name} was rehearsed: {why}", Exit.REFUSED, what_next)
    if session.target.described.require_signature and isinstance(document, dict):
        signature = document.get("signature")
        if not isinstance(signature, str) or not session.required_state_key().signed(signed_text(document), signature):
            raise Problem(f"{path} is not signed with the state key of {name}", Exit.REFUSED, what_next)
