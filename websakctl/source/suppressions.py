"""Exemptions from rules of the field: ``# websakctl: ignore[rule] reason`` on the line of a finding, or alone above it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import msgspec
from msgspec.structs import replace

from websakctl.diagnostics import RULES, Diagnostic, Fix, Position
from websakctl.source.documents import Document
from websakctl.source.problems import did_you_mean
from websakctl.source.tree import Map, Seq

_COMMENT = re.compile(r"(?<!\S)#[ \t]*websakctl:[ \t]*ignore\b(?:\[(?P<rules>[^\]\r\n]*)\])?(?P<reason>[^\r\n]*)", re.I)
_AROUND_A_REASON = " \t:-–#"
DATED = frozenset(
    {
        "basis-not-in-force",
        "basis-ended",
        "legal-basis-ended",
        "legal-basis-ending",
        "override-expired",
        "waiver-expired",
    }
)  # found only on a given day


class _Exemption(msgspec.Struct, frozen=True, kw_only=True):
    document: Document
    line: int  # of the comment, from 0
    comment: "re.Match[str]"
    covers: int  # the line that is exempted, from 1

    def at(self, group: str | int = 0) -> Position:
        start, end = self.comment.span(group)
        return Position(self.document.file, self.line + 1, start + 1, self.line + 1, end + 1)

    @property
    def rules(self) -> Iterator[tuple[str, Position]]:
        """Each rule that is named, and where."""
        start = self.comment.start("rules")
        for m in re.finditer(r"[^,\s]+", self.comment["rules"]):
            at = Position(self.document.file, self.line + 1, start + m.start() + 1, self.line + 1, start + m.end() + 1)
            yield m[0], at

    def away(self) -> Fix:
        """Take the comment away, and its line if nothing else stands there."""
        text = self.document.text.split("\n")[self.line]
        before = text[: self.comment.start()].rstrip(" \t")
        if before:
            end = len(text.rstrip("\r"))
            return Fix(Position(self.document.file, self.line + 1, len(before) + 1, self.line + 1, end + 1), "")
        return Fix(Position(self.document.file, self.line + 1, 1, self.line + 2, 1), "")


def apply_suppressions(
    findings: Iterable[Diagnostic],
    documents: Iterable[Document],
    severities: Mapping[str, Literal["error", "warning", "off"]],
    *,
    dated: bool,
) -> list[Diagnostic]:
    """Give each finding the severity that the settings say, and leave out those that are exempted.

    Args:
        findings: All that was found.
        documents: The files whose comments count.
        severities: What config/websak.yaml says under ``rules``.
        dated: Whether periods were judged; if not, exemptions from that are not called unused.
    """
    weighed = [_weighed(f, severities) for f in findings]
    kept = [f for f in weighed if f is not None]
    exempted: set[int] = set()
    about: list[Diagnostic] = []
    sound = not any(f.severity == "error" and not RULES[f.code].settable for f in kept)
    for exemption in (e for document in documents for e in _exemptions(document)):
        if not (exemption.comment["rules"] or "").strip():
            about.append(_unnamed(exemption))
            continue
        for name, at in exemption.rules:
            here = [
                i
                for i, f in enumerate(kept)
                if f.code == name and f.at.file == at.file and f.at.line == exemption.covers and RULES[name].settable
            ]
            exempted.update(here)
            if not exemption.comment["reason"].strip(_AROUND_A_REASON):
                about.append(_reasonless(at))
            elif name not in RULES or not RULES[name].settable:
                about.append(_impossible(name, at))
            elif not here and sound and severities.get(name) != "off" and (dated or name not in DATED):
                about.append(_unused(exemption, name, at))
    return [f for i, f in enumerate(kept) if i not in exempted] + about


class Exemption(msgspec.Struct, frozen=True, kw_only=True):
    """One line that is exempted from rules, and why, as the comment has it."""

    file: str
    line: int
    rules: tuple[str, ...]
    reason: str


def exemptions(documents: Iterable[Document]) -> Iterator[Exemption]:
    """Every comment in these files that exempts a line from rules, in order."""
    for document in documents:
        for found in _exemptions(document):
            yield Exemption(
                file=document.file,
                line=found.covers,
                rules=tuple(name for name, _ in found.rules) if found.comment["rules"] else (),
                reason=found.comment["reason"].strip(_AROUND_A_REASON),
            )


def _weighed(finding: Diagnostic, severities: Mapping[str, str]) -> Diagnostic | None:
    rule = RULES[finding.code]
    given = severities.get(finding.code) if rule.settable else None
    if given is None:
        return finding
    return None if given == "off" else replace(finding, severity=type(finding.severity)(given))


def _exemptions(document: Document) -> Iterator[_Exemption]:
    if b"websakctl" not in document.text.encode("utf-8", "replace").lower():  # of bytes that takes no time
        return
    lines = document.text.split("\n")
    texts: set[int] | None = None
    for number, line in enumerate(lines):
        comment = _COMMENT.search(line)
        if comment is None:
            continue
        if texts is None:
            texts = set(_inside_texts(document.top))
        if number in texts or _quoted(document.top, number, comment.start()):
            continue
        covers = number + 1
        if not line[: comment.start()].strip():
            following = (i for i in range(number + 1, len(lines)) if lines[i].strip() and lines[i].lstrip()[0] != "#")
            covers = next(following, number) + 1
        yield _Exemption(document=document, line=number, comment=comment, covers=covers)


def _inside_texts(value: object) -> Iterator[int]:
    """Lines that belong to a text of several lines, after its first."""
    if isinstance(value, Map):
        for key, inner in value.items():
            s = value.spans[key]
            yield from range(s.vline + 1, s.vend_line + (s.vend_col > 0)) if isinstance(inner, str) else ()
            yield from _inside_texts(inner)
    elif isinstance(value, Seq):
        for inner, s in zip(value, value.spans, strict=True):
            yield from range(s.vline + 1, s.vend_line + (s.vend_col > 0)) if isinstance(inner, str) else ()
            yield from _inside_texts(inner)


def _quoted(value: object, line: int, column: int) -> bool:
    """Whether the place is inside a key or a text of one line."""
    if isinstance(value, Map):
        for key, inner in value.items():
            s = value.spans[key]
            in_key = s.kline == s.kend_line == line and s.kcol <= column < s.kend_col
            in_text = isinstance(inner, str) and s.vline == s.vend_line == line and s.vcol <= column < s.vend_col
            if in_key or in_text or _quoted(inner, line, column):
                return True
    elif isinstance(value, Seq):
        for inner, s in zip(value, value.spans, strict=True):
            in_text = isinstance(inner, str) and s.vline == s.vend_line == line and s.vcol <= column < s.vend_col
            if in_text or _quoted(inner, line, column):
                return True
    return False


def _unnamed(exemption: _Exemption) -> Diagnostic:
    return Diagnostic(
        code="ignore-unused",
        at=exemption.at(),
        message="the comment names no rule",
        help="write `# websakctl: ignore[rule] reason`",
        severity=RULES["ignore-unused"].severity,
    )


def _reasonless(at: Position) -> Diagnostic:
    return Diagnostic(
        code="ignore-without-reason",
        at=at,
        message="the exemption does not say why",
        help="write the reason after the bracket",
    )


def _impossible(name: str, at: Position) -> Diagnostic:
    settable = [rule.name for rule in RULES.values() if rule.settable]
    known = name in RULES
    return Diagnostic(
        code="ignore-unused",
        at=at,
        message=f"{name} cannot be ignored" if known else f"there is no rule {name}",
        help="mend what it says; only rules of the field have exemptions"
        if known
        else did_you_mean(name, settable) or "`websakctl validate` names the rule of each finding",
        severity=RULES["ignore-unused"].severity,
    )


def _unused(exemption: _Exemption, name: str, at: Position) -> Diagnostic:
    alone = len(list(exemption.rules)) == 1
    return Diagnostic(
        code="ignore-unused",
        at=at,
        message=f"{name} finds nothing on this line",
        help="take the comment away" if alone else f"take {name} out of the brackets",
        severity=RULES["ignore-unused"].severity,
        fix=exemption.away() if alone else None,
    )
