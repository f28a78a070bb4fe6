"""The pizzeria's week, its loader for CSV and Parquet, its invented years and its data card."""

import re
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from dateutil.easter import easter

from examples.pizza.data import (
    COLUMNS,
    DEFAULT_PATH,
    EveningsFileError,
    Problem,
    features_of,
    load_evenings,
    read_csv_evenings,
)
from examples.pizza.years import (
    LAWS,
    RESERVATIONS,
    SEASON,
    WALK_INS,
    holidays,
    simulate_evenings,
    simulate_year,
)

HEADER = "date,weekday,reservations,doughs,temperature,holiday"
FRIDAY = "2025-06-13,Friday,20,70,21.5,false"


def write(folder: Path, *lines: str) -> Path:
    path = folder / "evenings.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="")
    return path


def line_of(**cells: str) -> str:
    """Return a good line with some cells exchanged."""
    return ",".join((dict(zip(HEADER.split(","), FRIDAY.split(","), strict=True)) | cells).values())


# The week


def test_the_week_is_the_originals():
    evenings, dropped = load_evenings()
    # the published week: Friday and Saturday take no reservations
    assert list(evenings.iter_rows()) == [
        ("Monday", 12, 36),
        ("Tuesday", 20, 72),
        ("Wednesday", 18, 68),
        ("Thursday", 30, 82),
        ("Sunday", 24, 75),
    ]
    assert dropped == ["line 6 (Friday)", "line 7 (Saturday)"]
    text = DEFAULT_PATH.read_text(encoding="utf-8")
    assert "Friday,,98" in text
    assert "Saturday,,168" in text
    assert b"\r" not in DEFAULT_PATH.read_bytes()
    slope, intercept = np.polyfit(evenings["reservations"], evenings["doughs"], 1)
    assert f"{slope:.4f} x + {intercept:.4f}" == "2.3761 x + 17.1770"


# What the loader accepts


def test_columns_in_any_order_blank_lines_byte_order_mark_and_windows_line_ends(tmp_path):
    path = tmp_path / "evenings.csv"
    text = (
        "\ufeffdoughs,event,month,tourists,date,reservations\r\n\r\n"
        "70,true,June,300,2025-06-13,20\r\n60,false,June,310,2025-06-14,\r\n"
    )
    path.write_text(text, encoding="utf-8", newline="")
    evenings, dropped = load_evenings(str(path))
    assert evenings.to_dicts() == [
        {"date": date(2025, 6, 13), "month": "June", "reservations": 20, "doughs": 70, "tourists": 300}
        | {"event": True}
    ]
    assert dropped == ["line 4 (2025-06-14)"]
    assert features_of(evenings) == ("reservations", "tourists", "weekday", "month", "event")


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_year_survives_a_file(tmp_path, law, ending):
    year = simulate_year(law, 3)
    path = tmp_path / f"year.{ending}"
    year.write_csv(path) if ending == "csv" else year.write_parquet(path)
    evenings, dropped = load_evenings(path)
    assert evenings.equals(year.select(evenings.columns))
    assert not dropped


def test_parquet_of_pandas_where_reservations_are_floats(tmp_path):
    path = tmp_path / "evenings.PARQUET"
    frame = pd.DataFrame({"reservations": [12, None, 20], "doughs": [36.0, 98.0, 72.0]})
    frame["date"] = [datetime(2025, 6, day, 19, 30) for day in (12, 13, 14)]
    frame.to_parquet(path)
    evenings, dropped = load_evenings(path)
    assert evenings["reservations"].to_list() == [12, 20]
    assert evenings["date"].to_list() == [date(2025, 6, 12), date(2025, 6, 14)]
    assert dropped == ["row 2 (2025-06-13)"]
    pl.DataFrame({"reservations": [1.0, float("nan")], "doughs": [7, 8]}).write_parquet(path)
    assert load_evenings(path)[1] == ["row 2"]


# What the loader refuses

