"""What a cell means: a text, a code, a phone number, an organisation number, a day; or why it cannot be that."""

import re
from datetime import date

from websakctl.model.types import FIRST_DAY, LAST_DAY, postal_code
from websakctl.source.tables.encoding import check_letters
from websakctl.source.tables.table import CellError, Mark, Row, Table

_AS_TEXT = "format the column as text, and type the value again"
_ERROR = re.compile(r"#[A-ZÆØÅ/_0-9]{2,20}[!?]|#(N/A|I/T|GETTING_DATA|HENTER_DATA)|#{3,}|(Err|Feil):\d{3}")
_SCIENTIFIC = re.compile(r"[-+]?\d+([.,]\d+[eE][+-]?\d+|[eE][+-]\d+)")
_FORMULA = re.compile(r"=|[+@-][A-ZÆØÅ][A-ZÆØÅ0-9.]*\(|\+[A-ZÆØÅ]+\d+\b|@\w+!")
_MARKER = re.compile(r"'(?![ts][ -]|[A-ZÆØÅa-zæøå][^']*'$)")  # 't Hooft and 's-Gravenhage are names
_TIME = re.compile(r"\d{1,2}[:.]\d{2}[:.]\d{2}([.,]\d+)?|[0-2]?\d:[0-5]\d")
_MONTHS = ("jan", "feb", "mar", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "des")
_MONTH = "(?P<month>jan|feb|mar|apr|mai|may|jun|jul|aug|sep|okt|oct|nov|des|dec)[a-zæøå]*"
_ENGLISH = {"may": "mai", "oct": "okt", "dec": "des"}
_DATE_LIKE = re.compile(
    r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?)?|\d{1,2}[./]\d{1,2}[./](\d{2}|\d{4})"
    r"|\d{1,2}[. -]{1,2}(jan|feb|mar|apr|mai|may|jun|jul|aug|sep|okt|oct|nov|des|dec)\w{0,7}\.?([. -]{1,2}\d{2,4})?"
    r"|(jan|feb|mar|apr|mai|may|jun|jul|aug|sep|okt|oct|nov|des|dec)[.-]\d{2,4}",
    re.IGNORECASE,
)
_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})([ T]00:00(:00([.,]0+)?)?)?")
_NORWEGIAN = re.compile(r"(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.\s?(?P<year>\d{4})( 00:00(:00)?)?")
_IN_WORDS = re.compile(rf"(?P<day>\d{{1,2}})\.?[ -]{_MONTH}\.?[ -](?P<year>\d{{4}})", re.IGNORECASE)
_SERIAL = re.compile(r"[1-9]\d{4}([.,]0+)?")
_SERIAL_OF_DAYS = (25_569, 73_050)  # 1970 to 2099
_YES = frozenset({"ja", "j", "yes", "y", "true", "sann", "1", "x"})
_NO = frozenset({"", "nei", "n", "no", "false", "usann", "0"})
_IN_NO_LOGIN = re.compile(r"""[?*<>|"=;,{}\[\]¤]""")  # Source: characters that Active Directory refuses in user names
_PHONE = re.compile(r"[+(]?[\d()\s./-]+")


def text_in(table: Table, row: Row, column: int, *, whole_line: bool = True) -> str:
    """Give a cell that holds text: a name, a title, a code.

    Args:
        table: The table.
        row: The row.
        column: From 1; beyond the row's end it is empty.
        whole_line: Whether a line break is a mistake.

    Raises:
        CellError: If a spreadsheet, an encoding or a copy has made something else of it.
    """
    text = _raw(table, row, column)
    mark = table.marks.get((row.number, column))
    if mark is not None and mark.type in ("date", "time", "boolean", "decimal"):
        kind = {"boolean": "true or false", "decimal": "a number with decimals"}.get(mark.type, f"a {mark.type}")
        raise CellError(f"{kind} ({text}) stands here, where text belongs", _AS_TEXT)
    if text and mark is None:
        _check_text(text)
    if whole_line and "\n" in text:
        raise CellError("a line break stands within this cell", "write it on one line")
    return text


def _raw(table: Table, row: Row, column: int) -> str:
    """The cell as the file has it, if nothing has damaged it whatever it means."""
    text = row.cells[column - 1] if column <= len(row.cells) else ""
    mark = table.marks.get((row.number, column))
    if mark is not None and mark.fault:
        raise CellError(mark.fault, mark.what_next)
    if not text:
        return ""
    if mark is None:
        if _ERROR.fullmatch(text):
            raise CellError(f"the error {text} stands here, the result of a formula", "correct the formula, or write the value")  # fmt: skip
        if _FORMULA.match(text):
            raise CellError("a formula stands here as text", "write the value itself")
        if _MARKER.match(text):
            raise CellError("an apostrophe stands before the value, by which spreadsheets mark text", "take it away")
        if _SCIENTIFIC.fullmatch(text):
            raise CellError(f"{text} is a number in scientific notation: its digits are lost", _AS_TEXT)
    check_letters(text)
    return text


def _check_text(text: str) -> None:
    if _TIME.fullmatch(text):
        raise CellError(f"a time ({text}) stands here, where text belongs", _AS_TEXT)
    if _DATE_LIKE.fullmatch(text):
        raise CellError(f"a date ({text}) stands here, where text belongs", _AS_TEXT)
    if re.fullmatch(r"\d+[.,]0+", text):
        raise CellError(f"a number with decimals ({text}) stands here, where text belongs", _AS_TEXT)


def number_in(table: Table, row: Row, column: int) -> str:
    """Give a cell that names something by a number or a name: decimals that a program has added are taken away.

    Raises:
        CellError: If it cannot be read.
    """
    text = _raw(table, row, column)
    mark = table.marks.get((row.number, column))
    if mark is None and (merged := re.fullmatch(r"(\d+)[.,]0+", text)):
        return merged[1]
    return text_in(table, row, column)


