"""Who can read what, as the config says it: nobody both approves and administers, and a role explains what each user may."""

from collections.abc import Iterator, Mapping
from datetime import date

from websakctl.access import EffectiveAccess, Question, Verdict
from websakctl.access.reviewing import Excess, approving_administrators, beyond_role
from websakctl.diagnostics import Diagnostic
from websakctl.kinds import entry
from websakctl.kinds.access_group import KIND as ACCESS_GROUP
from websakctl.kinds.user import KIND as USER
from websakctl.kinds.user import User
from websakctl.kinds.user_role import KIND as USER_ROLE
from websakctl.model.address import BASE, Address
from websakctl.source.configuration import Configuration
from websakctl.source.findings import about

_FIELDS = {"function": "access_functions", "group": "groups"}  # all else is of a user's roles


def of_people(config: Configuration, today: date | None) -> Iterator[Diagnostic]:
    """Report what the users that are listed may."""
    if config.with_users:
        access = _access(config, today)
        yield from _of_users(config, access)
        yield from _of_sensitive_codes(config, access)


def _of_users(config: Configuration, access: EffectiveAccess) -> Iterator[Diagnostic]:
    """Users who approve and administer, and those whose own entries give more than their roles."""
    for address in approving_administrators(access):
        yield about(
            config, address, rule="access-segregation", path=("access_functions",),
            message=f"{address.key} both approves and administers",
            help_="give the administration to somebody who approves nothing, or take the approving role away",
        )  # fmt: skip
    roles = {a: role for a, role in config.state.items() if a.kind == USER_ROLE.name}
    for address, account in access.accounts.items():
        district = config.districts.get(address.scope)
        if district is None:
            continue
        excesses = [e for e in beyond_role(access, account, roles, district) if e.kind not in ("no role", "template")]
        if excesses:
            role = entry(User, access.state[address]).role
            yield about(
                config, address, rule="access-beyond-role", path=(_FIELDS.get(excesses[0].kind, "roles"),),
                message=f"{address.key} may more than the role {role} gives: {'; '.join(map(_in_words, excesses))}",
                help_="give the user a role that says it, or exempt the line and say why",
            )  # fmt: skip


def _in_words(excess: Excess) -> str:
    which = f"{excess.kind} {excess.what}" if excess.what else f"any {excess.kind}"
    return f"{which} in role {excess.role}" if excess.role not in ("", excess.what) else which


def of_groups(config: Configuration, _: date | None) -> Iterator[Diagnostic]:
    """Report access groups that open access codes and that nobody answers for."""
    opening = config.settings.access_model.group_codes
    for address in config.of_kind(ACCESS_GROUP.name) if opening else ():
        district = config.districts.get(address.scope)
        local = district.local_key(address.key) if district is not None else address.key
        codes = opening.get(address.key, opening.get(local))
        if codes and not config.config_only.get(address, {}).get("owner"):
            yield about(
                config, address, rule="access-group-without-owner", path=(),
                message=f"who is in {address.key} reads {', '.join(codes)}, and nobody answers for who is",
                help_="add `owner: …`, a role that decides who is in it",
            )  # fmt: skip


def _of_sensitive_codes(config: Configuration, access: EffectiveAccess) -> Iterator[Diagnostic]:
    """Sensitive access codes that nobody in their units reads, or everybody in a district."""
    sensitive = {
        code: config.config_only[Address("access_code", BASE, code)] for code in sorted(config.sensitive_codes)
    }
    for code, fields in sensitive.items():
        if Address("access_code", BASE, code) not in config.state:
            continue
        by_unit = access.by_unit(Question(code=code))
        places: dict[str, list[str]] = {}
        for slug in sorted(config.with_users & config.districts.keys()):
            for message, where in _of_district(config, access, by_unit, (slug, fields.get("read_in"))):
                places.setdefault(message, []).append(where)
        for message, found in places.items():
            more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
            yield about(
                config, Address("access_code", BASE, code), rule="sensitive-code-readers", path=("sensitive",),
                message=message.format(where=f"{', '.join(found[:_NAMED])}{more}", code=code), help_=_HELP[message],
            )  # fmt: skip


_NAMED = 3  # units or districts of one finding
_STRANGE = "read_in of {code} names {where}, and no unit has that key"
_NOBODY = "nobody in {where} can read documents with {code}"
_EVERYBODY = "everybody in {where} can read documents with {code}"
_HELP = {
    _STRANGE: "write the local keys of units that every district has",
    _NOBODY: "give those who handle them a role that names the code",
    _EVERYBODY: "take the code from the roles that do not need it",
}


def _of_district(
    config: Configuration,
    access: EffectiveAccess,
    by_unit: Mapping[str, Mapping[Address, Verdict]],
    of: tuple[str, list[str] | None],
) -> Iterator[tuple[str, str]]:
    """What is wrong with who reads an access code in a district, and where; ``of``: the district, and local keys of units."""
    slug, read_in = of
    units = [config.districts[slug].full_key(key) for key in read_in or ()] or sorted(access.units.of_scope(slug))
    yield from ((_STRANGE, key) for key in units if key not in by_unit)
    units = [key for key in units if key in by_unit]
    people = {a: entry(User, access.state[a]).unit for a in access.accounts if a.scope == slug}
    for where, places in [(key, [key]) for key in units] if read_in else [(slug, units)]:
        inside = access.units.below(where) if read_in else access.units.every
        own = {address for address, unit in people.items() if unit in inside}
        if own and not any(own & by_unit[key].keys() for key in places):
            yield _NOBODY, where
    certain = {a for key in units for a, verdict in by_unit[key].items() if verdict is Verdict.YES}
    if len(people) > 1 and certain >= people.keys():
        yield _EVERYBODY, slug


def _access(config: Configuration, today: date | None) -> EffectiveAccess:
    """What the config lets people read on a day."""
    day = today.isoformat() if today is not None else ""

    def counts(address: Address) -> bool:
        ends = config.config_only.get(address, {}).get("valid_to")
        return not (address.kind == USER.name and ends is not None and ends < day)

    state = {a: r for a, r in config.state.items() if counts(a)}
    return EffectiveAccess(state, config.settings.access_model, config.districts)


CHECKS = (of_people, of_groups)
