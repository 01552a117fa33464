"""Which provisions a text of a legal basis cites: ``offl. § 13 jf. fvl. § 13 første ledd nr. 1`` cites two."""

import re

import msgspec

from websakctl.law.act_names import normalised

_NUMBER = r"\d+(?:-\d+)*(?:\s?[a-h])?\b"  # § 13 a is another section than § 13
_SECTION = re.compile(
    rf"(?P<sign>§§?|\bart(?:ikkel|\.)?(?=\s)|\bkap(?:ittel|\.)?(?=\s))\s*"
    rf"(?P<numbers>{_NUMBER}(?:\s*(?:,|og|eller|til|–)\s*(?:§\s*)?{_NUMBER}(?!\.))*)",
    re.IGNORECASE,
)
_ORDINAL = r"første|fyrste|andre|annet|tredje|fjerde|femte|sjette|sjuende|syvende|åttende|niende|tiende|\d+\."
_DETAIL = re.compile(  # what narrows a section down: it holds as long as the section
    rf"(?:[\s,]{{0,2}}(?:og\s)?(?:(?:{_ORDINAL})\s(?:ledd|punktum|setning)|ledd\s+\d+|nr\.?\s*\d+|(?:bokstav|litra)\s+[a-zæøå]\b))+",
    re.IGNORECASE,
)
_JOINT = re.compile(r"(?:^|(?<=[\s,]))(?:jf|jfr|sml|cf)\.?(?=\s|$)|;", re.IGNORECASE)  # then comes another provision
_SOFT_JOINT = re.compile(r"(?<!-)\s(?:og|eller|samt|med)\s|[,/]", re.IGNORECASE)  # then may come another
_ACT = re.compile(r"\b[\wæøåÆØÅ-]*(?:loven|lova|forskriften|forskrifta)\b", re.IGNORECASE)  # in prose it is cited too
_SIGNS = {"§": "§", "a": "art.", "k": "kap."}


class Citation(msgspec.Struct, frozen=True, kw_only=True):
    """A provision as it is cited: what the act is called there, and the section; ``""``: the whole of it."""

    name: str
    section: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.section}".strip()


def citations(text: str) -> tuple[Citation, ...]:
    """The provisions that a text cites, in its order and each once; a section without a name is of the one named before it."""
    result: dict[Citation, None] = {}
    text = "; ".join(
        " ".join(line.split()) for line in text.splitlines()
    )  # one blank, so that no pattern looks for more
    found = list(_SECTION.finditer(text))
    if not found:
        return tuple(dict.fromkeys(Citation(name=name) for name in _parts(text)))
    name = ""
    for i, match in enumerate(found):
        before = text[found[i - 1].end() if i else 0 : match.start()]
        after = text[match.end() : found[i + 1].start() if i + 1 < len(found) else len(text)]
        *whole, named = _between(before) if i else _leading(before)
        result |= dict.fromkeys(Citation(name=one) for one in whole)
        belongs = re.match(r"\s+i\s+(?=\S)", _DETAIL.sub("", after, count=1)) if not named and not name else None
        name = named or name or (_act_in(after) if belongs else "")
        sign = _SIGNS[match["sign"][0].lower()]
        for number in re.findall(_NUMBER, match["numbers"], re.IGNORECASE):
            result[Citation(name=name, section=section_name(f"{sign} {number}"))] = None
    rest = text[found[-1].end() :]
    others = [*_parts(rest, prose_first=True), *_ACT.findall(_JOINT.split(rest)[0])]
    result |= dict.fromkeys(Citation(name=one) for one in others if normalised(one) != normalised(name))
    return tuple(result)


def _leading(before: str) -> list[str]:
    """Acts cited as a whole before the first section, and last the one that the section is of."""
    parts = _parts(before)
    return parts if _tidy(_JOINT.split(before)[-1]) else [*parts, ""]


def _between(before: str) -> list[str]:
    """The same between two sections, where what narrows the first one down and prose stand first; last "": none is named."""
    first, *others = _JOINT.split(before)
    if others:
        named = [_tidy(part) for part in others]
        return [*_ACT.findall(_DETAIL.sub(" ", first)), *filter(None, named[:-1]), named[-1]]
    return [_tidy(_SOFT_JOINT.split(_DETAIL.sub(" ", f" {first}"))[-1])]


def _parts(text: str, *, prose_first: bool = False) -> list[str]:
    parts = _JOINT.split(text)
    return [tidy for part in (parts[1:] if prose_first else parts) if (tidy := _tidy(part))]


def _act_in(text: str) -> str:
    return next(iter(_ACT.findall(text)), "")


def _tidy(name: str) -> str:
    name = name.strip(" \t,:/")
    return " ".join((name if name.count("(") == name.count(")") else name.strip("()")).split())


def section_name(section: str) -> str:
    """A section as it is compared: ``§13 A`` is ``§ 13 a``."""
    result = re.fullmatch(r"([^\d]*?)\s*(\d[\d-]*)\s*([a-h]?)", section.lower().strip())
    return " ".join(filter(None, result.groups())) if result is not None else section.strip()
