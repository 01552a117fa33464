"""The local plan, the letters and the hand-over note: Markdown and DOCX, both languages, and what lacks is named."""

import re
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from docx import Document

from tests.cli.command_line import Cli, write_files
from websakctl.operations.config.scaffold import shipped
from websakctl.report.documents.markdown import CannotWrite, render_markdown
from websakctl.report.documents.word import word

from .conftest import GATES

COMMAND = ("districts", "documents")
NASTY = "Et | navn *med* [alt](http://x) <b>fett</b> `kode` # _under_ \u202e {{ 7 * 7 }}"
TODAY = date(2026, 11, 25)
PAST = ("config/rollout.yaml", "2027-03-01", "2026-03-02")  # the day has come


def markdown(cli: Cli, *args: str) -> dict[str, str]:
    cli(*COMMAND, *args, "--as", "md", "--out", "papers")
    return {path.name: path.read_text(encoding="utf-8") for path in sorted((cli.root / "papers").rglob("*.md"))}


def test_the_local_plan_holds_the_districts_own_units_numbers_and_dates(papers: Cli) -> None:
    files = markdown(papers, "frogner")
    assert list(files) == ["frogner-letter-975016684.md", "frogner-plan.md"]
    plan = files["frogner-plan.md"]
    assert plan.startswith("# Lokal prosjektplan: Websak i Bydel Frogner\n")
    assert "| Oppstart | mandag 1. mars 2027 (uke\u00a09) |" in plan
    assert "| Pulje | Første pulje: Bydel Frogner og Bydel Sagene |" in plan
    assert "| FR-BH-FROGNER | Frogner barnehage | Barnehager |" in plan
    assert "| 975016684 | Frogner barnehage | Dokulink | Altinn | Styrer, Assisterende styrer |" in plan
    assert "| 874778702 | Bydel Frogner | ikke avklart | SvarInn | Bydel Frogner |" in plan
    assert "| Websak+ | 1\u00a0100 |" in plan
    assert "## Råd og utvalg\n\nDisse blir satt opp i møtemodulen:\n\n- Bydelsutvalget\n" in plan
    assert "| Gammel sakbase | ESA | Arkivar og Leder |" in plan
    spaced = plan.replace("\u00a0", " ")  # no table breaks in a date
    assert "| Starte i Websak |  | 1. mars 2027 | 1. mars 2027 | uke 9 | ☐ |" in spaced
    assert "| Stenge gammelt system for nye saker | Arkivar | 26. feb. 2027 | 26. feb. 2027 | uke 8 | ☐ |" in spaced
    assert "26.\u00a0feb.\u00a02027" in plan
    assert "| 975016684 | Frogner barnehage | Styrer eller Assisterende styrer | | | ☐ |" in plan


def test_the_letter_names_the_readers_and_their_routine(papers: Cli) -> None:
    letter = markdown(papers, "frogner", "--what", "letters")["frogner-letter-975016684.md"]
    assert "**Til:** Frogner barnehage, Bydel Frogner" in letter
    assert "Til nå har Dokulink sendt den videre" in letter
    assert "Rutine: Meldingsboksen leses før kl. 10" in letter
    assert "rollen Styrer eller Assisterende styrer." in letter
    assert "Rutinen gjelder fra mandag 1. mars 2027." in letter
    papers.edit("districts/frogner/own.yaml", "    arrives: dokulink\n", "    valid_from: 2027-02-15\n")
    papers(*COMMAND, "frogner", "--what", "letters", "--as", "md", "--out", "papers", "--force")
    letter = (papers.root / "papers/frogner/frogner-letter-975016684.md").read_text(encoding="utf-8")
    assert "Rutinen gjelder fra mandag 15. februar 2027." in letter  # the number's own day wins over its batch's
    assert "Dokulink" not in letter


def test_english_is_there_for_whoever_asks(papers: Cli) -> None:
    papers.edit(*PAST)
    files = markdown(papers, "frogner", "--lang", "en", "--what", "plan", "--what", "letters", "--what", "handover")
    assert files["frogner-plan.md"].startswith("# Local project plan: Websak in Bydel Frogner\n")
    assert "| Go-live | Monday 2 March 2026 (week\u00a010) |" in files["frogner-plan.md"]
    assert "Bydel Frogner moved to the districts' shared Websak" in files["frogner-plan.md"]
    assert "The routine has held since Monday 2 March 2026." in files["frogner-letter-975016684.md"]
    assert "the role Styrer or Assisterende styrer." in files["frogner-letter-975016684.md"]
    assert "- [ ] In week\u00a011: All numbers have had mail the new way" in files["frogner-handover.md"]


