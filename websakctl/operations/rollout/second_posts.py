"""People with posts in several districts: one user by whom they log in, and a secondary user for each further post.

Source: secondary users of the vendor's User API 3.3; a secondary user has a code of its own and no way to log in.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from websakctl.operations.rollout.hr_rows import Person
from websakctl.source.tables.report import CellFinding

Listed = Mapping[str, Mapping[str, Mapping[str, Any]]]  # fields by district and user code, as the files have them
_LOGIN = ("username", "email", "logins", "national_no")  # what only the first user of a person has


class Posts(msgspec.Struct, frozen=True, kw_only=True):
    """The people of a file with their first and further posts told apart."""

    people: tuple[Person, ...]
    findings: tuple[CellFinding, ...] = ()
    notes: tuple[str, ...] = ()


def tell_posts_apart(
    people: Sequence[Person], listed: Listed, *, leaving: Collection[str], longest: int, column: int
) -> Posts:
    """Make secondary users of further posts.

    The first post is the one that the file says is the main one; else the one whose code the district lists already; else
    the one whose row comes first.

    Args:
        people: The rows; rows of one person share a code, a user name or an e-mail address.
        listed: Who is listed already: a further post keeps the code that it has.
        leaving: Districts whose listed users go unless the file has them.
        longest: Characters of a user code at most.
        column: Where codes stand, for findings.
    """
    groups = _by_person(people)
    taken = {person.code for person in people} | {code for users in listed.values() for code in users}
    result: list[Person] = []
    findings: list[CellFinding] = []
    notes: list[str] = []
    for group in groups:
        elsewhere = _first_post_elsewhere(group, leaving)
        primary = _first_post(group, listed) if elsewhere is None else None
        for person in group:
            of = elsewhere if primary is None else primary.code
            if of is None or person is primary:
                result.append(msgspec.structs.replace(person, cleared=person.cleared | {"primary"}))
                continue
            code = _code(person, of, listed, taken)
            taken.add(code)
            if len(code) > longest:
                message = f"{code} would be the code of this second post, and Websak takes {longest} characters"
                findings.append(
                    CellFinding(
                        row=person.row, column=column, message=message, help="give the post a code of its own here"
                    )
                )
                continue
            fields = {name: value for name, value in person.fields.items() if name not in _LOGIN}
            result.append(
                msgspec.structs.replace(
                    person, code=code, fields={**fields, "primary": of}, cleared=person.cleared | set(_LOGIN)
                )
            )
            notes.append(f"row {person.row} is a second post of {of}: {code} in {person.district} (User API 3.3)")
    return Posts(people=tuple(result), findings=tuple(findings), notes=tuple(notes))


def _by_person(people: Sequence[Person]) -> list[list[Person]]:
    """The rows of each person, in the order of the file."""
    group_of: dict[tuple[str, str], list[Person]] = {}
    groups: list[list[Person]] = []
    for person in people:
        keys = [("code", person.code)]
        keys += [(name, person.fields[name].casefold()) for name in ("username", "email") if name in person.fields]
        known = [group_of[key] for key in keys if key in group_of]
        group = known[0] if known else []
        if not known:
            groups.append(group)
        for other in known[1:]:
            if other is not group:
                group.extend(other)
                groups.remove(other)
                group_of.update({key: group for key, value in group_of.items() if value is other})
        group.append(person)
        group_of.update(dict.fromkeys(keys, group))
    return groups


def _first_post_elsewhere(group: Sequence[Person], leaving: Collection[str]) -> str | None:
    """The code of the person's first user, where that is listed in a district that the file is not about, and stays."""
    here = {person.district for person in group}
    known = (person.second_post_of for person in group if person.second_post_of is not None)
    return next((code for district, code in known if district not in here and district not in leaving), None)


def _first_post(group: Sequence[Person], listed: Listed) -> Person:
    main = [person for person in group if person.main_post]
    if len(main) == 1:
        return main[0]
    before = [p for p in group if p.code in (users := listed.get(p.district, {})) and not users[p.code].get("primary")]
    return min(before or group, key=lambda person: person.row)


def _code(person: Person, of: str, listed: Listed, taken: set[str]) -> str:
    """The code of a further post: the one that it has, else its row's own, else the person's with a number behind it."""
    had = [code for code, fields in listed.get(person.district, {}).items() if fields.get("primary") == of]
    if had:
        return min(had)
    if person.code != of:
        return person.code
    return next(code for n in range(2, len(taken) + 3) if (code := f"{of}-{n}") not in taken)
