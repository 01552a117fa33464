"""A secret and a national identity number are taken out however they are spelled, and found in the config."""

import base64
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from websakctl import redaction
from websakctl.redaction import NATIONAL_ID, SECRET, keep_secret, national_id_valid, national_ids, redact
from websakctl.source.sensitive import look_through

VALUE = "Hunter2/sécret+in;many?forms"
RAW = VALUE.encode()


@pytest.fixture(autouse=True)
def kept() -> None:
    """Other tests forget every secret."""
    keep_secret(VALUE)


@pytest.mark.parametrize(
    "spelled",
    [
        VALUE,
        VALUE.upper(),
        VALUE.lower(),
        quote(VALUE, safe=""),
        quote(VALUE, safe="").lower(),
        "".join(f"%{b:02X}" for b in RAW),
        "".join(f"%{b:02x}" for b in RAW),
        RAW.hex(),
        RAW.hex().upper(),
        RAW.hex(":"),
        base64.b64encode(RAW).decode(),
        base64.b64encode(RAW).decode().rstrip("="),
        base64.urlsafe_b64encode(RAW).decode(),
        *(base64.b64encode(f"{'x' * n}:{VALUE}:{'y' * m}".encode()).decode() for n in range(3) for m in range(3)),
    ],
)
def test_a_secret_in_any_spelling(spelled: str) -> None:
    text = redact(f"before {spelled} after")
    assert SECRET in text and text.startswith("before ") and text.endswith(" after")
    inner = spelled[6:-6]
    assert inner not in text


def number() -> str:
    return next(n for k in range(100_000) if national_id_valid(n := f"120385{k:05}"))


N = number()
SPELLED = [
    N,
    f"{N[:6]} {N[6:]}",
    f"{N[:6]}  {N[6:]}",
    f"{N[:6]}\t{N[6:]}",
    f"{N[:6]}-{N[6:]}",
    f"{N[:6]} - {N[6:]}",
    f"{N[:6]}/{N[6:]}",
    f"{N[:2]}/{N[2:4]}/{N[4:6]} {N[6:]}",
    f"{N[:2]} {N[2:4]} {N[4:6]} {N[6:9]} {N[9:]}",
    f"{N[:2]}.{N[2:4]}.19{N[4:6]} {N[6:]}",
    f"{N[:2]}.{N[2:4]}.19{N[4:6]}-{N[6:]}",
    f"{N[:4]}19{N[4:]}",
    f"19{N[4:6]}-{N[2:4]}-{N[:2]} {N[6:]}",
    " ".join(N),
    N.translate({48 + i: 0xFF10 + i for i in range(10)}),  # full width
    N.translate({48 + i: 0x0660 + i for i in range(10)}),  # Arabic-Indic
]


@pytest.mark.parametrize("spelled", SPELLED)
@pytest.mark.parametrize("around", ["{}", "nr {}.", "x{}y", "99 {}", "20 12 {} 07", '{{"a": "{}"}}'])
def test_a_national_identity_number_in_any_spelling(spelled: str, around: str) -> None:
    text = around.format(spelled)
    assert redact(text) == around.format(NATIONAL_ID)
    findings, shown = look_through(f"name: {text}\n", "config/x.yaml", None)
    assert [finding.code for finding in findings] == ["national-id"]
    assert spelled not in shown


@pytest.mark.parametrize(
    "text",
    [f"{N}1", f"1{N}", f"{N[:6]}\n{N[6:]}", f"{N[:6]}:{N[6:]}", f"{N[:-1]}{(int(N[-1]) + 1) % 10}", "12.03.1985"],
)
def test_what_is_none_stays(text: str) -> None:
    assert national_ids(text) == []
    assert redact(text) == text


@given(st.text("01٣𝟘 \t./_-\u00a0\u2009æx\n", max_size=40))
@example("1" + "\u00a0".join("0102012345"))
@example("١٢٣٤٥٦٧٨٩٠١")
def test_the_quick_look_lets_no_run_of_digits_pass(text: str) -> None:
    assert redaction._may_hold_a_number(text) or not redaction._RUN.search(text)
