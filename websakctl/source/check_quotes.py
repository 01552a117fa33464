"""Report keys and values within typographic quotes."""

from collections.abc import Iterable

from websakctl.diagnostics import Diagnostic, Fix, Position, Severity
from websakctl.source.documents import Document, texts
from websakctl.source.quotes import CLOSING, within_quotes
from websakctl.source.reporting import Report


def check_quotes(documents: Iterable[Document], report: Report) -> None:
    """Report every key and value that stands within typographic quotes, which are then part of it."""
    for document in documents:
        if not any(quote in document.text for quote in CLOSING):
            continue
        for text, where in texts(document, document.top):
            if (inner := within_quotes(text)) is not None:
                report(_finding(text, inner, where()))


def _finding(text: str, inner: str, at: Position) -> Diagnostic:
    from websakctl.source.emitting import scalar  # what a config without this mistake has no use for

    written = scalar(inner, flow=True)
    plain = at.line == at.end_line and at.end_column - at.column == len(text)  # without straight quotes around them
    return Diagnostic(
        code="typographic-quotes",
        at=at,
        message=f"the quotes {text[0]} and {text[-1]} are part of the text: only straight ones (\" or ') are quotes to YAML",
        help=f"write {written}",
        severity=Severity.WARNING,
        fix=Fix(at, written) if plain else None,
    )
