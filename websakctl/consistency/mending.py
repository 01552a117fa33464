"""Who is wrong where two places differ, who can mend it, and how: docs/consistency.md states the rules."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

import msgspec
from msgspec.structs import replace

from websakctl.consistency.business_register import Lookup
from websakctl.consistency.discrepancy import Discrepancy
from websakctl.consistency.receiving import Clash
from websakctl.consistency.sources import Source
from websakctl.consistency.websak import Drift

Letter = Literal["", "register", "receiving"]


class Mender(StrEnum):
    """Who can mend something."""

    CONFIG = "who keeps the config"
    WEBSAK = "an administrator of Websak"
    DISTRICT = "the district, which reports its units to the business register"
    FIKS = "the local administrator of the receiving system (svarut.ks.no)"


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """How one kind of discrepancy is judged. ``how`` and ``command`` may name ``{address}``, ``{key}``, ``{district}`` and ``{place}``.

    Args:
        wrong: Whose entry is wrong; ``None``: it cannot be known from here.
        by: Who can mend it.
        how: What they do.
        command: What starts it here; empty: nothing does.
        letter: Which letter asks those who do not work here.
    """

    wrong: Source | None
    by: str
    how: str
    command: str = ""
    letter: Letter = ""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What judging needs to know besides the discrepancy.

    Args:
        gone: Why the register says that nobody has the number any more; empty: it does not say so.
        in_register: Whether the register lists the number as alive.
        websak_as_register: Whether Websak and the register have the same name.
        place: File and line of its entry in the config.
        owner: Who else writes the kind in this environment.
        setup_api: Whether numbers are written through an API.
    """

    gone: str = ""
    in_register: bool = False
    websak_as_register: bool = False
    place: str = "the config"
    owner: str = ""
    setup_api: bool = True


class Finding(Discrepancy, frozen=True, kw_only=True):
    """A discrepancy, judged: a rule with its names filled in."""

    wrong: Source | None
    by: str
    how: str
    command: str
    letter: Letter


_APPLY = "websakctl apply --target {address}"
_LIST = "websakctl worklist show {address}"
_CHECK = "websakctl suborgs check --district {district}"
_ADOPT = "websakctl adopt {address}"
_PULL = "websakctl pull --target {address}"
_END = "end its route in {place} with `valid_to`, and apply"


def _of_config(how: str, command: str = _APPLY, letter: Letter = "") -> Rule:
    return Rule(wrong=Source.CONFIG, by=Mender.CONFIG, how=how, command=command, letter=letter)


def _of_websak(how: str, command: str = _APPLY) -> Rule:
    return Rule(wrong=Source.WEBSAK, by=Mender.WEBSAK, how=how, command=command)


def _of_fiks(how: str) -> Rule:
    return Rule(wrong=Source.FIKS, by=Mender.FIKS, how=how, letter="receiving")