def login_in(table: Table, row: Row, column: int) -> str:
    """Give a user name or an e-mail address.

    Raises:
        CellError: If a character stands in it that none has, such as the ``?`` in the place of a lost letter.
    """
    text = text_in(table, row, column)
    if (result := _IN_NO_LOGIN.search(text)) is not None:
        raise CellError(
            f"{result[0]!r} stands in {text!r}, and in no user name or e-mail address",
            "a letter was lost on its way here, or more than the address stands in the cell: correct it",
        )
    return text


def phone_in(table: Table, row: Row, column: int) -> str:
    """Give a phone number as it is written.

    Raises:
        CellError: If it cannot be one in Norway, nor with its country code.
    """
    text = number_in(table, row, column)
    if not text:
        return ""
    number = re.sub(r"^(tlf|telefon|mob|mobil)[.:]?\s*", "", text, flags=re.IGNORECASE)
    if not _PHONE.fullmatch(number):
        raise CellError(f"{text!r} is no phone number", "write digits, with + before a country code")
    digits = re.sub(r"\D", "", number)
    abroad = number.lstrip("(").startswith(("+", "00"))
    national = digits.removeprefix("00") if number.lstrip("(").startswith("00") else digits
    domestic = national.removeprefix("47") if abroad or len(national) in (10, 14) else national
    norwegian = national.startswith("47") if abroad else True
    if norwegian:
        good = len(domestic) in (5, 8) or (len(domestic) == 12 and domestic.startswith(("58", "59")))
    else:
        good = 7 <= len(national) <= 15
    if not good:
        raise CellError(
            f"{text!r} is no phone number: it has {len(digits)} digits, and Norwegian ones have 8",
            "write every digit, with + before a country code",
        )
    return number.strip()


def postal_code_in(table: Table, row: Row, column: int) -> str:
    """Give a postal code; a workbook's number of three digits has lost its leading zero.

    Raises:
        CellError: If it is none.
    """
    text = number_in(table, row, column)
    mark = table.marks.get((row.number, column))
    if mark is not None and mark.type == "number" and re.fullmatch(r"[0-9]{3}", text):
        text = f"0{text}"
    code = postal_code(text) if text else ""
    if code is None:
        lost = f"; did it lose a leading zero? Then write 0{text}" if re.fullmatch(r"[0-9]{3}", text) else ""
        raise CellError(f"{text!r} is no postal code", f"write four digits{lost}")
    return code


def day_in(table: Table, row: Row, column: int) -> date | None:
    """Give a day, from a cell of dates, a spreadsheet's serial number, or text in a Norwegian or ISO form.

    Raises:
        CellError: If it is no day, or could be two.
    """
    text = _raw(table, row, column)
    if not text:
        return None
    day = _day(table, table.marks.get((row.number, column)), text)
    if not FIRST_DAY <= day <= LAST_DAY:
        raise CellError(f"{text} is a day that nobody can mean", "leave the cell empty where there is no such day")
    return day


def iso_day_in(table: Table, row: Row, column: int) -> str:
    """Give a day as YAML has it, or an empty text.

    Raises:
        CellError: If it is no day, or could be two.
    """
    day = day_in(table, row, column)
    return day.isoformat() if day is not None else ""


def _day(table: Table, mark: Mark | None, text: str) -> date:
    from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

    if mark is not None and mark.day is not None:
        return mark.day
    if mark is not None and mark.type == "number" and _SERIAL.fullmatch(mark.serial):
        days = float(mark.serial)
        if _SERIAL_OF_DAYS[0] <= days <= _SERIAL_OF_DAYS[1]:
            epoch = CALENDAR_MAC_1904 if table.epoch_1904 else CALENDAR_WINDOWS_1900
            return date.fromisoformat(from_excel(days, epoch).date().isoformat())
    if mark is None:
        if (result := _ISO.fullmatch(text) or _NORWEGIAN.fullmatch(text)) is not None:
            return _calendar(text, result["year"], result["month"], result["day"])
        if (result := _IN_WORDS.fullmatch(text)) is not None:
            month = result["month"].casefold()
            number = _MONTHS.index(_ENGLISH.get(month, month)) + 1
            return _calendar(text, result["year"], str(number), result["day"])
        if re.fullmatch(r"\d{1,2}/\d{1,2}/\d{2,4}", text):
            raise CellError(f"{text} does not tell the day from the month", "write 2027-01-31 or 31.01.2027")
        if re.fullmatch(r"\d{1,2}\.\d{1,2}\.\d{2}", text):
            raise CellError(f"{text} has a year of two digits", "write 2027-01-31 or 31.01.2027")
        if _SERIAL.fullmatch(text):
            raise CellError(
                f"{text} is a spreadsheet's serial number of a day", "format the column as dates before it is saved"
            )
    raise CellError(f"{text!r} is no day", "write 2027-01-31 or 31.01.2027")


def _calendar(text: str, year: str, month: str, day: str) -> date:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise CellError(f"{text} is no day of the calendar", "write 2027-01-31 or 31.01.2027") from None


def truth_in(table: Table, row: Row, column: int) -> bool:
    """Give a yes or no; an empty cell is no.

    Raises:
        CellError: If it is neither.
    """
    text = _raw(table, row, column)
    mark = table.marks.get((row.number, column))
    if (mark is not None and mark.type not in ("boolean", "number")) or text.casefold() not in _YES | _NO:
        raise CellError(f"{text!r} is neither yes nor no (ja or nei)")
    return text.casefold() in _YES
