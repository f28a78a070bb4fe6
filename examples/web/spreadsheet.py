"""Tables from spreadsheets: CSV with any common separator and encoding, and Excel's .xlsx; and exports.

Everything that is read becomes rows of text. Lines without cells are kept, so that the number of a row is the
number of its line in the file.
"""

import csv
import io
import re
import warnings
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from itertools import chain
from typing import Any
from zipfile import BadZipFile, ZipFile

SEPARATORS = ",;\t|"
MOST_UNPACKED = 1 << 25  # bytes in a workbook, which is a zip file
MOST_PARTS = 500  # files in it
MOST_COLUMNS = 60
ZIP, OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"  # how files begin
FORMULA = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "＝",
    "＋",
    "－",
    "＠",
)  # how formulas begin in some programs
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class SpreadsheetError(ValueError):
    """Error raised when a file is not a table that can be read.

    Parameters
    ----------
    words : str
        What the file must be, and what it is instead.
    where : str, default=""
        The place in the file, such as "line 3".
    """

    def __init__(self, words: str, where: str = "") -> None:
        super().__init__(f"{where}: {words}" if where else words)
        self.words, self.where = words, where

    def of(self, name: str) -> str:
        """Return the message with the name of the file."""
        return f"{name}, {self.where}: {self.words}" if self.where else f"{name}: {self.words}"


def read_rows(data: bytes, most_rows: int) -> list[list[str]]:
    r"""Return the rows of a CSV file or of the first sheet of a workbook.

    Parameters
    ----------
    data : bytes
        The content of the file, which must be small enough for the memory.
    most_rows : int
        The maximum number of rows, blank ones included.

    Raises
    ------
    SpreadsheetError
        If the file cannot be read or has more rows.

    Examples
    --------
    >>> read_rows("date;temperature\n01/02/2026;21,5\n".encode("utf-16"), 100)
    [['date', 'temperature'], ['01/02/2026', '21,5']]
    """
    if data.startswith(OLD_EXCEL):
        raise SpreadsheetError("must be a CSV file or a workbook (.xlsx). Save the old workbook as .xlsx.")
    rows = read_workbook(data, most_rows) if data.startswith(ZIP) else read_csv(decoded(data), most_rows)
    while rows and not any(rows[-1]):
        rows.pop()
    return rows


def decoded(data: bytes) -> str:
    """Return the text of a file in UTF-8 or UTF-16, with or without a byte order mark."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif len(data) > 1 and data[:200:2].count(0) + data[1:200:2].count(0) > len(data[:200]) // 4:
        encoding = "utf-16-le" if data[1] == 0 else "utf-16-be"
    else:
        encoding = "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        words = "must be text in UTF-8 or UTF-16, or a workbook (.xlsx)."
        raise SpreadsheetError(words, f"byte {error.start + 1}") from None


def read_csv(text: str, most_rows: int) -> list[list[str]]:
    """Return the rows of a CSV file, whose separator is the most frequent one in its first line."""
    if (n_lines := max(text.count("\n"), text.count("\r"))) > most_rows:
        raise SpreadsheetError(f"must have at most {most_rows:,} lines. Got {n_lines:,} instead.")
    named = re.match(r"sep=(.)\r?\n", text)  # as Excel writes it
    separator = named[1] if named else separator_of(text)
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for row in reader:
            rows += [[]] * (reader.line_num - len(rows) - 1)  # a quoted cell may span lines
            rows.append(row)
    except csv.Error as error:
        words = f"must be a CSV record in which every quote is closed. Got '{error}' instead."
        raise SpreadsheetError(words, f"line {reader.line_num}") from None
    if named:
        rows[0] = []
    return rows


def separator_of(text: str) -> str:
    """Return the separator of the first line that is not blank, or a comma if there is none."""
    line = next((line for line in io.StringIO(text) if line.strip()), "")
    outside = re.sub(r'"[^"]*"', "", line)
    return max(SEPARATORS, key=outside.count)


def read_workbook(data: bytes, most_rows: int) -> list[list[str]]:
    """Return the rows of the first sheet of a workbook. Formulas count as the values that were saved."""
    from openpyxl import load_workbook

    check_zip(data)
    try:
        with warnings.catch_warnings(action="ignore"):  # about styles and extensions that are not read
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # the size that the file states may be wrong
            cells = sheet.iter_rows(max_row=most_rows + 1, max_col=MOST_COLUMNS, values_only=True)
            rows = [[as_text(value) for value in row] for row in cells]
            book.close()
    except Exception:  # the reader has no common error for files that are wrong
        raise SpreadsheetError(
            "cannot be read as a workbook (.xlsx). Save it again, or as a CSV file."
        ) from None
    if len(rows) > most_rows:
        raise SpreadsheetError(f"must have at most {most_rows:,} lines.")
    width = max((i + 1 for row in rows for i, cell in enumerate(row) if cell), default=0)
    return [(row + [""] * width)[:width] if any(row) else [] for row in rows]


def check_zip(data: bytes) -> None:
    """Refuse a workbook whose parts are too many, or too large when unpacked.

    A part is never unpacked further than to the size that is checked here.
    """
    try:
        with ZipFile(io.BytesIO(data)) as parts:
            found = parts.infolist()
    except (BadZipFile, ValueError, NotImplementedError) as error:
        raise SpreadsheetError(f"cannot be read as a workbook (.xlsx): {error}.") from None
    n_bytes = sum(part.file_size for part in found)
    if n_bytes > MOST_UNPACKED or len(found) > MOST_PARTS:
        raise SpreadsheetError(
            f"must be a workbook that has, unpacked, at most {MOST_UNPACKED >> 20} MB in {MOST_PARTS} parts. "
            f"Got {n_bytes >> 20} MB in {len(found)} parts instead."
        )


def as_text(value: Any) -> str:
    """Return the value of a cell as a CSV file contains it: ISO dates, and numbers with a point."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return value.isoformat() if isinstance(value, date) else str(value).strip()


def as_csv(rows: list[list[str]]) -> str:
    """Return rows as a CSV file with commas. A row without cells is a blank line."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def harmless(value: Any) -> Any:
    r"""Return a text that a spreadsheet does not run as a formula. Other values are returned as they are.

    Examples
    --------
    >>> harmless("=1+1"), harmless("O'Hara"), harmless(-3.5)
    ("'=1+1", "O'Hara", -3.5)
    """
    return f"'{value}" if isinstance(value, str) and value.lstrip(" ").startswith(FORMULA) else value


def export_csv(headings: Iterable[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """Return a table as a CSV file that Excel, too, reads as UTF-8."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow(headings)
    lines.writerows([as_text(harmless(value)) for value in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def export_workbook(headings: Iterable[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """Return a table as a workbook. Texts are texts, even if they look like formulas."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in chain([list(headings)], rows):
        cells = [WriteOnlyCell(sheet, value) for value in row]
        for cell, value in zip(cells, row, strict=True):
            if isinstance(value, str):
                cell.data_type = "s"
        sheet.append(cells)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
