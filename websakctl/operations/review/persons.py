"""Who is meant, without saying it: roles instead of persons, and texts without names.

Nobody can know every name. So a text that says who (``by``, ``owner``) is shown only where it is a role, a unit or a body that
the config or the field's words know; and of a free text whatever is written like a name and is none of these is left out.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from websakctl.kinds import all_kinds
from websakctl.model.vocabulary import GLOSSARY
from websakctl.source.configuration import Configuration

WITHHELD = "[withheld]"
_WHO = frozenset(
    {"by", "confirmed_by", "contact", "emails", "owner", "phone", "readers", "responsible"}
)  # fields that say who, of any kind
_FREE_TEXT = frozenset({"attestation", "finding", "preparation", "retirement"})  # kinds whose texts are sentences
_NAMES = ("name", "product", "system", "series", "ordering_principle", "aliases", "cited_as", "number")
_ROLE = re.compile(
    r"(?:^|-|.{3})(?:administrator|ansvarlig|arkiv|arkivar|avdeling|behandler|bydel|direktør|eier|enhet|etat|forvalter|forvaltning|gruppe|innbyggertorg"
    r"|jurist|kommune|kontor|koordinator|leder|ombud|prosjekt|råd|rådgiver|sekretariat|sekretær|seksjon|senter|senteret|stab"
    r"|styrer|styre|team|tjeneste|utvalg|utvikler)(?:e?n|e?t|e|er|ere|ene|ne)?s?\Z"
)
_BETWEEN = frozenset(
    {"av", "for", "fra", "hos", "i", "ikke", "med", "og", "på", "til", "ved", "the", "of", "and", "in", "not"}
)
_NOBODY = ("Ikke avklart", "Uavklart", "Ukjent", "Not settled", "Unknown")
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_EMAIL = re.compile(r"[^\s@,;<>()]+@[^\s@,;<>()]+\.[^\s@,;<>()]+")
_STARTS = re.compile(r"(?:^|[.!?:;(\n\"«]|\bjf\.)\s*\Z")
_MASKED = re.compile(rf"{re.escape(WITHHELD)}(?:[ \t]+{re.escape(WITHHELD)})+")


class Persons:
    """Tells who did something, by role or by name.

    Args:
        names: Whether persons are named; then every text stays as it is.
        config: Its names of units, roles, systems and districts are no persons.
        known: Names of people who are known from elsewhere, such as authors of commits.
    """

    def __init__(self, *, names: bool, config: Configuration, known: Iterable[str]) -> None:
        self.names = names
        self._field = _words(_of_the_field(config))  # never a person's
        self._words = self._field | _words(_of_what_is_set_up(config))  # may be: units are called after people
        self._phrases = {text.casefold() for text in _roles(config)}
        named = (
            who for who in _all_said(config) if not self._is_role(who) and all(w[0].isupper() for w in who.split())
        )
        self._known = {word for word in _words((*known, *named)) if len(word) > 1 and not self._is_field(word)}
        self._numbers: dict[tuple[str, str], int] = {}

    def numbered(self, role: str, name: str) -> str:
        """Somebody of a role, by name, or as the first, second … of that role who was asked about: ``author 2``."""
        if self.names or not name:
            return name or role
        mine = [key for key in self._numbers if key[0] == role]
        number = self._numbers.setdefault((role, name), len(mine) + 1)
        return f"{role} {number}"

    def role(self, text: str | None) -> str:
        """What says who: a role, unit or body as it is written, anything else as a person."""
        if self.names or not text:
            return text or ""
        return text if self._is_role(text) else WITHHELD

    def text(self, text: str | None, *, strict: bool = False) -> str:
        """A free text without what is written like a person's name, and without addresses of mail.

        ``strict``: somebody may well be named in it, so that a sentence's first word counts as written like a name too.
        """
        if self.names or not text:
            return text or ""
        text = _EMAIL.sub(WITHHELD, text)
        words = list(_WORD.finditer(text))
        left_out = {
            i for i, w in enumerate(words) if self._named(text, words, i) or (strict and self._like_a_name(w[0]))
        }
        for i in [*left_out]:  # a first name that a unit bears too
            left_out |= {
                j for j in _next_to(text, words, i) if words[j][0][0].isupper() and not self._is_field(words[j][0])
            }
        out, place = [], 0
        for i in sorted(left_out):
            out += [text[place : words[i].start()], WITHHELD]
            place = words[i].end()
        return _MASKED.sub(WITHHELD, "".join([*out, text[place:]]))

    def value(self, kind: str, name: str, value: Any) -> Any:
        """A field's value, or a part of it, as it may be shown; of users nothing is."""
        if self.names or value is None:
            return value
        about = all_kinds().get(kind)
        if about is not None and (name in about.references or name == about.key_field):
            return value
        return self._part(name, value, strict=about is not None and name in about.names_people)

    def _part(self, name: str, value: Any, *, strict: bool) -> Any:
        if isinstance(value, str):
            return self.role(value) if name in _WHO else self.text(value, strict=strict)
        if isinstance(value, Mapping):
            return {key: self._part(key, inner, strict=False) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self._part(name, inner, strict=strict) for inner in value]
        return value

    def _named(self, text: str, words: list["re.Match[str]"], i: int) -> bool:
        """Whether a word of a text is written like a part of a name: with a capital, unknown, and not by its place alone."""
        word = words[i][0]
        if word.casefold() in self._known:
            return True
        if not self._like_a_name(word):
            return False
        if not _STARTS.search(text, 0, words[i].start()) and not word.isupper():
            return True
        return any(
            words[j][0].casefold() in self._known
            or (self._like_a_name(words[j][0]) and words[j][0].isupper() == word.isupper())
            for j in _next_to(text, words, i)
        )

    def _like_a_name(self, word: str) -> bool:
        return len(word) > 1 and word[0].isupper() and not self._is_word(word)

    def _is_word(self, word: str) -> bool:
        return word.casefold() in self._words or self._is_field(word)

    def _is_field(self, word: str) -> bool:
        return word.casefold() in self._field or bool(_ROLE.search(word.casefold()))

    def _is_role(self, text: str) -> bool:
        """Whether all of a text is known: words of the field, and before one of these an adjective that begins it (``Lokal leder``)."""
        if text.casefold() in self._phrases:
            return True
        words = [word[0] for word in _WORD.finditer(text)]
        if not any(map(self._is_field, words)) or _EMAIL.search(text) or re.search(r"\d{5}", text):
            return False
        if len(words) > 1 and words[1][0].islower() and self._is_field(words[1]) and f"{words[0]} {words[1]}" in text:
            words = words[1:]
        return all(self._is_field(word) or word in _BETWEEN for word in words)


