"""How text is encoded, and letters that an encoding, a keyboard or a copy from elsewhere has damaged."""

import codecs
import re
import unicodedata

from websakctl.source.tables.table import CellError, TableError

_UTF8 = "save it again as CSV UTF-8"
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_LETTER = r"[^\W\d_]"
# Where Windows-1252 gives other characters than these, the file was in another encoding.
_ODD = re.compile("[^\x00-\x7fÀ-ÖØ-öø-ÿŠš§°«»–—’‘“”…€½ ´·]")
_SECOND_BYTE = "".join(bytes([b]).decode("cp1252", "ignore") or chr(b) for b in range(0x80, 0xC0))
_TWICE_ENCODED = re.compile(f"[ÃÂ][{re.escape(_SECOND_BYTE)}]|â€|√[¶∏•Öòü]|├[^\\s]|Ã$")
# Punctuation in the place of a letter: 7-bit Norwegian ([\]{|}), DOS and Mac code pages read as Windows-1252, lost letters (?).
_PUNCTUATED = re.compile(
    f"(?<={_LETTER})[][{{}}|\\\\^~?°µ¤¢£¥¿¡®¯¾½¼¶∏√†‡‚„…ˆ‰‹›˜‘”“•€¸¦¨¹²³─-╿▀-▟](?={_LETTER})"
    f"|(?<![\\w])[‘’‚„”{{|}}†…›¿¾](?={_LETTER})"
    f"|(?<={_LETTER})[{{|}}¤†›¾¿](?!\\w)"
    "|�"
)
_CLOSES = {"‘": "’", "’": "’", "‚": "‘", "„": "“”", "”": "”", "{": "}"}
# Read as Windows-1252, the Æ of DOS is an apostrophe: only names such as O’Brien and D’Angelo have one.
_APOSTROPHE = re.compile(f"(?<={_LETTER})’(?={_LETTER})")
_ELISION = re.compile(r"(\bO|\b[DdLl](?=’[aeiouhAEIOUH]))$")
# Read as Windows-1252, quotation marks and dashes of a Mac are capitals that stand within words in no name.
_CAPITAL_WITHIN = re.compile(r"\b(?=\w*[a-zæøå])\w+[ÀÁÂÃÈÊËÌÍÎÏÐÑÒÓÔÕÙÚÛÝÞ]")
_PLAIN = re.compile(r"[A-Za-zÆØÅæøå0-9 @.,:;/()&+\-_'\"!%*=#<>$\n\t]*\Z")


def decode(raw: bytes, name: str) -> tuple[str, str]:
    """Decode a text file.

    Returns:
        The text, and the encoding's name for people.

    Raises:
        TableError: If the encoding cannot be told, or there is more than one; with the line.
    """
    for mark, encoding in _BOMS:
        if raw.startswith(mark):
            try:
                return raw.decode(encoding), encoding.removesuffix("-sig").upper()
            except UnicodeDecodeError as error:
                line = raw[: error.start].count(b"\n") + 1
                raise TableError(f"{name} is marked as {encoding.removesuffix('-sig').upper()}, and line {line} is not", _UTF8) from None  # fmt: skip
    if (wide := _wide(raw)) is not None:
        try:
            return raw.decode(wide), "UTF-16"
        except UnicodeDecodeError:
            raise TableError(f"{name} is neither CSV nor XLSX", "export it again as one of these") from None
    if b"\0" in raw:
        raise TableError(f"{name} is neither CSV nor XLSX", "export it again as one of these")
    try:
        return raw.decode(), "UTF-8"
    except UnicodeDecodeError:
        return _western(raw, name), "Windows-1252"


def _wide(raw: bytes) -> str | None:
    """UTF-16 without a mark: every second byte of a western text is zero."""
    start = raw[:4096]
    if len(start) < 4 or len(raw) % 2:
        return None
    zeros = [start[at::2].count(0) / (len(start) / 2) for at in (0, 1)]
    if zeros[1] > 0.7 and zeros[0] < 0.1:
        return "utf-16-le"
    return "utf-16-be" if zeros[0] > 0.7 and zeros[1] < 0.1 else None


