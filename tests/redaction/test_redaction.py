"""Whatever text or JSON goes through the redaction: what was planted in it does not come out, and the rest stays."""

import datetime
import json
import string
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from websakctl import redaction
from websakctl.live.errors import words_of
from websakctl.redaction import NATIONAL_ID, SECRET, keep_secret, national_id_valid, redact, redacted
from websakctl.report.formats.markdown import text
from websakctl.report.formats.text import safe, shown

SEPARATORS = ["", " ", "-", ".", "\u00a0", "\u202f", "\u2011", "\u200b"]


@pytest.fixture(autouse=True)
def _own_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_secrets", {})


def check_digits(nine: str) -> str:
    """The two digits that make nine digits a national identity number, or nothing where there are none."""
    n = list(map(int, nine))
    first = -sum(a * b for a, b in zip((3, 7, 6, 1, 8, 9, 4, 5, 2), n, strict=True)) % 11
    second = -sum(a * b for a, b in zip((5, 4, 3, 2, 7, 6, 5, 4, 3, 2), [*n, first], strict=True)) % 11
    return "" if 10 in (first, second) else f"{first}{second}"


@st.composite
def national_ids(draw: st.DrawFn) -> str:
    """Made-up ones: the months are those of synthetic numbers (+40, +65, +80), which nobody has; D-numbers among them."""
    day = draw(st.dates(datetime.date(1900, 1, 1), datetime.date(1999, 12, 31)))
    d, m = day.day + draw(st.sampled_from([0, 40])), day.month + draw(st.sampled_from([40, 65, 80]))
    nine = st.integers(0, 999).map(lambda n: f"{d:02}{m:02}{day.year % 100:02}{n:03}")
    result = draw(nine.filter(check_digits))
    return result + check_digits(result)


@st.composite
def written_ids(draw: st.DrawFn) -> tuple[str, str]:
    """A number, and a way that people write it."""
    number = draw(national_ids())
    a, b = draw(st.sampled_from(SEPARATORS)), draw(st.sampled_from(SEPARATORS))
    return number, draw(
        st.sampled_from(
            [
                f"{number[:6]}{a}{number[6:]}",
                f"{number[:2]}{b}{number[2:4]}{b}{number[4:6]}{a}{number[6:]}",
                f"{number[:6]}{a}{number[6:9]}{b}{number[9:]}",
            ]
        )
    )


def digits_of(text: str) -> str:
    return "".join(c for c in text if c in string.digits)


around = st.text(st.characters(exclude_characters=string.digits, exclude_categories=["Cs"]), max_size=20)
secrets = st.text(
    st.characters(min_codepoint=33, max_codepoint=382, exclude_categories=["Cc", "Zs"]), min_size=8, max_size=40
)
tokens = st.text(string.ascii_letters + string.digits + "._~+/-", min_size=8, max_size=80)
plain = st.text(string.ascii_letters + "æøå .:-", max_size=20)


def documents(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.text("abcæ_", max_size=8) | leaves.filter(lambda leaf: isinstance(leaf, str)), inner, max_size=3
            )
        ),
        max_leaves=6,
    )


@given(before=around, written=written_ids(), after=around)
@example(
    "kl. ti, fnr ", ("41410012345"[:9] + check_digits("414100123"), "41410012345"[:9] + check_digits("414100123")), "x"
)
def test_no_national_id_comes_out_of_a_text(before: str, written: tuple[str, str], after: str) -> None:
    number, shape = written
    assert national_id_valid(number)
    assume(SECRET not in redact(f"{before}{'x' * len(shape)}{after}"))  # then what stands before it names a password
    out = redact(f"{before}{shape}{after}")
    assert NATIONAL_ID in out
    assert digits_of(out) == ""


@given(documents(national_ids() | written_ids().map(lambda w: w[1]) | national_ids().map(int) | plain))
def test_no_national_id_comes_out_of_json_and_json_stays_json(document: Any) -> None:
    text = json.dumps(redacted(document), ensure_ascii=False)
    assert digits_of(text) == ""
    assert json.loads(text) == redacted(document)
    assert redacted(redacted(document)) == redacted(document)


@given(
    st.lists(
        st.dates().map(str)
        | st.datetimes().map(lambda d: d.isoformat(timespec="milliseconds"))
        | st.sampled_from(["958935420", "874778702", "974778726", "NO 958 935 420 MVA", "889640782"])
        | st.integers(0, 10**11).map(lambda n: f"{n:011}").filter(lambda n: not national_id_valid(n))
        | st.integers(10**11, 10**20).map(str)
        | st.binary(min_size=32, max_size=32).map(lambda b: f"sha256:{b.hex()}")
        | st.sampled_from(["offl. § 13", "22 05 10 12", "kl. 08.00-15.30", "0301 Oslo", "-12.5e3"]),
        max_size=6,
    )
)
@example([f"sha256:{'a' * 20}41410012304{'b' * 33}"])
def test_what_only_looks_alike_stays(parts: list[str]) -> None:
    text = "; ".join(parts)
    assert redact(text) == text
    assert redacted({"a": parts}) == {"a": parts}