COUNT = "a whole number from 0 to 999999"
DATE = "a valid date, such as 2025-06-13"
BAD_CELLS = [
    ("reservations", "-3", f"{COUNT}, or empty if no reservations were taken"),
    ("reservations", "3.5", COUNT),
    ("reservations", "some", COUNT),
    ("reservations", " ", COUNT),
    ("reservations", "nan", COUNT),
    ("reservations", "1000000", COUNT),
    ("doughs", "", COUNT),
    ("doughs", "-1", COUNT),
    ("doughs", "inf", COUNT),
    ("date", "2025-02-30", DATE),
    ("date", "0000-01-01", DATE),
    ("date", "٢٠٢٥-01-01", DATE),
    ("date", "13.06.2025", DATE),
    ("date", "2025-6-13", DATE),
    ("date", "", DATE),
    ("date", "2025-06-13", "a date that appears only once"),
    ("weekday", "Fri", "one of Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday"),
    ("weekday", "", "one of Monday"),
    ("weekday", "Monday", "the weekday of the date"),
    ("temperature", "hot", "a temperature from -60 to 60 degrees Celsius"),
    ("temperature", "", "a temperature from -60 to 60 degrees Celsius"),
    ("temperature", "99", "a temperature from -60 to 60 degrees Celsius"),
    ("holiday", "yes", "true or false"),
    ("holiday", "", "true or false"),
]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize(("column", "value", "allowed"), BAD_CELLS)
def test_a_bad_cell_is_named(tmp_path, ending, column, value, allowed):
    path = write(tmp_path, HEADER, FRIDAY, line_of(**({"date": "2025-06-20"} | {column: value})))
    if ending == "parquet":
        rows = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()[1:]]
        path = tmp_path / "evenings.parquet"
        pl.DataFrame(rows, schema=HEADER.split(","), orient="row").write_parquet(path)
    with pytest.raises(EveningsFileError) as caught:
        load_evenings(path)
    message = str(caught.value)
    where = "line 3" if ending == "csv" else "row 2"
    assert message.startswith(f"{path}, {where}, column '{column}': must be {allowed}")
    assert message.endswith(f" Got {value!r} instead.")


def test_the_month_is_that_of_the_date(tmp_path):
    path = write(tmp_path, "date,month,reservations,doughs", "2025-06-13,July,1,2")
    with pytest.raises(
        EveningsFileError, match=r"line 2, column 'month': must be the month of the date\. Got 'July'"
    ):
        load_evenings(path)


FILES = [
    ("", ["line 1, column 'reservations': must be in the header exactly once", "Got an empty file"]),
    (f"{HEADER}\n", ["line 1: must be followed by one line per evening. Got no evenings"]),
    (
        "reservations,pizzas\n",
        ["line 1, column 'doughs': must be in the header exactly once; the columns are", "'pizzas'"],
    ),
    (f"{HEADER},doughs\n", ["line 1, column 'doughs': must be in the header exactly once"]),
    (f"{HEADER},mood\n", ["line 1, column 'mood': must be one of date, weekday,", "Got 'mood'"]),
    (f"{HEADER}\n{FRIDAY},1\n", ["line 2: must be 6 fields separated by commas (date,", "Got 7 fields"]),
    (f'{HEADER}\n"2025\n', ["line 2: must be a CSV record in which every quote is closed"]),
    (
        f"{HEADER}\n{line_of(reservations='')}\n",
        ["column 'reservations': must be filled in for at least one evening. Got only empty cells (1)"],
    ),
]


@pytest.mark.parametrize(("text", "parts"), FILES)
def test_a_bad_file_is_described(tmp_path, text, parts):
    path = tmp_path / "evenings.csv"
    path.write_text(text, encoding="utf-8", newline="")
    with pytest.raises(EveningsFileError) as caught:
        load_evenings(path)
    assert str(caught.value).startswith(f"{path}, ")
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("frame", "parts"),
    [
        (
            pl.DataFrame({"reservations": [1]}),
            ["the schema, column 'doughs': must be in the header exactly once"],
        ),
        (
            pl.DataFrame({"reservations": [5, -3], "doughs": [1, 1]}),
            ["row 2, column 'reservations': must be a whole number from 0 to 999999", "Got '-3' instead."],
        ),
        (
            pl.DataFrame({"reservations": [5.5], "doughs": [1]}),
            ["row 1, column 'reservations': must be a whole number from 0 to 999999", "Got '5.5' instead."],
        ),
        (
            pl.DataFrame({"reservations": [5], "doughs": [1], "holiday": [1]}),
            ["row 1, column 'holiday': must be true or false. Got '1' instead."],
        ),
        (pl.DataFrame({"reservations": [], "doughs": []}), ["the rows: must be one per evening"]),
        (
            pl.DataFrame({"reservations": [[1]], "doughs": [1]}),
            ["column 'reservations': must be a column of text, numbers, dates or booleans", "List(Int64)"],
        ),
    ],
)
def test_a_bad_parquet_file_is_described(tmp_path, frame, parts):
    path = tmp_path / "evenings.parquet"
    frame.write_parquet(path)
    with pytest.raises(EveningsFileError) as caught:
        load_evenings(path)
    for part in (str(path), *parts):
        assert part in str(caught.value)


