"""The pizzeria's evenings from a CSV file and back."""

import csv
import html
import io
import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient

from examples.pizza.clock import Clock
from examples.pizza.data import read_csv_evenings
from examples.pizza.web import importing
from examples.pizza.web.importing import MOST_SHOWN, Import
from examples.pizza.web.site import create_app
from examples.pizza.web.tables import read_between, read_days
from examples.web.database import head
from tests.examples.web.pages import PASSWORD, logged_in, text_of, token_of
from tests.examples.web.pizzeria.reading import save

TODAY = date(2026, 3, 20)
CLOCK = Clock(ZoneInfo("Europe/Rome"), lambda: datetime(2026, 3, 20, 16, tzinfo=UTC))
OLD = date(2021, 5, 3)  # a Monday


@pytest.fixture(scope="module")
def app(tmp_path_factory, database_url):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIZZERIA_ADMIN_PASSWORD", PASSWORD)
        app = create_app(tmp_path_factory.mktemp("data"), database_url, CLOCK)
        with TestClient(app):
            yield app


@pytest.fixture(scope="module")
def admin(app):
    return logged_in(app)


def look(admin, text, name="evenings.csv"):
    data = text if isinstance(text, bytes) else text.encode()
    fields = {"csrf": token_of(admin.get("/admin/import"))}
    return admin.post("/admin/import", data=fields, files={"file": (name, data, "text/csv")})


def keep(admin, page, **more):
    text = re.search(r'<textarea name="text" hidden>\n(.*?)</textarea>', page.text, re.DOTALL)[1]
    text = html.unescape(text).replace("\n", "\r\n")  # as browsers send it
    return admin.post("/admin/import/keep", data={"csrf": token_of(page), "text": text, **more})


def problems(page):
    rows = re.findall(
        r"<tr><th scope=\"row\">(line \d+)</th><td>(.*?)</td><td><code>(.*?)</code></td>", page.text
    )
    return [tuple(map(html.unescape, row)) for row in rows]


def everything(app):
    with app.state.database.reading() as session:
        return read_between(session, date(2000, 1, 1), date(2030, 1, 1)), head(session)


def test_a_good_file_is_shown_first_and_kept_on_a_second_word(app, admin):
    text = f"date,weekday,reservations,doughs,holiday\n{OLD},Monday,12,36,false\n\n{OLD + timedelta(1)},Tuesday,20,72,true\n"
    text += f"{OLD + timedelta(2)},Wednesday,,90,false\n"
    before = everything(app)
    page = look(admin, "\ufeff" + text)
    assert page.status_code == 200
    assert f"2 evenings, {OLD} to {OLD + timedelta(1)}, all of them new" in text_of(page)
    assert f"Left out, since no reservations were taken: line 5 ({OLD + timedelta(2)})." in text_of(page)
    assert "Monday 12 36 false" in text_of(page)
    assert everything(app) == before
    answer = keep(admin, page)
    assert "2 evenings are kept." in text_of(answer)
    now = everything(app)[1]
    assert now.structure == now.version == before[1].version + 1  # so that the model learns them
    with app.state.database.reading() as session:
        first, second, third = read_days(session, OLD, 3)
    assert first[:7] == (OLD, 12, 36, None, None, False, False)
    assert second[:7] == (OLD + timedelta(1), 20, 72, None, None, True, False)
    assert third.doughs == 0
    again = look(admin, text.replace("12,36", "13,40"))
    assert "2 of them are known already" in text_of(again)
    keep(admin, again)
    with app.state.database.reading() as session:
        assert read_days(session, OLD, 1)[0][:3] == (OLD, 13, 40)
        assert read_days(session, OLD, 2)[1] == second


def test_a_header_may_be_in_any_case(admin):
    page = look(admin, "Date,RESERVATIONS,Doughs\r\n2021-02-01,12,36\r\n")
    assert "1 evening, 2021-02-01 to 2021-02-01" in text_of(page)
    assert "Keep 1 evening" in text_of(page)
    assert "1 evening is kept." in text_of(keep(admin, page))


