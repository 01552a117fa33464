"""Who can read what, as the config says it: nobody both approves and administers, and a role explains what each user may."""

from collections.abc import Iterator
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


def of_users(config: Configuration, today: date | None) -> Iterator[Diagnostic]:
    """Report users who approve and administer, and those whose own entries give more than their roles."""
    if not config.with_users:
        return
    access = _access(config, today)
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


def of_sensitive_codes(config: Configuration, today: date | None) -> Iterator[Diagnostic]:
    """Report sensitive access codes that nobody in their units reads, or everybody in a district."""
    sensitive = {
        code: config.config_only[Address("access_code", BASE, code)] for code in sorted(config.sensitive_codes)
    }
    if not sensitive or not config.with_users:
        return
    access = _access(config, today)
    for code, fields in sensitive.items():
        if Address("access_code", BASE, code) not in config.state:
            continue
        by_unit = access.by_unit(Question(code=code))
        for slug in sorted(config.with_users & config.districts.keys()):
            for message, help_ in _of_district(config, access, by_unit, (slug, code, fields.get("read_in"))):
                yield about(
                    config, Address("access_code", BASE, code), rule="sensitive-code-readers",
                    path=("sensitive",), message=message, help_=help_,
                )  # fmt: skip


def _of_district(
    config: Configuration,
    access: EffectiveAccess,
    by_unit: dict[str, dict[Address, Verdict]],
    what: tuple[str, str, list[str] | None],
) -> Iterator[tuple[str, str]]:
    slug, code, read_in = what
    district = config.districts[slug]
    people = [address for address in access.accounts if address.scope == slug]
    units = [district.full_key(key) for key in read_in or ()] or sorted(access.units.of_scope(slug))
    for key in units:
        if key not in by_unit:
            yield (
                f"read_in names {key}, and no unit of {slug} has that key",
                "write the local keys of units that every district has",
            )
    units = [key for key in units if key in by_unit]
    for key in units if read_in else units[:1]:
        where = key if read_in else slug
        places = [key] if read_in else units
        own = {
            a for a in people if entry(User, access.state[a]).unit in (access.units.below(key) if read_in else by_unit)
        }
        if own and not any(address in by_unit[place] for place in places for address in own):
            yield (
                f"nobody in {where} can read documents with {code}",
                "give those who handle them a role that names the code",
            )
    everybody = {a for a in people if any(by_unit[key].get(a) is Verdict.YES for key in units)}
    if len(people) > 1 and everybody == set(people):
        yield f"everybody in {slug} can read documents with {code}", "take the code from the roles that do not need it"


def _access(config: Configuration, today: date | None) -> EffectiveAccess:
    """What the config lets people read on a day."""
    day = today.isoformat() if today is not None else ""

    def counts(address: Address) -> bool:
        ends = config.config_only.get(address, {}).get("valid_to")
        return not (address.kind == USER.name and ends is not None and ends < day)

    state = {a: r for a, r in config.state.items() if counts(a)}
    return EffectiveAccess(state, config.settings.access_model, config.districts)


CHECKS = (of_users, of_groups, of_sensitive_codes)