def test_a_hand_over_is_refused_before_the_day_and_while_the_batch_is_paused(papers: Cli) -> None:
    papers.edit("config/rollout.yaml", "2027-03-01", "2096-03-01")
    refused = papers(*COMMAND, "frogner", "--what", "handover", code=4).err
    assert "frogner-handover: PULJE-1 goes live on 2096-03-01, which has not come" in refused
    assert not (papers.root / "documents").exists()
    papers.edit("config/rollout.yaml", "2096-03-01", "2026-03-02, paused: true, pause_reason: Eierne")
    assert "frogner-handover: PULJE-1 is paused" in papers(*COMMAND, "frogner", "--what", "handover", code=4).err


def test_the_hand_over_tells_what_was_attested_and_what_was_let_pass(papers: Cli) -> None:
    papers.edit(*PAST)
    given = """\
attestations:
  OPPLAERING: {by: Opplæringsansvarlig, on: 2026-02-20, evidence: sak 26/4711}
  POSTRUTER: {by: Noen, on: 2096-02-20, evidence: sak 99/1}
  GAMMELT-SYSTEM: {waived: {by: Prosjekteier, why: Leverandøren er sen, until: 2096-05-31}}
"""
    write_files(papers.root, {"config/gates.yaml": GATES, "districts/frogner/said.yaml": given})
    note = markdown(papers, "frogner", "--what", "handover")["frogner-handover.md"]
    note = note.replace("\u00a0", " ")
    assert "Bydel Frogner tok i bruk bydelenes felles Websak mandag 2. mars 2026" in note
    assert "| Opplæring er holdt | Opplæringsansvarlig | 20. feb. 2026 | sak 26/4711 |" in note
    assert "| Gammelt system er stengt | Prosjekteier | Leverandøren er sen | 31. mai 2096 |" in note
    assert "Noen" not in note  # that day has not come
    open_gates = note.partition("## Ikke i orden ved overlevering")[2].partition("\n## ")[0]
    assert "- [ ] Det er nok lisenser: Websak er ikke spurt" in open_gates.replace(
        "ingen brukere er meldt inn, så behovet er ikke kjent; ", ""
    )
    assert "Opplæring er holdt" not in open_gates and "Gammelt system" not in open_gates
    assert "- [ ] I uke 11: Alle numre har fått post den nye veien" in note


def test_a_whole_batch_at_once_and_what_was_written_as_json(papers: Cli) -> None:
    papers.edit(*PAST)
    reported = papers(*COMMAND, "--batch", "PULJE-1", "--what", "handover", "--format", "json").json["items"]
    files = [papers.root / "documents" / slug / f"{slug}-handover.docx" for slug in ("frogner", "sagene")]
    assert [entry["district"] for entry in reported] == ["frogner", "sagene"]
    assert [Path(entry["file"]) for entry in reported] == files
    assert all(file.is_file() for file in files)
    assert {file.stat().st_mode & 0o077 for file in files} == {0}  # the hand-over note names who attested


def test_word_shows_what_the_markdown_says(papers: Cli) -> None:
    papers.edit(*PAST)
    papers(*COMMAND, "frogner", "--as", "md", "--as", "docx", "--what", "plan", "--what", "handover", "--out", "papers")
    for name in ("plan", "handover"):
        folder = papers.root / "papers" / "frogner"
        written = (folder / f"frogner-{name}.md").read_text(encoding="utf-8")
        paper = Document(str(folder / f"frogner-{name}.docx"))
        headings = [p.text for p in paper.paragraphs if p.style is not None and p.style.name.startswith("Heading")]
        assert headings == re.findall(r"^#+ (.+)$", written, re.MULTILINE)
        boxes = [p.text for p in paper.paragraphs if p.text.startswith("☐ ")]
        assert len(boxes) == written.count("- [ ] ") > 2
        rows = [line for line in written.splitlines() if line.startswith("|") and not line.startswith("|--")]
        assert sum(len(table.rows) for table in paper.tables) == len(rows)
        assert all(len(row.cells) == len(table.columns) for table in paper.tables for row in table.rows)
        assert paper.core_properties.author == "Oslo kommune"
        assert paper.core_properties.language == "nb-NO"
        assert "Bydel Frogner" in paper.core_properties.title


