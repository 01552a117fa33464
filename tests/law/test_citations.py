"""What a text of a legal basis cites, and under what names the register is asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from websakctl.law.citations import citations

READ = {
    "offl. § 13 jf. fvl. § 13 første ledd nr. 1": ["offl. § 13", "fvl. § 13"],
    "offl. § 24 andre ledd; offl. § 13": ["offl. § 24", "offl. § 13"],
    "offl. § 24 andre ledd; § 13": ["offl. § 24", "offl. § 13"],
    "offl. § 23 tredje ledd til leverandør er valgt": ["offl. § 23"],
    "offl. § 13 jf. fvl. § 13 første ledd nr. 2 ved behov": ["offl. § 13", "fvl. § 13"],
    "RA-forskrift § 7-26": ["RA-forskrift § 7-26"],
    "forvaltningsloven 1899 § 1": ["forvaltningsloven 1899 § 1"],
    "offl. §§ 13 og 24": ["offl. § 13", "offl. § 24"],
    "offl. § 13, helse- og omsorgstjenesteloven § 12-1": ["offl. § 13", "helse- og omsorgstjenesteloven § 12-1"],
    "barnevernloven (1992) § 6-7": ["barnevernloven (1992) § 6-7"],
    "offl. § 13 jf. fvl. § 13 (sosialtjenesteloven § 44)": ["offl. § 13", "fvl. § 13", "sosialtjenesteloven § 44"],
    "fvl. § 13a og § 13 b": ["fvl. § 13 a", "fvl. § 13 b"],
    "offl.§13,jf. fvl.§13": ["offl. § 13", "fvl. § 13"],
    "personvernforordningen art. 15": ["personvernforordningen art. 15"],
    "RA-forskrift kapittel 7": ["RA-forskrift kap. 7"],
    "§ 13 i offentleglova": ["offentleglova § 13"],
    "offl. § 13 og personopplysningsloven": ["offl. § 13", "personopplysningsloven"],
    "arkivlova; offl. § 13": ["arkivlova", "offl. § 13"],
    "offl. § 14; byrådssak 12/20": ["offl. § 14", "byrådssak 12/20"],
    "Bevarings- og kassasjonsplan": ["Bevarings- og kassasjonsplan"],
    "jf. offl. § 13": ["offl. § 13"],
    "§ 7-24": ["§ 7-24"],
    "": [],
}


@pytest.mark.parametrize("text", READ)
def test_every_provision_is_read_with_the_act_that_it_is_of(text: str) -> None:
    assert [str(citation) for citation in citations(text)] == READ[text]


NAMES = st.sampled_from(["offl.", "fvl.", "RA-forskrift", "helse- og omsorgstjenesteloven", "barnevernloven (1992)"])
SECTIONS = st.sampled_from(["§ 13", "§ 7-26", "§ 12-1", "§ 13 a"])
DETAILS = st.sampled_from(["", " første ledd", " andre ledd nr. 2", " første ledd bokstav b", " ved behov"])
JOINTS = st.sampled_from(["; ", " jf. ", ", jf. ", " jfr. "])


@given(cited=st.lists(st.tuples(NAMES, SECTIONS, DETAILS), min_size=1, max_size=5), joint=JOINTS)
def test_what_is_written_together_is_read_apart(cited: list[tuple[str, str, str]], joint: str) -> None:
    text = joint.join(f"{name} {section}{detail}" for name, section, detail in cited)
    assert [str(c) for c in citations(text)] == list(dict.fromkeys(f"{name} {section}" for name, section, _ in cited))


@given(text=st.text(max_size=60) | st.text(alphabet="§ 13-a;,.jf()og", max_size=40))
def test_whatever_is_written_gives_provisions_that_say_something(text: str) -> None:
    assert all(citation.name or citation.section for citation in citations(text))


LONG = (
    "§ 1" + " " * 60_000,
    "§ 1" + " , ," * 20_000 + "§ 1",
    "§ 1" + " nr. 1" * 20_000,
    "lovx" * 20_000,
    "§ 1 og " * 5_000,
)


@pytest.mark.parametrize("text", LONG, ids=range(len(LONG)))
def test_a_long_text_is_read_in_no_more_time_than_its_length_takes(text: str) -> None:
    assert len(citations(text)) == 1  # an hour, if any part of it were looked at again for each blank
