"""Markdown into DOCX: headings, paragraphs, lists, tables and check boxes in the styles that Word knows by name."""

import re
from collections.abc import Iterator
from datetime import date, datetime, time
from io import BytesIO
from typing import TYPE_CHECKING

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.text.paragraph import Paragraph
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from websakctl.report.texts import Language

if TYPE_CHECKING:
    from docx.document import Document as Paper
    from docx.table import Table

_INK = RGBColor(0x1F, 0x2A, 0x44)
_LANGUAGES: dict[Language, str] = {"nb": "nb-NO", "en": "en-GB"}
_TEXT_WIDTH = 17.0  # cm: A4 without its margins
_LINE = 28  # letters
_SMALL = Pt(9)  # in tables
_LETTER, _BOLD, _PADDING = (
    0.185,
    0.225,
    0.42,
)  # cm: a letter in that size, where Calibri is missing too; a cell's margins
_TO_FILL_IN = 2.6  # cm
_LONG_WORD = 16  # letters; dates and numbers are shorter
_DATE = re.compile(r"\d{1,2}\.? [a-zæøå]+\.? \d{4}", re.IGNORECASE)  # which no table breaks
_BOXES = {"[ ] ": "☐ ", "[x] ": "☑ "}


def word(markdown: str, *, title: str, author: str, language: Language, today: date) -> bytes:
    """Write a document.

    Args:
        markdown: What ``render_markdown`` made.
        title: What Word shows as the file's title.
        author: Whose document it is.
        language: What Word checks the spelling by.
        today: When it was made.
    """
    paper = Document()
    _set_up(paper, language)
    reported = paper.core_properties
    reported.title, reported.author, reported.language, reported.comments = title, author, _LANGUAGES[language], ""
    reported.created = reported.modified = datetime.combine(today, time())
    for node in SyntaxTreeNode(MarkdownIt("commonmark", {"html": False}).enable("table").parse(markdown)).children:
        _block(paper, node)
    file = BytesIO()
    paper.save(file)
    return file.getvalue()


def _set_up(paper: "Paper", language: Language) -> None:
    """A4, one typeface, headings in dark ink, page numbers."""
    section = paper.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2)
    section.top_margin = section.bottom_margin = Cm(2.2)
    normal = _style(paper, "Normal")
    normal.font.name, normal.font.size = "Calibri", Pt(11)
    normal.paragraph_format.space_after = Pt(6)
    spoken = OxmlElement("w:lang")
    spoken.set(qn("w:val"), _LANGUAGES[language])
    normal.element.get_or_add_rPr().append(spoken)
    for name, size in (("Heading 1", 20), ("Heading 2", 14), ("Heading 3", 12)):
        style = _style(paper, name)
        style.font.name, style.font.size, style.font.color.rgb = "Calibri", Pt(size), _INK
        fonts = style.element.get_or_add_rPr().find(qn("w:rFonts"))
        if fonts is not None:  # the theme's typeface would win over the one that is named
            for attribute in [a for a in fonts.attrib if "Theme" in a]:
                del fonts.attrib[attribute]
    _number_pages(section.footer.paragraphs[0])


def _style(paper: "Paper", name: str) -> ParagraphStyle:
    style: ParagraphStyle = paper.styles[name]  # these names are paragraph styles in the library's own template
    return style


def _number_pages(footer: Paragraph) -> None:
    footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    footer._p.append(field)


def _block(paper: "Paper", node: SyntaxTreeNode) -> None:
    match node.type:
        case "heading":
            _words(paper.add_heading(level=int(node.tag[1])), node)
        case "paragraph":
            _words(paper.add_paragraph(), node)
        case "bullet_list" | "ordered_list":
            _list(paper, node, 1)
        case "table":
            _table(paper, node)
        case "hr":
            paper.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
        case "blockquote":
            for child in node.children:
                _words(paper.add_paragraph(style="Intense Quote"), child)
        case other:
            raise ValueError(f"a template uses {other}, which this program cannot write as DOCX")


