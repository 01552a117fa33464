"""Write docs/glossary.md from the words of the field and the kinds: ``python docs/generate_glossary.py``."""

from collections.abc import Iterator
from pathlib import Path

from websakctl.kinds import all_kinds
from websakctl.model.vocabulary import GLOSSARY, word_for

PAGE = Path(__file__).with_name("glossary.md")


def page() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Glossary"
    yield ""
    yield "Norwegian words of the field and the English ones used here. Names in the YAML stay Norwegian; fields, code and"
    yield "messages are English. Where a word is a field or a kind of websakctl, that is given in `code`."
    yield "This page is made from the code: `make docs` writes it, and `websakctl explain WORD` shows one word."
    for title, words in GLOSSARY.items():
        yield ""
        yield f"## {title}"
        yield ""
        yield "| Norwegian | English | meaning |"
        yield "|---|---|---|"
        yield from (f"| {word.norwegian} | {word.english} | {word.meaning} |" for word in words)
    yield ""
    yield "## Fields of the kinds"
    yield ""
    yield "| field | Norwegian | English | meaning |"
    yield "|---|---|---|---|"
    for kind in all_kinds().values():
        for name in kind.fields:
            word = word_for(kind.name, name)
            if word is not None:
                yield f"| `{kind.name}.{name}` | {word.norwegian} | {word.english} | {word.meaning} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
