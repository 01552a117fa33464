"""Users of the districts: their files outside git, and what their role gives them."""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from websakctl.access.reviewing import placed
from websakctl.diagnostics import Diagnostic
from websakctl.model.address import BASE, Address
from websakctl.model.district import District
from websakctl.model.resource import Resource
from websakctl.source.configuration import Configuration
from websakctl.source.documents import Document
from websakctl.source.problems import did_you_mean
from websakctl.source.reporting import Report

FOLDER = "users/"
SECTION = "users"
_SECTIONS = frozenset({SECTION, "defaults"})
_FROM_ROLE = ("access_functions", "groups", "zones")  # a user's own where said, else the role's


def is_users_file(file: str) -> bool:
    """Whether a path below the root is a district's file of users, which may name persons."""
    return file.startswith(FOLDER)


def assign_files(
    files: Mapping[str, Document], districts: Mapping[str, list[Document]], config: Configuration, report: Report
) -> None:
    """Put each file of users to its district; it may name persons, and where settings say so number them."""
    for slug, document in files.items():
        if _check_file(document, slug, districts, report):
            districts[slug].append(document)
    if config.settings.user_import.national_id:
        config.findings[:] = [f for f in config.findings if f.code != "national-id" or not is_users_file(f.at.file)]
    config.with_users = {name for name, own in districts.items() if any(SECTION in d.top for d in own)}


def _check_file(document: Document, slug: str, districts: Mapping[str, object], report: Report) -> bool:
    """Whether a file of users is some district's, and holds nothing else."""
    if slug not in districts:
        report(
            Diagnostic(
                code="district-incomplete",
                at=document.key_position(document.top.spans, next(iter(document.top))),
                message=f"{document.file} is no district's: there is no districts/{slug}/",
                help=did_you_mean(slug, districts) or "name the file after the district's folder",
            )
        )
        return False
    for section in document.top.keys() - _SECTIONS:
        report(
            Diagnostic(
                code="wrong-scope",
                at=document.key_position(document.top.spans, section),
                message=f"{section} cannot stand here",
                help=f"this file holds `{SECTION}:` only; the rest of a district stands in districts/{slug}/",
            )
        )
    return True


def check_codes(config: Configuration, report: Report) -> None:
    """Report user codes that are longer than Websak keeps."""
    longest = config.settings.user_code_length
    for address, origin in config.origins.items():
        if address.kind == "user" and len(address.key) > longest:
            report(
                Diagnostic(
                    code="bad-key",
                    at=origin.position(),
                    message=f"the user code {address.key} has {len(address.key)} characters, and Websak takes {longest}",
                    help="use a shorter code, such as the employee number",
                    address=str(address),
                )
            )


def check_secondary_users(config: Configuration, report: Report) -> None:
    """Report secondary users that Websak would refuse; those that name no address get their primary user's.

    A secondary user has the first address of exactly one primary user, and no way to log in (User API 3.3).
    """
    users = {address.key: resource for address, resource in config.state.items() if address.kind == "user"}
    for user in users.values():
        address = user.address
        code = user.fields.get("primary")
        primary = users.get(code) if code is not None else None
        if primary is None:
            continue
        for name, message, help_ in _objections(user, primary):
            report(
                Diagnostic(
                    code="bad-value",
                    at=config.origins[address].of_field(name),
                    message=message,
                    help=help_,
                    address=str(address),
                    related=config.origins[primary.address].position(),
                    related_label="the primary user",
                )
            )
        if "email" not in user.fields and "email" in primary.fields:
            fields = {**user.fields, "email": primary.fields["email"]}
            config.state[address] = replace(user, fields=fields)