def _western(raw: bytes, name: str) -> str:
    lines = raw.split(b"\n")
    readable = [line for line in lines if not line.isascii() and _is_utf8(line)]
    if readable:
        first = next(at for at, line in enumerate(lines, 1) if not _is_utf8(line))
        raise TableError(f"{name} mixes two encodings: line {first} is not UTF-8, and other lines are", _UTF8)
    for at, line in enumerate(lines, 1):
        if line.isascii():
            continue
        try:
            text = line.decode("cp1252")
        except UnicodeDecodeError:
            text = "\x80"
        if (
            _ODD.search(text)
            or _TWICE_ENCODED.search(text)
            or _punctuated(text)
            or _CAPITAL_WITHIN.search(text)
            or _strange_apostrophe(text)
        ):
            raise TableError(
                f"the encoding of {name} is neither Unicode nor Windows-1252: see line {at}, where letters become punctuation",
                _UTF8,
            )
    return raw.decode("cp1252")


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _strange_apostrophe(text: str) -> bool:
    return any(not _ELISION.search(text[: result.start()]) for result in _APOSTROPHE.finditer(text))


def _punctuated(text: str) -> re.Match[str] | None:
    for result in _PUNCTUATED.finditer(text):
        closing = _CLOSES.get(result[0])
        quoted = closing is not None and re.search(
            f"{_LETTER}[.!?]?[{re.escape(closing)}](?!\\w)", text[result.end() :]
        )
        opened = result[0] in "”’}" and re.search("[“”‘’„{]", text[: result.start()])
        if not (quoted or opened) or result[0] == "�":
            return result
    return None


def normalise(text: str) -> str:
    """Compose letters (NFC), and make every kind of blank a blank."""
    if text.isascii():
        return text.strip()
    return re.sub("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]", " ", unicodedata.normalize("NFC", text)).strip()


def check_letters(text: str) -> None:
    """Refuse invisible characters, letters that only look Latin, and letters that became something else.

    Raises:
        CellError: With the character's name.
    """
    if _PLAIN.match(text):
        return
    for at, char in enumerate(text):
        category = unicodedata.category(char)
        if category in ("Cf", "Zl", "Zp", "Co", "Cn", "Cs"):
            after = f"after {text[:at]!r}" if at else f"before {text[1:]!r}"
            raise CellError(
                f"an invisible character ({_named(char)}) stands {after}", "delete it, or type the text again"
            )
        if category == "Cc" and char not in "\n\r\t":
            raise CellError(f"a control character ({_named(char)}) stands here", "delete it, or type the text again")
        if char.isascii() or char in "ªº":
            continue
        if category[0] == "L" and len(parts := unicodedata.normalize("NFKC", char)) > 1:
            raise CellError(
                f"{char} (U+{ord(char):04X}) stands here, which is {parts} in one character",
                "type the text again; it was probably copied from a PDF document",
            )
        if category[0] in "LN" and category != "No" and not unicodedata.name(char, "").startswith("LATIN "):
            script = unicodedata.name(char, "unknown").split()[0].capitalize()
            raise CellError(
                f"{script} {char} (U+{ord(char):04X}) stands here, which only looks like another letter",
                "type the text again with a Norwegian keyboard",
            )
    if (result := _TWICE_ENCODED.search(text) or _punctuated(text)) is not None:
        raise CellError(
            f"{result[0]!r} stands where a letter belongs: the text was read in another encoding on its way here",
            "export the list again as UTF-8, or correct the cell",
        )


def _named(char: str) -> str:
    name = unicodedata.name(char, "")
    return f"{name}, U+{ord(char):04X}" if name else f"U+{ord(char):04X}"


def lookup_key(text: str) -> str:
    """The form in which names are looked up: composed, without case, invisible characters, and doubled blanks."""
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
        text = re.sub("[‐‑–—−]", "-", text)
    return " ".join(text.casefold().replace("_", " ").replace(".", " ").replace(":", " ").split())


def header_key(text: str) -> str:
    """The form in which headers are looked up: like names, and without hyphens, brackets and asterisks."""
    return " ".join(re.sub(r"[-/()*\[\]]", " ", lookup_key(text)).split())
