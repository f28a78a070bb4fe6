"""The files that people have: semicolons, decimal commas, dates of their country, UTF-16 and workbooks."""

import io
import zipfile
from datetime import date, datetime

import openpyxl
import pytest

from examples.pizza.web import importing
from examples.pizza.web.spelling import in_one_form, read_date, read_whole
from examples.pizza.web.tables import read_days
from examples.web import spreadsheet
from examples.web.spreadsheet import SpreadsheetError, read_rows
from tests.examples.web.pages import text_of, token_of
from tests.examples.web.pizzeria.test_import import keep, problems

DAY = date(2021, 2, 1)
AMERICAN = "date,reservations,doughs,temperature,tourists,holiday,event\n2/1/2021,12,36,21.5,1200,yes,no\n"
EUROPEAN = "date;reservations;doughs;temperature;tourists;holiday;event\n01/02/2021;12;36;21,5;1.200;sì;\n"


def workbook(*rows, **more):
    """Return the bytes of a workbook; a second sheet is there, but not read."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.create_sheet().append(["nothing"])
    for cell, value in more.items():
        book.worksheets[0][cell] = value
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


HEADER = ["Date", "Reservations", "Doughs", "Temperature", "Tourists", "Holiday", "Event"]
OF_NUMBERS = workbook(HEADER, [datetime(2021, 2, 1), 12, 36, 21.5, 1200, True, False])
OF_TEXTS = workbook([], HEADER, ["01/02/2021", "12", " 36 ", "21,5", "1.200", "yes", "no"], [None, None])


@pytest.fixture(scope="module")
def patch():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def own_admin(tmp_path_factory, database_url, patch):
    """Give the admin of a pizzeria on a Friday."""
    from fastapi.testclient import TestClient

    from examples.pizza.web.site import create_app
    from tests.examples.web.pages import PASSWORD, logged_in
    from tests.examples.web.pizzeria.reading import CLOCK

    patch.setenv("PIZZERIA_ADMIN_PASSWORD", PASSWORD)
    app = create_app(tmp_path_factory.mktemp("data"), database_url, CLOCK)
    with TestClient(app):
        yield logged_in(app)


def send(admin, data, name):
    fields = {"csrf": token_of(admin.get("/admin/import"))}
    return admin.post("/admin/import", data=fields, files={"file": (name, data, "application/octet-stream")})


@pytest.mark.parametrize(
    ("country", "data"),
    [
        ("IT", EUROPEAN.encode()),
        ("IT", EUROPEAN.replace("\n", "\r\n").encode("utf-16")),
        ("IT", EUROPEAN.encode("utf-16-le")),
        ("IT", EUROPEAN.encode("utf-16-be")),
        ("IT", b"sep=;\n" + EUROPEAN.encode()),
        ("IT", EUROPEAN.replace(";", "\t").encode("utf-8-sig")),
        ("US", AMERICAN.encode()),
        ("US", AMERICAN.replace("1200", '"1,200"').encode()),
        ("IT", EUROPEAN.replace("01/02/2021", "1.2.21").encode()),
        ("IT", OF_NUMBERS),
        ("IT", OF_TEXTS),
    ],
    ids=[
        *("semicolons", "utf-16", "utf-16-le", "utf-16-be", "sep", "tabs", "american", "thousands", "dots"),
        *("workbook", "texts"),
    ],
)
def test_files_as_people_have_them_are_kept_with_the_same_numbers(own_admin, monkeypatch, country, data):
    monkeypatch.setenv("PIZZERIA_COUNTRY", country)
    page = send(own_admin, data, "any name")
    assert page.status_code == 200, text_of(page)
    assert "2021-02-01 12 36 21.5 1200 true false" in text_of(page)
    assert "1 evening is kept." in text_of(keep(own_admin, page))
    with own_admin.app.state.database.reading() as session:
        assert read_days(session, DAY, 1)[0][:7] == (DAY, 12, 36, 21.5, 1200, True, False)


def test_how_dates_were_read_is_said_if_another_country_would_read_them_differently(own_admin):
    page = send(own_admin, EUROPEAN.encode(), "evenings.csv")
    assert "01/02/2021 was read as 1 February 2021, with the day first." in text_of(page)
    for text in (EUROPEAN.replace("01/02", "13/02"), EUROPEAN.replace("01/02/2021", "2021-02-01")):
        assert "was read as" not in text_of(send(own_admin, text.encode(), "evenings.csv"))


def test_problems_name_the_line_of_the_file(own_admin):
    text = "date;reservations;doughs\n\n31/12/2020;1;2\n02/13/2021;12;36\n01/02/2021;1,5;x\n"
    found = problems(send(own_admin, text.encode("utf-16"), "evenings.csv"))
    assert found == [
        ("line 4", "date", "'02/13/2021'"),
        ("line 5", "reservations", "'1.5'"),
        ("line 5", "doughs", "'x'"),
    ]
    rows = [HEADER[:3], [None], [datetime(2021, 2, 1), 1, "#REF!"], [datetime(2021, 2, 2, 18), 1, 2]]
    found = problems(send(own_admin, workbook(*rows), "evenings.xlsx"))
    assert found == [("line 3", "doughs", "'#REF!'"), ("line 4", "date", "'2021-02-02T18:00:00'")]


@pytest.mark.parametrize(
    ("text", "month_first", "expected"),
    [
        ("01/02/2026", False, date(2026, 2, 1)),
        ("01/02/2026", True, date(2026, 1, 2)),
        ("1-2-26", False, date(2026, 2, 1)),
        ("2026/2/1", True, date(2026, 2, 1)),
        ("2026-02-01 00:00:00", False, date(2026, 2, 1)),
        ("2026-02-01 18:00", False, None),
        ("31/02/2026", False, None),
        ("1/2-2026", False, None),
        ("1/2/202", False, None),
        ("٠١/٠٢/٢٠٢٦", False, date(2026, 2, 1)),
        ("", False, None),
    ],
)
def test_dates(text, month_first, expected):
    assert read_date(text, month_first) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.200", "1200"),
        ("1,234,567", "1234567"),
        ("1 200", "1200"),
        ("1'200", "1200"),
        ("1.23", "1.23"),
        ("1,234.567", "1,234.567"),
        ("12,0", "12.0"),
        ("-3", "-3"),
        ("x", "x"),
    ],
)
def test_whole_numbers(text, expected):
    assert read_whole(text) == expected


def test_rows_of_another_length_are_left_for_the_check():
    rows = [["date", "doughs"], ["1/2/2026"], ["1/2/2026", "1", "2"], []]
    assert in_one_form(rows, "IT").rows == [["date", "doughs"], ["1/2/2026"], ["1/2/2026", "1", "2"], []]


def unpacked_to(n_bytes):
    """Return a workbook whose sheet is a file of many equal bytes, which is small when packed."""
    file = io.BytesIO(OF_NUMBERS)
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/more.xml", b" " * n_bytes)
    return file.getvalue()


def with_sheet(text):
    """Return the workbook with another text as its first sheet."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(OF_NUMBERS)) as old,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.infolist():
            is_sheet = part.filename == "xl/worksheets/sheet1.xml"
            new.writestr(part.filename, text if is_sheet else old.read(part))
    return file.getvalue()