def _words(texts: Iterable[str]) -> set[str]:
    return {word.casefold() for text in texts for word in _WORD.findall(text)}


def _next_to(text: str, words: list["re.Match[str]"], i: int) -> list[int]:
    """The words that one blank parts from a word."""
    near = [(i - 1, i), (i, i + 1)]
    return [
        j
        for first, second in near
        if first >= 0 and second < len(words) and text[words[first].end() : words[second].start()] == " "
        for j in (first, second)
        if j != i
    ]


def _of_the_field(config: Configuration) -> Iterable[str]:
    """Texts whose words are no names of persons."""
    for words in GLOSSARY.values():
        for word in words:
            yield from (word.norwegian, word.english)
    yield from ("Websak", "websakctl", "Altinn", "Oslo", "Noark", "KS", "Fiks", "SvarInn", "SvarUt", "MinID", "Acos")
    if config.settings.organisation is not None:
        yield config.settings.organisation.name
    for district in config.districts.values():
        yield from (district.name, district.short_name, district.prefix)
    for address, resource in config.own.items():
        if address.kind == "user_role":
            yield from (address.key, str(resource.fields.get("name") or ""))


def _of_what_is_set_up(config: Configuration) -> Iterable[str]:
    """Names and keys of what the config sets up, but for people and for what is a sentence."""
    for address, resource in config.whole.items():
        if address.kind != "user" and address.kind not in _FREE_TEXT:
            yield from _texts(address.key)
            for name in _NAMES:
                yield from _texts(resource.fields.get(name))


def _roles(config: Configuration) -> Iterable[str]:
    """What is a role or a unit as it is written, or says that nobody is."""
    yield from _NOBODY
    for address, resource in config.whole.items():
        if address.kind in ("user_role", "org_unit", "access_group"):
            yield from _texts(resource.fields.get("name"))
            yield from _texts(resource.fields.get("aliases"))


def _all_said(config: Configuration) -> Iterable[str]:
    """Whatever stands in fields that say who."""
    for resource in config.whole.values():
        yield from said_of_whom(resource.fields)


def said_of_whom(value: Any, *, who: bool = False) -> Iterable[str]:
    """Whatever fields that say who hold, however deep; ``who``: the value is one of such a field."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from said_of_whom(inner, who=name in _WHO)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from said_of_whom(inner, who=who)
    elif who and isinstance(value, str):
        yield value


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        yield from (each for each in value if isinstance(each, str))