def _list(paper: "Paper", node: SyntaxTreeNode, level: int) -> None:
    name = "List Bullet" if node.type == "bullet_list" else "List Number"
    for item in node.children:
        for part in item.children:
            if part.type == "paragraph":
                boxed = _first_words(part)[:4] in _BOXES
                plain = paper.add_paragraph(style="List" if boxed else name + (f" {level}" if level > 1 else ""))
                _words(plain, part)
            else:
                _list(paper, part, min(level + 1, 3))


def _table(paper: "Paper", node: SyntaxTreeNode) -> None:
    rows = [row for part in node.children for row in part.children]
    table = paper.add_table(rows=0, cols=len(rows[0].children), style="Light Grid Accent 1")
    for row in rows:
        for cell, written in zip(row.children, table.add_row().cells, strict=True):
            paragraph = written.paragraphs[0]
            paragraph.paragraph_format.space_after = Pt(2)
            _words(paragraph, cell)
            for run in paragraph.runs:
                run.font.size = _SMALL
                run.text = _DATE.sub(lambda result: result[0].replace(" ", "\u00a0"), run.text)
    _share_out(table)
    _repeat_head(table)
    paper.add_paragraph()


def _share_out(table: "Table") -> None:
    """Give each column room for its longest word, whole dates among them, and share what is left by how much there is to read."""
    table.autofit = False
    texts = [[cell.text for cell in column.cells] for column in table.columns]
    words = [max((len(word) for text in column for word in text.split(" ")), default=0) for column in texts]
    lines = [min(max(map(len, column)), _LINE) for column in texts]
    least = [word * (_LETTER if n else _BOLD) + _PADDING for n, word in enumerate(words)]
    if len(texts) > 2 or all(text for text in texts[0][1:]):  # what is to be filled in gets room to write
        least = [max(w, _TO_FILL_IN) if not any(text[1:]) else w for w, text in zip(least, texts, strict=True)]
    over = sum(least) - _TEXT_WIDTH
    long = [w for w, word in zip(least, words, strict=True) if word > _LONG_WORD]
    if over > 0 and sum(long) > over:  # a long word may be parted, a date and a number may not
        least = [w * (1 - over / sum(long)) if word > _LONG_WORD else w for w, word in zip(least, words, strict=True)]
    left = max(0.0, _TEXT_WIDTH - sum(least))
    wanting = [max(0, line - word) for line, word in zip(lines, words, strict=True)]
    more = [left * want / sum(wanting) if any(wanting) else left / len(least) for want in wanting]
    widths = [one + other for one, other in zip(least, more, strict=True)]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = share = Cm(_TEXT_WIDTH * width / sum(widths))  # for LibreOffice
        for cell in column.cells:
            cell.width = share  # for Word


def _repeat_head(table: "Table") -> None:
    """Show the columns' names on every page, and keep each row on one."""
    for number, row in enumerate(table.rows):
        properties = row._tr.get_or_add_trPr()
        properties.append(OxmlElement("w:cantSplit"))
        if number == 0:
            properties.append(OxmlElement("w:tblHeader"))


def _words(paragraph: Paragraph, node: SyntaxTreeNode) -> None:
    """Write the runs of a line, bold and italic as they are marked."""
    for number, (words, marks) in enumerate(_runs(node, frozenset())):
        if number == 0:
            words = _BOXES.get(words[:4], words[:4]) + words[4:]
        run = paragraph.add_run(words)
        run.bold = "strong" in marks or None
        run.italic = "em" in marks or None
        if "code_inline" in marks:
            run.font.name = "Consolas"


def _runs(node: SyntaxTreeNode, marks: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    for child in node.children:
        match child.type:
            case "text" | "code_inline":
                yield child.content, marks | {child.type}
            case "softbreak":
                yield " ", marks
            case "hardbreak":
                yield "\n", marks
            case _:
                yield from _runs(child, marks | {child.type})


def _first_words(node: SyntaxTreeNode) -> str:
    return next((words for words, _ in _runs(node, frozenset())), "")
