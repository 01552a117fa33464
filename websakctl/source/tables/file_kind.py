"""Which kind of file it is, by its structure and never by its name; what cannot be read is named, with how to save it."""

import io
import re
import zipfile

from websakctl.source.tables.table import TableError

MAX_BYTES = 64 * 1024 * 1024
MAX_UNPACKED = 16 * MAX_BYTES
SAVE_AS = "open it in a spreadsheet and save it as .xlsx or as CSV UTF-8"
_OLE = b"\xd0\xcf\x11\xe0"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_MARKUP = re.compile(rb"<\s*(!doctype\s+html|html|head|meta|body|table|div|style)\b", re.IGNORECASE)
_MAIL = re.compile(rb"^mime-version:", re.IGNORECASE | re.MULTILINE)  # a web archive (.mht), often called .xls
_BY_BEGINNING = (
    (b"%PDF", "a PDF document"),
    (b"{\\rtf", "a Word document (.rtf)"),
    (b"\x1f\x8b", "a file packed with gzip"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
)


def open_workbook(raw: bytes, name: str) -> zipfile.ZipFile | None:
    """Open a workbook's archive, or give nothing where the file can only be text.

    Raises:
        TableError: If it is neither; it says what the file is.
    """
    begins = raw.lstrip(b"\xef\xbb\xbf \t\r\n")
    if raw.startswith(_OLE):
        raise _compound(raw, name)
    if raw.startswith(_ZIP):
        return _archive(raw, name)
    for beginning, kind in _BY_BEGINNING:
        if begins.startswith(beginning):
            raise TableError(f"{name} is {kind}, not a table", "hand in the table itself, as .xlsx or as CSV UTF-8")
    if begins.startswith(b"<?xml") and b"urn:schemas-microsoft-com:office:spreadsheet" in raw[:4096]:
        raise TableError(f"{name} is an XML Spreadsheet 2003", SAVE_AS)
    if _MAIL.search(raw[:2048]) or _MARKUP.match(begins) or (begins[:1] == b"<" and _MARKUP.search(raw[:4096])):
        raise TableError(f"{name} is a web page (HTML), whatever its name says", SAVE_AS)
    if begins.startswith(b"<"):
        raise TableError(f"{name} is an XML document, not a table", SAVE_AS)
    return None


def _compound(raw: bytes, name: str) -> TableError:
    """Tell apart what Microsoft's compound files hold; their directory names the streams in UTF-16."""

    def has(stream: str) -> bool:
        return stream.encode("utf-16-le") in raw

    protected = TableError(
        f"{name} is encrypted: it has a password", "take the password off: open it, and save it as .xlsx without one"
    )
    if has("EncryptedPackage") or has("EncryptionInfo"):
        return protected
    if has("WordDocument"):
        return TableError(f"{name} is a Word document, not a table", SAVE_AS)
    if not (has("Workbook") or has("Book")) and name.casefold().endswith((".xlsx", ".xlsm")):
        return protected
    return TableError(f"{name} is an old Excel file (.xls)", "save it as .xlsx or as CSV UTF-8")


def _archive(raw: bytes, name: str) -> zipfile.ZipFile:
    try:
        parts = zipfile.ZipFile(io.BytesIO(raw))
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, OSError, OverflowError) as error:
        raise TableError(f"{name} is not a whole XLSX file ({error})", "fetch it or save it again as .xlsx") from None
    infos = parts.infolist()
    names = {info.filename for info in infos}
    if sum(info.file_size for info in infos) > MAX_UNPACKED:
        raise TableError(f"{name} is larger than {MAX_UNPACKED // 2**20} MB unpacked", "split it by district")
    if any(info.flag_bits & 1 for info in infos):
        raise TableError(f"{name} is encrypted: it has a password", "take the password off, and save it as .xlsx")
    if "mimetype" in names or "content.xml" in names:
        raise TableError(f"{name} is an OpenDocument file (.ods)", "save it as .xlsx or as CSV UTF-8")
    if any(part.endswith("workbook.bin") for part in names):
        raise TableError(f"{name} is a binary workbook (.xlsb)", "save it as .xlsx or as CSV UTF-8")
    if any(part.startswith(("word/", "ppt/")) for part in names):
        raise TableError(f"{name} is a Word or PowerPoint document, not a table", SAVE_AS)
    if any(part.endswith(".iwa") for part in names):
        raise TableError(f"{name} is an Apple Numbers document", "export it as .xlsx or as CSV UTF-8")
    if not any(part.startswith("xl/") or part == "[Content_Types].xml" for part in names):
        raise TableError(f"{name} is a ZIP archive, not a workbook", "unpack it, and hand in the table itself")
    return parts
