"""Word files as LibreOffice lays them out: every page is there, and no table breaks a date, a number or a week in two."""

import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.cli.command_line import Cli

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
DATE = re.compile(r"\d{1,2}\. (?:jan|feb|mars|apr|mai|juni|juli|aug|sep|sept|okt|nov|des)\.? \d{4}")

pytestmark = pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed: apt install libreoffice-writer")


def converted(document: Path, suffix: str, folder: Path) -> Path:
    """What LibreOffice makes of a document."""
    assert OFFICE is not None
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    subprocess.run(
        [OFFICE, profile, "--headless", "--convert-to", suffix, "--outdir", str(folder), str(document)],
        capture_output=True,
        timeout=180,
        check=True,
    )
    return folder / f"{document.stem}.{suffix.partition(':')[0]}"


def test_a_plan_and_its_letters_are_whole_in_an_office_program(papers: Cli, tmp_path: Path) -> None:
    papers("districts", "documents", "frogner", "--what", "plan", "--what", "letters")
    folder = papers.root / "documents" / "frogner"
    for document in sorted(folder.glob("*.docx")):
        paper = converted(document, "pdf", tmp_path)
        assert paper.read_bytes().startswith(b"%PDF")
        text = converted(document, "txt:Text (encoded):UTF8", tmp_path).read_text(encoding="utf-8-sig")
        assert "Frogner barnehage" in text
        assert "{{" not in text and "\\u" not in text
        assert not DATE.findall("\n".join(cells(document)))  # in a table the parts of a date are not to be parted
        for word in ("Monday", " week ", " and ", "Batch", "Archivist"):
            assert word not in text  # one language
        assert "Styrer eller Assisterende styrer" in text


def cells(document: Path) -> list[str]:
    """The texts of a document's tables."""
    from docx import Document

    return [cell.text for table in Document(str(document)).tables for row in table.rows for cell in row.cells]


def test_columns_are_wide_enough_for_a_whole_date(papers: Cli) -> None:
    from docx import Document

    papers("districts", "documents", "frogner", "--what", "plan")
    (document,) = (papers.root / "documents" / "frogner").glob("*.docx")
    assert zipfile.is_zipfile(document)
    table = next(t for t in Document(str(document)).tables if t.rows[0].cells[0].text == "Aktivitet")
    for column in table.columns:
        words = [word for cell in column.cells for word in cell.text.split(" ")]
        longest = max(len(word) for word in words if len(word) < 16)  # a long word may be parted, no date or number is
        assert column.width is not None and column.width.cm > longest * 0.17  # about the width of a letter in 9 pt