def _objections(user: Resource, primary: Resource) -> Iterator[tuple[str, str, str]]:
    """What is wrong with a secondary user, each with its field and what to do."""
    code = primary.address.key
    if primary.address == user.address:
        yield "primary", f"{code} is its own primary user", "take `primary` away, or name the person's first user"
    elif primary.fields.get("primary") is not None:
        yield (
            "primary",
            f"{code} is a secondary user itself",
            f"name {primary.fields['primary']}, the person's first user",
        )
    for name in ("username", "logins"):
        if user.fields.get(name) is not None:
            yield name, f"a secondary user has no {name}: the person logs in as {code}", f"take {name} away"
    address, expected = user.fields.get("email"), primary.fields.get("email")
    if address is not None and expected is not None and address.casefold() != expected.casefold():
        yield (
            "email",
            f"the e-mail address is not the first one of {code}, by which Websak knows the person",
            "take email away: the primary user's is used",
        )


def check_people_of_units(config: Configuration, report: Report) -> None:
    """Report units with two managers, and mail groups that a user is put into other than as a distributor."""
    groups: dict[str, Address] = {}
    for address, unit in config.state.items():
        if address.kind == "org_unit" and (group := unit.fields.get("mail_group")) is not None:
            groups.setdefault(group, address)
    managers: dict[str, Resource] = {}
    for address, user in config.state.items():
        if address.kind != "user":
            continue
        for unit_key in user.fields.get("manages") or ():
            other = managers.setdefault(unit_key, user)
            if other is not user:
                report(
                    Diagnostic(
                        code="not-unique",
                        at=config.origins[address].of_field("manages"),
                        message=f"{unit_key} is managed by {other.address.key}, too",
                        help="a unit has one manager: take it away from one of the two",
                        address=str(address),
                        related=config.origins[other.address].of_field("manages"),
                        related_label="the other one",
                    )
                )
        for name in ("groups", "district_groups"):
            for group in user.fields.get(name) or ():
                if group in groups:
                    report(
                        Diagnostic(
                            code="bad-value",
                            at=config.origins[address].of_field(name),
                            message=f"{group} distributes the mail of {groups[group].key}, and is no group to be named here",
                            help="write `distributes:` with the units whose mail the user passes on",
                            address=str(address),
                        )
                    )


def give_what_roles_give(config: Configuration, report: Report) -> None:
    """Fill in what users omit from their roles, so that it is compared like anything that was said."""
    reported: set[tuple[str, str, str]] = set()
    for address, user in config.state.items():
        if address.kind != "user":
            continue
        role = config.state.get(Address("user_role", BASE, user.fields["role"]))
        district = config.districts.get(address.scope)
        if role is None or district is None:
            continue
        given = {name: role.fields[name] for name in _FROM_ROLE if role.fields.get(name) is not None}
        if role.fields.get("roles") is not None:
            given["roles"] = role.fields["roles"]
        if role.fields.get("district_groups") is not None:
            given["district_groups"] = _groups(config, role, district, reported, report)
        fields = {**given, **user.fields}
        if fields.get("roles") is not None:
            fields["roles"] = {
                name: placed(scope, user.fields["unit"], district) for name, scope in fields["roles"].items()
            }
        for name in ("access_functions", "groups", "district_groups", "manages", "distributes"):
            if fields.get(name) is not None:
                fields[name] = sorted(set(fields[name]))
        config.state[address] = replace(user, fields=fields)


def _groups(
    config: Configuration, role: Resource, district: District, reported: set[tuple[str, str, str]], report: Report
) -> list[str]:
    """The district's own groups of a role; one that the district lacks is told once, at the role."""
    result = []
    for local in role.fields["district_groups"]:
        key = district.full_key(local)
        if Address("access_group", district.slug, key) in config.state:
            result.append(key)
        elif (mark := (role.address.key, district.slug, local)) not in reported:
            reported.add(mark)
            report(
                Diagnostic(
                    code="unknown-reference",
                    at=config.origins[role.address].of_field("district_groups"),
                    message=f"district_groups names {local}, and {district.slug} has no access_group with that key",
                    help="add it under each_district: in config/, or to the district's folder",
                    address=str(role.address),
                )
            )
    return result