_OUTDATED = "; if the register is outdated, the letter asks the district to report it"
RULES: Mapping[StrEnum, Rule] = {
    # the business register is right about which numbers there are
    Lookup.MISSING: _of_config("decide where its mail goes, and write its entry", "websakctl suborgs import --district {district} --channel altinn --reader ROLE"),
    Lookup.CLOSED: _of_config(_END),
    Lookup.CLOSING: _of_config("end its route in {place} with `valid_to` on that day, and apply"),
    Lookup.REMOVED: _of_config(_END),
    Lookup.UNKNOWN: _of_config("correct the number in {place}, or take the entry out", "websakctl show {address}"),
    Lookup.NOT_LISTED: Rule(wrong=None, by=Mender.CONFIG, how="ask the register itself: the file lists only what is alive", command=_CHECK),
    Lookup.ALIVE: Rule(wrong=None, by=Mender.DISTRICT, how="if it has closed, the district reports that (letter); if not, take `valid_to` out of {place}", letter="register"),
    Lookup.ELSEWHERE: _of_config(f"move its entry from {{place}} to where it belongs, and apply{_OUTDATED}", letter="register"),
    Lookup.RENAMED: _of_config(f"take the new name into {{place}}, and apply{_OUTDATED}", letter="register"),
    # the config is right about what Websak should have
    Drift.DOUBLED: _of_websak("keep the one that holds cases, and end the other in Websak: no API joins two", ""),
    Drift.NOT_IN_WEBSAK: _of_websak("apply creates it"),
    Drift.ENDED_IN_WEBSAK: _of_websak("apply brings it back"),
    Drift.STILL_IN_WEBSAK: _of_websak("apply ends it"),
    Drift.NOT_IN_CONFIG: Rule(wrong=None, by=Mender.CONFIG, how="adopt it into the config, or end it in Websak", command=_ADOPT),
    Drift.OTHER_DISTRICT: _of_websak("apply moves it back; if it was moved on purpose, move it in {place}"),
    Drift.OTHER_PARENT: _of_websak("apply moves it back; if it was moved on purpose, `websakctl pull --target {address}` takes it over"),
    Drift.OTHER_UNIT: _of_websak("apply leads the mail back; if it was led there on purpose, `websakctl pull --target {address}` takes it over"),
    Drift.OTHER_CHANNEL: _of_websak("apply sets it; see first that somebody reads the mail where it comes today"),
    Drift.NUMBER_GONE: _of_websak("clear or correct the number at the unit in Websak: this tool never writes it", ""),
    Drift.OTHER_NUMBER: _of_websak("correct the number at the unit in Websak, which this tool never writes; or the route in the config", ""),
    Drift.OTHER_NAME: _of_websak("apply sets it; if it was renamed on purpose, `websakctl pull --target {address}` takes it over"),
    Drift.OTHER_ABBREVIATION: _of_websak("apply sets it: eInnsyn may know the unit by it"),
    # KS Fiks is to be as the config plans
    Clash.EARLY: _of_fiks("take the registration back until its batch is live"),
    Clash.UNPLANNED: _of_fiks("end the registration"),
    Clash.GONE: _of_fiks("end the registration"),
    Clash.STRANGER: Rule(wrong=None, by=Mender.FIKS, how="decide where its mail goes; until then end the registration", letter="receiving"),
    Clash.UNREGISTERED: _of_fiks("register the number with the receiving system"),
    Clash.TWICE: _of_fiks("leave the one receiving system that fetches for Websak"),
    Clash.OTHER_SYSTEM: _of_fiks("register the number with the receiving system that fetches for Websak"),
    Clash.TYPES: _of_fiks("register the types and the level that are planned"),
    Clash.UNKNOWN_TYPE: _of_config("correct `message_types` in {place}", "websakctl show {address}"),
}  # fmt: skip


def judged(found: Discrepancy, facts: Facts) -> Finding:
    """Say who is wrong, who mends it and how."""
    rule = _by_facts(found, RULES[found.what], facts)
    kind = "org_unit" if found.subject == "unit" else "sub_org"
    values = {
        "address": f"{kind}/{found.district}/{found.key}",
        "key": found.key,
        "district": found.district,
        "place": facts.place,
    }
    return Finding(
        what=found.what,
        subject=found.subject,
        key=found.key,
        district=found.district,
        name=found.name,
        detail=found.detail,
        wrong=rule.wrong,
        by=rule.by,
        how=rule.how.format(**values),
        command=rule.command.format(**values),
        letter=rule.letter,
    )


def _by_facts(found: Discrepancy, rule: Rule, facts: Facts) -> Rule:
    """What a third place says decides between two; who owns a kind mends it; where there is no API, people do."""
    if found.what is Drift.NOT_IN_CONFIG and found.subject == "number":
        if facts.gone:
            rule = replace(rule, wrong=Source.WEBSAK, by=Mender.WEBSAK, how=f"it is {facts.gone}: end its route in Websak", command="")  # fmt: skip
        elif facts.in_register:
            rule = replace(rule, wrong=Source.CONFIG, how="adopt it into the config")
    if found.what is Drift.STILL_IN_WEBSAK and facts.in_register:
        rule = replace(rule, wrong=None, how="the register has it too: see whether it has closed before apply ends it")
    if found.what is Drift.OTHER_NAME and facts.websak_as_register:
        rule = replace(rule, wrong=Source.CONFIG, by=Mender.CONFIG, how="take the name over: the register has it too", command=_PULL)  # fmt: skip
    if rule.wrong is Source.WEBSAK and facts.owner and found.subject == "unit":
        return replace(rule, by=facts.owner, how=f"{facts.owner} owns units here: have it changed there", command="")
    if rule.command == _APPLY and found.subject == "number" and not facts.setup_api:
        return replace(rule, how=f"{rule.how} (by hand: no API sets it here)", command=_LIST)
    return rule
