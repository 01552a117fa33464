"""Persons: named by role, never by address."""

import re
from collections.abc import Iterator
from datetime import date

from websakctl.diagnostics import RULES, Diagnostic, Position
from websakctl.model.address import Address
from websakctl.rollout.access_packages import Package, is_role_of_altinn_2, package_of
from websakctl.source.configuration import Configuration
from websakctl.source.findings import about
from websakctl.source.users import is_users_file

_ADDRESS = re.compile(
    r"(?<![\w.+-])([a-zæøåéèüöä-]+(?:[._][a-zæøåéèüöä-]+)+)\d{0,3}@[\w-]+(?:\.[\w-]+)+", re.IGNORECASE
)
_OFFICE = re.compile(
    r"(?i)post|mottak|arkiv|journal|info|kontakt|service|support|hjelp|drift|ikt|admin|system|web|innsyn|nav|"
    r"bydel|barnehage|bhg|skole|helse|omsorg|sosial|bolig|senter|kontor|avdeling|seksjon|enhet|stab|team|gruppe|"
    r"utvalg|tjeneste|vakt|leder|styrer|direkt|lonn|lønn|okonomi|økonomi|regnskap|faktura|personal|hr\b|no-?reply|oslo"
)


def email_addresses(config: Configuration, _: date | None) -> Iterator[Diagnostic]:
    """Report addresses written first.last, in values and comments, where no part is a word for an office."""
    for file, text in config.texts.items():
        if "@" not in text or is_users_file(file):
            continue
        for number, line in enumerate(text.split("\n"), 1):
            for m in _ADDRESS.finditer(line):
                if not _OFFICE.search(m[1]):
                    yield Diagnostic(
                        code="personal-email",
                        at=Position(file, number, m.start() + 1, number, m.end() + 1),
                        message="an e-mail address that looks like a person's stands here",
                        help="write a role, or the address of a shared mailbox",
                        severity=RULES["personal-email"].severity,
                    )


def readers(config: Configuration, _: date | None) -> Iterator[Diagnostic]:
    """Report readers of mail that look like persons, and those that are what Altinn gives and not who has it."""
    for address, resource in config.having("readers").items():
        for name in ("readers", "confidential_readers"):
            named = resource.fields.get(name) or config.config_only.get(address, {}).get(name) or ()
            for index, reader in enumerate(named):
                if is_role_of_altinn_2(reader) or package_of(reader) is not None:
                    yield _of_altinn(config, address, (name, index), reader)
                elif _looks_like_a_person(reader):
                    yield about(
                        config, address, rule="reader-is-a-person", path=(name, index),
                        message=f"{reader} looks like a person and not like a role",
                        help_="name the role whose holders read the mail, such as Styrer",
                    )  # fmt: skip


def _of_altinn(config: Configuration, address: Address, path: tuple[str, int], reader: str) -> Diagnostic:
    confidential = "taushetsbelagt" in reader.casefold()
    field = "confidential_readers" if confidential else "readers"
    package = (Package.CONFIDENTIAL if confidential else Package.ORDINARY).key
    what = (
        f"{reader} is a role of Altinn 2, which closed on 19 June 2026: it gives nothing any more"
        if is_role_of_altinn_2(reader)
        else f"{reader} is an access package of Altinn, not somebody who reads"
    )
    return about(
        config, address, rule="reader-is-altinn-role", path=path, message=what,
        help_=f"write `{field}: [Styrer]`, the role in the district whose holders read the mail; give them the access "
        f"package {package} in Altinn, and record who has it: websakctl suborgs check altinn --file EXPORT",
    )  # fmt: skip


def _looks_like_a_person(reader: str) -> bool:
    words = reader.split()
    named = len(words) > 1 and all(word[0].isupper() and not word.isupper() for word in words)
    return "@" in reader or (named and not _OFFICE.search(reader))


CHECKS = (email_addresses, readers)