def test_columns_have_room_for_their_words_and_fill_the_page() -> None:
    source = "| Aktivitet | Uke |\n|---|---|\n| Gjøre mottakssiden klar for SvarInn | 3 |\n"
    (table,) = Document(BytesIO(word(source, title="t", author="a", language="nb", today=TODAY))).tables
    wide, narrow = (column.width.cm for column in table.columns if column.width is not None)
    assert wide > 2 * narrow
    assert 16.9 < wide + narrow < 17.1
    assert [cell.width.cm for cell in table.rows[1].cells if cell.width is not None] == [wide, narrow]


def test_word_keeps_bold_numbered_and_nested(papers: Cli) -> None:
    source = (
        "# Tittel\n\nEn **fet** og *skrå* linje\\\nny linje.\n\n1. en\n2. to\n\n- a\n  - b\n\n> Merk\n\n---\n\n`x`\n"
    )
    paper = Document(BytesIO(word(source, title="t", author="a", language="nb", today=TODAY)))
    result = [(p.style.name if p.style is not None else "", p.text) for p in paper.paragraphs]
    assert result[:7] == [
        ("Heading 1", "Tittel"),
        ("Normal", "En fet og skrå linje\nny linje."),
        ("List Number", "en"),
        ("List Number", "to"),
        ("List Bullet", "a"),
        ("List Bullet 2", "b"),
        ("Intense Quote", "Merk"),
    ]
    assert [(run.text, run.bold, run.italic) for run in paper.paragraphs[1].runs][1:4:2] == [
        ("fet", True, None),
        ("skrå", None, True),
    ]
    with pytest.raises(ValueError, match="code_block"):
        word("    kode\n", title="t", author="a", language="nb", today=TODAY)


def test_what_lacks_is_named_all_at_once_and_nothing_is_written(papers: Cli) -> None:
    papers.edit("districts/frogner/own.yaml", "    daily_routine: Meldingsboksen leses før kl. 10\n", "")
    papers.edit("config/rollout.yaml", ", go_live: 2027-03-01", "")
    given = papers(*COMMAND, "frogner", code=4).err
    assert re.search(r"frogner-plan: nb/project-plan\.md:\d+: `go_live` has no value", given)
    assert re.search(r"frogner-letter-975016684: nb/letter\.md:\d+: `daily_routine` has no value", given)
    line = re.search(r"letter\.md:(\d+)", given)
    assert line and "daily_routine" in (shipped() / "documents/nb/letter.md").read_text().splitlines()[int(line[1]) - 1]
    assert not (papers.root / "documents").exists()


def test_what_is_there_stays(papers: Cli) -> None:
    papers(*COMMAND, "frogner", "--what", "plan", "--as", "md")
    file = papers.root / "documents/frogner/frogner-plan.md"
    file.write_text("utfylt av bydelen", encoding="utf-8")
    refused = papers(*COMMAND, "frogner", "--as", "md", code=4)
    assert "is there already; nothing was written" in refused.err
    assert [path.name for path in file.parent.iterdir()] == ["frogner-plan.md"]
    assert file.read_text(encoding="utf-8") == "utfylt av bydelen"
    papers(*COMMAND, "frogner", "--what", "plan", "--as", "md", "--force")
    assert file.read_text(encoding="utf-8").startswith("# Lokal prosjektplan")


def test_a_folder_that_cannot_be_written_gets_nothing(papers: Cli) -> None:
    papers.edit(*PAST)
    (papers.root / "papers/sagene/sagene-handover.md").mkdir(parents=True)
    args = ("--batch", "PULJE-1", "--what", "handover", "--as", "md", "--out", "papers", "--force")
    assert "cannot write papers/sagene/" in papers(*COMMAND, *args, code=1).err
    assert [path for path in (papers.root / "papers").rglob("*") if path.is_file()] == []