def test_numbers_far_beyond_all_others_are_asked_about(app, admin):
    text = "date,reservations,doughs\n2021-01-04,12,36\n2021-01-05,12,900\n2021-01-06,400,36\n"
    before = everything(app)
    page = look(admin, text)
    seen = text_of(page)
    assert re.search(r"line 3, doughs: 900 is more than 3 times the most doughs of another evening", seen)
    assert re.search(r"line 4, reservations: 400 is more than 3 times", seen)
    assert "Yes, it is so" in seen
    assert keep(admin, page).status_code == 422
    assert everything(app) == before
    answer = keep(admin, page, sure="on")
    assert "3 evenings are kept." in text_of(answer)


def test_all_bad_lines_are_named_and_nothing_is_kept(app, admin):
    lines = [
        "date,reservations,doughs,temperature,holiday",
        "2020-01-01,12,36,4.5,false",
        "2020-02-30,12,36,4.5,false",
        "2020-01-02,-1,36,warm,maybe",
        "2020-01-01,12,36,4.5,false",
        "2020-01-05,12",
        f"{TODAY},12,36,4.5,false",
        "1999-12-31,12,36,4.5,false",
        "2020-01-07,12,<script>alert(1)</script>,,true",
    ]
    before = everything(app)
    page = look(admin, "\n".join(lines))
    assert page.status_code == 422
    assert problems(page) == [
        ("line 3", "date", "'2020-02-30'"),
        ("line 4", "reservations", "'-1'"),
        ("line 4", "temperature", "'warm'"),
        ("line 4", "holiday", "'maybe'"),
        ("line 5", "date", "'2020-01-01'"),
        ("line 6", "–", "2 fields, ['2020-01-05', '12']"),
        ("line 7", "date", f"'{TODAY}'"),
        ("line 8", "date", "'1999-12-31'"),
        ("line 9", "doughs", "'<script>alert(1)</script>'"),
    ]
    seen = text_of(page)
    assert "9 things have to be put right" in seen
    assert "a temperature from -60 to 60 degrees Celsius, or empty" in seen
    assert "from 2000-01-01 to yesterday" in seen
    assert "<script>alert" not in page.text
    assert "Keep" not in page.text.replace("Keep it", "")
    answer = admin.post(
        "/admin/import/keep", data={"csrf": token_of(page), "text": "\n".join(lines)}
    )  # who skips the look
    assert answer.status_code == 422
    assert len(problems(answer)) == 9
    assert everything(app) == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1, column 'reservations': must be in the header exactly once"),
        ("date,reservations\n", "line 1, column 'doughs': must be in the header exactly once"),
        ("date,reservations,doughs,price\n", "line 1, column 'price': must be one of date, weekday"),
        ("date,reservations,doughs\n", "must be followed by one line per evening"),
        ("reservations,doughs\n1,2\n", "column 'date': must be present"),
        ("date,reservations,doughs\n,,\n , ,\n", "must be followed by one line per evening"),
        ("date,reservations,doughs\n2020-01-01,,5\n", "must have reservations on at least one evening"),
        ('date,reservations,doughs\n"2020-01-01,1,5\n', "in which every quote is closed"),
        ("date,reservations,doughs\n2020-01-01,1\x00,5\n", "1 thing has to be put right"),
        (b"date,reservations,doughs\n2020-01-01,\xe9,5\n", "must be text in UTF-8"),
        (b"PK\x03\x04\xff\xfe", "your file: cannot be read as a workbook (.xlsx)"),
    ],
)
def test_files_that_are_none_are_refused(app, admin, text, said):
    before = everything(app)
    page = look(admin, text)
    assert page.status_code == 422
    assert said in text_of(page)
    assert everything(app) == before


def test_the_address_that_keeps_leads_to_the_form(admin):
    assert admin.post("/admin/import/keep", data={"csrf": "x"}).status_code == 403
    assert admin.get("/admin/import/keep").url.path == "/admin/import"


def test_no_file_and_one_that_is_too_large(admin):
    page = admin.post("/admin/import", data={"csrf": token_of(admin.get("/admin/import"))})
    assert page.status_code == 422
    assert "Please choose a file." in text_of(page)
    page = look(admin, "x" * (1 << 20))
    assert page.status_code == 413
    assert "<main" in page.text  # or else the script would reload, and say nothing
    assert "A request may have 1048576 bytes." in text_of(page)


MOST_BYTES_OF_PAGE = 100_000