def lying(data):
    """State in the zip file that the sheet has 100 bytes, and let it have a hundred million."""
    packed = bytearray(data)
    n_bytes = (100_000_000).to_bytes(4, "little")
    assert packed.count(n_bytes) == 2
    return bytes(packed.replace(n_bytes, (100).to_bytes(4, "little")))


NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
FAR = f'<worksheet xmlns="{NAMESPACE}"><dimension ref="A1:XFD1048576"/><sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
WIDE = f'<worksheet xmlns="{NAMESPACE}"><sheetData><row r="1"><c r="XFD1"><v>1</v></c></row></sheetData></worksheet>'
LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True))
    + f']><worksheet xmlns="{NAMESPACE}"><sheetData><row><c t="inlineStr"><is><t>&j;</t></is></c></row></sheetData></worksheet>'
)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (unpacked_to(100_000_000), "at most 32 MB in 500 parts. Got 95 MB"),
        (lying(with_sheet(b" " * 100_000_000)), "cannot be read as a workbook"),
        (with_sheet(FAR), "must have at most 20,000 lines."),
        (with_sheet(LAUGHS), "cannot be read as a workbook (.xlsx). Save it again"),
        (with_sheet("<worksheet"), "cannot be read as a workbook"),
        (OF_NUMBERS[:-100], "cannot be read as a workbook (.xlsx): File is not a zip file"),
        (b"\xd0\xcf\x11\xe0" + bytes(5000), "Save the old workbook as .xlsx."),
    ],
    ids=["large", "lying", "far", "entities", "cut", "half", "xls"],
)
def test_workbooks_that_would_fill_the_memory_or_are_none_are_refused(own_admin, data, said):
    page = send(own_admin, data, "evenings.xlsx")
    assert page.status_code == 422
    assert said in text_of(page)
    assert openpyxl.DEFUSEDXML  # entities are refused before they are replaced


def test_columns_far_to_the_right_are_not_read():
    assert read_rows(with_sheet(WIDE), 100) == []


def test_too_many_parts_are_refused():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as parts:
        for i in range(spreadsheet.MOST_PARTS + 1):
            parts.writestr(f"{i}", b"")
    with pytest.raises(SpreadsheetError, match="Got 0 MB in 501 parts"):
        read_rows(file.getvalue(), 10)


def test_a_text_that_could_not_be_sent_again_is_refused(own_admin, monkeypatch):
    monkeypatch.setattr(importing, "MOST_TEXT", 50)
    page = send(own_admin, EUROPEAN.encode(), "evenings.csv")
    assert "your file: must have at most 50 characters of text." in text_of(page)


def test_the_country_is_checked_at_the_start(monkeypatch, capsys, tmp_path):
    from examples.pizza.__main__ import main

    monkeypatch.setenv("PIZZERIA_COUNTRY", "Italy")
    monkeypatch.setenv("PIZZERIA_DATA", str(tmp_path))
    with pytest.raises(SystemExit):
        main(["serve", "--port", "0"])
    said = " ".join(capsys.readouterr().err.split())
    assert "PIZZERIA_COUNTRY must be the two letters of a country, such as IT, DE or US. Got 'ITALY'" in said
