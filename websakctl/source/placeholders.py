"""``{district.name}`` and the like: filled in for each district, and reported where nothing fills them."""

import re
from collections.abc import Container, Iterable, Mapping
from typing import Any

from websakctl.diagnostics import Diagnostic
from websakctl.source.documents import Document, texts
from websakctl.source.problems import did_you_mean
from websakctl.source.reporting import Report
from websakctl.source.sections import DEFAULTS, DISTRICT, OVERRIDES, TEMPLATES
from websakctl.source.tree import Map, Seq

_PLACEHOLDER = re.compile(r"\{ *([A-Za-z_.]+) *\}")
_FACTS = ("name", "short_name", "slug", "prefix", "number", "orgnr")
_FILLED_OR_NOT = frozenset({TEMPLATES, DEFAULTS, OVERRIDES, DISTRICT})


def fill(value: Any, facts: Mapping[str, str]) -> Any:
    """Put a district's facts where placeholders stand, in keys and texts."""
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda m: facts.get(m[1], m[0]), value) if "{" in value else value
    if isinstance(value, Map):
        return {fill(k, facts): fill(v, facts) for k, v in value.items()}
    if isinstance(value, Seq):
        return [fill(v, facts) for v in value]
    return value


def check_placeholders(documents: Iterable[Document], sections: Container[str], report: Report) -> None:
    """Report placeholders that nothing is put in for, each at its text.

    Args:
        documents: The files of the base and of all districts.
        sections: The names of sections; what is none has been reported already.
        report: Takes the findings.
    """
    known = [f"district.{name}" for name in _FACTS]
    for document in documents:
        if not _PLACEHOLDER.search(document.text):
            continue
        templates = TEMPLATES in document.top
        for section, value in document.top.items():
            if section not in sections and section not in _FILLED_OR_NOT:
                continue
            filled = section == TEMPLATES or (section == DEFAULTS and templates)
            for text, where in texts(document, value):
                for m in _PLACEHOLDER.finditer(text):
                    if filled and m[0] not in {f"{{{name}}}" for name in known}:
                        message = f"{m[0]} is no placeholder"
                        hint = did_you_mean(m[1].lower(), known) or f"the placeholders are {', '.join(known)}"
                    elif not filled and m[1].lower().startswith("district."):
                        message = f"{m[0]} is not filled in here"
                        hint = f"write the words out; placeholders are for {TEMPLATES}: in config/"
                    else:
                        continue
                    report(Diagnostic(code="unknown-placeholder", at=where(), message=message, help=hint))