def test_a_template_of_ones_own_wins(papers: Cli) -> None:
    papers.edit(*PAST)
    own = papers.root / "templates/documents/nb/handover.md"
    own.parent.mkdir(parents=True)
    own.write_text("# Vår mal for {{ district.name }}\n\nNy {{ district.telefon }}\n", encoding="utf-8")
    given = papers(*COMMAND, "frogner", "--what", "handover", code=4).err
    assert "nb/handover.md:3: `telefon` has no value" in given
    own.write_text("# Vår mal for {{ district.name }}\n", encoding="utf-8")
    assert markdown(papers, "frogner", "--what", "handover")["frogner-handover.md"] == "# Vår mal for Bydel Frogner\n"


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("a\n{{ navn", "nb/x.md:2: "),
        ("a\n\n{{ navn | finnesikke }}", "nb/x.md:3: No filter named 'finnesikke'"),
        ("{{ navn.__class__.__mro__ }}", "nb/x.md:1: `__class__` has no value"),
        ("{{ dag | day }}", "nb/x.md:1: Invalid isoformat string"),
        ("{% include 'nb/y.md' %}", "there is no template nb/y.md"),
        ("{{ ukjent }}", "nb/x.md:1: `ukjent` has no value"),
        ("a\n{% if ukjent %}x{% endif %}", "nb/x.md:2: `ukjent` has no value"),
        ("a\n{% for x in ukjent %}x{% endfor %}", "nb/x.md:2: `ukjent` has no value"),
    ],
)
def test_a_template_that_cannot_be_filled_says_where(tmp_path: Path, template: str, why: str) -> None:
    (tmp_path / "nb").mkdir()
    (tmp_path / "nb/x.md").write_text(template, encoding="utf-8")
    with pytest.raises(CannotWrite) as error:
        render_markdown([tmp_path], "nb/x.md", {"navn": "N", "dag": "i morgen"}, "nb")
    assert why in str(error.value)


def test_a_value_is_never_markup(tmp_path: Path) -> None:
    (tmp_path / "x.md").write_text(
        "| a | b |\n|---|---|\n| {{ navn }} | {{ navn }} |\n\n{{ navn }}\n", encoding="utf-8"
    )
    written = render_markdown([tmp_path], "x.md", {"navn": NASTY}, "nb")
    paper = Document(BytesIO(word(written, title="t", author="a", language="nb", today=TODAY)))
    as_it_is = NASTY.replace("\u202e", "\\u202e")
    assert [cell.text for cell in paper.tables[0].rows[1].cells] == [as_it_is, as_it_is]
    assert paper.paragraphs[-1].text == as_it_is
    assert not any(run.bold or run.italic for run in paper.paragraphs[-1].runs)


def test_both_languages_say_the_same() -> None:
    folder = shipped() / "documents"
    names = {path.name for path in (folder / "nb").iterdir()}
    assert names == {path.name for path in (folder / "en").iterdir()}
    assert names == {"project-plan.md", "letter.md", "handover.md", "receiving.md", "register.md"}
    for name in sorted(names):
        nb, en = ((folder / language / name).read_text(encoding="utf-8") for language in ("nb", "en"))
        assert shape(nb) == shape(en), name


def shape(template: str) -> list[str]:
    """What a template names and how it is built, without its words."""
    without_texts = re.sub(r'else "[^"]*"', "else", template)
    return re.findall(r"\{[{%].*?[%}]\}|^#+ |^- \[ \]|^- |^\d\.|^\|", without_texts, re.MULTILINE)


@pytest.mark.parametrize(
    ("args", "why"),
    [
        ((), "no district is named"),
        (("frogne",), "there is no district frogne"),
        (("frogner", "--lang", "nn"), "--lang nn is not one of nb, en"),
        (("frogner", "--what", "letter"), "--what letter is not one of plan, letters, handover"),
        (("frogner", "--as", "pdf"), "--as pdf is not one of docx, md"),
        (("--batch", "PULJE-9"), "there is no rollout batch PULJE-9"),
    ],
)
def test_a_command_line_that_is_wrong(papers: Cli, args: tuple[str, ...], why: str) -> None:
    assert why in papers(*COMMAND, *args, code=64).err
    assert not (papers.root / "documents").exists()


def test_a_district_without_letters_has_none(papers: Cli) -> None:
    assert "There is nothing to write." in papers(*COMMAND, "sagene", "--what", "letters").out
