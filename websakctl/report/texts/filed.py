"""A document that is filed, in the language of those who file it."""

from typing import Any

from msgspec.structs import replace

from websakctl.report.texts import Language, translated
from websakctl.report.view_models import DocumentReport, Section


def filed_in(report: DocumentReport, language: Language) -> DocumentReport:
    """Translate all that the program says in a document; names and values stay as they are."""
    if language == "en":
        return report
    return replace(
        report,
        title=translated(report.title, language),
        verdict=translated(report.verdict, language),
        facts=[(translated(name, language), _cell(value, language)) for name, value in report.facts],
        sections=[_section(section, language) for section in report.sections],
        language=language,
    )


def _section(section: Section, language: Language) -> Section:
    return Section(
        title=translated(section.title, language),
        columns=[translated(column, language) for column in section.columns],
        rows=[[_cell(cell, language) for cell in row] for row in section.rows],
        lines=[_line(line, language) for line in section.lines],
        folded=translated(section.folded, language) if section.folded else "",
        first_to_go=[translated(column, language) for column in section.first_to_go],
    )


def _cell(value: Any, language: Language) -> Any:
    return translated(value, language) if isinstance(value, str) else value


def _line(line: str, language: Language) -> str:
    """A line may hold several sentences."""
    sentences = line.removesuffix(".").split(". ")
    reported = ". ".join(translated(sentence, language) for sentence in sentences)
    return f"{reported}." if line.endswith(".") else reported