def test_files_that_are_not_of_their_kind(tmp_path):
    with pytest.raises(EveningsFileError, match=r"no\.csv: cannot be read \(No such file"):
        load_evenings(tmp_path / "no.csv")
    with pytest.raises(
        EveningsFileError, match=r"no\.parquet: cannot be read .* Expected a CSV or Parquet file\."
    ):
        load_evenings(tmp_path / "no.parquet")
    (tmp_path / "text.parquet").write_text(f"{HEADER}\n{FRIDAY}\n", encoding="utf-8")
    with pytest.raises(EveningsFileError, match=r"text\.parquet: cannot be read as a Parquet file \("):
        load_evenings(tmp_path / "text.parquet")
    (tmp_path / "latin.csv").write_bytes(f"{HEADER}\nsoirée".encode("latin-1"))
    with pytest.raises(
        EveningsFileError, match=r"latin\.csv, line 2: must be text in UTF-8\. Got the byte 0xe9"
    ):
        load_evenings(tmp_path / "latin.csv")


def test_all_that_is_wrong_is_found():
    text = f"{HEADER}\n{FRIDAY}\n{line_of(doughs='x', holiday='maybe')}\n\n{line_of(date='2026-02-30')}\n"
    evenings, lines, dropped, problems = read_csv_evenings(text.encode(), "my.csv")
    assert (evenings.height, lines) == (1, ["line 2"])
    assert dropped == []
    assert {(problem.where, problem.column, problem.got) for problem in problems} == {
        ("line 3", "date", "'2025-06-13'"),
        ("line 3", "doughs", "'x'"),
        ("line 3", "holiday", "'maybe'"),
        ("line 5", "date", "'2026-02-30'"),
    }
    assert len(problems) == 4
    assert Problem("line 3", "holiday", "true or false", "'maybe'") in problems
    short = f"{HEADER}\n{FRIDAY}\n1,2\n{FRIDAY},9\n"
    assert [problem[:2] for problem in read_csv_evenings(short.encode(), "my.csv").problems] == [
        ("line 3", ""),
        ("line 4", ""),
    ]


def test_a_file_may_leave_out_all_its_evenings():
    evenings, lines, dropped, problems = read_csv_evenings(b"reservations,doughs\n,98\n", "my.csv")
    assert (evenings.height, lines, dropped, problems) == (0, [], ["line 2"], [])


def test_weather_and_tourists_may_be_left_open():
    text = "reservations,doughs,temperature,tourists\n\n12,36,,5\n,1,1,1\n13,37,4.5,\n"
    found = read_csv_evenings(text.encode(), "my.csv", ("temperature", "tourists"))
    assert found.evenings.rows() == [(12, 36, None, 5), (13, 37, 4.5, None)]
    assert found.lines == ["line 3", "line 5"]
    (problem,) = read_csv_evenings(
        text.replace("5\n", "x\n", 1).encode(), "my.csv", ("tourists", "temperature")
    ).problems
    assert problem == ("line 3", "tourists", "a whole number from 0 to 999999, or empty", "'x'")
    assert len(read_csv_evenings(text.encode(), "my.csv").problems) == 2


@pytest.mark.parametrize(
    ("lines", "n_problems", "n_evenings"),
    [("12,36\n" + "x,y\n" * 2, 3, 0), ("1\n" * 9, 3, 0), ("12,36\nx,1\n1,x\n", 2, 1)],
)
def test_problems_are_collected_up_to_a_limit(lines, n_problems, n_evenings):
    found = read_csv_evenings(f"reservations,doughs\n{lines}".encode(), "my.csv", most_problems=2)
    assert (len(found.problems), found.evenings.height) == (n_problems, n_evenings)