@pytest.mark.parametrize("line", ["x,1,2", "x", "2020-01-01,1,2", f"{TODAY},1,2", ",x,", "x" * 2000 + ",1,2"])
def test_of_many_problems_some_are_collected_and_shown(admin, line):
    text = "date,reservations,doughs\n" + f"{line}\n" * 300
    assert len(Import(text).problems) <= MOST_SHOWN + 1
    page = look(admin, text)
    assert "More than 200 things have to be put right. These are 200 of them:" in text_of(page)
    assert page.text.count('<tr><th scope="row">line ') == MOST_SHOWN
    assert len(page.content) < MOST_BYTES_OF_PAGE


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"], ids=["unix", "old-mac", "windows"])
def test_a_file_of_too_many_lines_is_refused_before_a_line_is_checked(admin, monkeypatch, end):
    monkeypatch.setattr(importing, "read_csv_evenings", lambda *_: pytest.fail("it was read"))
    page = look(admin, "date,reservations,doughs" + f"{end}x" * 20_001)
    assert page.status_code == 422
    assert "your file: must have at most 20,000 lines. Got 20,001 instead." in text_of(page)


@pytest.mark.parametrize("text", ["x" * 900_000, "date,reservations,doughs," + "y," * 400_000 + "\n1,2"])
def test_a_long_header_is_not_repeated_in_full(admin, text):
    page = look(admin, text)
    assert page.status_code == 422
    assert len(page.content) < MOST_BYTES_OF_PAGE


def test_ones_own_numbers_can_be_imported_over_demonstration_days(app, admin):
    day = TODAY - timedelta(4)
    with app.state.database.reading() as session:
        (invented,) = read_days(session, day, 1)
    assert invented.temperature is not None
    save(admin, "/admin/reservations/new", name="Own Guest", day=str(day), party="4")
    page = look(admin, f"date,reservations,doughs\n{day},3,8\n")
    assert problems(page) == []
    assert "1 evening is kept." in text_of(keep(admin, page))
    with app.state.database.reading() as session:
        (own,) = read_days(session, day, 1)
    assert (own.reservations, own.doughs, own.guests) == (3, 8, 4)
    assert (own.temperature, own.tourists, own.event) == (None, None, False)


def test_an_export_can_be_imported_and_changes_nothing(app, admin):
    before, _ = everything(app)
    file = admin.get("/evenings.csv?from=2025-01-01&to=2026-03-31")
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="evenings-2025-01-01-2026-03-31.csv"' in file.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(file.text)))
    assert 365 < len(rows) <= 396
    assert rows[-1]["date"] == str(TODAY - timedelta(1))
    assert read_csv_evenings(file.content, "x", ("temperature", "tourists")).problems == []
    page = look(admin, file.text)
    assert f"{len(rows)} of them are known already" in text_of(page)
    assert keep(admin, page).status_code == 200
    # The file's totals replace the invented reservations one by one, and with them the numbers of guests.
    totals = {"guests": 0, "listed_reservations": 0}
    after = [one._replace(**totals) for one in everything(app)[0]]
    assert after == [one._replace(**totals) for one in before]


def test_what_is_written_down_one_by_one_is_never_lost(app, admin):
    day = TODAY - timedelta(3)
    for n in range(3):
        save(admin, "/admin/reservations/new", name=f"Guest {n}", day=str(day), party="2")
        save(admin, "/admin/orders/new", name=f"table {n}", day=str(day), pizzas="2")
    keep(admin, look(admin, f"date,reservations,doughs\n{day},3,6\n"))
    with app.state.database.reading() as session:
        (listed,) = read_days(session, day, 1)
    more = f"date,reservations,doughs\n{day},{listed.reservations + 2},{listed.doughs + 5}\n"
    keep(admin, look(admin, more))
    with app.state.database.reading() as session:
        (now,) = read_days(session, day, 1)
    assert (now.reservations, now.doughs) == (listed.reservations + 2, listed.doughs + 5)
    assert now.guests == listed.guests
    page = look(admin, f"date,reservations,doughs\n{day},{listed.reservations - 1},{listed.doughs}\n")
    assert problems(page) == [("line 2", "reservations", f"'{listed.reservations - 1}'")]
    page = look(admin, f"date,reservations,doughs\n{day},1,2\n")
    assert problems(page) == [("line 2", "reservations", "'1'"), ("line 2", "doughs", "'2'")]
    assert f"at least the {listed.reservations} that are written down one by one" in text_of(page)