def test_a_number_with_the_right_check_digits_inside_a_digest_or_a_runs_name_stays() -> None:
    number = "414100123" + check_digits("414100123")
    assert national_id_valid(number)
    digest = f"sha256:{'a' * 20}{number}{'b' * 33}"
    run = next(
        name for n in range(100000) if national_id_valid(f"{'014200'}{n:05}") and (name := f"20260101T014200-{n:05}a")
    )
    assert redact(f"{digest} {run}") == f"{digest} {run}"
    assert NATIONAL_ID in redact(f"x{number}b")


@given(secret=secrets, before=around, after=around)
@example(secret='pa"ss\\word', before="", after="")
@example(secret="pære og eple/1+2=3&4", before="?client_secret=", after="")
def test_no_secret_comes_out_however_it_is_written(secret: str, before: str, after: str) -> None:
    redaction._secrets = {}
    keep_secret(secret)
    for shape in (secret, json.dumps(secret), json.dumps(secret, ensure_ascii=False), repr(secret), quote_plus(secret)):
        inner = shape.strip("\"'")
        assume(inner not in SECRET)
        assert inner not in redact(f"{before} {shape} {after}")
    assert secret not in json.dumps(
        redacted({"a": [f"{before}{secret}{after}", secret], secret: 1}), ensure_ascii=False
    )


@given(secrets, st.text(string.ascii_letters, min_size=1, max_size=10))
def test_an_old_secret_that_begins_a_new_one_does_not_uncover_its_end(old: str, end: str) -> None:
    redaction._secrets = {}
    keep_secret(old)
    keep_secret(old + end)
    assert redact(f"<{old}{end}>") == f"<{SECRET}>"


@given(token=tokens, before=plain)
def test_no_bearer_token_or_authorization_header_comes_out(token: str, before: str) -> None:
    assume(token not in before)
    assume(token not in "Authorization authorization Bearer Custom username response Digest session detail [secret]")
    for shape in (
        f"Bearer {token}",
        f"authorization: bearer {token}",
        f"Authorization: Basic {token}",
        f'Authorization: Digest username="{token}", response="{token}"',
        f"{{'Authorization': 'Bearer {token}'}}",
        f"('authorization', 'Custom {token}')",
        f"[(b'Authorization', b'Custom {token}')]",
        f'{{"Authorization": "Token {token}", "x": 1}}',
        json.dumps({"detail": json.dumps({"authorization": f"X {token}"})}),
        f"Cookie: session={token}",
    ):
        assert token not in redact(f"{before}\n{shape}")
        assert token not in json.dumps(redacted({"a": f"{before} {shape}"}))
    assert token not in json.dumps(redacted({"Authorization": f"Bearer {token}"}))


@given(value=st.text(string.ascii_letters + string.digits + "!\"'\\{}[]()<>#$%*+-./:?@^_`|~", min_size=6, max_size=30))
@example(value='hunt"er22')
@example(value=")}0000")
@example(value='""0000')
def test_no_password_by_its_name_comes_out(value: str) -> None:
    assume(
        value.strip("\"'[]().")
        not in "client_secret clientSecret access_token refresh_token password Passord WEBSAKCTL_CLIENT_SECRET"
    )
    for name in (
        "client_secret",
        "clientSecret",
        "access_token",
        "refresh_token",
        "password",
        "Passord",
        "WEBSAKCTL_CLIENT_SECRET",
    ):
        assert redacted({name: value}) == {name: SECRET}
        for shape in (
            json.dumps({name: value}),
            f"{name}={value}",
            f"{name}: {value} and more",
            f"?{name}={value}&a=b",
        ):
            assert value not in redact(shape) or value in redact("")
            assert value.strip("\"'[]().") not in redact(shape).replace(SECRET, "") or len(value.strip("\"'[]().")) < 4


@given(st.text(max_size=60) | st.from_regex(r"(password|authorization|Bearer|client_secret)[\"']?[:= ]+.{0,20}"))
def test_twice_is_as_once(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


@given(
    documents(
        plain
        | st.text(max_size=12)
        | st.sampled_from(['passord: "x"', "password: hunter2", "Authorization: a b", "\\", '"'])
    )
)
def test_json_stays_json_and_what_is_not_text_stays(document: Any) -> None:
    assert json.loads(json.dumps(redacted(document))) == redacted(document)
    assert redacted([None, True, 12, 1.5, {"a": None}]) == [None, True, 12, 1.5, {"a": None}]
    assert redacted({"password": None, "token_url": "http://127.0.0.1/connect/token"}) == {
        "password": None,
        "token_url": "http://127.0.0.1/connect/token",
    }


def test_what_is_cut_or_escaped_for_a_reader_is_redacted_before() -> None:
    redaction._secrets = {}
    keep_secret("pa_ss*word|1")
    number = "414100123" + check_digits("414100123")
    assert digits_of(shown("x" * 230 + number)) == ""
    assert digits_of(safe(f"{number[:6]}\u200b{number[6:]} å")) == ""
    assert text(f"pa_ss*word|1 {number}") == "\\[secret\\] \\[national identity number\\]"
    assert digits_of(words_of("x" * 492 + number, 500)) == ""