# The invented years


@pytest.mark.parametrize("law", LAWS)
def test_a_year_is_the_same_for_the_same_seed(law):
    year = simulate_year(law, 5)
    assert year.equals(simulate_year(law, 5))
    assert not year.equals(simulate_year(law, 6))
    assert year["reservations"].min() >= 1
    assert year["reservations"].max() <= 59
    assert 340 <= year.height <= 365
    assert year["doughs"].dtype == pl.Int64
    assert year["date"].is_sorted()


def test_the_laws_are_those_stated():
    years = [pl.concat(simulate_year(law, seed) for seed in range(10)) for law in ("linear", "logarithmic")]
    x, y = (years[0][name].to_numpy() for name in ("reservations", "doughs"))
    assert (y >= np.rint(1.7 * x + 4.6) - 1).all()
    assert (y <= np.rint(2.3 * x + 5.4) + 1).all()
    assert np.polyfit(x, y, 1) == pytest.approx([2, 5], abs=0.3)
    x, y = (years[1][name].to_numpy() for name in ("reservations", "doughs"))
    assert (np.abs(y - 9.55 * np.log2(x) - 15) <= 0.05 * np.log2(x) + 1 + 0.5).all()
    assert np.polyfit(np.log2(x), y, 1) == pytest.approx([9.55, 15], abs=0.1)
    assert set(x) == set(range(1, 60))
    assert (np.bincount(x)[1:] > 30).all()  # evenly drawn: 61 of each expected


def test_the_fuller_year_is_its_law():
    year = pl.concat(simulate_year("full", seed) for seed in range(10))
    of_weekday = np.array([WALK_INS[day] for day in year["weekday"]])
    of_month = np.array([SEASON[month] for month in year["month"]])
    numbers = {name: year[name].to_numpy() for name in ("reservations", "temperature", "tourists")}
    law = 10 + 9.5 * np.log2(numbers["reservations"]) + of_weekday + of_month + 0.08 * numbers["tourists"]
    law = (
        law
        - 0.04 * (numbers["temperature"] - 20) ** 2
        + 15 * year["holiday"].to_numpy()
        + 22 * year["event"].to_numpy()
    )
    noise = year["doughs"].to_numpy() - law
    assert noise.mean() == pytest.approx(0, abs=0.3)
    assert noise.std() == pytest.approx(4, abs=0.2)
    assert year.filter("holiday")["date"].n_unique() == len(holidays(2025)) == 12
    assert year["event"].mean() == pytest.approx(1 / 25, abs=0.01)
    means = dict(year.group_by("weekday").agg(pl.col("reservations").mean()).iter_rows())
    assert sorted(means, key=means.get) == sorted(RESERVATIONS, key=RESERVATIONS.get)


def test_other_days_obey_the_fuller_law_with_their_own_weekdays_and_holidays():
    year = [date(2025, 1, 1) + timedelta(days) for days in range(365)]
    assert simulate_evenings(year, 3).equals(simulate_year("full", 3))
    days = [date(2027, 12, 20) + timedelta(days) for days in range(120)]  # a turn of years, and a leap day
    evenings = simulate_evenings(days)
    assert set(evenings["date"]) <= set(days)
    assert evenings["weekday"].to_list() == evenings["date"].dt.strftime("%A").to_list()
    assert set(evenings.filter("holiday")["date"]) == {
        day for day in evenings["date"] if day in holidays(2027) | holidays(2028)
    }


@pytest.mark.parametrize("year", range(1990, 2060))
def test_easter_is_that_of_dateutil(year):
    assert {easter(year), easter(year) + timedelta(1)} <= holidays(year)


def test_an_unknown_law():
    with pytest.raises(
        ValueError, match=r"law must be one of linear, logarithmic, full\. Got 'cubic' instead\."
    ):
        simulate_year("cubic")


# The data card


def test_the_card_names_the_columns():
    card = (DEFAULT_PATH.parent / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"^\| `?(\w+)`? +\|", card, flags=re.M)
    assert tuple(name for name in named if name != "column") == COLUMNS
